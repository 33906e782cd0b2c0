"""The programs of the control plane: those of $KUBEBUILDER_ASSETS, else built from source once."""
import os
import shutil
import subprocess
import time
from pathlib import Path

from . import cache

SOURCE = cache.BED / "apiserver"
CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kubectl", "etcd")
NAMES = (*CONTROL_PLANE, "helm")


def bin_dir():
    """Where the programs are, built or not."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    return Path(assets).resolve() if assets else _built_dir()


def require():
    """The folder of the programs; an error that says what to do when they are not there."""
    folder = bin_dir()
    missing = [name for name in CONTROL_PLANE if not os.access(folder / name, os.X_OK)]
    if missing:
        raise SystemExit(f"bed: {', '.join(missing)} not found in {folder}: run `bed.py build`"
                         + (", or unset KUBEBUILDER_ASSETS" if os.environ.get("KUBEBUILDER_ASSETS") else ""))
    return folder


def build():
    """Builds what is missing and returns the folder. Costs nothing the second time."""
    if os.environ.get("KUBEBUILDER_ASSETS"):
        return require()
    folder = _built_dir()
    with cache.made_once(folder) as unfinished:
        if unfinished:
            _compile(unfinished)
    return folder


def _built_dir():
    files = [SOURCE / name for name in ("go.mod", "go.sum", "main.go")]
    return cache.root() / "kube" / cache.stamp(files, _run_go("version"))


def _compile(target):
    work = cache.root() / "go"
    # Caches of its own: the whole of them (5 GB) is given back once the binary is there.
    env = dict(os.environ, GOMODCACHE=str(work / "mod"), GOCACHE=str(work / "build"), CGO_ENABLED="0", GOWORK="off")
    cache.say("building kube-apiserver, kube-controller-manager, kubectl, etcd and helm: takes 8-12 minutes once (2 cores)")
    began = time.monotonic()
    version = _run_go("list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes", env=env)
    major, minor = version.removeprefix("v").split(".")[:2]
    told = "k8s.io/component-base/version"  # else /version says v0.0.0 and clients believe it
    flags = f"-s -w -X {told}.gitVersion={version} -X {told}.gitMajor={major} -X {told}.gitMinor={minor}"
    _run_go("build", "-p", "2", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", flags,
            "-o", str(target / "control-plane"), ".", env=env)
    for name in NAMES:
        (target / name).symlink_to("control-plane")
    _run_go("clean", "-cache", "-modcache", env=env)  # Go's own way: the module cache is read-only
    shutil.rmtree(work)
    cache.say(f"built in {time.monotonic() - began:.0f} s")


def _run_go(*args, env=None):
    try:
        done = subprocess.run(["go", *args], cwd=SOURCE, env=env, stdout=subprocess.PIPE, text=True, check=True)
    except FileNotFoundError:
        raise SystemExit("bed: go is needed to build the control plane (or set KUBEBUILDER_ASSETS to a folder that holds it)")
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"bed: `go {' '.join(args[:1])}` failed with status {error.returncode}: see above")
    return done.stdout.strip()
