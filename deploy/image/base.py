"""What the binary needs below it, out of three packages of Debian: its libraries, and the CA certificates."""
import os
import re
import subprocess

from bedlib import debian
from oci import Tree

PACKAGES = ("libc6", "libgcc-s1", "ca-certificates")
LIBRARIES = {"libc6": ("ld-linux*.so.*", "libc.so.6", "libm.so.6"), "libgcc-s1": ("libgcc_s.so.1",)}
LOADER = {"x86_64": ("lib64", "ld-linux-x86-64.so.2"), "aarch64": ("lib", "ld-linux-aarch64.so.1")}
USER = 65532  # as the chart and the distroless images have it
NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")


def base():
    """The tree, and {package: version}."""
    tree = Tree()
    versions = {}
    for package in PACKAGES:
        folder, said = debian.unpacked(package)
        versions[package] = re.search(r"^Version: (.+)$", said, re.MULTILINE)[1]
        # Where scanners look for packages in an image without dpkg.
        tree.file(f"var/lib/dpkg/status.d/{package}", said.encode())
        for pattern in LIBRARIES.get(package, ()):
            (library,) = [path for path in folder.rglob(pattern) if path.is_file() and not path.is_symlink()]
            tree.file(f"usr/lib/{library.name}", library.read_bytes(), 0o755)
        tree.file(f"usr/share/doc/{package}/copyright", _copyright(folder, package))
    place, loader = LOADER[os.uname().machine]
    if place == "lib":
        tree.link("lib", "usr/lib")
    else:
        tree.link(f"{place}/{loader}", f"../usr/lib/{loader}")
        tree.link("lib", "usr/lib")
    certificates, _ = debian.unpacked("ca-certificates")
    bundle = sorted((certificates / "usr" / "share" / "ca-certificates").rglob("*.crt"))
    tree.file("etc/ssl/certs/ca-certificates.crt", b"".join(path.read_bytes() for path in bundle))
    tree.file("etc/passwd", f"root:x:0:0:root:/:/none\nnonroot:x:{USER}:{USER}:nonroot:/:/none\n".encode())
    tree.file("etc/group", f"root:x:0:\nnonroot:x:{USER}:\n".encode())
    tree.file("etc/nsswitch.conf", b"hosts: files dns\n")
    return tree, versions


def check(binary, tree):
    """Refuses a binary that needs a library which is not there."""
    said = subprocess.run(["readelf", "--dynamic", binary], check=True, stdout=subprocess.PIPE, text=True).stdout
    missing = [name for name in NEEDED.findall(said) if f"usr/lib/{name}" not in tree.entries]
    if missing:
        raise SystemExit(f"image: {binary} needs {', '.join(missing)}, which {', '.join(LIBRARIES)} do not have: extend {__file__}")


def _copyright(folder, package):
    """Some packages keep it in another one, to which their folder of documents is a link."""
    documents = folder / "usr" / "share" / "doc" / package
    if documents.is_symlink():
        return _copyright(debian.unpacked(os.readlink(documents))[0], os.readlink(documents))
    return (documents / "copyright").read_bytes()
