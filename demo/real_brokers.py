"""The story where brokers run: what they have to advertise is handed over, proved, and used by consumers."""
import difflib
import re
from collections.abc import Callable
from pathlib import Path

from chapters import Story
from lab.brokers import VERSION, Brokers
from lab.kube import VERIFIED, Link
from lab.operator import Operator
from lab.world import World
from narrator import Narrator
from telling_with_kafka import TellingWithKafka

RESTARTS = re.compile(r"restart\b[^:]*: ([\d, ]+)")  # in the message of the condition


class StoryWithBrokers(TellingWithKafka, Story):
    """As told without them, and with messages: they go through the consumers' endpoints."""

    there_are = f"Three brokers of Apache Kafka {VERSION}, real ones,"

    def __init__(self, world: World, operator: Operator, brokers: Brokers, tell: Narrator):
        super().__init__(world, operator, tell)
        self.brokers = brokers

    def chapters(self) -> list[Callable[[], None]]:
        told = super().chapters()
        told.insert(told.index(self.the_object) + 1, self.the_restarts)
        return [*told, self.once_more]

    def what_is_there(self) -> None:
        super().what_is_there()
        lines = self.brokers.server_properties(1).read_text().splitlines()
        self.tell.shown("server.properties of broker 1: it listens for its own VPC alone",
                        [line for line in lines if "listeners=" in line or line.startswith("listener.")])

    def the_restarts(self) -> None:
        self.tell.chapter("What the brokers have to advertise", """
            No broker listens for consumers yet. The operator asks Kafka itself, through the load balancer, and says
            what is missing. The load balancer's name resolves inside the VPC, so the object says where it is reached
            from here.""")
        self._say_where_it_is_reached()
        link = self._wait("the object says that brokers 1, 2 and 3 want to be restarted", self._link,
                          lambda link: restarts_wanted(link) == {1, 2, 3})
        self.tell.typed(f"kubectl get kpl {self.name} -o jsonpath='{{.status.conditions[?(@.type==\"{VERIFIED}\")].message}}'",
                        link.condition(VERIFIED)["message"])
        self._hand_over_lines("EXTERNAL")
        self._show_links()
        self._show_ports(self._link())

    def once_more(self) -> None:
        self.tell.chapter("The offer is made again", """
            The same object once more. Its ports are the same again, so what the brokers advertise is right already,
            and none of them restarts. The consumer connects to the new service.""")
        self.tell.typed("kubectl apply -f orders.yaml", self._apply())
        self._offered()
        self._say_where_it_is_reached()
        link = self._verified()
        self.service_name, self.topic = link.service_name, "orders-again"
        self._show_ports(link)
        self._join(self.world.consumer())
        self._show_links()

    # What is done where brokers run

    def _offered(self) -> Link:
        return self._wait("every broker has a port", self._link, lambda link: link.offered(len(self.brokers.ids)))

    def _begin_broker(self, broker: int, instance: str) -> None:
        self.brokers.add(broker, instance)
        link = self._offered()
        self._merge(self._shown_with_status(link), broker)
        self.tell.told(f"broker {broker} began with the merged file, and all replicas are in sync after {self.brokers.start(broker):.0f} s")
        self._verified()

    def _hand_over_lines(self, listener: str) -> None:
        status = self._shown_with_status(self._offered())
        self.tell.say(f"Its lines for {listener} are merged into each broker's own file, and the brokers are restarted one by one.")
        for number, broker in enumerate(self.brokers.ids):
            before = self.brokers.server_properties(broker).read_text()
            after = self._merge(status, broker)
            if number == 0:
                self.tell.typed(f"kafka-privatelink render -f {status.name} --broker {broker} --merge server.properties | diff server.properties -",
                                changes(before, after))
            self.tell.told(f"broker {broker} restarted, and all replicas are in sync after {self.brokers.restart(broker):.0f} s")
        self._verified()
        self.tell.typed(f"kubectl wait kpl/{self.name} --for=condition={VERIFIED}",
                        self.kube.kubectl("wait", f"kpl/{self.name}", f"--for=condition={VERIFIED}", "--timeout=10s"))

    # What chapters do, wait for and show

    def _shown_with_status(self, link: Link) -> Path:
        """What `kubectl get kpl orders -o yaml` shows, in a file."""
        file = self.world.folder / "orders-with-status.yaml"
        file.write_text(self.kube.kubectl("get", "kpl", link.held["metadata"]["name"], "-o", "yaml"))
        return file

    def _merge(self, status: Path, broker: int) -> str:
        file = self.brokers.server_properties(broker)
        merged = self.operator.render("-f", str(status), "--broker", str(broker), "--merge", str(file))
        file.write_text(merged)
        return merged

    def _verified(self) -> Link:
        return self._verified_on(self.brokers.ids)


def restarts_wanted(link: Link) -> set[int]:
    """The brokers that the condition wants restarted."""
    condition = link.condition(VERIFIED)
    found = RESTARTS.search(condition["message"]) if condition["status"] == "False" else None
    return {int(broker) for broker in found.group(1).split(",") if broker.strip()} if found else set()


def changes(before: str, after: str) -> str:
    """The lines that went and came, as diff shows them."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(f"{line[0]} {line[1:]}" for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---"))
