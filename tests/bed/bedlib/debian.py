"""Programs out of Debian's packages: unpacked into the cache, never installed."""
import os
import shutil
import subprocess
from pathlib import Path

from . import cache

VERSION = "package-version"  # a file of ours beside the package's


def program(package, name):
    """Path of a program: the one on PATH, else that of the package, which is fetched once."""
    found = shutil.which(name)
    if found:
        return found
    return str(unpacked(package)[0] / "usr" / "bin" / name)


def unpacked(package):
    """Folder of what the package installs, and its version. It is fetched once."""
    folder = cache.root() / "packages" / f"{package}-{os.uname().machine}"
    with cache.made_once(folder) as unfinished:
        if unfinished:
            _unpack(package, unfinished)
    return folder, (folder / VERSION).read_text()


def _unpack(package, target):
    cache.say(f"fetching Debian's package {package}: takes seconds, once")
    # A fresh machine has no lists of packages; to fetch them takes root.
    if _apt("download", package, folder=target).returncode != 0:
        _apt("update").check_returncode()
        _apt("download", package, folder=target).check_returncode()
    (archive,) = Path(target).glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", archive, target], check=True)
    version = subprocess.run(["dpkg-deb", "--field", archive, "Version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    (Path(target) / VERSION).write_text(version)
    archive.unlink()


def _apt(*args, folder=None):
    return subprocess.run(["apt-get", "--quiet", "--quiet", *args], cwd=folder, stdout=subprocess.DEVNULL, check=False)
