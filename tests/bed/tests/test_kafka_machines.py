"""Instances that boot real brokers from their user data, by boto3 alone: a cluster, an instance that is replaced, one that crashes."""
import json
import secrets
import urllib.request
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import boto3
import pytest
from test_bed import bed, start, wait
from test_kafka import pytestmark  # noqa: F401  (left out without Java)
from test_kafka import kafka

REGION, ACCOUNT, ZONE = "us-west-2", "123443211234", "usw2-az1"
CLUSTER = "kVbZ1nTJRBqZ3Qx4o5m6wA"
PORT, INTERNAL, CONTROLLER = 39092, 9094, 9093
SCRIPT = """#!/bin/bash
# of @VOLUME@
set -euo pipefail
root="${KPL_ROOT:-}"
kafka="$root/opt/kafka-@VERSION@"
mountpoint -q "$root/var/lib/kafka"
install -d -o kafka -g kafka "$root/etc/kafka" "$root/var/lib/kafka/data"
cat > "$root/etc/kafka/server.properties" <<END
process.roles=broker,controller
node.id=@NODE@
controller.quorum.voters=@VOTERS@
listeners=CONTROLLER://@ADDRESS@:9093,INTERNAL://@ADDRESS@:9094,EXTERNAL://@ADDRESS@:39092
advertised.listeners=INTERNAL://@ADDRESS@:9094,EXTERNAL://@ADDRESS@:39092
listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=INTERNAL
log.dirs=$root/var/lib/kafka/data
offsets.topic.replication.factor=3
END
cat > "$root/etc/systemd/system/kafka.service" <<END
[Service]
User=kafka
Environment="KAFKA_HEAP_OPTS=-Xms4G -Xmx4G"
ExecStart=$kafka/bin/kafka-server-start.sh $root/etc/kafka/server.properties
TimeoutStopSec=300
SuccessExitStatus=143
Restart=on-failure
RestartSec=1
END
if [ ! -e "$root/var/lib/kafka/data/meta.properties" ]; then
    runuser -u kafka -- "$kafka/bin/kafka-storage.sh" format --cluster-id @CLUSTER@ --config "$root/etc/kafka/server.properties"
fi
systemctl daemon-reload
systemctl restart kafka.service
"""


def user_data(**values):
    script = SCRIPT
    for name, value in values.items():
        script = script.replace(f"@{name.upper()}@", str(value))
    whole, part = MIMEMultipart("mixed"), MIMEText(script, "x-shellscript")
    part.add_header("Content-Disposition", "attachment", filename="20-broker.sh")
    whole.attach(part)
    return whole.as_string()


class Cluster:
    def __init__(self, endpoint, version):
        self.endpoint, self.version = endpoint, version
        keys = boto3.client("sts", endpoint_url=endpoint, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/bed", RoleSessionName="bed")["Credentials"]
        self.ec2 = boto3.client("ec2", endpoint_url=endpoint, region_name=REGION, aws_access_key_id=keys["AccessKeyId"],
                                aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"])
        self.admin("settings", {"machines": True})
        network = self.admin("claim", {})["network"]
        vpc = self.ec2.create_vpc(CidrBlock=f"127.{network}.0.0/16")["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"127.{network}.0.0/18", AvailabilityZoneId=ZONE)["Subnet"]["SubnetId"]
        self.image = self.ec2.describe_images(Filters=[{"Name": "name", "Values": ["al2023-ami-2023.*-kernel-6.1-x86_64"]}])["Images"][0]["ImageId"]
        self.addresses = {node: f"127.{network}.0.{10 + node}" for node in (1, 2, 3)}
        self.interfaces = {node: self.ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address)["NetworkInterface"]["NetworkInterfaceId"]
                           for node, address in self.addresses.items()}
        self.volumes = {node: self.ec2.create_volume(AvailabilityZoneId=ZONE, Size=1, VolumeType="gp3")["VolumeId"] for node in self.addresses}
        self.instances = {}
        for node in self.addresses:
            self.launch(node)

    def admin(self, route, body=None):
        request = urllib.request.Request(f"{self.endpoint}/__{route}?account={ACCOUNT}&region={REGION}", method="GET" if body is None else "POST",
                                         data=None if body is None else json.dumps(body).encode())
        return json.load(urllib.request.urlopen(request))

    def launch(self, node):
        volume = self.volumes[node]
        voters = ",".join(f"{n}@{a}:{CONTROLLER}" for n, a in self.addresses.items())
        text = user_data(version=self.version, node=node, voters=voters, address=self.addresses[node], cluster=CLUSTER, volume=volume)
        self.instances[node] = self.ec2.run_instances(
            ImageId=self.image, InstanceType="t3.large", MinCount=1, MaxCount=1, UserData=text, ClientToken=secrets.token_hex(8),
            NetworkInterfaces=[{"NetworkInterfaceId": self.interfaces[node], "DeviceIndex": 0, "DeleteOnTermination": False}])["Instances"][0]["InstanceId"]
        wait(lambda: self.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available")
        self.ec2.attach_volume(VolumeId=volume, InstanceId=self.instances[node], Device="/dev/sdf")

    def console(self, node):
        return self.ec2.get_console_output(InstanceId=self.instances[node])["Output"]

    def tool(self, name, *args, **more):
        done = kafka.tool(self.version, name, "--bootstrap-server", ",".join(f"{a}:{PORT}" for a in self.addresses.values()), *args, **more)
        return done

    def in_sync(self):
        """Replicas in sync of topic t's one partition."""
        said = self.tool("topics", "--describe", "--topic", "t").stdout
        return sorted(map(int, said.partition("Isr: ")[2].split()[0].split(","))) if "Isr: " in said else []


@pytest.mark.parametrize("version", [kafka.OLDEST, kafka.NEWEST])
def test_brokers_boot_crash_and_are_replaced(tmp_path, version):
    info = start("--only", "aws", "--dir", tmp_path / "b")
    try:
        cluster = Cluster(info["aws_endpoint"], version)
        wait(lambda: {m["phase"] for m in cluster.admin("machines")["machines"].values()} == {"up"})
        wait(lambda: "ERROR" not in cluster.tool("topics", "--create", "--if-not-exists", "--topic", "t", "--partitions", "1", "--replication-factor", "3",
                                                 "--config", "min.insync.replicas=2").stdout and cluster.in_sync() == [1, 2, 3], 120)
        assert "Formatting" in cluster.console(1)
        sent = cluster.tool("console-producer", "--topic", "t", input="".join(f"message {i}\n" for i in range(10)))
        assert sent.returncode == 0, sent.stderr

        cluster.admin("machines", {"account": ACCOUNT, "region": REGION, "id": cluster.instances[2], "do": "kill"})
        wait(lambda: cluster.admin("machines")["machines"][cluster.instances[2]]["starts"] == 2)
        wait(lambda: cluster.in_sync() == [1, 3], 60)  # Kafka notices late that one is missing
        wait(lambda: cluster.in_sync() == [1, 2, 3], 60)

        former = cluster.instances[1]
        cluster.ec2.terminate_instances(InstanceIds=[former])
        wait(lambda: cluster.ec2.describe_instances(InstanceIds=[former])["Reservations"][0]["Instances"][0]["State"]["Name"] == "terminated", 60)
        assert cluster.in_sync() == [2, 3], "it was stopped in an orderly way"
        cluster.launch(1)
        wait(lambda: cluster.in_sync() == [1, 2, 3], 60)
        assert "Formatting" not in cluster.console(1), "it has its data"
        got = cluster.tool("console-consumer", "--topic", "t", "--from-beginning", "--max-messages", "10", "--timeout-ms", "20000").stdout
        assert sorted(got.split("\n"))[1:] == sorted(f"message {i}" for i in range(10))
        processes = [m["pid"] for m in cluster.admin("machines")["machines"].values() if m["pid"]]
        assert len(processes) == 3
    finally:
        assert bed("stop", "--dir", tmp_path / "b").returncode == 0
    assert not [pid for pid in processes if _runs(pid)]


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
