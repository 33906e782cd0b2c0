"""Images for the stand-in of a node: the operator's, and a shell with the libraries that it is linked to."""
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

from charts import ROOT

# What cargo-auditable writes into a release build; tests run another.
CRATES = [{"name": "kube", "version": "5.0.0", "source": "registry"}, {"name": "cc", "version": "1.2.0", "source": "registry", "kind": "build"}]
LIBRARY = re.compile(r"(/\S+) \(0x")


def operator(binary, folder):
    """The operator's, as `make image` makes it; of this binary without what a debugger needs, else it would be ten times as large."""
    folder.mkdir()
    (folder / "crates").write_bytes(zlib.compress(json.dumps({"packages": CRATES}).encode()))
    subprocess.run(["objcopy", "--strip-all", "--add-section", f".dep-v0={folder / 'crates'}", binary, folder / "binary"], check=True)
    subprocess.run([sys.executable, ROOT / "deploy" / "image" / "build.py", "--binary", folder / "binary", "--out", folder], check=True)
    unpack(folder / "layout", folder)


def unpack(layout, folder):
    """What a node makes of an OCI layout with one image: rootfs/ and config.json."""
    (described,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads(blob(layout, described))
    for layer in manifest["layers"]:
        with tarfile.open(fileobj=io.BytesIO(blob(layout, layer)), mode="r:gz") as archive:
            archive.extractall(folder / "rootfs", filter="tar")
    (folder / "config.json").write_bytes(blob(layout, manifest["config"]))


def blob(layout, described):
    """The content of a descriptor, which is what it says."""
    kind, _, name = described["digest"].partition(":")
    content = (layout / "blobs" / kind / name).read_bytes()
    assert hashlib.new(kind, content).hexdigest() == name and len(content) == described["size"], described
    return content


def shell(folder):
    """A shell and what the tests of the node need beside it."""
    make(folder, {f"/bin/{name}": shutil.which(name) for name in ("sh", "cat", "sleep", "touch", "id", "env")}, {"Cmd": ["sh"]})


def make(folder, files, config):
    """Makes an image in a folder that is not there yet: rootfs/ and config.json."""
    everything = {Path(target): Path(source) for target, source in files.items()}
    for source in files.values():
        linked = subprocess.run(["ldd", str(source)], check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        everything.update({Path(library): Path(library) for library in LIBRARY.findall(linked)})  # of a text: none
    for target, source in everything.items():
        place = folder / "rootfs" / str(target).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)  # not a link: the folder is an image, whatever becomes of the build
    (folder / "config.json").write_text(json.dumps({"config": config}))
