#!/usr/bin/env python3
"""A stand-in for a node: takes the pods of a control plane and runs their containers as processes of this machine.

    kubelet.py --kubeconfig FILE --dir D --image NAME=FOLDER [--image ...] [--reach HOST:PORT ...]

Needs root. README.md says what it does as a kubelet does, and what it does not.
"""
import argparse
import os
import signal
import sys
import threading
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from node import api, image, network, pod, registration  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeconfig", required=True, type=Path, help="as the bed writes it")
    parser.add_argument("--dir", required=True, type=Path, help="for volumes, logs and root file systems")
    parser.add_argument("--image", action="append", default=[], metavar="NAME=FOLDER", help="FOLDER holds rootfs/ and config.json")
    parser.add_argument("--reach", action="append", default=[], metavar="HOST:PORT", help="what pods may connect to, beside the API server")
    parser.add_argument("--node", default="bed", help="the node's name")
    parser.add_argument("--restart-delay", type=float, default=10, metavar="SECONDS", help="before the second restart; doubles")
    asked = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("kubelet: namespaces, mounts and the pod's user need root")
    asked.dir.mkdir(parents=True, exist_ok=True)
    client = api.Client(asked.kubeconfig)
    node = pod.Node(
        name=asked.node, folder=asked.dir.resolve(), client=client, restart_delay=asked.restart_delay,
        images=image.named(asked.image), network=network.Network([client.address, *asked.reach]))
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    registration.register(client, node.name)
    keeper = Keeper(node)
    threading.Thread(target=follow, args=(client, keeper, stopping), daemon=True).start()
    stopping.wait()
    keeper.end()
    sys.exit(1 if keeper.failed else 0)


def follow(client, keeper, stopping):
    try:
        client.follow("/api/v1/pods", keeper.saw)
    except BaseException:
        keeper.failed = True
        stopping.set()
        raise


class Keeper:
    """The pods of the node, each with a thread of its own."""

    def __init__(self, node):
        self.node, self.pods, self.failed = node, {}, False

    def saw(self, kind, found):
        uid, spec = found["metadata"]["uid"], found["spec"]
        running = self.pods.get(uid)
        if kind == "DELETED":
            if running:
                running.gone()
                del self.pods[uid]
        elif running:
            running.changed(found)
        elif "nodeName" not in spec:
            if "deletionTimestamp" not in found["metadata"]:
                registration.bind(self.node.client, found, self.node.name)
        elif spec["nodeName"] == self.node.name and found["status"]["phase"] not in ("Succeeded", "Failed"):
            self.pods[uid] = pod.Pod(self.node, found)
            self.pods[uid].start()

    def end(self):
        """The node goes down: no grace, and nothing is said to the API server."""
        for each in self.pods.values():
            each.gone()
        for each in self.pods.values():
            each.join()


if __name__ == "__main__":
    main()
