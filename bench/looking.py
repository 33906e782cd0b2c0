"""What a look costs that finds nothing to do: calls, status writes, and the operator's own CPU time."""
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from calls import Log, actions, is_full, writes
from lab.waiting import NotAsTold
from results import Results
from scene import Scene

SIZES = (3, 12, 20, 49)  # 49 brokers and the bootstrap are the 50 NLB listeners that AWS allows
BOTH = ("--resync", "1s", "--full-resync", "3s")
WHOLE_LOOKS = 6  # among them two full ones
# For the CPU time: as many looks as there can be.
STEADY = ("--resync", "1s", "--time-scale", "10", "--full-resync", "10h")
FULL = ("--resync", "1s", "--time-scale", "10", "--full-resync", "1s")
SECONDS = 15.0
ONCE_A_LOOK = "DescribeInstances"


def look(binary: Path, results: Results) -> None:
    for brokers in SIZES:
        scene = Scene(binary, brokers)
        with scene.served(*BOTH):
            scene.create()
            _calls(scene, results)
            if brokers != max(SIZES):
                scene.delete()
    _own_work(scene, "steady", STEADY, results)
    _own_work(scene, "full", FULL, results)
    with scene.served():
        scene.delete()


def _calls(scene: Scene, results: Results) -> None:
    scene.rest_until_checked(0)
    began, written = time.time(), scene.kube.status_writes()
    seen = scene.looks_since(began, WHOLE_LOOKS)
    results.count(f"status writes, {scene.brokers}", scene.kube.status_writes() - written)
    if any(map(writes, seen)):
        raise NotAsTold("a look that finds nothing to do writes nothing", [actions(each) for each in seen if writes(each)])
    results.calls(f"steady look {scene.brokers}", _dearest(each for each in seen if not is_full(each)))
    results.calls(f"full look {scene.brokers}", _dearest(each for each in seen if is_full(each)))


def _dearest(seen: Iterable[Log]) -> Counter[str]:
    return actions(max(seen, key=len))


def _own_work(scene: Scene, kind: str, flags: tuple[str, ...], results: Results) -> None:
    """CPU time of the operator's process for one look: decoding answers, planning, status, and its share of idling."""
    def made() -> int:
        return actions(scene.log_since(began))[ONCE_A_LOOK]

    with scene.served(*flags) as operator:
        began = time.time()
        scene.wait("the operator has warmed up", made, lambda count: count > 2)
        before, spent = made(), operator.cpu_seconds()
        time.sleep(SECONDS)
        spent, count = operator.cpu_seconds() - spent, made() - before
    results.time(f"CPU of a {kind} look, {scene.brokers}", spent / count * 1000)
    results.count(f"looks for the CPU of a {kind} look", count)
