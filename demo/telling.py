"""What every story does to its world, waits for, checks and shows."""
from collections.abc import Callable

import views
from lab.aws import Account, Consumer
from lab.kube import Link
from lab.operator import Operator
from lab.waiting import NotAsTold, Seen, wait_for
from lab.world import World
from narrator import Narrator

PATIENCE = 60.0  # seconds for anything that is waited for
DATA_PATH = ("load_balancers", "listeners", "target_groups", "security_groups", "security_group_rules", "network_interfaces")


class Telling:
    """A story about one object, and what its chapters share."""

    name = "orders"      # of the object
    patience = PATIENCE

    def __init__(self, world: World, operator: Operator, tell: Narrator):
        self.world, self.operator, self.tell = world, operator, tell
        self.kube, self.standin = world.kube(), world.standin()
        self.provider: Account = world.provider()
        self.untouchable = self.standin.inventory(self.provider.id)  # what is there before, and must be there after
        self.manifest = world.manifest
        self.connected: dict[str, Consumer] = {}
        self.service_name = ""

    def play(self) -> None:
        for chapter in self.chapters():
            chapter()

    def chapters(self) -> list[Callable[[], None]]:
        raise NotImplementedError

    def by_hand(self) -> list[str]:
        """What a person may type after the last chapter, with KEEP=1."""
        return []

    def _use(self, endpoint: str, listener: str) -> None:
        """A consumer's endpoint, for messages."""

    # What chapters do to the world

    def _apply(self) -> str:
        return self.kube.kubectl("apply", "-f", "-", stdin=self.manifest)

    def _join(self, consumer: Consumer, listener: str = "EXTERNAL") -> None:
        endpoint = consumer.connect_to(self.service_name)
        self.connected[endpoint] = consumer
        self._wait(f"the consumer sees its endpoint {endpoint} available",
                   lambda: consumer.endpoint_state(endpoint), "available".__eq__)
        self._wait("the object lists the connection as available, accepted by the rule",
                   lambda: self._link().connections.get(endpoint, {}),
                   lambda row: (row.get("state"), row.get("acceptedBy")) == ("available", "Automatic"))
        self.tell.told(f"endpoint {endpoint} was accepted by the rule: available, as its owner sees it too")
        self._use(endpoint, listener)

    # What chapters wait for and check

    def _wait(self, expected: str, look: Callable[[], Seen], good: Callable[[Seen], bool]) -> Seen:
        return wait_for(expected, look, good, self.patience, self.operator.check)

    def _link(self) -> Link:
        link = self.kube.link(self.name)
        if link is None:
            raise NotAsTold(f"there is an object {self.name}", "none")
        return link

    def _settled(self, expected: str, brokers: int) -> Link:
        return self._wait(expected, self._link, lambda link: link.settled(brokers))

    def _expect(self, fact: str, seen: object, wanted: object) -> None:
        if seen != wanted:
            raise NotAsTold(f"{fact}: {wanted}", seen)
        self.tell.told(fact)

    def _expect_same_service(self, link: Link) -> None:
        self._expect("the service name is the same: no consumer has to do anything", link.service_name, self.service_name)

    def _data_path(self) -> dict[str, dict]:
        inventory = self.standin.inventory(self.provider.id)
        return {kind: inventory[kind] for kind in DATA_PATH}

    # What chapters show

    def _show_links(self) -> None:
        self.tell.typed("kubectl get kpl", self.kube.kubectl("get", "kpl"))

    def _show_ports(self, link: Link) -> None:
        rows = [(row["listener"], row["id"], row["port"], row.get("advertised", ""), row.get("health", ""))
                for row in link.brokers]
        self.tell.table("the object's port table: what each broker has to advertise (status.listeners)",
                        ("LISTENER", "BROKER", "PORT", "ADVERTISED LISTENER", "HEALTH"), rows)

    def _show_paths(self, when: str = "now") -> None:
        rows = [path.row() for path in views.paths(self.provider)]
        self.tell.table(f"asked from AWS, {when}: where the ports of the load balancer lead", views.PATH_COLUMNS, rows)

    def _show_holdings(self) -> None:
        self.tell.table("asked from AWS: what the provider's account holds", views.HOLDING_COLUMNS, views.holdings(self.provider))

    def _show_events(self) -> None:
        lines = self.kube.kubectl("events", "--for", f"kafkaprivatelink/{self.name}").rstrip().splitlines()
        self.tell.typed(f"kubectl events --for kafkaprivatelink/{self.name}   (the last four)", "\n".join(lines[:1] + lines[-4:]))
