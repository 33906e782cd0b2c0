"""A story where Kafka runs: it is asked through the load balancer, and used through consumers' endpoints."""
from lab.client import Client
from lab.kube import VERIFIED, Link
from lab.operator import Operator
from lab.world import World
from narrator import Narrator
from telling import Telling

PORT_COLUMNS = ("LISTENER", "BROKER", "PORT", "HAS TO ADVERTISE", "ADVERTISES NOW", "PROOF")


class TellingWithKafka(Telling):
    """As told without it, and with messages."""

    def __init__(self, world: World, operator: Operator, tell: Narrator):
        super().__init__(world, operator, tell)
        # The operator knows one address here, that of a load balancer's node in one zone, and asks brokers of all of them.
        self.manifest = self.manifest.replace("    consumerCidrs:", "    crossZone: Enabled\n    consumerCidrs:")
        self.topic, self._written = "orders", dict[str, list[str]]()
        self._client: Client | None = None

    def by_hand(self) -> list[str]:
        client = self._client
        return [] if client is None else ["# read along, from the consumer's side:", client.by_hand(self.topic)]

    def _use(self, endpoint: str, listener: str) -> None:
        consumer = self.connected[endpoint]
        held = self.standin.addresses(consumer.id)["endpoints"][endpoint]
        client = self._client = Client(self.world.folder / f"hosts-{endpoint}", held, self._link(), listener)
        if self.topic not in self._written:
            self.tell.shown("the consumer's DNS, here as a hosts file: names that lead to its endpoint", client.hosts.read_text().splitlines())
            self.tell.typed(*client.create_topic(self.topic))
            command, self._written[self.topic] = client.produce(self.topic)
            self.tell.typed(command, "\n".join(self._written[self.topic]))
        command, read = client.consume(self.topic)
        self.tell.typed(command, "\n".join(read))
        partitions, messages = zip(*(line.removeprefix("Partition:").split(":", 1) for line in read), strict=True)
        self._expect("messages of all three partitions were read", set(partitions), {"0", "1", "2"})
        self._expect(f"ten messages went through endpoint {endpoint}: all that were written", sorted(messages), sorted(self._written[self.topic]))

    def _say_where_it_is_reached(self) -> None:
        address = self._wait("the load balancer has addresses", lambda: self.standin.balancer_address(self.provider.id, self._link().balancer), bool)
        patch = f'{{"spec": {{"verification": {{"address": "{address}"}}}}}}'
        self.tell.typed(f"kubectl patch kpl {self.name} --type merge --patch '{patch}'",
                        self.kube.kubectl("patch", "kpl", self.name, "--type", "merge", "--patch", patch))

    def _verified_on(self, brokers: list[int]) -> Link:
        link = self._wait(f"Kafka works as offered on brokers {', '.join(map(str, brokers))}", self._link, lambda link: link.verified(len(brokers)))
        self.tell.told(f"{VERIFIED}: {link.condition(VERIFIED)['message']}")
        return link

    def _show_ports(self, link: Link) -> None:
        rows = [(row["listener"], row["id"], row["port"], row.get("advertised", ""), row.get("advertisedNow", ""), row.get("proof", ""))
                for row in link.brokers]
        self.tell.table("the object's port table: what each broker has to advertise, and does (status.listeners)", PORT_COLUMNS, rows)
