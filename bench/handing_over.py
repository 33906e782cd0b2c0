"""One of two replicas ends in the middle of a create, and the other goes on."""
import signal
import time
from pathlib import Path

from calls import is_write
from lab.operator import Operator
from results import Results
from scene import SELDOM, UNLIMITED, Scene

RUNS = 3
LATENCY = 120  # ms that an AWS call takes: there shall be a middle
ENOUGH = 8     # writes
ONCE = {"load_balancers": 1, "endpoint_services": 1, "listeners": 4, "target_groups": 4, "security_groups": 1}


def hand_over(binary: Path, results: Results) -> None:
    for how, name in ((signal.SIGTERM, "stop"), (signal.SIGKILL, "kill")):
        runs = [_run(binary, how) for _ in range(RUNS)]
        results.time(f"hand-over after a {name}", max(seconds for seconds, _ in runs))
        results.count(f"made twice after a {name}", sum(twice for _, twice in runs))


def _run(binary: Path, how: signal.Signals) -> tuple[float, int]:
    """Seconds from the leader's end to the other's first AWS call, and how many things are there too often at the end."""
    scene = Scene(binary, 3)
    before = _counts(scene)
    scene.delay(LATENCY)
    leader = Operator(binary, scene.world.environment, scene.world.folder / "leader.log", *UNLIMITED, *SELDOM)
    with leader, scene.served(*SELDOM):
        scene.apply()
        scene.wait("the create is under way", lambda: sum(map(is_write, scene.log_since(0))), lambda made: made >= ENOUGH)
        ended = leader.end(how)
        # What it had sent is under way still.
        later = scene.wait("the other goes on", lambda: scene.log_since(ended + LATENCY / 1000), bool)
        scene.settled()
        now = _counts(scene)
        twice = sum(now[kind] - before.get(kind, 0) - once for kind, once in ONCE.items())
        scene.delete()
    return later[0]["at"] - ended, twice


def _counts(scene: Scene) -> dict[str, int]:
    held = scene.standin.inventory(scene.provider.id)
    return {kind: len(held.get(kind, {})) for kind in ONCE}
