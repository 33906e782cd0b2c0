#!/usr/bin/env python3
"""A Kafka cluster for a program in any language: a command per line of JSON on stdin, an answer per line on stdout.

    {"do": "create", "folder": D, "version": "3.7.1", "nodes": {"1": "127.16.0.11", …}, …}   first of all
    {"do": "start"}   and so on: README.md of the bed lists them

The answer is {"ok": true, …} or {"ok": false, "error": "…"}. At the end of stdin everything ends, and with this process too.
"""
import json
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bedlib import kafka  # noqa: E402


class Commands:
    """Each public method is one; its arguments are the fields of the line beside `do`."""

    def __init__(self):
        self._cluster, self._authority, self._begun = None, None, {}

    def available(self):
        reason = kafka.why_not()
        return {"available": reason is None, "reason": reason, "versions": [kafka.OLDEST, kafka.NEWEST]}

    def create(self, folder, version, nodes, properties=None, racks=None, scram=()):
        self._cluster = kafka.Cluster(folder, version, nodes, properties, {int(n): rack for n, rack in (racks or {}).items()}, scram)
        return {"files": {node: str(self._cluster.properties_file(node)) for node in self._cluster.nodes}}

    # ---- processes
    def start(self, nodes=(), wait=True):
        self._cluster.start(*nodes)
        return self.ready() if wait else {}

    def stop(self, nodes):
        self._cluster.stop(*nodes)

    def kill(self, nodes):
        self._cluster.kill(*nodes)

    def restart(self, nodes=()):
        self._cluster.restart(*nodes)

    def ready(self, seconds=120):
        began = time.monotonic()
        self._cluster.await_ready(seconds)
        return {"seconds": round(time.monotonic() - began, 2)}

    def state(self):
        return {"running": {node: process.pid for node, process in self._cluster.running.items() if process.poll() is None},
                "ended": {node: process.returncode for node, process in self._cluster.running.items() if process.poll() is not None},
                "nodes": self._cluster.nodes, "files": {node: str(self._cluster.properties_file(node)) for node in self._cluster.nodes}}

    def log(self, node):
        return {"text": (self._cluster.folder / f"broker-{node}.log").read_text(errors="replace")}

    # ---- settings
    def properties(self, node):
        return {"properties": self._cluster.properties(node)}

    def set(self, node, properties):
        self._cluster.set_properties(node, **properties)

    def add_listener(self, node, name, port, advertised, protocol="PLAINTEXT"):
        self._cluster.add_listener(node, name, port, advertised, protocol)

    def add(self, node, address, rack=None):
        self._cluster.add(node, address, rack)
        return {"file": str(self._cluster.properties_file(node))}

    def replace(self, node, address, empty=False):
        self._cluster.replace(node, address, empty)

    # ---- security
    def certificate(self, name, hosts=(), days=2):
        """The authority is made with the first."""
        if self._authority is None:
            self._authority = kafka.Authority(self._cluster.folder / "tls")
        return {"keystore": str(self._authority.issue(name, *hosts, days=days)), "authority": str(self._authority.certificate)}

    def secure(self, node, name, **how):
        """Settings of a secured listener: mechanisms, plain_users, keystore, clients_of; `authorizer` true adds ACLs."""
        authorizer = kafka.AUTHORIZER if how.pop("authorizer", False) else {}
        self._cluster.set_properties(node, **authorizer, **kafka.listener(name, **how))

    def client(self, file, **how):
        return {"file": str(kafka.client(self._cluster.folder / file, **how))}

    # ---- stock tools
    def tool(self, name, args, hosts=None, config=None, input=None, version=None, seconds=60):
        done = kafka.tool(version or self._cluster.version, name, *args, hosts=hosts, config=config, input=input, timeout=seconds)
        return {"code": done.returncode, "out": done.stdout, "err": done.stderr}

    def begin(self, label, name, args, hosts=None, config=None, version=None):
        if label in self._begun:
            raise ValueError(f"{label} was begun before")
        self._begun[label] = kafka.begin(self._cluster.folder, label, version or self._cluster.version, name, *args, hosts=hosts, config=config)

    def output(self, label):
        return {"text": (self._cluster.folder / f"{label}.log").read_text(errors="replace"), "code": self._begun[label].poll()}

    def finish(self, label, seconds=30):
        """Ends by SIGTERM what was begun."""
        self._begun[label].terminate()
        self._begun[label].wait(seconds)
        answer = self.output(label)
        del self._begun[label]
        return answer

    def end(self):
        for process in self._begun.values():
            process.kill()
            process.wait()
        self._begun.clear()
        if self._cluster is not None:
            self._cluster.end()


def main():
    commands = Commands()
    try:
        for line in sys.stdin:
            print(json.dumps(_answer(commands, line)), flush=True)
    finally:
        commands.end()


def _answer(commands, line):
    try:
        asked = json.loads(line)
        name = asked.pop("do")
        if name.startswith("_") or not hasattr(commands, name):
            raise ValueError(f"there is no command {name!r}")
        return {"ok": True, **(getattr(commands, name)(**asked) or {})}
    except Exception as problem:  # a mistake of the asker's, or a broker that did not start: told to who asked
        return {"ok": False, "error": f"{type(problem).__name__}: {problem}"}


if __name__ == "__main__":
    main()
