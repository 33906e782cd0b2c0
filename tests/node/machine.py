"""A machine that boots: a folder in place of `/`, and programs that record how they are called in place of what changes a system."""
import email
import functools
import hashlib
import json
import os
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STANDINS = Path(__file__).resolve().parent / "standins"
VOLUME = "vol-0123456789abcdef0"
DEVICE = "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"
CLUSTER = "BwcHBwcHRweHBwcHBwcHBw"  # of the example
PARTS = ("cloud-config.yaml", "10-machine.sh", "20-broker.sh")


@functools.cache
def example():
    """The program that renders user data, built as all others of the workspace: with other features all would be built again."""
    done = subprocess.run(["cargo", "build", "--quiet", "--workspace", "--locked", "--example", "user_data", "--message-format=json"],
                          cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    (program,) = [said["executable"] for said in map(json.loads, done.stdout.splitlines()) if said.get("executable")]
    return program


def user_data(node=1, version="4.3.1", format="allowed", addresses=None, roles="Combined", sha512="0" * 128, url=None, properties=None):
    """Of one of three nodes, which all vote, or of one more."""
    addresses = addresses or {n: f"127.0.1.{n}" for n in (1, 2, 3)}
    asked = {
        "version": version, "url": url or f"https://example.invalid/kafka-{version}.tgz", "sha512": sha512, "volume": VOLUME, "format": format,
        "properties": properties or {}, "controllers": {n: addresses[n] for n in (1, 2, 3)}, "brokers": len(addresses),
        "node": {"id": node, "zone": f"usw2-az{node}", "address": addresses[node], "roles": roles, "external": f"b{node}.example:{9092 + node}"},
    }
    return subprocess.run([example()], input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True).stdout


def parts(document):
    """Name -> text, as cloud-init takes a document apart."""
    message = email.message_from_string(document)
    assert message.get_content_type() == "multipart/mixed"
    return {part.get_filename(): part.get_payload(decode=True).decode("ascii") for part in message.get_payload()}


class Machine:
    def __init__(self, root):
        self.root = root
        for folder in ("dev/disk/by-id", "etc", "opt", "var/lib", "web"):
            (root / folder).mkdir(parents=True)
        (root / "etc/fstab").write_text("UUID=1 / xfs defaults,noatime 1 1\n")
        (root / "calls").touch()

    def attach(self, holds=""):
        """A volume that holds nothing, or "TYPE UUID"."""
        (self.root / DEVICE).write_bytes(holds.encode() + b"\n" if holds else bytes(4096))

    def publish(self, version, content=None):
        """An archive of Kafka, as small as can be; its digest."""
        archive, tree = self.root / f"web/kafka-{version}.tgz", self.root / "tree"
        (tree / "bin").mkdir(parents=True, exist_ok=True)
        start = tree / "bin/kafka-server-start.sh"
        start.write_text(content or "#!/bin/bash\n")
        start.chmod(0o755)
        with tarfile.open(archive, "w:gz") as made:
            made.add(tree, f"kafka_2.13-{version}")
        return hashlib.sha512(archive.read_bytes()).hexdigest()

    def run(self, document, part):
        """Runs a part; (status, what it said, the calls that it made)."""
        script = self.root / part
        script.write_text(parts(document)[part])
        script.chmod(0o755)
        calls = self.root / "calls"
        calls.write_text("")
        done = subprocess.run([script], env={"PATH": f"{STANDINS}:{os.environ['PATH']}", "KPL_ROOT": str(self.root), "HOME": "/"},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert done.stdout.splitlines()[-1].startswith("kafka-privatelink: "), done.stdout
        return done.returncode, done.stdout, calls.read_text().replace(f"{self.root}/", "/").splitlines()
