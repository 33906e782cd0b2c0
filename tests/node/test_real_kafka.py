"""Real brokers that nothing but their user data have brought up. Java and the jars are needed, and left out with a count when they are not there."""
import re
import shlex
import signal

import pytest
from bedlib import kafka, loopback, processes
from bedlib.kafka import cluster as light, jars, metadata
from machine import Machine, user_data

REASON = kafka.why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))
INTERNAL = 9094
TEN = "".join(f"k{n}:message {n}\n" for n in range(10))
PROGRAMS = {"kafka-storage.sh": "kafka.tools.StorageTool", "kafka-server-start.sh": "kafka.Kafka"}


class Node(Machine):
    """An instance with its volume, which is a folder of its own."""

    def __init__(self, folder, number, addresses, roles="Combined"):
        super().__init__(folder / f"instance-{number}")
        self.folder, self.number, self.addresses, self.roles, self.process = folder, number, addresses, roles, None
        self.format, self.booted = "allowed", 0
        for version in jars.VERSIONS:
            for name, java_class in PROGRAMS.items():
                script = self.root / f"opt/kafka-{version}/bin" / name
                script.parent.mkdir(parents=True, exist_ok=True)
                script.write_text(f"#!/bin/bash\nexec {shlex.join(map(str, jars.command(version, java_class)))} \"$@\"\n")
                script.chmod(0o755)
        volume = folder / f"volume-{number}"
        volume.mkdir()
        (self.root / "var/lib/kafka").symlink_to(volume)
        (self.root / "mounted").touch()

    @property
    def address(self):
        return self.addresses[self.number]

    def boot(self, version, properties=None):
        """Runs the second part; starts the service when that says so. Returns what it said."""
        properties = {key: str(value) for key, value in light.LIGHT.items()} | (properties or {})
        document = user_data(self.number, version, self.format, self.addresses, self.roles, properties=properties)
        status, said, calls = self.run(document, "20-broker.sh")
        if status == 0:
            assert calls[-1] == "systemctl restart kafka.service"
            self.start()
        return status, said

    def start(self):
        unit = (self.root / "etc/systemd/system/kafka.service").read_text()
        environment = [shlex.split(value)[0] for value in re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)]
        (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
        self.booted += 1
        self.process = processes.spawn(self.folder, f"kafka-{self.number}-{self.booted}", ["env", *environment, *shlex.split(command)], ends_with_parent=True)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def three(tmp_path):
    with loopback.network() as network:
        addresses = {n: f"{network}.{10 + n}" for n in (1, 2, 3)}
        nodes = {n: Node(tmp_path, n, addresses) for n in addresses}
        yield nodes
        for node in nodes.values():
            node.kill()


def all_serve(nodes, folder):
    def ready(node):
        try:
            said = metadata.ask(node.address, INTERNAL)
        except OSError:
            return False
        return set(said.brokers) == set(nodes) and all(set(replicas) == set(in_sync) for _, _, replicas, in_sync in said.replicas)
    processes.wait_until(lambda: all(map(ready, nodes.values())), "all nodes serve", [node.process for node in nodes.values()], folder)


def tool(version, name, nodes, *args, **more):
    done = kafka.tool(version, name, "--bootstrap-server", f"{nodes[1].address}:{INTERNAL}", *args, **more)
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return done.stdout


def read_ten(version, nodes):
    got = tool(version, "console-consumer", nodes, "--topic", "t", "--from-beginning", "--max-messages", 10, "--timeout-ms", 30000)
    assert sorted(got.splitlines()) == [f"message {n}" for n in range(10)], got


@pytest.mark.parametrize("version", jars.VERSIONS)
def test_long_three_nodes_from_their_user_data(three, tmp_path, version):
    for node in three.values():
        status, said = node.boot(version)
        assert status == 0 and "formatting the storage" in said, said
    all_serve(three, tmp_path)
    quorum = tool(version, "metadata-quorum", three, "describe", "--replication")
    assert sorted(re.findall(r"\b(Leader|Follower|Observer)\b", quorum)) == ["Follower", "Follower", "Leader"], quorum
    topic = tool(version, "topics", three, "--create", "--topic", "t", "--partitions", 3)
    described = tool(version, "topics", three, "--describe", "--topic", "t")
    assert "ReplicationFactor: 3" in described, topic + described
    tool(version, "console-producer", three, "--topic", "t", "--reader-property", "parse.key=true", "--reader-property", "key.separator=:", input=TEN)
    read_ten(version, three)
    for node in three.values():
        node.stop()
        node.format = "forbidden"
        status, said = node.boot(version, {"num.partitions": "3"})
        assert status == 0 and "formatting" not in said, said
        all_serve(three, tmp_path)
    read_ten(version, three)


def test_long_a_node_of_another_cluster_and_an_emptied_volume_are_refused(three, tmp_path):
    for node in three.values():
        assert node.boot(jars.OLDEST)[0] == 0
    all_serve(three, tmp_path)
    first = three[1]
    first.stop()
    first.format = "forbidden"
    meta = first.root / "var/lib/kafka/data/meta.properties"
    own = meta.read_text()
    meta.write_text(re.sub("^cluster.id=.*$", "cluster.id=AAAAAAAAQACAAAAAAAAAAA", own, flags=re.MULTILINE))
    status, said = first.boot(jars.OLDEST)
    assert status == 1 and "is of node 1 of cluster AAAAAAAAQACAAAAAAAAAAA, not of node 1" in said, said
    meta.unlink()
    status, said = first.boot(jars.OLDEST)
    assert status == 1 and "may not be formatted" in said, said
    meta.write_text(own)
    assert first.boot(jars.NEWEST)[0] == 0  # and upgraded meanwhile
    all_serve(three, tmp_path)


def test_long_a_broker_joins_that_does_not_vote(three, tmp_path):
    for node in three.values():
        assert node.boot(jars.NEWEST)[0] == 0
    all_serve(three, tmp_path)
    addresses = three[1].addresses
    addresses[4] = addresses[1].rpartition(".")[0] + ".14"
    three[4] = Node(tmp_path, 4, addresses, roles="Broker")
    status, said = three[4].boot(jars.NEWEST)
    assert status == 0, said
    all_serve(three, tmp_path)
    quorum = tool(jars.NEWEST, "metadata-quorum", three, "describe", "--replication")
    assert sorted(re.findall(r"\b(Leader|Follower|Observer)\b", quorum)) == ["Follower", "Follower", "Leader", "Observer"], quorum


def test_long_what_shadows_min_insync_replicas(three, tmp_path):
    """Why a roll does not change it from 4.1 on: the active controller has made it a dynamic value of the cluster."""
    for node in three.values():
        assert node.boot(jars.NEWEST)[0] == 0
    all_serve(three, tmp_path)
    said = tool(jars.NEWEST, "configs", three, "--describe", "--entity-type", "brokers", "--entity-default")
    assert re.findall(r"^\s+([a-z.]+)=(\S+)", said, re.MULTILINE) == [("min.insync.replicas", "2")], said
