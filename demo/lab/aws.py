"""The AWS side: accounts with their clients, and the stand-in's own books."""
import json
import secrets
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import seed
from botocore.exceptions import ClientError

OPERATOR = "kafka-privatelink"  # how the operator names itself to AWS


@dataclass(frozen=True)
class Standin:
    """The admin routes of the stand-in."""

    endpoint: str

    def inventory(self, account: str) -> dict[str, dict]:
        """Everything that an account holds: kind, then id, then tags and fields."""
        held = self._ask("GET", "inventory", account=account, region=seed.REGION)
        return {kind: things for kind, things in held.items() if isinstance(things, dict)}

    def calls_of_operator(self, account: str) -> list[dict]:
        """Every AWS call that the operator made with this account's credentials, oldest first."""
        return self._ask("GET", "calls", account=account, client=OPERATOR, log="1")["log"]

    def addresses(self, account: str) -> dict[str, dict]:
        """What AWS's DNS would say of an account's load balancers and endpoints: zone id -> address, name -> addresses."""
        return self._ask("GET", "addresses", account=account, region=seed.REGION)

    def balancer_address(self, account: str, arn: str) -> str | None:
        """One of a load balancer's; none as long as it has none."""
        nodes = self.addresses(account)["load_balancers"].get(arn, {}).get("nodes", {})
        return nodes[min(nodes)] if nodes else None

    def machines(self, account: str) -> dict[str, dict]:
        """Instances that run their user data, by id."""
        return self._ask("GET", "machines", account=account, region=seed.REGION)["machines"]

    def halt(self, account: str, instance: str) -> None:
        """As a failure of its hardware: all that runs there ends at once."""
        asked = {"account": account, "region": seed.REGION, "id": instance, "do": "halt"}
        self._ask("POST", "machines", json.dumps(asked).encode())

    def claim_network(self, account: str) -> str:
        """A VPC of 127/8 that nobody on this machine has, such as "127.17"."""
        return f"127.{self._ask('POST', 'claim', b'{}', account=account)['network']}"

    def change_settings(self, account: str, values: dict[str, float]) -> None:
        self._ask("POST", "settings", json.dumps(values).encode(), account=account)

    def _ask(self, method: str, route: str, body: bytes | None = None, **query: str) -> dict:
        request = urllib.request.Request(f"{self.endpoint}/__{route}?{urlencode(query)}", data=body, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


class Account:
    """An AWS account, seen with credentials of its own."""

    def __init__(self, endpoint: str, who: dict[str, str]):
        self.id = who["account"]
        self._endpoint, self._who = endpoint, who

    @cached_property
    def ec2(self) -> Any:
        return seed.client("ec2", self._endpoint, self._who)

    @cached_property
    def elb(self) -> Any:
        return seed.client("elbv2", self._endpoint, self._who)

    def launch_broker(self, node_id: int, like: str, subnet: str, cluster: str = "orders") -> dict:
        """One more instance with the tags of a broker, otherwise as the one it is like."""
        old = self.ec2.describe_instances(InstanceIds=[like])["Reservations"][0]["Instances"][0]
        named = {"Name": f"broker-{node_id}", "kafka-cluster": cluster, "kafka-node-id": str(node_id)}
        return self.ec2.run_instances(
            ImageId=old["ImageId"], InstanceType=old["InstanceType"], MinCount=1, MaxCount=1, SubnetId=subnet,
            SecurityGroupIds=[group["GroupId"] for group in old["SecurityGroups"]],
            TagSpecifications=seed.tags("instance", **named))["Instances"][0]

    def terminate(self, instance: str) -> None:
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})

    def connect(self, service_name: str, vpc: str, subnets: list[str]) -> str:
        """An interface endpoint to a service, as a consumer makes it; its id."""
        return self.ec2.create_vpc_endpoint(VpcEndpointType="Interface", ServiceName=service_name, VpcId=vpc,
                                            SubnetIds=subnets)["VpcEndpoint"]["VpcEndpointId"]

    def endpoint_state(self, endpoint_id: str) -> str:
        """As the consumer sees it."""
        return self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]["State"]


class Consumer(Account):
    """An account with a VPC in the brokers' zones, from which it connects."""

    def __init__(self, endpoint: str, who: dict[str, str], vpc: dict):
        super().__init__(endpoint, who)
        self._vpc = vpc
        self.cidr: str = vpc["cidr"]

    @classmethod
    def new(cls, endpoint: str, in_loopback: bool = False) -> "Consumer":
        """In an account of its own; in loopback, its endpoints' addresses are real ones."""
        account = f"{secrets.randbelow(9 * 10**11) + 10**11}"
        network = Standin(endpoint).claim_network(account) if in_loopback else "10.251"
        who = seed.credentials(endpoint, account)
        return cls(endpoint, who, seed.consume(endpoint, who, network))

    def connect_to(self, service_name: str) -> str:
        return self.connect(service_name, self._vpc["id"], list(self._vpc["subnets"].values()))

    def is_refused(self, service_name: str) -> str:
        """The error code when AWS does not let this consumer ask, else nothing; what it asked for is taken back."""
        try:
            self.leave(self.connect_to(service_name))
        except ClientError as refusal:
            return refusal.response["Error"]["Code"]
        return ""

    def leave(self, endpoint_id: str) -> None:
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])
