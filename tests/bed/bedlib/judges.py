"""Programs of others that judge what we make: kstatus, kube-score, kubeconform, cargo-deny. Each is built once.

kstatus is a library and has a program of ours around it. Two modules, since they need different versions of Kubernetes's.
"""
from . import cache, crates, golang

KSTATUS = cache.BED / "kstatus"
LINT = cache.BED / "lint"  # no code of ours: go.mod says which versions


def build():
    """Builds what is missing. Costs nothing the second time."""
    golang.build("kstatus", KSTATUS, "kstatus: takes a minute once",
                 lambda target, env: golang.compile_packages(KSTATUS, target / "kstatus", env, ["."]))
    golang.build("lint", LINT, "kube-score and kubeconform: takes a minute once",
                 lambda target, env: golang.compile_packages(LINT, f"{target}/", env, ["tool"]))
    crates.install("cargo-deny")


def program(name):
    """Its path; an error that says what to do when it is not there."""
    if name == "cargo-deny":
        path = crates.folder(name) / "bin" / name
    else:
        path = golang.folder(*(("kstatus", KSTATUS) if name == "kstatus" else ("lint", LINT))) / name
    if not path.exists():
        raise SystemExit(f"bed: {name} is not built: run `bed.py build --only judges`")
    return str(path)
