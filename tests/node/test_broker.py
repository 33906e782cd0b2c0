"""The second part of user data: configuration, service and storage, with a Kafka that only formats."""
import pytest
from machine import CLUSTER, Machine, user_data

FORMAT = """#!/bin/bash
[[ "$1 $2 $4" == "format --cluster-id --config" ]] || exit 1
[[ -w $LOG_DIR && ! -e $KPL_ROOT/unformattable ]] || exit 1
data=$(sed -n 's/^log.dirs=//p' "$5")
printf 'node.id=%s\\nversion=1\\ncluster.id=%s\\n' "$(sed -n 's/^node.id=//p' "$5")" "$3" >"$data/meta.properties"
"""
RESTART = "systemctl restart kafka.service"


@pytest.fixture
def machine(tmp_path):
    """As the first part leaves it."""
    made = Machine(tmp_path)
    for version in ("3.7.1", "4.3.1"):
        for name, content in (("kafka-storage.sh", FORMAT), ("kafka-server-start.sh", "")):
            script = tmp_path / f"opt/kafka-{version}/bin" / name
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(content)
            script.chmod(0o755)
    (tmp_path / "var/lib/kafka").mkdir()
    (tmp_path / "mounted").touch()
    return made


def boots(machine, **asked):
    status, said, calls = machine.run(user_data(**asked), "20-broker.sh")
    assert status == 0 and calls[-2:] == ["systemctl daemon-reload", RESTART], said
    return said, calls


def refuses(machine, words, **asked):
    status, said, calls = machine.run(user_data(**asked), "20-broker.sh")
    assert status == 1 and RESTART not in calls, said
    assert words in said and said.endswith(": Kafka is not started\n"), said


def meta(machine, **changes):
    file = machine.root / "var/lib/kafka/data/meta.properties"
    if changes:
        values = {"node.id": 1, "version": 1, "cluster.id": CLUSTER} | {key.replace("_", "."): value for key, value in changes.items()}
        file.write_text("#\n#Tue Nov 24 10:00:00 UTC 2026\n" + "".join(f"{key}={value}\n" for key, value in values.items()))
    return file


def test_a_new_node_is_formatted_and_started(machine):
    said, calls = boots(machine)
    assert "formatting the storage of node 1" in said
    assert any(call.startswith("runuser -u kafka -- /opt/kafka-4.3.1/bin/kafka-storage.sh format") for call in calls)
    assert f"cluster.id={CLUSTER}" in meta(machine).read_text()
    properties = (machine.root / "etc/kafka/server.properties").read_text()
    assert f"\nlog.dirs={machine.root}/var/lib/kafka/data\n" in properties
    assert "\nlisteners=INTERNAL://127.0.1.1:9094,CONTROLLER://127.0.1.1:9093,EXTERNAL://127.0.1.1:39092\n" in properties


def test_its_service(machine):
    boots(machine)
    unit = (machine.root / "etc/systemd/system/kafka.service").read_text().replace(str(machine.root), "")
    for line in ("User=kafka", 'Environment="KAFKA_HEAP_OPTS=-Xms128M -Xmx128M"', "RequiresMountsFor=/var/lib/kafka", "KillSignal=SIGTERM",
                 "TimeoutStopSec=300", "Restart=on-failure",
                 "ExecStart=/opt/kafka-4.3.1/bin/kafka-server-start.sh /etc/kafka/server.properties"):
        assert f"\n{line}\n" in unit, line


@pytest.mark.parametrize("format", ["allowed", "forbidden"])
def test_a_second_boot_formats_nothing(machine, format):
    boots(machine)
    before = {path: path.read_bytes() for path in machine.root.rglob("*") if path.is_file() and path.name not in ("calls", "20-broker.sh")}
    said, calls = boots(machine, format=format)
    assert "formatting" not in said and not any(call.startswith("runuser") for call in calls)
    assert {path: path.read_bytes() for path in before} == before


def test_a_changed_configuration_is_written(machine):
    boots(machine)
    boots(machine, version="3.7.1", properties={"num.partitions": "3"}, format="forbidden")
    assert "\nnum.partitions=3\n" in (machine.root / "etc/kafka/server.properties").read_text()
    assert "/opt/kafka-3.7.1/bin/" in (machine.root / "etc/systemd/system/kafka.service").read_text()


@pytest.mark.parametrize("format", ["allowed", "forbidden"])
def test_storage_of_another_node_is_not_touched(machine, format):
    boots(machine)
    for foreign in ({"node_id": 2}, {"cluster_id": "AAAAAAAAQACAAAAAAAAAAA"}, {"node_id": 11}):
        text = meta(machine, **foreign).read_text()
        refuses(machine, f"not of node 1 of cluster {CLUSTER}", format=format)
        assert meta(machine).read_text() == text
    meta(machine, node_id=1)
    boots(machine, format=format)


def test_an_emptied_volume_is_not_formatted(machine):
    refuses(machine, "has no meta.properties, and may not be formatted", format="forbidden")
    boots(machine)
    meta(machine).unlink()
    refuses(machine, "has no meta.properties, and may not be formatted", format="forbidden")
    refuses(machine, "had a meta.properties on this machine, and has none any more")


def test_another_machine_with_data_of_before_formats_nothing_later(machine):
    meta(machine).parent.mkdir()
    meta(machine, node_id=1)
    boots(machine)
    meta(machine).unlink()
    refuses(machine, "had a meta.properties on this machine, and has none any more")


def test_formatting_that_failed_is_tried_again(machine):
    (machine.root / "unformattable").touch()
    refuses(machine, "cannot be formatted")
    (machine.root / "unformattable").unlink()
    boots(machine)


def test_nothing_is_written_beside_the_volume(machine):
    (machine.root / "mounted").unlink()
    refuses(machine, "is not mounted at")
    assert not (machine.root / "var/lib/kafka/data").exists()


def test_without_kafka_nothing_is_done(machine):
    refuses(machine, "Kafka 4.0.2 is not in", version="4.0.2")
