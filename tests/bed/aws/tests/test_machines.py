"""An instance with our kind of user data runs it: a small listener in the place of Kafka, which may be slow to end or end badly."""
import json
import os
import signal
import socket
import subprocess
import sys
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
from conftest import REGION, Account, admin, wait
from test_brokers import checks, image, state, volume, volume_state

PORT = 39092
# Notes each of its lives in the data volume, and answers with what is noted.
LISTENER = """
import pathlib, signal, socket, sys, time
address, data, slowness = sys.argv[1], pathlib.Path(sys.argv[2]), float(sys.argv[3])
def end(*_):
    time.sleep(slowness)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
with open(data / "lives", "a") as lives:
    lives.write("x")
listening = socket.create_server((address, 39092))
while True:
    client, _ = listening.accept()
    client.sendall((data / "lives").read_bytes())
    client.close()
"""
SCRIPT = """#!/bin/bash
set -eu
echo "kafka-privatelink: here at @ADDRESS@"
root="${KPL_ROOT:-}"
mountpoint -q "$root/var/lib/kafka"
install -d -o kafka -g kafka -m 0750 "$root/var/lib/kafka/data" "$root/etc/kafka"
chown -R kafka:kafka "$root/var/lib/kafka"
runuser -u kafka -- touch "$root/var/lib/kafka/data/formatted"
cat > "$root/etc/kafka/listener.py" <<'END'
@LISTENER@
END
cat > "$root/etc/systemd/system/kafka.service" <<END
[Unit]
RequiresMountsFor=/var/lib/kafka
[Service]
User=kafka
Environment=KAFKA_HEAP_OPTS=-Xmx1G "GREETING=hello there"
ExecStart=@PYTHON@ $root/etc/kafka/listener.py @ADDRESS@ $root/var/lib/kafka/data @SLOWNESS@
KillSignal=SIGTERM
TimeoutStopSec=@PATIENCE@
Restart=on-failure
END
systemctl daemon-reload
systemctl enable kafka.service
systemctl restart kafka.service
"""


def user_data(address, volume, script=SCRIPT, slowness="0", patience="60"):
    for name, value in (("LISTENER", LISTENER), ("ADDRESS", address), ("PYTHON", sys.executable), ("SLOWNESS", slowness), ("PATIENCE", patience)):
        script = script.replace(f"@{name}@", value)
    machine = f"#!/bin/bash\nwhile [ ! -e /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume.replace('-', '')} ]; do sleep 1; done\n"
    whole = MIMEMultipart("mixed")
    for name, text, kind in (("cloud-config.yaml", "#cloud-config\n", "cloud-config"), ("10-machine.sh", machine, "x-shellscript"), ("20-broker.sh", script, "x-shellscript")):
        part = MIMEText(text, kind)
        part.add_header("Content-Disposition", "attachment", filename=name)
        whole.attach(part)
    return whole.as_string()


class Broker:
    """An instance on an interface at an address of 127/8, with a data volume."""

    def __init__(self, aws, node=1, **more):
        self.aws = aws
        aws.settings(machines=True)
        network = aws.admin("POST", "claim")["network"]
        self.vpc = aws.vpc(f"127.{network}.0.0/16")
        self.address, self.volume = f"127.{network}.0.{10 + node}", volume(aws)
        self.interface = aws.ec2.create_network_interface(SubnetId=self.vpc.subnets[0], PrivateIpAddress=self.address)["NetworkInterface"]["NetworkInterfaceId"]
        self.launch(**more)

    def launch(self, attached=True, **more):
        self.id = self.aws.ec2.run_instances(
            ImageId=image(self.aws), InstanceType="t3.large", MinCount=1, MaxCount=1, UserData=user_data(self.address, self.volume, **more),
            NetworkInterfaces=[{"NetworkInterfaceId": self.interface, "DeviceIndex": 0, "DeleteOnTermination": False}])["Instances"][0]["InstanceId"]
        if attached:
            self.attach()

    def attach(self):
        self.aws.ec2.attach_volume(VolumeId=self.volume, InstanceId=self.id, Device="/dev/sdf")

    def lives(self):
        """How often its service was started on this volume, as it says itself; None when nobody answers."""
        try:
            with socket.create_connection((self.address, PORT), 5) as server:
                return len(server.recv(100))
        except OSError:
            return None

    def shown(self):
        return admin(self.aws.endpoint, "GET", "machines", account=self.aws.id, region=REGION)["machines"][self.id]

    def do(self, what):
        return admin(self.aws.endpoint, "POST", "machines", {"account": self.aws.id, "region": REGION, "id": self.id, "do": what})

    def console(self):
        return self.aws.ec2.get_console_output(InstanceId=self.id).get("Output", "")


@pytest.fixture(autouse=True)
def nothing_left(aws):
    yield
    aws.settings(instance_terminating=0)
    for reservation in aws.ec2.describe_instances()["Reservations"]:
        aws.ec2.terminate_instances(InstanceIds=[i["InstanceId"] for i in reservation["Instances"]])
    there = lambda: [m for m in admin(aws.endpoint, "GET", "machines", account=aws.id, region=REGION)["machines"].values() if m["phase"] != "off"]
    wait(lambda: not there(), 20)
    aws.admin("DELETE", "claim")


def test_it_waits_for_its_volume_and_starts_what_its_script_asks_for(aws):
    broker = Broker(aws, attached=False)
    assert broker.shown()["phase"] == "waiting" and broker.lives() is None
    other = volume(aws)
    aws.ec2.attach_volume(VolumeId=other, InstanceId=broker.id, Device="/dev/sdg")
    wait(lambda: aws.ec2.describe_volumes(VolumeIds=[other])["Volumes"][0]["Attachments"][0]["State"] == "attached")
    assert broker.shown()["phase"] == "waiting", "it is not the one that its user data names"
    broker.attach()
    wait(lambda: broker.lives() == 1)
    shown = broker.shown()
    assert (shown["phase"], shown["volume"], shown["address"]) == ("up", broker.volume, broker.address)
    assert f"kafka-privatelink: here at {broker.address}" in broker.console()
    with open(f"/proc/{shown['pid']}/environ") as environ:
        environment = dict(pair.split("=", 1) for pair in environ.read().split("\0") if pair)
    assert (environment["KAFKA_HEAP_OPTS"], environment["GREETING"]) == ("-Xmx1G", "hello there")
    with open(f"{shown['root']}/run/systemctl.log") as asked:
        assert asked.read().splitlines() == ["daemon-reload", "enable kafka.service", "restart kafka.service"]


def test_stopped_and_started_it_boots_again(aws):
    broker = Broker(aws)
    wait(lambda: broker.lives() == 1)
    aws.ec2.stop_instances(InstanceIds=[broker.id])
    wait(lambda: state(aws, broker.id) == "stopped")
    assert broker.lives() is None and broker.shown()["status"] == 0, "it was asked to end, and did"
    aws.ec2.start_instances(InstanceIds=[broker.id])
    wait(lambda: broker.lives() == 2)
    assert broker.shown()["boots"] == 2


def test_an_instance_is_stopping_until_its_service_has_ended(aws):
    broker = Broker(aws, slowness="3")
    wait(lambda: broker.lives() == 1)
    aws.ec2.stop_instances(InstanceIds=[broker.id])
    assert (state(aws, broker.id), broker.shown()["phase"]) == ("stopping", "stopping")
    aws.ec2.detach_volume(VolumeId=broker.volume)
    assert aws.ec2.describe_volumes(VolumeIds=[broker.volume])["Volumes"][0]["Attachments"][0]["State"] == "busy"
    wait(lambda: state(aws, broker.id) == "stopped")
    wait(lambda: volume_state(aws, broker.volume) == "available")


def test_a_service_that_does_not_end_is_killed(aws):
    broker = Broker(aws, slowness="600", patience="1s")
    wait(lambda: broker.lives() == 1)
    aws.ec2.stop_instances(InstanceIds=[broker.id])
    wait(lambda: state(aws, broker.id) == "stopped")
    assert broker.shown()["status"] == -signal.SIGKILL


def test_replaced_it_has_its_address_and_its_data(aws):
    broker = Broker(aws)
    wait(lambda: broker.lives() == 1)
    first, root = broker.id, broker.shown()["root"]
    aws.ec2.terminate_instances(InstanceIds=[first])
    wait(lambda: state(aws, first) == "terminated")
    assert not os.path.exists(root) and volume_state(aws, broker.volume) == "available"
    assert "here at" in broker.console(), "a terminated instance's console can be read for a while"
    broker.launch()
    assert broker.id != first
    wait(lambda: broker.lives() == 2)


def test_a_killed_service_is_started_again_as_its_unit_says(aws):
    broker = Broker(aws)
    wait(lambda: broker.lives() == 1)
    broker.do("kill")
    wait(lambda: broker.lives() == 2)
    assert broker.shown()["boots"] == 1 and checks(aws, broker.id)[1] != "impaired"
    for lives in (3, 4, 5):
        broker.do("kill")
        wait(lambda: broker.lives() == lives)
    broker.do("kill")
    wait(lambda: broker.shown()["phase"] == "failed"), "five starts in ten seconds are enough for systemd"
    assert state(aws, broker.id) == "running" and broker.lives() is None


def test_a_halted_machine_fails_its_checks_until_it_is_started_anew(aws):
    broker = Broker(aws)
    wait(lambda: broker.lives() == 1)
    broker.do("halt")
    assert broker.lives() is None and checks(aws, broker.id) == ("ok", "impaired") and state(aws, broker.id) == "running"
    assert "error" in broker.do("dance")
    aws.ec2.stop_instances(InstanceIds=[broker.id])
    aws.ec2.start_instances(InstanceIds=[broker.id])
    wait(lambda: broker.lives() == 2)
    wait(lambda: checks(aws, broker.id) == ("ok", "ok"))


def test_a_script_that_fails_starts_nothing(aws):
    broker = Broker(aws, script="#!/bin/bash\necho kafka-privatelink: foreign meta.properties\nsystemctl restart kafka.service\nexit 7\n")
    wait(lambda: broker.shown()["phase"] == "failed")
    assert broker.shown()["status"] == 7 and "foreign meta.properties" in broker.console() and state(aws, broker.id) == "running"


def test_a_volumes_data_goes_with_it(aws):
    broker = Broker(aws)
    wait(lambda: broker.lives() == 1)
    data = os.path.realpath(f"{broker.shown()['root']}/var/lib/kafka")
    aws.ec2.terminate_instances(InstanceIds=[broker.id])
    wait(lambda: state(aws, broker.id) == "terminated")
    assert os.path.exists(f"{data}/data/formatted")
    aws.ec2.delete_volume(VolumeId=broker.volume)
    wait(lambda: broker.volume not in aws.inventory()["volumes"])
    assert not os.path.exists(data)


def test_nothing_runs_of_other_user_data_or_while_the_setting_is_off(aws, vpc):
    aws.settings(machines=True)
    plain = aws.ec2.run_instances(ImageId=image(aws), InstanceType="t3.large", MinCount=1, MaxCount=1, SubnetId=vpc.subnets[0],
                                  UserData="#!/bin/bash\nexit 1\n")["Instances"][0]["InstanceId"]
    aws.settings(machines=False)
    ours = aws.ec2.run_instances(ImageId=image(aws), InstanceType="t3.large", MinCount=1, MaxCount=1, SubnetId=vpc.subnets[0],
                                 UserData=user_data("127.0.0.1", "vol-0"))["Instances"][0]["InstanceId"]
    assert admin(aws.endpoint, "GET", "machines", account=aws.id, region=REGION) == {"machines": {}}
    assert state(aws, plain) == state(aws, ours) == "running"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_stand_in(tmp_path, how):
    """Also when that one is killed."""
    ready = tmp_path / "ready"
    standin = subprocess.Popen([sys.executable, "-B", "-m", "standin", "--ready", str(ready), "--machines", str(tmp_path / "machines")],
                               cwd=Path(__file__).resolve().parent.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(ready.exists, 60)
        broker = Broker(Account(json.loads(ready.read_text())["endpoint"]))
        wait(lambda: broker.lives() == 1)
        pid = broker.shown()["pid"]
        standin.send_signal(how)
        standin.wait(10)
        wait(lambda: not _runs(pid))
    finally:
        standin.kill()
        standin.wait()


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
