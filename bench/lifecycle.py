"""Objects are made, changed and deleted."""
import time
from pathlib import Path

from calls import actions, awaits_only, closing, ended, is_write, looks, of_a_change, writes
from results import Results
from scene import SELDOM, Scene

LATENCY = 120  # ms that an AWS call takes, where it shall take any
OFTEN = ("--resync", "3s", "--full-resync", "1h")
LOST = 9094  # the NLB listener that somebody deletes


def create(binary: Path, results: Results) -> None:
    for objects, brokers in ((1, 3), (1, 20), (10, 20)):
        scene = Scene(binary, brokers, objects)
        for latency in (0, LATENCY):
            scene.delay(latency)
            _create_and_delete(scene, results, latency)


def _create_and_delete(scene: Scene, results: Results, latency: int) -> None:
    size = _size(scene)
    with scene.served(*SELDOM) as operator:
        scene.rest()
        idle = operator.resident_mib()
        began = time.time()
        results.time(f"create {size}, {latency} ms", scene.create())
        resident, peak = operator.resident_mib(), operator.resident_mib("VmHWM")
        scene.rest()
        between = time.time()
        results.time(f"delete {size}, {latency} ms", scene.delete())
    if latency:
        return
    log = scene.log_since(began)
    made, unmade = [call for call in log if call["at"] < between], [call for call in log if call["at"] >= between]
    results.calls(f"create {size}", actions(made))
    results.count(f"writes of create {size}", writes(made))
    if len(scene.names) == 1:  # else the looks of different objects cannot be told apart
        results.count(f"awaiting looks of create {size}", sum(map(awaits_only, looks(made))))
    results.calls(f"delete {size}", actions(unmade))
    results.count("memory idle", idle)
    results.count(f"memory {size}", resident)
    results.count(f"peak memory {size}", peak)


def change(binary: Path, results: Results) -> None:
    for brokers in (3, 20):
        for latency in (0, LATENCY):
            scene = Scene(binary, brokers)
            scene.delay(latency)
            with scene.served(*OFTEN):
                scene.create()
                if brokers == 3:
                    _lose_a_listener(scene, results, latency)
                _replace(scene, results, latency)
                _add(scene, results, latency)
                scene.delete()


def _lose_a_listener(scene: Scene, results: Results, latency: int) -> None:
    """Seconds until AWS has the NLB listener again, when it is lost right after a look."""
    elb = scene.provider.elb
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    held = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    scene.between_looks()
    began = time.time()
    elb.delete_listener(ListenerArn=next(each["ListenerArn"] for each in held if each["Port"] == LOST))
    made = scene.wait("the NLB listener is made again", lambda: list(filter(is_write, scene.log_since(began))), bool)
    results.time(f"repair, {latency} ms", ended(made[0]) - began)
    scene.rest_until_checked(began)


def _replace(scene: Scene, results: Results, latency: int) -> None:
    """The instance of broker 2 ends, and another one has its id."""
    scene.between_looks()
    began = time.time()
    with scene.operator.standing_still():
        scene.end(2)
        new = scene.launch(2)
    scene.wait("the ports of broker 2 lead to its new instance", scene.targets, lambda held: held[new] == 2)
    scene.rest_until_checked(began)  # until then the object may say what it said before
    _changed(scene, results, f"replace one of {_size(scene)}", latency, began, scene.settled())


def _add(scene: Scene, results: Results, latency: int) -> None:
    began = time.time()
    scene.launch(scene.brokers + 1)
    _changed(scene, results, f"add one to {_size(scene)}", latency, began, scene.settled(scene.brokers + 1))


def _changed(scene: Scene, results: Results, case: str, latency: int, began: float, settled: float) -> None:
    """Measured from the look that saw it: how long before that it happened is chance, and `--resync`."""
    log = of_a_change(scene.log_since(began), settled)
    results.time(f"{case}, {latency} ms", settled - log[0]["at"])
    results.time(f"path of {case}, {latency} ms", max(map(ended, filter(is_write, log))) - log[0]["at"])
    if not latency:
        results.calls(case, actions(log))
        results.count(f"writes of {case}", writes(log))
        results.count(f"closing calls of {case}", closing(log))


def _size(scene: Scene) -> str:
    objects = len(scene.names)
    return str(scene.brokers) if objects == 1 else f"{objects} x {scene.brokers}"
