"""One stand-in for the session, a fresh account for every test."""
import json
import os
import secrets
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import seed

REGION = seed.REGION
PACES = ("load_balancer_provisioning", "load_balancer_update", "target_initial", "target_draining", "service_deleting",
         "connection_pending", "endpoint_deleting", "interface_lingering", "nat_gateway_pending", "nat_gateway_deleting", "instance_checks",
         "volume_creating", "volume_attaching", "volume_detaching", "volume_deleting")


def wait(condition, seconds=10):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


class refused:
    """`with refused("Code"):` passes when AWS answers with that error; `.error` is its text, `.status` its HTTP status."""

    def __init__(self, code):
        self.code = code

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        assert kind is not None, f"accepted, and not refused with {self.code}"
        if not isinstance(error, botocore.exceptions.ClientError):
            return False
        assert error.response["Error"]["Code"] == self.code, error
        self.error, self.status = str(error), error.response["ResponseMetadata"]["HTTPStatusCode"]
        return True


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("standin")
    ready, log = folder / "ready", open(folder / "log", "wb")
    process = subprocess.Popen([sys.executable, "-m", "standin", "--ready", str(ready), "--machines", str(folder / "machines")],
                               stdout=log, stderr=log,
                               cwd=Path(__file__).resolve().parent.parent, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    try:
        wait(lambda: ready.exists() or process.poll() is not None, 60)
        assert process.poll() is None, (folder / "log").read_text()
        yield json.loads(ready.read_text())["endpoint"]
    finally:
        process.terminate()
        process.wait(10)
        log.close()
    text = (folder / "log").read_text()
    assert "Traceback" not in text.replace("cut on purpose", ""), text


class Account:
    """A fresh account: its clients, and what nearly every test needs first."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.id = f"{secrets.randbelow(9 * 10**11) + 10**11}"
        self.who = seed.credentials(endpoint, self.id)
        self.ec2, self.elb = (self.client(service) for service in ("ec2", "elbv2"))
        self.counter = 0

    def client(self, service, **config):
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id=self.who["access_key_id"],
            aws_secret_access_key=self.who["secret_access_key"], aws_session_token=self.who["session_token"],
            config=botocore.config.Config(retries={"total_max_attempts": 1}, **config))

    def admin(self, method, route, body=None, **query):
        """An admin route, in this account's name."""
        return admin(self.endpoint, method, route, body, account=self.id, **query)

    def settings(self, **values):
        return self.admin("POST", "settings", values)

    def force(self, thing, state):
        self.admin("POST", "force", {"account": self.id, "region": REGION, "id": thing, "state": state})

    def inventory(self):
        return self.admin("GET", "inventory", region=REGION)

    # ---- things of AWS
    def name(self, kind):
        self.counter += 1
        return f"{kind}-{self.counter}"

    def vpc(self, cidr="10.0.0.0/16"):
        made = types.SimpleNamespace(id=self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"])
        prefix = cidr.split(".0.0/")[0]
        made.subnets = [self.ec2.create_subnet(VpcId=made.id, CidrBlock=f"{prefix}.{i}.0/24", AvailabilityZoneId=zone)["Subnet"]["SubnetId"]
                        for i, zone in enumerate(seed.ZONES)]
        return made

    def group(self, vpc):
        return seed.group(self.ec2, vpc.id, self.name("group"), "a group")

    def instance(self, subnet, **tags):
        image = self.ec2.describe_images(Filters=seed.IMAGES)["Images"][0]["ImageId"]
        more = {"TagSpecifications": seed.tags("instance", **tags)} if tags else {}
        return self.ec2.run_instances(ImageId=image, InstanceType="t2.micro", MinCount=1, MaxCount=1, SubnetId=subnet,
                                      **more)["Instances"][0]["InstanceId"]

    def target_group(self, vpc, **more):
        return self.elb.create_target_group(**{"Name": self.name("tg"), "Protocol": "TCP", "Port": 9092, "VpcId": vpc.id, **more})[
            "TargetGroups"][0]["TargetGroupArn"]

    def load_balancer(self, vpc, active=True, **more):
        asked = {"Name": self.name("lb"), "Type": "network", "Scheme": "internal", "Subnets": vpc.subnets, **more}
        arn = self.elb.create_load_balancer(**asked)["LoadBalancers"][0]["LoadBalancerArn"]
        if active:
            wait(lambda: self.balancer(arn)["State"]["Code"] == "active")
        return arn

    def balancer(self, arn):
        return self.elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]

    def listener(self, balancer, port, *groups, **more):
        return self.elb.create_listener(LoadBalancerArn=balancer, Port=port, Protocol="TCP", DefaultActions=[forward(*groups)], **more)[
            "Listeners"][0]["ListenerArn"]

    def health(self, group, **more):
        shown = self.elb.describe_target_health(TargetGroupArn=group, **more)["TargetHealthDescriptions"]
        return {(t["Target"]["Id"], t["Target"]["Port"]): (t["TargetHealth"]["State"], t["TargetHealth"].get("Reason")) for t in shown}

    def service(self, *balancers, **more):
        return self.ec2.create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=list(balancers), **more)["ServiceConfiguration"]

    def services(self, **more):
        return self.ec2.describe_vpc_endpoint_service_configurations(**more)["ServiceConfigurations"]

    def allow(self, service, *consumers):
        return self.ec2.modify_vpc_endpoint_service_permissions(
            ServiceId=service["ServiceId"], AddAllowedPrincipals=[f"arn:aws:iam::{c.id}:root" for c in consumers])

    def connect(self, service, vpc, **more):
        return self.ec2.create_vpc_endpoint(**{"VpcEndpointType": "Interface", "ServiceName": service["ServiceName"], "VpcId": vpc.id,
                                               "SubnetIds": vpc.subnets, **more})["VpcEndpoint"]["VpcEndpointId"]

    def connections(self, **wanted):
        filters = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in wanted.items()]
        return {c["VpcEndpointId"]: c["VpcEndpointState"]
                for c in self.ec2.describe_vpc_endpoint_connections(Filters=filters)["VpcEndpointConnections"]}


def forward(*groups):
    """A forward action: to one group, or to several by (ARN, weight)."""
    if len(groups) == 1 and isinstance(groups[0], str):
        return {"Type": "forward", "TargetGroupArn": groups[0]}
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": a, "Weight": w} for a, w in groups]}}


def admin(endpoint, method, route, body=None, **query):
    asked = "&".join(f"{k}={v}" for k, v in query.items())
    request = urllib.request.Request(f"{endpoint}/__{route}?{asked}", method=method,
                                     data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def all_pages(call, key, size, token_in, token_out, **asked):
    items, token, pages = [], None, 0
    while True:
        got = call(**asked, **size, **({token_in: token} if token else {}))
        items, token, pages = items + got[key], got.get(token_out), pages + 1
        if not token:
            return items, pages


@pytest.fixture
def aws(endpoint):
    return Account(endpoint)


@pytest.fixture
def consumer(endpoint):
    return Account(endpoint)


@pytest.fixture
def vpc(aws):
    return aws.vpc()
