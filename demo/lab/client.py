"""A Kafka client in a consumer's VPC: the stock command-line tools, and a hosts file for what the consumer's DNS would say."""
import shlex
from pathlib import Path

from bedlib import kafka
from bedlib.kafka import tools

from .brokers import VERSION
from .kube import Link
from .waiting import NotAsTold

MESSAGES = 10
SECONDS_TO_READ = 30


class Client:
    """Reaches brokers through one endpoint and the names of one listener, and by nothing else."""

    def __init__(self, hosts: Path, endpoint: dict[str, dict], link: Link, listener: str):
        """`endpoint` has the addresses by zone id and by name, as the stand-in's books say."""
        self.hosts = hosts
        name, addresses = max(endpoint["names"].items(), key=lambda each: len(each[1]))  # the regional one, not a zone's
        self.bootstrap = f"{name}:{link.bootstrap_port(listener)}"
        lines = [f"{address} {name}" for address in addresses]
        for row in link.brokers:
            if row["listener"] == listener:
                lines.append(f"{endpoint['addresses'][row['zoneId']]} {row['advertised'].rpartition(':')[0]}")
        hosts.write_text("\n".join(lines) + "\n")

    def create_topic(self, topic: str) -> tuple[str, str]:
        """Three partitions with three replicas each. The command, and what it printed."""
        return self._run("topics", "--create", "--topic", topic, "--partitions", "3", "--replication-factor", "3")

    def in_sync(self, topic: str) -> list[set[int]]:
        """The brokers that have all records, by partition."""
        _, said = self._run("topics", "--describe", "--topic", topic)
        return [{int(broker) for broker in line.partition("Isr: ")[2].split()[0].split(",")} for line in said.splitlines() if "Isr: " in line]

    def quorum(self) -> str:
        """What Kafka says of its voters."""
        return self._run("metadata-quorum", "describe", "--status")[1]

    def produce(self, topic: str, first: int = 1) -> tuple[str, list[str]]:
        """Ten messages with keys, so that they spread over the partitions. The command, and what was written."""
        lines = [f"order-{number}:{number} x coffee" for number in range(first, first + MESSAGES)]
        command, _ = self._run("console-producer", "--topic", topic, "--reader-property", "parse.key=true",
                               "--reader-property", "key.separator=:", lines=lines)
        return command, lines

    def consume(self, topic: str, messages: int = MESSAGES) -> tuple[str, list[str]]:
        """From the beginning, each as `Partition:P:KEY:VALUE`. The command, and what was read."""
        command, read = self._run(
            "console-consumer", "--topic", topic, "--from-beginning", "--max-messages", str(messages),
            "--timeout-ms", str(SECONDS_TO_READ * 1000), "--formatter-property", "print.partition=true",
            "--formatter-property", "print.key=true", "--formatter-property", "key.separator=:")
        return command, [line for line in read.splitlines() if line.startswith("Partition:")]

    def by_hand(self, topic: str) -> str:
        """What a person types to read along."""
        return shlex.join(map(str, tools.command(VERSION, "console-consumer",
                                                 ["--bootstrap-server", self.bootstrap, "--topic", topic, "--from-beginning"], hosts=self.hosts)))

    def _run(self, tool: str, *arguments: str, lines: list[str] | None = None) -> tuple[str, str]:
        at = ("--bootstrap-server", self.bootstrap)
        shown = f"kafka-{tool}.sh {' '.join((*at, *arguments))}"
        done = kafka.tool(VERSION, tool, *at, *arguments, hosts=self.hosts, input="".join(f"{line}\n" for line in lines or ()))
        if done.returncode != 0:
            raise NotAsTold(f"`{shown}` succeeds", (done.stdout + done.stderr).strip())
        return shown, done.stdout
