"""Real Kafka brokers, each at the address of its instance."""
import time
from pathlib import Path

from bedlib import kafka

from .aws import Standin

VERSION: str = kafka.NEWEST


def why_there_are_none() -> str | None:
    """Why none can run on this machine, in one line; None when they can."""
    reason: str | None = kafka.why_not()
    return reason


class Brokers:
    """A running cluster for the length of a `with`: what somebody has before any of this, on an internal listener alone."""

    def __init__(self, folder: Path, standin: Standin, account: str, instances: dict[int, str]):
        """`instances` are their ids by that of the broker."""
        self._standin, self._account = standin, account
        places = {broker: self._place(instance) for broker, instance in instances.items()}
        self._cluster = kafka.Cluster(folder, VERSION, {broker: address for broker, (address, _) in places.items()},
                                      racks={broker: zone for broker, (_, zone) in places.items()})

    def __enter__(self) -> "Brokers":
        try:
            self._cluster.start()
            self._cluster.await_ready()
        except BaseException:
            self._cluster.end()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._cluster.end()

    @property
    def ids(self) -> list[int]:
        return sorted(self._cluster.nodes)

    def server_properties(self, broker: int) -> Path:
        return self._cluster.properties_file(broker)

    def add(self, broker: int, instance: str) -> None:
        """Lays out one more, and does not start it."""
        address, zone = self._place(instance)
        self._cluster.add(broker, address, zone)

    def start(self, broker: int) -> float:
        """Until it serves and all replicas are in sync; the seconds that took."""
        began = time.monotonic()
        self._cluster.start(broker)
        self._cluster.await_ready()
        return time.monotonic() - began

    def restart(self, broker: int) -> float:
        """In an orderly way, until all replicas are in sync again; the seconds that took."""
        began = time.monotonic()
        self._cluster.restart(broker)
        return time.monotonic() - began

    def _place(self, instance: str) -> tuple[str, str]:
        """Address and zone id of an instance."""
        held = self._standin.inventory(self._account)
        found = held["instances"][instance]
        return found["address"], held["subnets"][found["subnet"]]["zone"]
