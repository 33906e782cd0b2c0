"""Brokers in an account of their own, the objects that offer them, and the operator that is measured."""
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from calls import REST, Log, ended, looks, writes
from lab.kube import Kube, Link
from lab.operator import Operator
from lab.waiting import NotAsTold, Seen, wait_for
from lab.world import World

PATIENCE = 180.0
SELDOM = ("--resync", "1h")  # no look but those that a change asks for
# What AWS takes seconds or minutes for happens at once here: what remains is the operator's own time, and counts do
# not depend on time.
INSTANT = ("load_balancer_provisioning", "load_balancer_update", "target_initial", "target_draining", "service_pending",
           "service_deleting", "interface_lingering")
# Else large clusters take as long as AWS's published rates allow.
UNLIMITED = ("--aws-rate-limits", "off")


class Scene:
    """One object, or several side by side, with so many brokers each."""

    def __init__(self, binary: Path, brokers: int, objects: int = 1, spec: str = ""):
        print(f"bench: {objects} x {brokers} brokers", file=sys.stderr, flush=True)
        self.world = World.seeded()
        self.brokers = brokers
        self.kube: Kube = self.world.kube()
        self.standin, self.provider = self.world.standin(), self.world.provider()
        self._binary, self._more = binary, spec
        self.names = ["orders"] if objects == 1 else [f"orders-{number}" for number in range(1, objects + 1)]
        self.standin.change_settings(self.provider.id, dict.fromkeys(INSTANT, 0.0))
        for name in self.names:
            seeded = len(self.world.vpc["brokers"]) if name == "orders" else 0
            for broker in range(seeded + 1, brokers + 1):
                self.launch(broker, name)

    @contextmanager
    def served(self, *flags: str) -> Iterator[Operator]:
        """With an operator."""
        log = self.world.folder / "operator.log"
        self.operator = Operator(self._binary, self.world.environment, log, *UNLIMITED, *flags)
        with self.operator:
            try:
                yield self.operator
            except NotAsTold as problem:
                raise SystemExit(f"bench, {len(self.names)} x {self.brokers} brokers: {problem}\n"
                                 f"{self.operator.last_words()}") from problem

    # What is done to it

    def delay(self, milliseconds: float) -> None:
        """From now on every AWS call takes so long at least."""
        self.standin.change_settings(self.provider.id, {"latency_ms": milliseconds})

    def launch(self, broker: int, name: str = "orders") -> str:
        """An instance for a broker; brokers take turns over the zones, as the three of the guide do."""
        subnets = list(self.world.vpc["subnets"].values())
        launched = self.provider.launch_broker(broker, self.world.vpc["brokers"]["1"], subnets[(broker - 1) % len(subnets)], name)
        return launched["InstanceId"]

    def end(self, broker: int) -> None:
        """Its instance is terminated."""
        instances = self.standin.inventory(self.provider.id)["instances"].items()
        old = [found for found, held in instances if held["tags"]["kafka-node-id"] == str(broker) and held["state"] == "running"]
        self.provider.ec2.terminate_instances(InstanceIds=old)

    def look_fully(self) -> None:
        """Asks for a look at everything; without being asked the operator takes one every hour."""
        self.kube.kubectl("annotate", "kpl", *self.names, f"kafka-privatelink.io/requested-at={time.time()}", "--overwrite")

    def manifest(self, name: str) -> str:
        """The guide's object; its example leaves room for 24 ports."""
        guide = self.world.manifest.replace("last: 9116", "last: 9216") + self._more
        return guide.replace("name: orders,", f"name: {name},").replace("kafka-cluster: orders", f"kafka-cluster: {name}")

    def create(self) -> float:
        """Applies, and waits until all have settled; the seconds until all were Ready."""
        began = time.time()
        self.apply()
        waiting, ready = list(self.names), began
        while waiting:
            self.wait(f"{waiting[0]} is Ready", lambda: self.link(waiting[0]), lambda link: link.holds("Ready"))
            waiting, ready = waiting[1:], time.time()
        self.settled()
        return ready - began

    def apply(self) -> None:
        self.kube.kubectl("apply", "-f", "-", stdin="---\n".join(map(self.manifest, self.names)))

    def delete(self) -> float:
        """Seconds until all are gone."""
        began = time.time()
        self.kube.kubectl("delete", "kpl", *self.names, "--wait=false")
        for name in self.names:
            self.wait(f"{name} is gone", lambda: self.kube.link(name), lambda link: link is None)
        return time.time() - began

    # What is seen of it

    def settled(self, brokers: int = 0) -> float:
        """Waits until every object has settled with all its brokers, or with so many; the time."""
        wanted = brokers or self.brokers
        for name in self.names:
            self.wait(f"{wanted} brokers are offered", lambda: self.link(name), lambda link: link.settled(wanted))
        return time.time()

    def log_since(self, began: float) -> Log:
        return [call for call in self.standin.calls_of_operator(self.provider.id) if call["at"] >= began]

    def targets(self) -> Counter[str]:
        """Instances, and in how many target groups each is."""
        groups = self.standin.inventory(self.provider.id)["target_groups"].values()
        return Counter(target.partition(":")[0] for group in groups for target in group["targets"])

    def looks_since(self, began: float, least: int) -> list[Log]:
        """Whole looks, at least so many: one that our beginning cut and one that may go on are left out."""
        def rested() -> list[Log]:
            return looks(self.log_since(began))

        return self.wait(f"{least} looks", rested, lambda parts: len(parts) >= least + 2)[1:-1]

    def link(self, name: str) -> Link:
        link = self.kube.link(name)
        if link is None:
            raise NotAsTold(f"there is an object {name}", "none")
        return link

    def rest(self) -> None:
        """Waits until the operator has made its last call for now; it is served SELDOM."""
        self.wait("the operator rests", lambda: self.log_since(0)[-1:],
                  lambda last: not last or time.time() - ended(last[0]) > 3)

    def between_looks(self) -> None:
        """Waits until a look has just ended."""
        self.wait("a look has ended", lambda: self.log_since(0)[-1], lambda last: time.time() - ended(last) > REST)

    def rest_until_checked(self, began: float) -> None:
        """Waits for a look that follows the last write since then, and writes nothing."""
        def checked(parts: list[Log]) -> bool:
            return len(parts) > 1 and writes([call for part in parts for call in part]) > 0 and not writes(parts[-1])

        self.wait("the operator has checked its last step", lambda: looks(self.log_since(began)), checked)

    def wait(self, expected: str, look: Callable[[], Seen], good: Callable[[Seen], bool]) -> Seen:
        return wait_for(expected, look, good, PATIENCE, self.operator.check)
