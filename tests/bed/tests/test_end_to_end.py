"""The bed alone, end to end: what the operator will do is done by boto3, and messages go through the endpoint to real brokers."""
import json
import sys
import time
import urllib.request

import boto3
import pytest
from test_bed import bed, start, wait
from test_kafka import pytestmark  # noqa: F401  (left out without Java)
from test_kafka import kafka, run, ten_messages

BROKER_PORT, BOOTSTRAP = 39092, 9092
DOMAIN = "abc.us-west-2.aws.3199015.tidbcloud.com"


@pytest.fixture
def world(tmp_path):
    """A seeded world with a data plane, and its clients."""
    info = start("--only", "aws", "--dir", tmp_path / "b")
    try:
        seeded = bed("seed", "--dir", tmp_path / "b", "--data-plane")
        assert seeded.returncode == 0, seeded.stderr
        (made,) = (json.loads(path.read_text()) for path in (tmp_path / "b").glob("world-*/world.json"))
        yield World(info["aws_endpoint"], made)
    finally:
        bed("stop", "--dir", tmp_path / "b")


class World:
    def __init__(self, endpoint, made):
        self.endpoint, self.made, self.vpc = endpoint, made, made["vpc"]
        self.ec2, self.elb, self.consumer = self._client("ec2", "provider"), self._client("elbv2", "provider"), self._client("ec2", "consumer")

    def _client(self, service, who):
        keys = self.made[who]
        return boto3.client(service, endpoint_url=self.endpoint, region_name=self.made["region"], aws_access_key_id=keys["access_key_id"],
                            aws_secret_access_key=keys["secret_access_key"], aws_session_token=keys["session_token"])

    def admin(self, route, who):
        return json.load(urllib.request.urlopen(
            f"{self.endpoint}/__{route}?account={self.made[who]['account']}&region={self.made['region']}"))

    def brokers(self):
        """id -> (address, zone id)"""
        held = self.admin("inventory", "provider")
        found = {int(n): held["instances"][instance] for n, instance in self.vpc["brokers"].items()}
        return {n: (it["address"], held["subnets"][it["subnet"]]["zone"]) for n, it in found.items()}

    def target_group(self, name, ids):
        group = self.elb.create_target_group(Name=name, Protocol="TCP", Port=BROKER_PORT, VpcId=self.vpc["id"])["TargetGroups"][0]["TargetGroupArn"]
        self.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}])
        self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": i} for i in ids])
        return group

    def provide(self):
        """Steps 1a and 2 of the guide: returns the target groups and the service."""
        front = self.ec2.create_security_group(GroupName="nlb", Description="the load balancer", VpcId=self.vpc["id"])["GroupId"]
        self.ec2.authorize_security_group_ingress(GroupId=front, IpProtocol="tcp", FromPort=BOOTSTRAP, ToPort=BOOTSTRAP + 3,
                                                  CidrIp=self.made["consumer_vpc"]["cidr"])
        balancer = self.elb.create_load_balancer(Name="kafka", Type="network", Scheme="internal", SecurityGroups=[front],
                                                 Subnets=list(self.vpc["subnets"].values()))["LoadBalancers"][0]["LoadBalancerArn"]
        instances = self.vpc["brokers"]
        groups = {BOOTSTRAP: self.target_group("bootstrap", instances.values()),
                  **{BOOTSTRAP + int(n): self.target_group(f"broker-{n}", [instance]) for n, instance in instances.items()}}
        for port, group in groups.items():
            self.elb.create_listener(LoadBalancerArn=balancer, Port=port, Protocol="TCP", DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
        wait(lambda: self.elb.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]["State"]["Code"] == "active")
        service = self.ec2.create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[balancer], AcceptanceRequired=True)["ServiceConfiguration"]
        self.ec2.modify_vpc_endpoint_service_permissions(
            ServiceId=service["ServiceId"], AddAllowedPrincipals=[f"arn:aws:iam::{self.made['consumer']['account']}:root"])
        return groups, service

    def connect(self, service):
        """Step 3: zone id -> address of the consumer's endpoint."""
        there = self.made["consumer_vpc"]
        endpoint = self.consumer.create_vpc_endpoint(VpcEndpointType="Interface", ServiceName=service["ServiceName"], VpcId=there["id"],
                                                     SubnetIds=list(there["subnets"].values()))["VpcEndpoint"]["VpcEndpointId"]
        self.ec2.accept_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=[endpoint])
        return self.admin("addresses", "consumer")["endpoints"][endpoint]["addresses"]

    def all_healthy(self, groups):
        return {t["TargetHealth"]["State"] for group in groups
                for t in self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]} == {"healthy"}


def through_the_endpoint(tmp_path, world, version):
    began, brokers = time.monotonic(), world.brokers()
    names = {n: f"b{n}.{zone}.{DOMAIN}" for n, (_, zone) in brokers.items()}
    with kafka.Cluster(tmp_path / "kafka", version, {n: address for n, (address, _) in brokers.items()},
                       racks={n: zone for n, (_, zone) in brokers.items()}) as cluster:
        for n in brokers:
            cluster.add_listener(n, "EXTERNAL", BROKER_PORT, f"{names[n]}:{BOOTSTRAP + n}")
        cluster.start()
        groups, service = world.provide()
        addresses = world.connect(service)
        cluster.await_ready()
        wait(lambda: world.all_healthy(groups.values()))
        up = time.monotonic()
        hosts = tmp_path / "hosts"
        hosts.write_text("".join(f"{addresses[zone]} {names[n]}\n" for n, (_, zone) in brokers.items())
                         + f"{addresses[brokers[1][1]]} bootstrap.{DOMAIN}\n")
        at = f"bootstrap.{DOMAIN}:{BOOTSTRAP}"
        listed = run(version, "broker-api-versions", "--bootstrap-server", at, hosts=hosts)
        assert all(f"{names[n]}:{BOOTSTRAP + n} (id: {n}" in listed for n in brokers)
        messages = time.monotonic()
        ten_messages(version, at, hosts=hosts)
        done = time.monotonic()
        print(f"\nKafka {version}: world, brokers and AWS in {up - began:.1f} s, ten messages through the endpoint in {done - messages:.1f} s, "
              f"all in {done - began:.1f} s", file=sys.stderr)


def test_messages_go_through_the_endpoint(tmp_path, world):
    through_the_endpoint(tmp_path, world, kafka.OLDEST)


def test_long_messages_of_the_newest_go_through_the_endpoint(tmp_path, world):
    through_the_endpoint(tmp_path, world, kafka.NEWEST)
