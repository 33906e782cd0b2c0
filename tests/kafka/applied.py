"""An object and its operator, in a world with real Kafka, for the length of a `with`."""
import itertools
import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

from lab.client import Client
from lab.kube import VERIFIED, Link
from lab.launch import default_operator
from lab.operator import Operator
from lab.waiting import wait_for
from lab.world import World

# Kafka is asked every 3 s, and a fault counts after 3 s.
IMPATIENT = ("--resync", "10s", "--time-scale", "10", "--leader-election", "disabled")
LISTENER = "EXTERNAL"
PATIENCE = 90.0


class Applied:
    """What is done with an object, and what it says."""

    name = "orders"

    def __init__(self) -> None:
        self._until_the_end, self._requests = ExitStack(), itertools.count()
        self._at_the_end = list[Callable[[], None]]()

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            self._until_the_end.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        with self._until_the_end:
            self.delete()

    def delete(self) -> None:
        """When its consumers have left."""
        while self._at_the_end:
            self._at_the_end.pop(0)()
        self.kube.kubectl("delete", "kpl", self.name, "--ignore-not-found", "--wait=false")
        wait_for("the object is gone", self.link, lambda link: link is None, PATIENCE, self.operator.check)

    def at_the_end(self, last: Callable[[], None]) -> None:
        """Done before the object is deleted."""
        self._at_the_end.append(last)

    def _begin(self) -> None:
        raise NotImplementedError

    def _start_operator(self, world: World) -> None:
        self.world = world
        self.kube, self.provider = world.kube(), world.provider()
        log = world.folder / "operator.log"
        self.operator = self._until_the_end.enter_context(Operator(default_operator("debug"), world.environment, log, *IMPATIENT))

    def change(self, *operations: dict) -> None:
        self.kube.kubectl("patch", "kpl", self.name, "--type", "json", "--patch", json.dumps(operations))

    def look_now(self) -> None:
        self.kube.kubectl("annotate", "--overwrite", "kpl", self.name, f"kafka-privatelink.io/requested-at={next(self._requests)}")

    def reached_at(self, link: Link) -> str | None:
        """An address of the load balancer, whose name is one of its VPC alone; none as long as it has none."""
        return self.world.standin().balancer_address(self.provider.id, link.balancer)

    def connected(self) -> Callable[[], Client]:
        """A client in a consumer's VPC, whose DNS is what its administrator wrote once."""
        consumer = self.world.consumer()
        endpoint = consumer.connect_to(self.link().service_name)
        self.at_the_end(lambda: consumer.leave(endpoint))
        self.wait("the consumer is connected", lambda _: consumer.endpoint_state(endpoint) == "available")
        held = self.world.standin().addresses(consumer.id)["endpoints"][endpoint]
        return lambda: Client(self.world.folder / "hosts", held, self.link(), LISTENER)

    # ---- what it says
    def link(self) -> Link | None:
        return self.kube.link(self.name)

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

    def verified_on(self, brokers: int) -> Link:
        return self.wait("Kafka works as offered", lambda link: link.verified(brokers))

    def doctor(self) -> tuple[int, str]:
        done = self.operator.run("doctor", self.name)
        return done.returncode, done.stdout + done.stderr

    def gate(self, *arguments: str) -> tuple[int, str]:
        done = self.operator.run("gate", self.name, *arguments)
        return done.returncode, done.stdout + done.stderr
