"""Records that flow for as long as a `with` lasts, and the account of them afterwards."""
import json
import signal
import subprocess
from pathlib import Path

from bedlib import kafka
from lab.client import Client
from lab.waiting import wait_for

PER_SECOND = 50
ENDING = 60  # seconds that a producer has to get its last records acknowledged
PRODUCER, CONSUMER = "producer", "consumer"


class Traffic:
    """One producer that wants every replica's acknowledgement, through an endpoint and the advertised names.

    `consumed`: and one consumer of a group that reads along.
    """

    def __init__(self, version: str, folder: Path, client: Client, topic: str, consumed: bool = False):
        self._version, self._folder, self._client, self._topic, self._consumed = version, folder, client, topic, consumed
        self._consumer: subprocess.Popen | None = None
        self.refused: list[dict] = []

    def __enter__(self) -> "Traffic":
        if self._consumed:
            self._consumer = self._begin(CONSUMER, "verifiable-consumer", "--group-id", "along", "--reset-policy", "earliest", "--verbose")
        config = self._folder / "producer.properties"
        config.write_text("retries=2147483647\n")  # this tool allows none, and a leader that moves is an error to it
        self._producer = self._begin(PRODUCER, "verifiable-producer", "--throughput", str(PER_SECOND), "--acks", "-1", config=config)
        self.flows()
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        # Those that it still sends while it closes are refused by itself.
        self.refused = self._said(PRODUCER, "producer_send_error")
        self._end(self._producer)
        if self._consumer:
            if kind is None:
                wanted = set(self.acknowledged())
                wait_for("the consumer has read every record that was acknowledged", lambda: wanted - set(self.consumed()), lambda left: not left, 60.0, self._check)
            self._end(self._consumer)

    def flows(self) -> None:
        """Until two seconds' worth of records, written from now on, were acknowledged, and read by who reads along."""
        before = len(self.acknowledged())
        wait_for("records are acknowledged", self.acknowledged, lambda got: len(got) >= before + 2 * PER_SECOND, 60.0, self._check)
        if self._consumer:
            newest = max(self.acknowledged())
            wait_for(f"record {newest} is consumed", self.consumed, lambda got: newest in got, 60.0, self._check)

    def acknowledged(self) -> dict[int, int]:
        """Value -> when, in milliseconds."""
        return {int(each["value"]): each["timestamp"] for each in self._said(PRODUCER, "producer_send_success")}

    def consumed(self) -> list[int]:
        """What was read along."""
        return [int(each["value"]) for each in self._said(CONSUMER, "record_data")]

    def longest_pause(self) -> float:
        """Seconds between two acknowledgements that follow each other."""
        at = sorted(self.acknowledged().values())
        return max(later - earlier for earlier, later in zip(at, at[1:], strict=False)) / 1000

    def read(self) -> list[int]:
        """Every record that is there, as a consumer on the same endpoint reads them."""
        done = kafka.tool(self._version, "console-consumer", "--bootstrap-server", self._client.bootstrap, "--topic", self._topic,
                          "--from-beginning", "--timeout-ms", "10000", hosts=self._client.hosts, timeout=120)
        return [int(line) for line in done.stdout.splitlines() if line.isdigit()]

    def account(self) -> None:
        """Afterwards: says what became of the records, and nothing that was acknowledged may be missing."""
        written, read, along = self.acknowledged(), self.read(), self.consumed() if self._consumer else None
        lost = sorted(set(written) - set(read))
        print(f"\n{len(written)} records acknowledged, {len(read)} read, {len(lost)} lost, {len(read) - len(set(read))} of them twice, "
              f"{len(self.refused)} refused, longest pause {self.longest_pause():.1f} s"
              + ("" if along is None else f"; {len(along)} read along, {len(along) - len(set(along))} of them twice"))
        assert lost == [], f"lost: {lost[:20]}"
        assert self.refused == [], str(self.refused)

    def _begin(self, label: str, tool: str, *arguments: str, config: Path | None = None) -> subprocess.Popen:
        return kafka.begin(self._folder, label, self._version, tool, "--bootstrap-server", self._client.bootstrap, "--topic", self._topic, *arguments,
                           hosts=self._client.hosts, config=config)

    @staticmethod
    def _end(process: subprocess.Popen) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(ENDING)

    def _said(self, who: str, name: str) -> list[dict]:
        lines = (self._folder / f"{who}.log").read_text().splitlines()
        whole = (line for line in lines if line.startswith("{") and line.endswith("}"))  # the last may be half written
        return [event for event in map(json.loads, whole) if event.get("name") == name]

    def _check(self) -> None:
        for who, process in ((PRODUCER, self._producer), (CONSUMER, self._consumer)):
            # Both end when they are told to: only before that something is wrong.
            if process and process.poll() not in (None, 0, 143):
                raise RuntimeError(f"the {who} ended: {(self._folder / f'{who}.log').read_text()[-2000:]}")
