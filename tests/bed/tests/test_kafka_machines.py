"""Instances that boot real brokers from their user data, by boto3 alone: a cluster, an instance that is replaced, one that crashes."""
import json
import re
import secrets
import urllib.request
from pathlib import Path

import boto3
import pytest
from test_bed import bed, start, wait
from test_kafka import kafka, pytestmark  # left out without Java

REGION, ACCOUNT, ZONE = "us-west-2", "123443211234", "usw2-az1"
PORT, CONTROLLER = 39092, 9093
# What the operator would have an instance run: the golden file of its own tests, for another place.
GOLDEN = Path(__file__).resolve().parents[3] / "core/tests/snapshots/node__combined_3.7.1.snap"
pytestmark = [pytestmark, pytest.mark.skipif(not GOLDEN.exists(), reason="there is no golden user data")]


def user_data(version, node, addresses, volume):
    text = GOLDEN.read_text().split("---\n", 2)[2]
    voters = ",".join(f"{n}@{address}:{CONTROLLER}" for n, address in addresses.items())
    for pattern, value in (
            (r"(?<=quorum\.voters=).*", voters), (r"(?<=EXTERNAL://)b1\.[^:]+:\d+", f"{addresses[node]}:{PORT}"), (r"10\.0\.64\.11", addresses[node]),
            (r"(?<=NODE_ID=)'1'", f"'{node}'"), (r"(?<=\nnode\.id=)1", str(node)), (r"(?<=VERSION=)'3\.7\.1'", f"'{version}'"), (r"vol-[0-9a-f]{17}", volume)):
        text, found = re.subn(pattern, value, text)
        assert found, f"no {pattern} in the golden file"
    return text


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
        text = user_data(self.version, node, self.addresses, volume)
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


def test_brokers_boot_crash_and_are_replaced(tmp_path):
    play(tmp_path, kafka.NEWEST)


def test_long_the_oldest_brokers_do_so_too(tmp_path):
    play(tmp_path, kafka.OLDEST)


def play(folder, version):
    info, processes = start("--only", "aws", "--dir", folder / "b"), []
    try:
        cluster = Cluster(info["aws_endpoint"], version)
        wait(lambda: {m["phase"] for m in cluster.admin("machines")["machines"].values()} == {"up"})
        wait(lambda: "ERROR" not in cluster.tool("topics", "--create", "--if-not-exists", "--topic", "t", "--partitions", "1", "--replication-factor", "3",
                                                 "--config", "min.insync.replicas=2").stdout and cluster.in_sync() == [1, 2, 3], 120)
        assert "formatting the storage" in cluster.console(1)
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
        assert "formatting the storage" not in cluster.console(1), "it has its data"
        got = cluster.tool("console-consumer", "--topic", "t", "--from-beginning", "--max-messages", "10", "--timeout-ms", "20000").stdout
        assert sorted(got.split("\n"))[1:] == sorted(f"message {i}" for i in range(10))
        processes = [m["pid"] for m in cluster.admin("machines")["machines"].values() if m["pid"]]
        assert len(processes) == 3
    finally:
        assert bed("stop", "--dir", folder / "b").returncode == 0
    assert not [pid for pid in processes if _runs(pid)]


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
