"""A Kafka cluster: a process for each node, at an address of its own, with a server.properties as a person writes it."""
import base64
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from .. import processes
from . import jars, metadata

INTERNAL, CONTROLLER = 9092, 9093
STOPPING = 60  # seconds that a broker has to hand over what it leads
# No feature is changed by these: they make a broker light and a cluster quick.
LIGHT = {
    "num.network.threads": 1, "num.io.threads": 2, "background.threads": 1, "num.recovery.threads.per.data.dir": 1,
    "log.cleaner.threads": 1, "log.cleaner.dedupe.buffer.size": 2097152,
    "offsets.topic.num.partitions": 1, "transaction.state.log.num.partitions": 1, "share.coordinator.state.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0, "controller.quorum.election.timeout.ms": 500, "controller.quorum.fetch.timeout.ms": 2000,
    # A broker that restarts is let in when its former session is over, if the active controller went with it: by default 9 s later.
    "broker.session.timeout.ms": 4000, "broker.heartbeat.interval.ms": 500,
}


class Cluster:
    def __init__(self, folder, version, nodes, properties=None, racks=None, scram=()):
        """`nodes` {id: address}, `properties` for all of them, `racks` {id: rack}, `scram` (mechanism, user, password) of each user.

        Writes and formats; starts nothing. Everything lies in `folder`.
        """
        self.folder, self.version = Path(folder).resolve(), version
        self.folder.mkdir(parents=True, exist_ok=True)
        self.nodes, self.running = {int(n): address for n, address in nodes.items()}, {}
        self._id = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        self._properties, self._scram = properties or {}, [tuple(user) for user in scram]
        self._voters = dict(self.nodes)
        for node in self.nodes:
            self._write(node, "broker,controller", (racks or {}).get(node))
        self._format(self.nodes)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.end()

    # ---- files
    def properties_file(self, node):
        """Where its server.properties is; a test may rewrite it before the next start."""
        return self.folder / f"server-{node}.properties"

    def data(self, node):
        return self.folder / f"data-{node}"

    def properties(self, node):
        """Key -> value; of two equal keys the last counts, as for Kafka."""
        lines = self.properties_file(node).read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def set_properties(self, node, **changes):
        """Changes some; None takes one out. `**{"broker.rack": "a"}` for names with dots."""
        settings = {**self.properties(node), **changes}
        self.properties_file(node).write_text("".join(f"{key}={value}\n" for key, value in settings.items() if value is not None))

    def add_listener(self, node, name, port, advertised, protocol="PLAINTEXT"):
        """What the guide has a person do by hand; takes effect at the next start. `advertised` is HOST:PORT."""
        has = self.properties(node)
        self.set_properties(node, **{
            "listeners": f"{has['listeners']},{name}://{self.nodes[node]}:{port}",
            "advertised.listeners": f"{has['advertised.listeners']},{name}://{advertised}",
            "listener.security.protocol.map": f"{has['listener.security.protocol.map']},{name}:{protocol}"})

    # ---- processes
    def start(self, *nodes):
        """Starts some, or all that do not run; returns at once."""
        for node in nodes or [node for node in self.nodes if node not in self.running]:
            if node in self.running:
                raise RuntimeError(f"broker {node} runs already")
            self.running[node] = processes.spawn(
                self.folder, f"broker-{node}", jars.command(self.version, "kafka.Kafka", self.properties_file(node)), ends_with_parent=True)

    def stop(self, *nodes):
        """In an orderly way, one after the other: what they lead is handed over. Not all of them: that wants a quorum; see `end`."""
        for node in nodes:
            self.running[node].send_signal(signal.SIGTERM)
            self.running[node].wait(STOPPING)  # else an error, which is the test's to judge
            del self.running[node]

    def kill(self, *nodes):
        for node in nodes or list(self.running):
            process = self.running.pop(node)
            process.kill()
            process.wait()

    def end(self):
        """Of the cluster: nothing has to be handed over any more."""
        self.kill()

    def await_ready(self, patience=processes.PATIENCE):
        """Until every running node answers on INTERNAL, lists all that run, and their replicas are in sync."""
        processes.wait_until(lambda: all(map(self._is_ready, self.running)), f"Kafka nodes {sorted(self.running)} serve",
                             list(self.running.values()), self.folder, patience)

    def restart(self, *nodes):
        """A roll: each in turn, when the one before is in sync again."""
        for node in nodes or list(self.running):
            self.stop(node)
            self.start(node)
            self.await_ready()

    # ---- nodes that come and go
    def add(self, node, address, rack=None):
        """A broker only: one more voter would need all others' settings changed. Start it next."""
        self.nodes[node] = address
        self._write(node, "broker", rack)
        self._format([node])

    def replace(self, node, address, empty=False):
        """The same id at another address, with its data or `empty`. It must not run; start it next.

        Its address changes in all files. The others need no restart: their voters' list is read when they look
        for a leader, and this one finds them.
        """
        if node in self.running:
            raise RuntimeError(f"broker {node} runs")
        old, self.nodes[node] = self.nodes[node], address
        if node in self._voters:
            self._voters[node] = address
        for each in self.nodes:
            file = self.properties_file(each)
            file.write_text(re.sub(rf"(?<![\d.]){re.escape(old)}(?![\d.])", address, file.read_text()))
        if empty:
            shutil.rmtree(self.data(node))
            self._format([node])

    # ----
    def _is_ready(self, node):
        try:
            said = metadata.ask(self.nodes[node], INTERNAL)
        except OSError:
            return False  # not listening yet
        if said.cluster != self._id:
            raise RuntimeError(f"a broker of another cluster has {self.nodes[node]}: ours ended, or will")
        return set(self.running) <= set(said.brokers) and all(
            set(replicas) & set(self.running) <= set(in_sync) for _, _, replicas, in_sync in said.replicas)

    def _write(self, node, roles, rack):
        address, both = self.nodes[node], "controller" in roles
        settings = {
            "process.roles": roles,
            "node.id": node,
            "controller.quorum.voters": ",".join(f"{n}@{a}:{CONTROLLER}" for n, a in self._voters.items()),
            "listeners": f"INTERNAL://{address}:{INTERNAL}" + (f",CONTROLLER://{address}:{CONTROLLER}" if both else ""),
            "advertised.listeners": f"INTERNAL://{address}:{INTERNAL}",
            "listener.security.protocol.map": "INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "INTERNAL",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self.data(node),
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": min(3, len(self._voters)),
            "default.replication.factor": min(3, len(self._voters)),
            "min.insync.replicas": min(2, len(self._voters)),
            **({"broker.rack": rack} if rack else {}), **LIGHT, **self._properties,
        }
        self.properties_file(node).write_text("".join(f"{key}={value}\n" for key, value in settings.items()))

    def _format(self, nodes):
        users = [part for mechanism, user, password in self._scram for part in ("--add-scram", f"{mechanism}=[name={user},password={password}]")]
        formatting = {node: subprocess.Popen(
            jars.command(self.version, "kafka.tools.StorageTool", "format", f"--cluster-id={self._id}", "-c", self.properties_file(node), *users),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=processes.end_with_parent(signal.SIGKILL)) for node in nodes}
        outputs = {node: process.communicate()[0] for node, process in formatting.items()}
        for node, process in formatting.items():
            if process.returncode != 0:
                raise RuntimeError(f"the storage of broker {node} is not formatted:\n{outputs[node]}")
