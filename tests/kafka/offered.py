"""An offer of real brokers, from an empty account to Verified, for the length of a `with`."""
import base64
import json
import re
from collections.abc import Sequence

from applied import LISTENER, Applied
from bedlib import kafka
from lab.kube import Link
from lab.world import World

BROKER_PORT, BOOTSTRAP = 39092, 9092
USER, PASSWORD, MECHANISM = "probe", "of-a-test", "SCRAM-SHA-512"


class Offered(Applied):
    """Three brokers and the object; `protocol` is that of the listener for consumers."""

    def __init__(self, version: str, protocol: str = "PLAINTEXT", mtls: bool = False, authorizer: bool = False):
        super().__init__()
        self._version, self.protocol, self._mtls = version, protocol, mtls
        self._properties = kafka.AUTHORIZER if authorizer else {}

    def _begin(self) -> None:
        self._start_operator(World.seeded(data_plane=True))
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
        self.address = self.reached_at(link)
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

    def verified(self) -> Link:
        return self.verified_on(len(self.zones))

    # ---- the brokers
    def hand_over(self, *brokers: int) -> None:
        """Merges what was rendered into files, and restarts these brokers one by one."""
        for broker in brokers or sorted(self.cluster.nodes):
            self.merge(broker)
            self.cluster.restart(broker)

    def merge(self, broker: int) -> None:
        status = self.world.folder / "with-status.yaml"
        status.write_text(self.kube.kubectl("get", "kpl", self.name, "-o", "yaml"))
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
