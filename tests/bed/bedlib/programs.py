"""The programs of the control plane: those of $KUBEBUILDER_ASSETS, else built from source once."""
import os
from pathlib import Path

from . import cache, golang

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
    return golang.build("kube", SOURCE, "kube-apiserver, kube-controller-manager, kubectl, etcd and helm: takes 8-12 minutes once (2 cores)", _compile)


def _built_dir():
    return golang.folder("kube", SOURCE)


def _compile(target, env):
    version = golang.run(SOURCE, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes", env=env)
    major, minor = version.removeprefix("v").split(".")[:2]
    told = "k8s.io/component-base/version"  # else /version says v0.0.0 and clients believe it
    flags = f"-s -w -X {told}.gitVersion={version} -X {told}.gitMajor={major} -X {told}.gitMinor={minor}"
    golang.compile_packages(SOURCE, target / "control-plane", env, ["."], flags)
    for name in NAMES:
        (target / name).symlink_to("control-plane")
