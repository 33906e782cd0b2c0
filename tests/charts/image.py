"""The operator's image for the stand-in of a node: its binary, the libraries that it is linked to, CA certificates."""
import json
import re
import shutil
import ssl
import subprocess
from pathlib import Path

BINARY = "/usr/local/bin/kafka-privatelink"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
LIBRARY = re.compile(r"(/\S+) \(0x")


def make(operator, folder):
    """Makes an image in a folder that is not there yet: rootfs/ and config.json."""
    linked = subprocess.run(["ldd", str(operator)], check=True, stdout=subprocess.PIPE, text=True).stdout
    root = folder / "rootfs"
    files = {path: Path(path) for path in LIBRARY.findall(linked)}
    files[BINARY] = operator
    files[CERTIFICATES] = Path(ssl.get_default_verify_paths().cafile or CERTIFICATES)
    for target, source in files.items():
        place = root / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)  # not a link: the folder is an image, whatever becomes of the build
        place.chmod(0o644 if target == CERTIFICATES else 0o755)
    (folder / "config.json").write_text(json.dumps({"config": {"Entrypoint": [BINARY], "User": "65532:65532", "WorkingDir": "/"}}))
