"""The guide's world in this bed: who there is, and what each of them may use."""
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from .aws import Account, Consumer, Standin
from .kube import Kube
from .launch import BED_COMMAND

INTERRUPTED = 130


@dataclass(frozen=True)
class World:
    """A provider with three brokers and things of somebody else's, or with nothing; a consumer, and the object to apply."""

    folder: Path
    exports: str  # lines for a person's shell
    held: dict    # what `bed.py seed` wrote
    data_plane: bool = False

    @classmethod
    def seeded(cls, data_plane: bool = False) -> "World":
        """Seeds one in the bed that this process was started in; each is in accounts of its own.

        With a data plane, its load balancers and endpoints are addresses of this machine that forward connections.
        """
        return cls._seeded(data_plane, ["--data-plane"] if data_plane else [])

    @classmethod
    def empty(cls) -> "World":
        """One in which all is to be made, with a data plane, and with instances that boot."""
        return cls._seeded(True, ["--empty"])

    @classmethod
    def _seeded(cls, data_plane: bool, more: list[str]) -> "World":
        bed = Path(os.environ["KUBECONFIG"]).parent
        done = subprocess.run([*BED_COMMAND, "seed", "--dir", str(bed), *more], stdout=subprocess.PIPE, text=True, check=True)
        newest = max(bed.glob("world-*/world.json"), key=lambda path: path.stat().st_mtime_ns)
        return cls(newest.parent, done.stdout, json.loads(newest.read_text()), data_plane)

    @property
    def environment(self) -> dict[str, str]:
        """What acts as the provider."""
        return self.held["environment"]

    @property
    def endpoint(self) -> str:
        return self.environment["AWS_ENDPOINT_URL"]

    @property
    def vpc(self) -> dict:
        """That of the brokers, where they are there before."""
        return self.held["vpc"]

    @property
    def manifest(self) -> str:
        return Path(self.held["example"]).read_text()

    def provider(self) -> Account:
        return Account(self.endpoint, self.held["provider"])

    def consumer(self) -> Consumer:
        return Consumer(self.endpoint, self.held["consumer"], self.held["consumer_vpc"])

    def another_consumer(self) -> Consumer:
        return Consumer.new(self.endpoint, self.data_plane)

    def standin(self) -> Standin:
        return Standin(self.endpoint)

    def kube(self) -> Kube:
        return Kube(Path(self.environment["KUBECONFIG"]))


def leave_in_order_when_interrupted() -> None:
    """Ctrl-C and SIGTERM unwind the stack once, so that every `with` ends what it began.

    Both may come: the terminal signals us and bed.py, which then signals us too.
    """
    def leave(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(INTERRUPTED)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, leave)
