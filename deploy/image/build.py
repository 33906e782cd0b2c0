#!/usr/bin/env python3
"""Makes the image of the operator for this machine's architecture, without a container engine and without root.

    build.py --binary FILE --out FOLDER       FOLDER/layout, an OCI layout, and FOLDER/image.tar, the same as one file,
                                              and FOLDER/sbom.cdx.json, what it is made of
    build.py --binary FILE --rootfs FOLDER    its file system alone, for the Dockerfile
"""
import argparse
import json
import os
import subprocess
import sys
import tomllib
from datetime import datetime, timezone
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT / "tests" / "bed")]
import base  # noqa: E402
import oci  # noqa: E402
import sbom  # noqa: E402

BINARY = "usr/local/bin/kafka-privatelink"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}
MIB = 1 << 20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=Path)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path)
    where.add_argument("--rootfs", type=Path)
    parser.add_argument("--most-mib", type=float, help="fail if a pull weighs more")
    asked = parser.parse_args()
    below, versions = base.base()
    base.check(asked.binary, below)
    if asked.rootfs:
        below.file(BINARY, asked.binary.read_bytes(), 0o755)
        below.write(asked.rootfs)
        return
    above = oci.Tree()
    above.file(BINARY, asked.binary.read_bytes(), 0o755)
    version, revision, at = told()
    name = f"kafka-privatelink-operator:{version}"
    made_of = sbom.described(version, versions, ARCHITECTURE[os.uname().machine], sbom.crates(asked.binary))
    labels = {f"org.opencontainers.image.{key}": value for key, value in {
        "title": "kafka-privatelink-operator", "description": "Offers a Kafka cluster over AWS PrivateLink as one Kubernetes object",
        "version": version, "revision": revision, "created": at.isoformat(), "licenses": "Apache-2.0"}.items()}
    config = {"created": at.isoformat(), "architecture": ARCHITECTURE[os.uname().machine], "os": "linux", "config": {
        "User": f"{base.USER}:{base.USER}", "Entrypoint": [f"/{BINARY}"], "Cmd": ["run"], "WorkingDir": "/", "Labels": labels,
        "Env": ["PATH=/usr/local/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"], "ExposedPorts": {"8080/tcp": {}}}}
    layout = oci.Layout(asked.out / "layout")
    packages = ", ".join(f"{package} {version}" for package, version in versions.items())
    made, weight = layout.write([(below, f"Debian's {packages}"), (above, "the operator")], config, name, labels, int(at.timestamp()))
    layout.archive(asked.out / "image.tar")
    (asked.out / "sbom.cdx.json").write_text(json.dumps(made_of, indent=1) + "\n")
    print(f"{name}@{made}: {weight / MIB:.1f} MiB as pulled, in {asked.out}")
    if asked.most_mib and weight > asked.most_mib * MIB:
        raise SystemExit(f"image: that is more than {asked.most_mib} MiB")


def told():
    """Version, revision and time of what is checked out: nothing of the machine or of the hour of the build."""
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    said = subprocess.run(["git", "log", "-1", "--format=%H %ct"], cwd=ROOT, check=False, capture_output=True, text=True).stdout.split()
    revision, seconds = said or ("unknown", "0")  # an archive of the sources has no history
    return version, revision, datetime.fromtimestamp(int(seconds), timezone.utc)


if __name__ == "__main__":
    main()
