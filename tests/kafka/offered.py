"""An offer of real brokers, from an empty account to Verified, for the length of a `with`."""
import base64
import itertools
import json
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bedlib import kafka
from lab.kube import VERIFIED, Link
from lab.launch import default_operator
from lab.operator import Operator
from lab.waiting import wait_for
from lab.world import World

NAME, LISTENER, BROKER_PORT, BOOTSTRAP = "orders", "EXTERNAL", 39092, 9092
# Kafka is asked every 3 s, and a fault counts after 3 s.
IMPATIENT = ("--resync", "10s", "--time-scale", "10", "--leader-election", "disabled")
PATIENCE = 90.0
USER, PASSWORD, MECHANISM = "probe", "of-a-test", "SCRAM-SHA-512"


class Offered:
    """Three brokers and the object; `protocol` is that of the listener for consumers."""

    def __init__(self, version: str, protocol: str = "PLAINTEXT", mtls: bool = False, authorizer: bool = False):
        self._version, self.protocol, self._mtls = version, protocol, mtls
        self._properties = kafka.AUTHORIZER if authorizer else {}
        self._until_the_end, self._requests = ExitStack(), itertools.count()
        self._at_the_end = list[Callable[[], None]]()

    def __enter__(self) -> "Offered":
        try:
            self._begin()
        except BaseException:
            self._until_the_end.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        with self._until_the_end:
            for last in self._at_the_end:
                last()
            self.kube.kubectl("delete", "kpl", NAME, "--timeout=60s")

    def at_the_end(self, last: Callable[[], None]) -> None:
        """Done before the object is deleted."""
        self._at_the_end.append(last)

    def _begin(self) -> None:
        self.world = World.seeded(data_plane=True)
        self.kube, self.provider = self.world.kube(), self.world.provider()
        log = self.world.folder / "operator.log"
        self.operator = self._until_the_end.enter_context(Operator(default_operator("debug"), self.world.environment, log, *IMPATIENT))
        held = self.world.standin().inventory(self.provider.id)
        instances = {int(broker): held["instances"][instance] for broker, instance in self.world.vpc["brokers"].items()}
        self.zones = {broker: held["subnets"][it["subnet"]]["zone"] for broker, it in instances.items()}
        scram = [(MECHANISM, USER, PASSWORD), ("SCRAM-SHA-256", USER, PASSWORD)] if self.protocol.startswith("SASL") else []
        self.cluster = self._until_the_end.enter_context(kafka.Cluster(
            self.world.folder / "kafka", self._version, {broker: it["address"] for broker, it in instances.items()},
            properties=self._properties, racks=self.zones, scram=scram))
        self.cluster.start()
        self.cluster.await_ready()
        self.authority = kafka.Authority(self.world.folder / "tls")
        self._offer()

    # ---- the object
    def _offer(self) -> None:
        manifest = self.world.manifest.replace("    consumerCidrs:", f"    crossZone: Enabled\n    securityProtocol: {self.protocol}\n    consumerCidrs:")
        self.kube.kubectl("apply", "-f", "-", stdin=manifest)
        link = self.wait("every broker has a port", lambda link: link.offered(len(self.zones)))
        nodes = self.world.standin().addresses(self.provider.id)["load_balancers"][link.status["loadBalancer"]["arn"]]["nodes"]
        self.address = nodes[min(nodes)]
        self.change({"op": "add", "path": "/spec/verification", "value": {"address": self.address, "intervalSeconds": 30}},
                    {"op": "add", "path": "/spec/listeners/0/verification", "value": self.credentials()})

    def credentials(self, **other: object) -> dict:
        """What the listener is asked with; makes the Secrets."""
        wanted: dict = {}
        if self.protocol.startswith("SASL"):
            self.secret("kafka-user", username=USER, password=PASSWORD)
            wanted |= {"saslMechanism": MECHANISM, "credentialsSecret": {"name": "kafka-user"}}
        if self.protocol.endswith("SSL"):
            self.secret("kafka-ca", **{"ca.crt": self.authority.certificate.read_text()})
            wanted |= {"caSecret": {"name": "kafka-ca"}}
        if self._mtls:
            self.authority.issue("probe")
            folder = self.authority.folder
            self.secret("kafka-client", **{"tls.crt": (folder / "probe.crt").read_text(), "tls.key": (folder / "probe.key").read_text()})
            wanted |= {"clientCertificateSecret": {"name": "kafka-client"}}
        return wanted | other

    def secret(self, name: str, **data: str) -> None:
        held = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": held}
        self.kube.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))

    def change(self, *operations: dict) -> None:
        self.kube.kubectl("patch", "kpl", NAME, "--type", "json", "--patch", json.dumps(operations))

    def look_now(self) -> None:
        self.kube.kubectl("annotate", "--overwrite", "kpl", NAME, f"kafka-privatelink.io/requested-at={next(self._requests)}")

    # ---- what it says
    def link(self) -> Link | None:
        return self.kube.link(NAME)

    def wait(self, what: str, holds, patience: float = PATIENCE) -> Link:
        return wait_for(what, self.link, lambda link: link is not None and holds(link), patience, self.operator.check)

    def says(self, status: str, reason: str, *parts: str) -> str:
        """The message of the condition, when it has come to this; each part is in it."""
        def so(link: Link) -> bool:
            found = link.condition(VERIFIED)
            return (found["status"], found["reason"]) == (status, reason) and all(part in found["message"] for part in parts)
        message = self.wait(f"{VERIFIED} is {status}, {reason}, with {parts}", so).condition(VERIFIED)["message"]
        print(f"\n{status} {reason}: {message}")
        return message

    def verified(self) -> Link:
        return self.wait("Kafka works as offered", lambda link: link.verified(len(self.zones)))

    # ---- the brokers
    def hand_over(self, *brokers: int) -> None:
        """Merges what was rendered into files, and restarts these brokers one by one."""
        for broker in brokers or sorted(self.cluster.nodes):
            self.merge(broker)
            self.cluster.restart(broker)

    def merge(self, broker: int) -> None:
        status = self.world.folder / "with-status.yaml"
        status.write_text(self.kube.kubectl("get", "kpl", NAME, "-o", "yaml"))
        file = self.cluster.properties_file(broker)
        file.write_text(self.operator.render("-f", str(status), "--broker", str(broker), "--merge", str(file)))

    def secure(self, broker: int, *hosts: str) -> None:
        """What a person configures beside the lines: users, and a certificate for the advertised host."""
        tls = self.protocol.endswith("SSL")
        own = hosts or (self.host(broker), "bootstrap.example")
        keystore = self.authority.issue(f"broker-{broker}", *own) if tls else None
        mechanisms = (MECHANISM, "SCRAM-SHA-256") if self.protocol.startswith("SASL") else ()
        clients_of = self.authority.certificate if self._mtls else None
        self.cluster.set_properties(broker, **kafka.listener(LISTENER, mechanisms, keystore=keystore, clients_of=clients_of))

    def host(self, broker: int) -> str:
        row = next(row for row in self.link().brokers if row["id"] == broker)
        return row["advertised"].rpartition(":")[0]

    def edit(self, broker: int, key: str, old: str, new: str) -> None:
        """As a person would by mistake; takes effect at the next start."""
        value = self.cluster.properties(broker)[key]
        changed = re.sub(old, new, value)
        assert changed != value, f"{old} is not in {value}"
        self.cluster.set_properties(broker, **{key: changed})

    def configs(self, *arguments: str) -> None:
        done = kafka.tool(self._version, "configs", "--bootstrap-server", f"{self.cluster.nodes[1]}:9092", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def allow(self, *operations: str, on: Sequence[str] = ("--cluster",)) -> None:
        rights = [part for operation in operations for part in ("--operation", operation)]
        done = kafka.tool(self._version, "acls", "--bootstrap-server", f"{self.cluster.nodes[1]}:9092", "--add", "--force",
                          "--allow-principal", f"User:{USER}", *on, *rights)
        assert done.returncode == 0, done.stdout + done.stderr

    def doctor(self) -> tuple[int, str]:
        done = self.operator.run("doctor", NAME)
        return done.returncode, done.stdout + done.stderr

    def gate(self, *arguments: str) -> tuple[int, str]:
        done = self.operator.run("gate", NAME, *arguments)
        return done.returncode, done.stdout + done.stderr
