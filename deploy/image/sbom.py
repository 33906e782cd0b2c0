"""What the image is made of, in CycloneDX's format: crates, as the binary itself says, and Debian's packages."""
import json
import subprocess
import tempfile
import zlib
from pathlib import Path

SECTION = ".dep-v0"  # of cargo-auditable


def crates(binary):
    """(name, version) of each crate that was compiled into the binary."""
    with tempfile.TemporaryDirectory() as folder:
        section = Path(folder) / "section"
        # Without the second name, objcopy would write the binary anew.
        subprocess.run(["objcopy", f"--dump-section={SECTION}={section}", binary, Path(folder) / "copy"], check=False, stderr=subprocess.DEVNULL)
        if not section.exists():
            raise SystemExit(f"image: {binary} does not say which crates it is made of: build it with deploy/release.py")
        packages = json.loads(zlib.decompress(section.read_bytes()))["packages"]
    return sorted((package["name"], package["version"]) for package in packages if package.get("kind", "runtime") == "runtime")


def described(version, debian, architecture, compiled):
    """The document. It holds no time and no number of its own: the same image has the same."""
    operator = {"type": "container", "name": "kafka-privatelink-operator", "version": version}
    components = [component(name, of, f"pkg:cargo/{name}@{of}") for name, of in compiled]
    components += [component(name, of, f"pkg:deb/debian/{name}@{of}?arch={architecture}") for name, of in sorted(debian.items())]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": operator}, "components": components}


def component(name, version, package_url):
    return {"type": "library", "name": name, "version": version, "bom-ref": package_url, "purl": package_url.replace("+", "%2B")}
