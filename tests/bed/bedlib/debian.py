"""Programs out of Debian's packages: unpacked into the cache. What cannot be unpacked, Java, is installed where we are root."""
import os
import shutil
import subprocess
from pathlib import Path

from . import cache

CONTROL = "package-control"  # a file of ours beside the package's: what the package says of itself


def program(package, name):
    """Path of a program: the one on PATH, else that of the package, which is fetched once."""
    found = shutil.which(name)
    if found:
        return found
    return str(unpacked(package)[0] / "usr" / "bin" / name)


def unpacked(package):
    """Folder of what the package installs, and what it says of itself (`Version: …` and so on). It is fetched once."""
    folder = cache.root() / "debian-packages" / f"{package}-{os.uname().machine}"
    with cache.made_once(folder) as unfinished:
        if unfinished:
            _unpack(package, unfinished)
    return folder, (folder / CONTROL).read_text()


def _unpack(package, target):
    cache.say(f"fetching Debian's package {package}: takes seconds, once")
    # A fresh machine has no lists of packages; to fetch them takes root.
    if _apt("download", package, folder=target).returncode != 0:
        _apt("update").check_returncode()
        _apt("download", package, folder=target).check_returncode()
    (archive,) = Path(target).glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", archive, target], check=True)
    said = subprocess.run(["dpkg-deb", "--field", archive], check=True, stdout=subprocess.PIPE, text=True).stdout
    (Path(target) / CONTROL).write_text(said)
    archive.unlink()


def may_install():
    """Whether packages can be installed here at all."""
    return os.geteuid() == 0 and bool(shutil.which("apt-get"))


def install(*packages):
    """Puts packages onto this machine, for good; a CalledProcessError when there are none of that name, or no network."""
    asked = ("install", "--yes", "--no-install-recommends", *packages)
    if _apt(*asked).returncode != 0:
        _apt("update").check_returncode()
        _apt(*asked).check_returncode()


def _apt(*args, folder=None):
    # A package that asks a question would wait for ever.
    return subprocess.run(["apt-get", "--quiet", "--quiet", *args], cwd=folder, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                          env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=False)
