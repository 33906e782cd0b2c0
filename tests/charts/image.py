"""Images for the stand-in of a node: programs of this machine with the libraries that they are linked to."""
import json
import re
import shutil
import ssl
import subprocess
from pathlib import Path

BINARY = "/usr/local/bin/kafka-privatelink"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
LIBRARY = re.compile(r"(/\S+) \(0x")


def operator(binary, folder):
    """The operator's: its binary and CA certificates."""
    make(folder, {BINARY: binary, CERTIFICATES: ssl.get_default_verify_paths().cafile or CERTIFICATES},
         {"Entrypoint": [BINARY], "User": "65532:65532"})


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
