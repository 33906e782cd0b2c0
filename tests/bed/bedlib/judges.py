"""Programs of others that judge what we make: kstatus, kube-score, kubeconform, cargo-deny. Each is built once.

kstatus is a library and has a program of ours around it. Two modules, since they need different versions of Kubernetes's.
"""
import os
import shutil
import subprocess
import time

from . import cache, golang

KSTATUS = cache.BED / "kstatus"
LINT = cache.BED / "lint"  # no code of ours: go.mod says which versions
CARGO_DENY = "0.20.2"


def build():
    """Builds what is missing. Costs nothing the second time."""
    golang.build("kstatus", KSTATUS, "kstatus: takes a minute once",
                 lambda target, env: golang.compile_packages(KSTATUS, target / "kstatus", env, ["."]))
    golang.build("lint", LINT, "kube-score and kubeconform: takes a minute once",
                 lambda target, env: golang.compile_packages(LINT, f"{target}/", env, ["tool"]))
    with cache.made_once(_cargo_deny()) as unfinished:
        if unfinished:
            _install_cargo_deny(unfinished)


def program(name):
    """Its path; an error that says what to do when it is not there."""
    if name == "cargo-deny":
        path = _cargo_deny() / "bin" / name
    else:
        path = golang.folder(*(("kstatus", KSTATUS) if name == "kstatus" else ("lint", LINT))) / name
    if not path.exists():
        raise SystemExit(f"bed: {name} is not built: run `bed.py build --only judges`")
    return str(path)


def _cargo_deny():
    return cache.root() / "cargo" / f"cargo-deny-{CARGO_DENY}"


def _install_cargo_deny(target):
    cache.say("building cargo-deny: takes 5 minutes once (2 cores)")
    began = time.monotonic()
    work = target / "target"  # not the operator's: its lock would make both wait
    subprocess.run(["cargo", "install", "cargo-deny", "--version", CARGO_DENY, "--locked", "--quiet", "--root", str(target)],
                   env={**os.environ, "CARGO_TARGET_DIR": str(work)}, cwd=target, check=True)
    shutil.rmtree(work)
    cache.say(f"built in {time.monotonic() - began:.0f} s")
