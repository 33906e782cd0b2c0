"""The story from an empty account: network and brokers are made, too, and kept; instances boot real Kafka from their user data."""
import json
import time
from collections.abc import Callable

import views
from botocore.exceptions import ClientError
from lab.brokers import VERSION
from lab.kube import VERIFIED, Link
from lab.nodes import Node, nodes_of, terminate_by_hand, volumes_of
from lab.operator import Operator
from lab.waiting import NotAsTold
from lab.world import World
from narrator import Narrator
from telling_with_kafka import TellingWithKafka

THIRD, FOURTH = "      - { id: 3, zoneId: usw2-az3 }\n", "      - { id: 4, zoneId: usw2-az1 }\n"
MOST_TO_VERIFIED = 90  # seconds
NOTHING_CHANGES = ("load_balancers", "listeners", "target_groups", "endpoint_services", "security_groups", "security_group_rules")


class NewCluster(TellingWithKafka):
    """The chapters."""

    name = "new-cluster"
    patience = 180.0

    def __init__(self, world: World, operator: Operator, tell: Narrator):
        super().__init__(world, operator, tell)
        self.volumes: dict[int, str] = {}

    def chapters(self) -> list[Callable[[], None]]:
        return [self.what_is_there, self.the_object, self.the_guides_test, self.an_instance_is_gone, self.a_fourth_node,
                self.all_gone_but_the_data, self.once_more]

    def what_is_there(self) -> None:
        self.tell.chapter("An empty account", """
            The provider has nothing but what AWS gives to everybody: a default VPC with its security group, which nobody uses
            here. (A bucket with Kafka's archive, and an instance profile that may read it, were made before.)""")
        self._show_holdings()

    def the_object(self) -> None:
        self.tell.chapter("One object", f"""
            It says which network, which brokers and which consumers there shall be. The instances are processes here: each runs
            the second half of its user data, which configures, formats and starts Apache Kafka {VERSION}, at its own address of
            127.0.0.0/8. The first half (file system, Java, Kafka's archive) is a real machine's.""")
        self.tell.shown("new-cluster.yaml", self.manifest.rstrip().splitlines())
        began = time.monotonic()
        self.tell.typed("kubectl apply -f new-cluster.yaml", self._apply())
        link = self._wait("the network is made", self._link, lambda link: len(subnets(link)) == 3)
        self.tell.typed(f"kubectl get kpl {self.name} -o jsonpath='{{.status.network}}'", json.dumps(link.status["network"], indent=2))
        self._reach_it()
        link = self._verified_on([1, 2, 3])
        taken = time.monotonic() - began
        if taken > MOST_TO_VERIFIED:
            raise NotAsTold(f"{VERIFIED} at most {MOST_TO_VERIFIED} s after the object was applied", f"{taken:.0f} s")
        self.tell.told(f"from an empty account to {VERIFIED} in {taken:.0f} s")
        link = self._settled("the object is Ready with three healthy brokers", brokers=3)
        self._show_links()
        self._show_ports(link)
        self._show_nodes()
        self._show_paths()
        self._show_holdings()
        made = nodes_of(self.provider)
        self._expect("three nodes vote on metadata and hold records", {each.roles for each in made.values()}, {"Controller Broker"})
        self.volumes = {each.id: each.volume for each in made.values()}
        self.service_name = link.service_name

    def the_guides_test(self) -> None:
        consumer = self.world.consumer()
        self.tell.chapter("A consumer uses it", f"""
            Account {consumer.id} creates an endpoint, and does with Kafka's own tools what the guide does: a topic of three
            partitions with three replicas each, ten messages in, ten messages out.""")
        self._join(consumer)

    def an_instance_is_gone(self) -> None:
        before = nodes_of(self.provider)
        dead = before[2]
        self.tell.chapter("An instance dies", f"""
            Somebody terminates the instance of node 2. AWS refuses at first, for it is protected; then the protection is lifted
            by hand. The operator launches another one on the same network interface, and gives it the same volume.""")
        self._show_refusal(dead)
        routed, calls = self._routed(), len(self.standin.calls_of_operator(self.provider.id))
        terminate_by_hand(self.provider, dead.instance)
        self.tell.told(f"instance {dead.instance} terminates")
        self._wait("node 2 has another instance", lambda: nodes_of(self.provider).get(2, dead),
                   lambda node: node.instance not in ("", dead.instance) and node.state == "running")
        client = self._client
        if client is None:
            raise NotAsTold("a consumer is connected", "none")
        self._wait("all replicas are in sync again", lambda: client.in_sync(self.topic), ([{1, 2, 3}] * 3).__eq__)
        self._wait("port 9094 leads to a healthy broker", self._routed, routed.__eq__)
        link = self._verified_on([1, 2, 3])
        self._show_nodes()
        self._show_events()
        after = nodes_of(self.provider)[2]
        self._expect("it has the data, the address and the network interface of the one before",
                     (after.volume, after.address, after.interface), (dead.volume, dead.address, dead.interface))
        written = [call["action"] for call in self.standin.calls_of_operator(self.provider.id)[calls:]
                   if call["service"] == "elasticloadbalancing" and not call["action"].startswith("Describe")]
        self._expect("nothing was written to the load balancer, and nothing of it changed", written, [])
        self._expect("broker 2 has its port", link.ports["EXTERNAL", 2], 9094)
        self._expect_same_service(link)
        self._use(next(iter(self.connected)), "EXTERNAL")

    def a_fourth_node(self) -> None:
        self.tell.chapter("A fourth node", """
            One line more in the object. The node becomes a broker alone: who votes on metadata was decided at the first apply,
            for ever.""")
        if THIRD not in self.manifest:
            raise NotAsTold("the object has a third node", self.manifest)
        self.manifest = self.manifest.replace(THIRD, THIRD + FOURTH)
        self.tell.shown("what new-cluster.yaml gets", ["      nodes:", *FOURTH.splitlines()])
        self.tell.typed("kubectl apply -f new-cluster.yaml", self._apply())
        link = self._verified_on([1, 2, 3, 4])
        self._show_links()
        self._show_ports(link)
        self._show_nodes()
        made = nodes_of(self.provider)
        self._expect("node 4 is a broker alone", made[4].roles, "Broker")
        self._expect("broker 4 has the next port, and no other moved", [link.ports["EXTERNAL", broker] for broker in made], [9093, 9094, 9095, 9096])
        self._expect_same_service(link)
        self.volumes = {each.id: each.volume for each in made.values()}

    def all_gone_but_the_data(self) -> None:
        self.tell.chapter("Delete", """
            The consumer deletes its endpoint, and somebody the object. Service and load balancer go, then instances and their
            network interfaces, then the network. The volumes stay: `storage.deletionPolicy` is Retain if nobody says otherwise.""")
        for endpoint, consumer in self.connected.items():
            consumer.leave(endpoint)
        self.connected.clear()
        self.tell.typed(f"kubectl delete kpl {self.name}", self.kube.kubectl("delete", "kpl", self.name, f"--timeout={self.patience:.0f}s"))
        self._show_holdings()
        left = {each["VolumeId"]: each["State"] for each in volumes_of(self.provider)}
        self._expect("the four volumes are there, and no instance has them", left, dict.fromkeys(self.volumes.values(), "available"))
        now = self.standin.inventory(self.provider.id)
        # AWS goes on to show a terminated instance for an hour.
        now["instances"] = {instance: each for instance, each in now["instances"].items() if each["state"] != "terminated"}
        changed = views.differences(self.untouchable, {**now, "volumes": {}})
        if changed:
            raise NotAsTold("the account holds what it held before, and the volumes", "\n          ".join(changed))
        self.tell.told("nothing else is left: the account holds what it held before (two inventories compared)")

    def once_more(self) -> None:
        self.tell.chapter("The same object again", """
            An object of the same name takes the volumes up. The consumer connects to the new service, and reads what it wrote
            before the deletion.""")
        self.tell.typed("kubectl apply -f new-cluster.yaml", self._apply())
        self._reach_it()
        link = self._verified_on(sorted(self.volumes))
        self._show_ports(link)
        self._show_nodes()
        self._expect("every node has its volume again", {each.id: each.volume for each in nodes_of(self.provider).values()}, self.volumes)
        self.service_name = link.service_name
        self._join(self.world.consumer())
        self._show_links()

    # What chapters wait for and check

    def _reach_it(self) -> None:
        self.tell.say("The load balancer's name resolves inside the new VPC alone, so the object says where it is reached from here.")
        self._say_where_it_is_reached()

    def _routed(self) -> dict[str, dict]:
        held = self.standin.inventory(self.provider.id)
        return {kind: held[kind] for kind in NOTHING_CHANGES}

    # What chapters show

    def _show_nodes(self) -> None:
        self.tell.table("asked from AWS: the nodes", views.NODE_COLUMNS, views.nodes(self.provider))

    def _show_holdings(self) -> None:
        self.tell.table("asked from AWS: what the provider's account holds", views.HOLDING_COLUMNS, views.all_holdings(self.provider))

    def _show_refusal(self, node: Node) -> None:
        try:
            self.provider.ec2.terminate_instances(InstanceIds=[node.instance])
        except ClientError as refusal:
            self.tell.typed(f"aws ec2 terminate-instances --instance-ids {node.instance}", refusal.response["Error"]["Message"])
            return
        raise NotAsTold(f"AWS refuses to terminate {node.instance}, which is protected", "it terminates")


def subnets(link: Link) -> list[str]:
    """Those that were made."""
    return [each["subnetId"] for each in link.status.get("network", {}).get("subnets", []) if each.get("subnetId")]
