"""The Kubernetes side: kubectl as a person uses it, and quick looks at an object."""
import contextlib
import http.client
import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .waiting import NotAsTold

VERIFIED = "AdvertisedListenersVerified"
PROOFS = ("Metadata", "Identity")  # levels at which it is known what a broker advertises
OBJECTS = "/apis/kafka-privatelink.io/v1alpha1/namespaces/default/kafkaprivatelinks"


@dataclass(frozen=True)
class Link:
    """A KafkaPrivateLink as the API server holds it."""

    held: dict

    def __str__(self) -> str:
        rows = [f"{c['type']}={c['status']} {c['reason']}: {c['message']}" for c in self.status.get("conditions", [])]
        return "\n          ".join(rows) or "no condition yet"

    @property
    def status(self) -> dict:
        return self.held.get("status", {})

    @property
    def version(self) -> str:
        return self.held["metadata"]["resourceVersion"]

    @property
    def service_name(self) -> str:
        return self.status.get("endpointService", {}).get("serviceName", "")

    @property
    def balancer(self) -> str:
        """Its ARN, once there is one."""
        return self.status.get("loadBalancer", {}).get("arn", "")

    @property
    def brokers(self) -> list[dict]:
        """The rows of the port table, each with its listener."""
        return [{"listener": listener["name"], **broker}
                for listener in self.status.get("listeners", []) for broker in listener.get("brokers", [])]

    @property
    def ports(self) -> dict[tuple[str, int], int]:
        return {(row["listener"], row["id"]): row["port"] for row in self.brokers}

    def bootstrap_port(self, listener: str) -> int:
        return next(row["bootstrap"]["port"] for row in self.status["listeners"] if row["name"] == listener)

    def verified(self, brokers: int) -> bool:
        """Settled, and every broker was seen to advertise what it has to; the rows tell an old condition from a new one."""
        proved = [row for row in self.brokers if row.get("proof") in PROOFS and row.get("advertisedNow") == row.get("advertised")]
        return self.settled(brokers) and self.holds(VERIFIED) and len(proved) == len(self.brokers)

    @property
    def connections(self) -> dict[str, dict]:
        return {each["endpointId"]: each for each in self.status.get("connections", [])}

    def condition(self, kind: str) -> dict:
        found = (c for c in self.status.get("conditions", []) if c["type"] == kind)
        return next(found, {"status": "absent", "reason": "", "message": ""})

    def holds(self, kind: str) -> bool:
        return self.condition(kind)["status"] == "True"

    def offered(self, brokers: int) -> bool:
        """So many have their port on every listener, healthy or not, and AWS is as it has to be."""
        current = self.status.get("observedGeneration") == self.held["metadata"]["generation"]
        return current and self.holds("InSync") and bool(self.service_name) and len(self.ports) == brokers * len(self.held["spec"]["listeners"])

    def settled(self, brokers: int) -> bool:
        """Ready, with so many healthy brokers on every listener, and nothing left to do for this generation."""
        current = self.status.get("observedGeneration") == self.held["metadata"]["generation"]
        healthy = [row for row in self.brokers if row.get("health") == "Healthy"]
        listeners = len(self.held["spec"]["listeners"])
        return (current and self.holds("Ready") and self.holds("InSync") and not self.holds("Reconciling")
                and len(healthy) == len(self.brokers) == brokers * listeners)


class Kube:
    """The bed's API server, with the rights of its administrator."""

    def __init__(self, kubeconfig: Path):
        config = json.loads(kubeconfig.read_text())  # bed.py writes JSON, which is YAML too
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._server = urlsplit(cluster["server"])
        self._trust = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self._headers = {"Authorization": f"Bearer {user['token']}"}
        self._environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """What kubectl prints; NotAsTold when it fails."""
        done = subprocess.run(["kubectl", *arguments], env=self._environment, input=stdin, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise NotAsTold(f"`kubectl {' '.join(arguments)}` succeeds", done.stderr.strip())
        return done.stdout + done.stderr  # "No resources found" is said on stderr

    def link(self, name: str) -> Link | None:
        """One object, or None when there is none. Without kubectl: it is asked ten times a second."""
        status, body = self._get(f"{OBJECTS}/{name}")
        if status == http.client.NOT_FOUND:
            return None
        if status != http.client.OK:
            raise NotAsTold(f"the API server shows {name}", f"{status}: {body}")
        return Link(json.loads(body))

    def send(self, method: str, path: str, body: dict | None = None, kind: str = "application/json") -> dict:
        """One request without kubectl, which allows itself five a second; NotAsTold when it is refused."""
        with contextlib.closing(self._connection(60)) as connection:
            headers = {**self._headers, "Content-Type": kind}
            connection.request(method, path, body=json.dumps(body) if body else None, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        if answer.status >= http.client.BAD_REQUEST:
            raise NotAsTold(f"{method} {path} succeeds", f"{answer.status}: {text}")
        return json.loads(text)

    def versions(self, name: str, seconds: int) -> Iterator[Link]:
        """An object as it is and each time that it changes, as the API server announces it."""
        query = f"watch=1&fieldSelector=metadata.name%3D{name}&timeoutSeconds={seconds}"
        with contextlib.closing(self._connection(seconds)) as connection:
            connection.request("GET", f"{OBJECTS}?{query}", headers=self._headers)
            for line in connection.getresponse():
                yield Link(json.loads(line)["object"])

    def status_writes(self) -> int:
        """Writes of the status subresource that the API server has answered, also those that changed nothing."""
        _, metrics = self._get("/metrics")
        lines = (line for line in metrics.splitlines() if line.startswith("apiserver_request_total{"))
        ours = (line for line in lines if 'resource="kafkaprivatelinks"' in line and 'subresource="status"' in line)
        return sum(round(float(line.rsplit(" ", 1)[1])) for line in ours if 'verb="GET"' not in line)

    def _get(self, path: str) -> tuple[int, str]:
        with contextlib.closing(self._connection(10)) as connection:
            connection.request("GET", path, headers=self._headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def _connection(self, timeout: float) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._server.hostname or "", self._server.port, timeout=timeout, context=self._trust)
