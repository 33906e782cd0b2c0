"""A standby that watches very many objects: what it holds in memory, ready to take over."""
import copy
import json
from datetime import UTC, datetime
from pathlib import Path

from lab.kube import OBJECTS as LINKS
from lab.operator import Operator
from results import Results
from scene import SELDOM, UNLIMITED, Scene

OBJECTS, BROKERS = 500, 12
COPY = "a-copy"  # label
LEASE = "kafka-privatelink"  # as the operator names it by default
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"


def watch(binary: Path, results: Results) -> None:
    scene = Scene(binary, BROKERS)
    with scene.served(*SELDOM):
        scene.create()
    # The others are as the first: what they cost to watch is in the API server alone.
    kube = scene.kube
    first = json.loads(kube.kubectl("get", "kpl", "orders", "-o", "json"))
    for number in range(2, OBJECTS + 1):
        made = kube.send("POST", LINKS, _like(first, f"orders-{number}"))
        kube.send("PUT", f"{LINKS}/orders-{number}/status", {**made, "status": first["status"]})
    kube.send("DELETE", f"{LEASES}/{LEASE}")  # the one that the operator above has given up
    kube.send("POST", LEASES, _lease_of_somebody())
    standby = Operator(binary, scene.world.environment, scene.world.folder / "standby.log", *UNLIMITED, *SELDOM)
    with standby:  # until it is ready: then it has all of them
        results.count(f"memory of a standby {OBJECTS} x {BROKERS}", standby.resident_mib())
        results.count(f"peak memory of a standby {OBJECTS} x {BROKERS}", standby.resident_mib("VmHWM"))
    kube.send("DELETE", f"{LINKS}?labelSelector={COPY}")
    kube.send("DELETE", f"{LEASES}/{LEASE}")
    with scene.served(*SELDOM):
        scene.delete()


def _like(first: dict, name: str) -> dict:
    made = copy.deepcopy(first)
    made["metadata"] = {"name": name, "labels": {COPY: "yes"}}
    return made


def _lease_of_somebody() -> dict:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    held = {"holderIdentity": "somebody-else", "leaseDurationSeconds": 3600, "acquireTime": now, "renewTime": now}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": LEASE, "namespace": "default"}, "spec": held}
