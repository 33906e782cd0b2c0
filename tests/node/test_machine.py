"""The first part of user data, on a machine whose programs only record: what it makes, and what it refuses."""
import hashlib

import pytest
from machine import DEVICE, Machine, user_data

OWN = "xfs 0b5e-of-before"


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def boots(machine, **asked):
    if "sha512" not in asked:
        asked["sha512"] = machine.publish("4.3.1")
    return machine.run(user_data(**asked), "10-machine.sh")


def refuses(machine, *words, **asked):
    status, said, calls = boots(machine, **asked)
    assert status == 1 and all(word in said for word in words), said
    return calls


def test_an_empty_volume_gets_a_file_system(machine):
    machine.attach()
    status, said, calls = boots(machine)
    assert status == 0, said
    assert f"mkfs.xfs -q /{DEVICE}" in calls and "mount /var/lib/kafka" in calls
    assert calls.index("systemctl daemon-reload") < calls.index("mount /var/lib/kafka")
    assert "dnf -y -q install java-17-amazon-corretto-headless tar gzip" in calls
    assert "useradd --uid 9092 --user-group --home-dir /var/lib/kafka --no-create-home --shell /sbin/nologin kafka" in calls
    assert (machine.root / "etc/fstab").read_text().splitlines() == [
        "UUID=1 / xfs defaults,noatime 1 1", f"UUID=0b5e-made-here {machine.root}/var/lib/kafka xfs defaults,noatime,nofail 0 2"]
    assert sorted(path.name for path in (machine.root / "opt").iterdir()) == ["kafka-4.3.1"]


def test_a_second_boot_changes_nothing(machine):
    machine.attach()
    assert boots(machine)[0] == 0
    (machine.root / "mounted").unlink()  # by the end of the first boot
    (machine.root / "no-repository").touch()
    (machine.root / "web/kafka-4.3.1.tgz").rename(machine.root / "gone.tgz")
    before = {path: path.stat().st_mtime_ns for path in machine.root.rglob("*") if path.name not in ("calls", "10-machine.sh")}
    document = user_data(format="forbidden", sha512=(machine.root / "opt/kafka-4.3.1/.sha512").read_text().strip())
    status, said, calls = machine.run(document, "10-machine.sh")
    assert status == 0, said
    changes = {call.split()[0] for call in calls} - {"udevadm", "blkid", "mountpoint", "id", "rpm"}
    assert changes == {"mount"}
    after = {path: path.stat().st_mtime_ns for path in before}
    assert {path for path in before if before[path] != after[path]} == set()


def test_a_volume_with_data_is_mounted_as_it_is(machine):
    machine.attach(OWN)
    status, said, calls = boots(machine)
    assert status == 0 and not any(call.startswith("mkfs") for call in calls), said
    assert "UUID=0b5e-of-before " in (machine.root / "etc/fstab").read_text()


def test_another_volume_takes_the_place_of_the_first(machine):
    machine.attach(OWN)
    boots(machine)
    machine.attach("xfs 0b5e-other")
    assert boots(machine)[0] == 0
    lines = (machine.root / "etc/fstab").read_text().splitlines()
    assert len(lines) == 2 and lines[1].startswith("UUID=0b5e-other ")


def test_without_the_volume_nothing_is_made(machine):
    calls = refuses(machine, "volume vol-0123456789abcdef0 was not attached within half an hour")
    assert calls == [f"udevadm wait --timeout=1800 /{DEVICE}"]


def test_a_volume_that_may_not_be_formatted_is_not(machine):
    machine.attach()
    calls = refuses(machine, "vol-0123456789abcdef0 has no file system, and may not get one", format="forbidden")
    assert not any(call.startswith(("mkfs", "mount ")) for call in calls)


def test_nor_is_one_that_had_data_on_this_machine(machine):
    machine.attach()
    (machine.root / "var/lib/kafka-privatelink").mkdir()
    (machine.root / "var/lib/kafka-privatelink/formatted").touch()
    calls = refuses(machine, "has no file system, and may not get one")
    assert not any(call.startswith(("mkfs", "mount ")) for call in calls)


@pytest.mark.parametrize(("holds", "words"), [
    ("ext4 1", "is ext4: not made here"), ("partitions", "is no file system, but something"), ("ambivalent", "blkid cannot tell")])
def test_what_others_made_is_left_alone(machine, holds, words):
    machine.attach(holds)
    calls = refuses(machine, words)
    assert not any(call.startswith(("mkfs", "mount ")) for call in calls)


def test_a_volume_that_cannot_be_read_is_not_empty(machine):
    (machine.root / DEVICE).mkdir()
    calls = refuses(machine, "volume vol-0123456789abcdef0 cannot be read")
    assert not any(call.startswith(("mkfs", "mount ")) for call in calls)


def test_another_archive_is_refused(machine):
    machine.attach()
    digest = machine.publish("4.3.1")
    refuses(machine, "is not what distribution.sha512 says", digest, sha512="0" * 128)
    assert not (machine.root / "opt/kafka-4.3.1").exists()
    assert boots(machine)[0] == 0


def test_half_an_archive_is_fetched_again(machine):
    machine.attach()
    (machine.root / "web/broken").touch()
    refuses(machine, "Kafka 4.3.1 cannot be fetched from https://example.invalid/kafka-4.3.1.tgz")
    assert not (machine.root / "opt/kafka-4.3.1").exists()
    (machine.root / "web/broken").unlink()
    assert boots(machine)[0] == 0
    assert sorted(path.name for path in (machine.root / "opt").iterdir()) == ["kafka-4.3.1"]


def test_what_was_unpacked_by_half_is_unpacked_again(machine):
    machine.attach()
    half = machine.root / "opt/kafka-4.3.1.unfinished/bin"
    half.mkdir(parents=True)
    (half / "left-behind").touch()
    assert boots(machine)[0] == 0
    assert not (machine.root / "opt/kafka-4.3.1/bin/left-behind").exists()


def test_another_build_of_the_same_version_takes_its_place(machine):
    machine.attach()
    assert boots(machine)[0] == 0
    assert boots(machine, sha512=machine.publish("4.3.1", "#!/bin/sh\n"))[0] == 0
    assert (machine.root / "opt/kafka-4.3.1/bin/kafka-server-start.sh").read_text() == "#!/bin/sh\n"


def test_an_archive_of_something_else_is_refused(machine):
    machine.attach()
    archive = machine.root / "web/kafka-4.3.1.tgz"
    archive.write_bytes(b"not an archive")
    refuses(machine, "cannot be unpacked", sha512=hashlib.sha512(archive.read_bytes()).hexdigest())
    assert not (machine.root / "opt/kafka-4.3.1").exists()


def test_an_object_of_s3_is_fetched_by_the_instance_profile(machine):
    machine.attach()
    status, said, calls = boots(machine, url="s3://mirror/kafka-4.3.1.tgz")
    assert status == 0, said
    assert "aws s3 cp --only-show-errors s3://mirror/kafka-4.3.1.tgz /opt/kafka-4.3.1.tgz" in calls


def test_without_packages_there_is_no_java(machine):
    machine.attach()
    (machine.root / "no-repository").touch()
    refuses(machine, "java-17-amazon-corretto-headless tar gzip cannot be installed")
