"""The story, chapter by chapter. Each tells, shows, and checks what it told."""
import re
from collections.abc import Callable

import views
from lab.kube import Link
from lab.waiting import NotAsTold
from telling import Telling

LOOKS_WHILE_WAITING = 3  # of the operator, before we say that it waits
GUIDES_PORTS = {("EXTERNAL", broker): 9092 + broker for broker in (1, 2, 3)}

SECOND_LISTENER = """\
  - name: EXTERNAL2
    brokerPort: 39093
    bootstrapPort: 9192
    portRange: {{ first: 9193, last: 9216 }}
    advertisedHostTemplate: "b{{brokerId}}.{{zoneId}}.xyz.{{region}}.aws.3199015.tidbcloud.com"
    crossZone: Enabled
    consumerCidrs: [ {cidr} ]
"""
SECOND_CONSUMER = """\
    - {{ accountId: "{account}", acceptance: Automatic }}
"""


class Story(Telling):
    """The chapters. No broker runs here: `real_brokers.py` tells it with some."""

    there_are = "Three Kafka brokers"

    def chapters(self) -> list[Callable[[], None]]:
        return [self.what_is_there, self.the_object, self.a_consumer, self.a_fourth_broker, self.accidents,
                self.a_second_consumer, self.deletion_waits, self.all_gone]

    def what_is_there(self) -> None:
        self.tell.chapter("What is there before", f"""
            {self.there_are} run in a VPC of the provider, one in each zone. Besides them, the account holds a
            security group and a target group of somebody else.""")
        self._show_holdings()

    def the_object(self) -> None:
        self.tell.chapter("One object describes the offer", """
            The platform engineer writes down who may connect, and where the brokers are. Of some forty steps in the
            AWS console this is what remains.""")
        self.tell.shown("orders.yaml", self.manifest.rstrip().splitlines())
        self.tell.typed("kubectl apply -f orders.yaml", self._apply())
        link = self._offered()
        self._show_links()
        self._show_ports(link)
        self._show_paths()
        self._show_holdings()
        self._expect("every broker has the port of the guide", link.ports, GUIDES_PORTS)
        self.service_name = link.service_name
        self.tell.told(f"the consumer is told the service name {self.service_name} and the bootstrap port 9092")

    def a_consumer(self) -> None:
        consumer = self.world.consumer()
        self.tell.chapter("A consumer connects", f"""
            In its own account {consumer.id}, the consumer creates an endpoint to the service name. The rule
            `acceptance: Automatic` says yes; nobody has to click.""")
        self._join(consumer)
        self._show_links()

    def a_fourth_broker(self) -> None:
        zone, subnet = next(iter(self.world.vpc["subnets"].items()))
        self.tell.chapter("A fourth broker joins", f"""
            Somebody starts one more instance in {zone}, with the tags of a broker. It gets the next free port, a
            target group and an NLB listener; the ports that clients know already do not move.""")
        launched = self.provider.launch_broker(4, like=self.world.vpc["brokers"]["1"], subnet=subnet)
        self._leave_alone(launched)
        self._begin_broker(4, launched["InstanceId"])
        link = self._settled("four brokers are offered", brokers=4)
        self._show_links()
        self._show_ports(link)
        self._show_paths()
        self._expect("broker 4 has port 9096, and no other port moved", link.ports, {**GUIDES_PORTS, ("EXTERNAL", 4): 9096})
        self._expect_same_service(link)

    def accidents(self) -> None:
        self.tell.chapter("Two accidents by hand", """
            Somebody deletes the NLB listener of broker 2 in the console, and takes a broker out of the bootstrap
            target group. The operator sees it at its next look and puts both back.""")
        whole = views.paths(self.provider)
        by_port = {path.port: path for path in whole}
        self.provider.elb.delete_listener(ListenerArn=by_port[9094].listener_arn)
        self.provider.elb.deregister_targets(TargetGroupArn=by_port[9092].group_arn,
                                             Targets=[{"Id": self.world.vpc["brokers"]["1"], "Port": 39092}])
        self._show_paths("right after the accidents")
        rows = [path.row() for path in whole]
        self._wait("AWS routes as before the accidents", lambda: [path.row() for path in views.paths(self.provider)],
                   rows.__eq__)
        link = self._settled("the object is Ready again", brokers=4)
        self._show_paths("repaired")
        self._show_events()
        self.tell.told("port 9094 leads to broker 2 again, and bootstrap to all four")
        self._expect_same_service(link)

    def a_second_consumer(self) -> None:
        consumer = self.world.another_consumer()
        self.tell.chapter("A second consumer", f"""
            Account {consumer.id} shall reach the same brokers under other host names. Its Kafka listener EXTERNAL2
            gets ports of its own on the same load balancer; the first consumer notices nothing.""")
        listener, account = SECOND_LISTENER.format(cidr=consumer.cidr), SECOND_CONSUMER.format(account=consumer.id)
        before_service, key, after = self.manifest.partition("  endpointService:\n")
        self.manifest = before_service + listener + key + after + account
        self.tell.shown("what orders.yaml gets", ["  listeners:", *listener.splitlines(),
                                                  "  endpointService:", "    consumers:", *account.splitlines()])
        first = views.paths(self.provider)
        self.tell.typed("kubectl apply -f orders.yaml", self._apply())
        self._hand_over_lines("EXTERNAL2")
        link = self._settled("both listeners reach four brokers", brokers=4)
        self._join(consumer, "EXTERNAL2")
        self._show_links()
        self._show_ports(link)
        self._show_paths()
        self._expect("the first consumer's ports are the very same listeners and groups",
                     [path for path in views.paths(self.provider) if path.port < 9192], first)
        self._expect_same_service(link)

    def deletion_waits(self) -> None:
        self.tell.chapter("Delete, while consumers are connected", """
            Somebody deletes the object. New requests are refused at once, but nothing of the data path goes while a
            consumer is connected: the object says whom it waits for.""")
        path = self._data_path()
        deleted = self.kube.kubectl("delete", "kpl", self.name, "--wait=false")
        self.tell.typed("kubectl delete kpl orders --wait=false", deleted)
        self._wait_until_it_names_the_connected()
        self._show_links()
        refusal = next(iter(self.connected.values())).is_refused(self.service_name)
        self._expect("a further request is refused by AWS, as if there were no such service", refusal, "InvalidServiceName")
        self._expect_the_path_stays(path)
        leaver, consumer = self.connected.popitem()
        self.tell.say(f"The second consumer deletes its endpoint {leaver}; the first is still there.")
        consumer.leave(leaver)
        self._wait_until_it_names_the_connected()
        self._expect_the_path_stays(path)
        self._show_paths()
        self._use(next(iter(self.connected)), "EXTERNAL")

    def all_gone(self) -> None:
        self.tell.chapter("The last connection ends", """
            The first consumer deletes its endpoint too. Now all goes, in the order that AWS asks for: service, load
            balancer, target groups, security group; then the object.""")
        for endpoint, consumer in self.connected.items():
            consumer.leave(endpoint)
        self.connected.clear()
        self._wait("the object is gone", lambda: self.kube.link(self.name), lambda link: link is None)
        self.tell.typed("kubectl get kpl", self.kube.kubectl("get", "kpl"))
        self._show_holdings()
        changed = views.differences(self.untouchable, self.standin.inventory(self.provider.id))
        if changed:
            raise NotAsTold("the account holds what it held before, and the fourth broker", "\n          ".join(changed))
        self.tell.told("nothing of the operator is left; the foreign target group, the foreign security group, the brokers and "
                       "their group\n    are what they were, tags and rules included (two inventories compared)")

    def by_hand(self) -> list[str]:
        """What a person may type after the last chapter, with KEEP=1."""
        return [f"kubectl apply -f {self.world.held['example']} && kubectl get kpl -w"]

    # What is done where brokers run

    def _offered(self) -> Link:
        """After the first `kubectl apply`."""
        return self._settled("the object is Ready with three healthy brokers", brokers=3)

    def _begin_broker(self, broker: int, instance: str) -> None:
        """On an instance that was launched."""

    def _hand_over_lines(self, listener: str) -> None:
        """To the brokers, after a listener came to the object."""

    # What chapters do to the world

    def _leave_alone(self, instance: dict) -> None:
        """What the story itself adds to the account is nobody's to touch either."""
        added = {"instances": {instance["InstanceId"]},
                 "network_interfaces": {each["NetworkInterfaceId"] for each in instance["NetworkInterfaces"]}}
        now = self.standin.inventory(self.provider.id)
        for kind, ids in added.items():
            self.untouchable[kind].update({each: now[kind][each] for each in ids})

    # What chapters wait for and check

    def _wait_until_it_names_the_connected(self) -> None:
        """Those that are connected now, and nobody else."""
        def told(link: Link) -> bool:
            ready = link.condition("Ready")
            return ready["reason"] == "Deleting" and set(re.findall(r"vpce-[0-9a-f]+", ready["message"])) == set(self.connected)

        link = self._wait(f"the object says that it waits for {', '.join(self.connected)} alone", self._link, told)
        self.tell.told(f"it waits, and says for whom: \"{link.condition('Ready')['message']}\"")

    def _expect_the_path_stays(self, before: dict[str, dict]) -> None:
        """Over some looks of the operator: waiting shows only in time."""
        looks = self._looks_at_connections()
        self._wait("the operator keeps looking at the connections", self._looks_at_connections,
                   lambda now: now >= looks + LOOKS_WHILE_WAITING)
        changed = views.differences(before, self._data_path())
        if changed:
            raise NotAsTold("the data path stays as it was while a consumer is connected", "\n          ".join(changed))
        states = {endpoint: consumer.endpoint_state(endpoint) for endpoint, consumer in self.connected.items()}
        self._expect(f"{LOOKS_WHILE_WAITING} looks later nothing of the data path changed, and who is connected still is",
                     states, dict.fromkeys(self.connected, "available"))

    def _looks_at_connections(self) -> int:
        calls = self.standin.calls_of_operator(self.provider.id)
        return sum(call["action"] == "DescribeVpcEndpointConnections" for call in calls)
