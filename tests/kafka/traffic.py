"""Records that flow for as long as a `with` lasts, and the account of them afterwards."""
import json
import signal
from pathlib import Path

from bedlib import kafka
from lab.client import Client
from lab.waiting import wait_for

PER_SECOND = 50
ENDING = 60  # seconds that a producer has to get its last records acknowledged


class Traffic:
    """One producer that wants every replica's acknowledgement, through an endpoint and the advertised names."""

    def __init__(self, version: str, folder: Path, client: Client, topic: str):
        self._version, self._folder, self._client, self._topic = version, folder, client, topic
        self.refused: list[dict] = []

    def __enter__(self) -> "Traffic":
        config = self._folder / "producer.properties"
        config.write_text("retries=2147483647\n")  # this tool allows none, and a leader that moves is an error to it
        self._producer = kafka.begin(
            self._folder, "producer", self._version, "verifiable-producer", "--bootstrap-server", self._client.bootstrap,
            "--topic", self._topic, "--throughput", str(PER_SECOND), "--acks", "-1", hosts=self._client.hosts, config=config)
        self.flows()
        return self

    def __exit__(self, *error: object) -> None:
        # Those that it still sends while it closes are refused by itself.
        self.refused = self._said("producer_send_error")
        if self._producer.poll() is None:
            self._producer.send_signal(signal.SIGTERM)
            self._producer.wait(ENDING)

    def flows(self) -> None:
        """Until two seconds' worth of records, written from now on, were acknowledged."""
        before = len(self.acknowledged())
        wait_for("records are acknowledged", self.acknowledged, lambda got: len(got) >= before + 2 * PER_SECOND, 60.0, self._check)

    def acknowledged(self) -> dict[int, int]:
        """Value -> when, in milliseconds."""
        return {int(each["value"]): each["timestamp"] for each in self._said("producer_send_success")}

    def longest_pause(self) -> float:
        """Seconds between two acknowledgements that follow each other."""
        at = sorted(self.acknowledged().values())
        return max(later - earlier for earlier, later in zip(at, at[1:], strict=False)) / 1000

    def read(self) -> list[int]:
        """Every record that is there, as a consumer on the same endpoint reads them."""
        done = kafka.tool(self._version, "console-consumer", "--bootstrap-server", self._client.bootstrap, "--topic", self._topic,
                          "--from-beginning", "--timeout-ms", "10000", hosts=self._client.hosts, timeout=120)
        return [int(line) for line in done.stdout.splitlines() if line.isdigit()]

    def _said(self, name: str) -> list[dict]:
        lines = (self._folder / "producer.log").read_text().splitlines()
        whole = (line for line in lines if line.startswith("{") and line.endswith("}"))  # the last may be half written
        return [event for event in map(json.loads, whole) if event.get("name") == name]

    def _check(self) -> None:
        if self._producer.poll() is not None:
            raise RuntimeError(f"the producer ended: {(self._folder / 'producer.log').read_text()[-2000:]}")
