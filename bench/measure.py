"""Takes the measures in the bed that bench.py started."""
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from calls import Count, is_write, looks, of_a_change, of_a_removal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "demo"))
from lab.kube import Kube, Link
from lab.operator import Operator
from lab.table import aligned
from lab.waiting import NotAsTold, Seen, wait_for
from lab.world import World, leave_in_order_when_interrupted

SIZES = (3, 12, 20, 49)  # 49 brokers and the bootstrap are the 50 NLB listeners that AWS allows
MOST_BROKERS = 49
MOST_CALLS_OF_A_LOOK = 10
MOST_CALLS_TO_CREATE_THREE = 60
STEADY_LOOKS = 3
NAME = "orders"
PATIENCE = 180.0
# A steady look every 3 s, and waits made for AWS's minutes divided by 5: else the bench takes an hour and waits mostly.
IMPATIENT = ("--resync", "15s", "--time-scale", "5")
# What AWS takes seconds or minutes for happens at once here: every wait of the operator ends at its first look, and so
# counts do not depend on time.
INSTANT = ("load_balancer_provisioning", "target_initial", "target_draining", "service_deleting", "interface_lingering")
COLUMNS = ("BROKERS", "CREATE: CALLS", "WRITES", "SECONDS", "STEADY LOOK: CALLS", "STATUS WRITES",
           "ADD ONE: CALLS", "WRITES", "DELETE: CALLS", "WRITES", "MEMORY MiB")


@dataclass(frozen=True)
class Measures:
    """Of one cluster."""

    brokers: int
    create: Count
    seconds: float        # from apply to Ready
    look: int             # calls of the dearest of some steady looks
    status_writes: int    # during these looks
    add: Count | None     # None where AWS has no room for one more
    delete: Count
    memory: float         # MiB, after Ready

    def row(self) -> tuple[object, ...]:
        add = (self.add.calls, self.add.writes) if self.add else ("-", "-")
        return (self.brokers, self.create.calls, self.create.writes, f"{self.seconds:.1f}", self.look, self.status_writes,
                *add, self.delete.calls, self.delete.writes, f"{self.memory:.0f}")


class Bench:
    """One cluster in accounts of its own, with an operator of its own."""

    def __init__(self, world: World, operator: Operator, brokers: int):
        self.world, self.operator, self.brokers = world, operator, brokers
        self.kube: Kube = world.kube()
        self.standin, self.provider = world.standin(), world.provider()

    def measure(self) -> Measures:
        create, seconds = self.create()
        memory = self.operator.resident_mib()
        look, status_writes = self.steady()
        add = self.add() if self.brokers < MOST_BROKERS else None
        return Measures(self.brokers, create, seconds, look, status_writes, add, self.delete(), memory)

    def launch(self, node_id: int) -> None:
        """Brokers take turns over the zones, as the three of the guide do."""
        subnets = list(self.world.vpc["subnets"].values())
        self.provider.launch_broker(node_id, like=self.world.vpc["brokers"]["1"], subnet=subnets[(node_id - 1) % len(subnets)])

    def create(self) -> tuple[Count, float]:
        began = time.time()
        # The example leaves room for 24 ports.
        self.kube.kubectl("apply", "-f", "-", stdin=self.world.manifest.replace("last: 9116", "last: 9216"))
        ready = self._wait("it is Ready", lambda: (self._link(), time.time()), lambda seen: seen[0].holds("Ready"))
        self._settled(self.brokers)
        return of_a_change(self._log_since(began)), ready[1] - began

    def steady(self) -> tuple[int, int]:
        """The most calls of a look that has nothing to do, and the status writes of a few such looks."""
        # What follows the last write is a look that checks it: the steady ones come after it.
        self._wait("the operator has checked its last step", lambda: looks(self._log_since(0.0)),
                   lambda parts: len(parts) > 2 and not any(map(is_write, parts[-1] + parts[-2])))
        began, written = time.time(), self.kube.status_writes()
        # The first may be cut by our beginning, and the last may still go on.
        parts = self._wait("the operator looks now and then", lambda: looks(self._log_since(began)),
                           lambda parts: len(parts) >= STEADY_LOOKS + 2)
        whole = parts[1:STEADY_LOOKS + 1]
        if any(is_write(call) for part in whole for call in part):
            raise NotAsTold("a steady look writes nothing", [call["action"] for part in whole for call in part])
        return max(map(len, whole)), self.kube.status_writes() - written

    def add(self) -> Count:
        began = time.time()
        self.launch(self.brokers + 1)
        self._settled(self.brokers + 1)
        return of_a_change(self._log_since(began))

    def delete(self) -> Count:
        began = time.time()
        self.kube.kubectl("delete", "kpl", NAME, "--wait=false")
        self._wait("the object is gone", lambda: self.kube.link(NAME), lambda link: link is None)
        return of_a_removal(self._log_since(began))

    def _log_since(self, began: float) -> list[dict]:
        return [call for call in self.standin.calls_of_operator(self.provider.id) if call["at"] >= began]

    def _wait(self, expected: str, look: Callable[[], Seen], good: Callable[[Seen], bool]) -> Seen:
        return wait_for(expected, look, good, PATIENCE, self.operator.check)

    def _link(self) -> Link:
        link = self.kube.link(NAME)
        if link is None:
            raise NotAsTold(f"there is an object {NAME}", "none")
        return link

    def _settled(self, brokers: int) -> None:
        self._wait(f"{brokers} brokers are offered", self._link, lambda link: link.settled(brokers))


def measured(binary: Path, brokers: int) -> Measures:
    world = World.seeded()
    world.standin().change_settings(world.provider().id, dict.fromkeys(INSTANT, 0.0))
    with Operator(binary, world.environment, world.folder / "operator.log", *IMPATIENT) as operator:
        bench = Bench(world, operator, brokers)
        for node_id in range(len(world.vpc["brokers"]) + 1, brokers + 1):
            bench.launch(node_id)
        try:
            return bench.measure()
        except NotAsTold as problem:
            raise SystemExit(f"bench, {brokers} brokers: {problem}\n{operator.last_words()}") from problem


def broken_promises(table: list[Measures]) -> list[str]:
    broken = [f"{row.look} calls for a steady look at {row.brokers} brokers, promised are {MOST_CALLS_OF_A_LOOK}"
              for row in table if row.look > MOST_CALLS_OF_A_LOOK]
    broken += [f"{row.status_writes} status writes while nothing changed at {row.brokers} brokers, promised are none"
               for row in table if row.status_writes]
    broken += [f"{row.create.calls} calls to create three brokers, promised are {MOST_CALLS_TO_CREATE_THREE}"
               for row in table if row.brokers == 3 and row.create.calls > MOST_CALLS_TO_CREATE_THREE]
    return broken


def main() -> int:
    leave_in_order_when_interrupted()
    binary = Path(sys.argv[1])
    table = []
    for brokers in SIZES:
        print(f"bench: {brokers} brokers ...", file=sys.stderr, flush=True)
        table.append(measured(binary, brokers))
    print(f"\n{binary.parent.name}/{binary.name} run {' '.join(IMPATIENT)}, one Kafka listener.\n"
          f"Paces of the stand-in: 0 s for {', '.join(INSTANT)}.\n"
          "AWS takes seconds or minutes: each look while the operator waits for it comes on top.\n")
    print("\n".join(aligned(COLUMNS, (row.row() for row in table))))
    broken = broken_promises(table)
    print("\n" + ("\n".join(f"BROKEN PROMISE: {each}" for each in broken)
                  or f"As promised: at most {MOST_CALLS_OF_A_LOOK} calls for a steady look, {MOST_CALLS_TO_CREATE_THREE} to "
                     "create three brokers, and no status write while nothing changes."))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
