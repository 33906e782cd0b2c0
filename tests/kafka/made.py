"""A cluster that is made in an empty account, from the object on, for the length of a `with`."""
import time

from applied import Applied
from bedlib import kafka
from lab.kube import Link
from lab.nodes import Node, nodes_of
from lab.waiting import wait_for
from lab.world import World

MADE = ("vpcs", "subnets", "route_tables", "vpc_endpoints", "network_interfaces", "volumes", "security_groups", "security_group_rules", "load_balancers",
        "listeners", "target_groups", "endpoint_services")


class Made(Applied):
    """Three nodes in three zones, as in examples/new-cluster.yaml; `applied`: they run and are verified at once."""

    name = "new-cluster"

    def __init__(self, version: str, applied: bool = True):
        super().__init__()
        self.version, self._is_applied = version, applied

    def _begin(self) -> None:
        self._lay_out()
        if self._is_applied:
            self.apply()
            self.to_verified = self.verify(3)

    def _lay_out(self) -> None:
        """The world, and the object as text."""
        self._start_operator(World.empty())
        self.before = self.held()
        self.manifest = self.world.manifest.replace(f"version: {kafka.NEWEST}", f"version: {self.version}")
        # The operator knows one address here, that of a load balancer's node in one zone, and asks brokers of all of them.
        self.edit("    consumerCidrs:", "    crossZone: Enabled\n    consumerCidrs:")

    def edit(self, old: str, new: str) -> None:
        assert old in self.manifest, f"{old} is not in {self.manifest}"
        self.manifest = self.manifest.replace(old, new)

    def apply(self) -> None:
        self._applied = time.monotonic()
        self.kube.kubectl("apply", "-f", "-", stdin=self.manifest)

    def verify(self, brokers: int) -> float:
        """Says where the load balancer is reached; the seconds from the apply until Kafka works as offered."""
        address = self.reached_at(self.wait("the load balancer has addresses", self.reached_at))
        self.change({"op": "add", "path": "/spec/verification", "value": {"address": address, "intervalSeconds": 30}})
        self.verified_on(brokers)
        return time.monotonic() - self._applied

    # ---- what AWS says
    def held(self) -> dict[str, dict]:
        """What the account holds, without instances: AWS goes on to show those that are terminated."""
        inventory = self.world.standin().inventory(self.provider.id)
        return {kind: inventory[kind] for kind in MADE}

    def nodes(self) -> dict[int, Node]:
        return nodes_of(self.provider)

    def instance(self, node: int) -> dict:
        return self.provider.ec2.describe_instances(InstanceIds=[self.nodes()[node].instance])["Reservations"][0]["Instances"][0]

    def console(self, node: int) -> str:
        return self.provider.ec2.get_console_output(InstanceId=self.nodes()[node].instance).get("Output", "")

    def writes(self, service: str) -> list[str]:
        """Actions of the operator that change something, oldest first."""
        return [call["action"] for call in self.world.standin().calls_of_operator(self.provider.id)
                if call["service"] == service and not call["action"].startswith(("Describe", "Get"))]

    def await_another(self, former: Node) -> Node:
        """Another instance of the node, which runs Kafka."""
        def up(node: Node) -> bool:
            machine = self.world.standin().machines(self.provider.id).get(node.instance, {})
            return node.instance != former.instance and machine.get("phase") == "up"

        return wait_for(f"node {former.id} runs on another instance", lambda: self.nodes()[former.id], up, 90.0, self.operator.check)

    def settled(self, brokers: int) -> Link:
        return self.wait("the object is Ready", lambda link: link.settled(brokers))
