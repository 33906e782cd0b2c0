"""Plays a story in the bed that demo.py started. Status 0: all was as told. 1: something was not, or it cannot be told here."""
import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from chapters import Story
from lab.brokers import VERSION, Brokers, why_there_are_none
from lab.operator import Operator
from lab.waiting import NotAsTold
from lab.world import World, leave_in_order_when_interrupted
from narrator import Narrator
from new_cluster import NewCluster
from real_brokers import StoryWithBrokers
from telling import Telling

# The operator's usual waits are made for AWS's minutes, and here a load balancer is active in a third of a second:
# all of them are divided by 10, so it looks every second.
IMPATIENT = ("--resync", "10s", "--time-scale", "10")
READABLE = ("--log-format", "text")
# What a story needs is begun with it, and ends after it.
Begin = Callable[[World, Operator, Narrator, ExitStack], Telling]

ALL_REAL = """Everything below happens now, on this machine. The Kubernetes API server is a real one, and so is the operator. AWS is a stand-in that
        answers as AWS does, only faster:"""
WITHOUT_KAFKA = "no packet moves, and Kafka itself does not run."
WITH_KAFKA = """its load balancers and endpoints are addresses of this machine (127.0.0.0/8) that forward connections, to brokers of
    Apache Kafka that are real too."""


def main() -> int:
    leave_in_order_when_interrupted()
    tell, why_not = Narrator(), why_there_are_none()
    if "--from-nothing" in sys.argv[2:]:
        return from_nothing(tell, why_not)
    tell.say(f"""A Kafka cluster is offered over AWS PrivateLink by one Kubernetes object, and taken away again.
        {ALL_REAL} {WITHOUT_KAFKA if why_not else WITH_KAFKA}""")
    if why_not:
        tell.say(f"({why_not})")
    return play(tell, World.seeded(data_plane=not why_not), without_brokers if why_not else with_brokers)


def from_nothing(tell: Narrator, why_not: str | None) -> int:
    tell.say(f"""One Kubernetes object makes a Kafka cluster in an empty AWS account, and offers it over AWS PrivateLink. {ALL_REAL}
        {WITH_KAFKA} So are its instances, which run what they are told at their boot.""")
    if why_not:
        tell.failed(f"This story needs Kafka. {why_not}")
        return 1
    return play(tell, World.empty(), nothing_yet)


def play(tell: Narrator, world: World, begin: Begin) -> int:
    log = world.folder / "operator.log"
    operator = Operator(Path(sys.argv[1]), world.environment, log, *IMPATIENT, *READABLE)
    with ExitStack() as until_the_end:
        story, status = None, 0
        try:
            until_the_end.enter_context(operator)
            story = begin(world, operator, tell, until_the_end)
            story.play()
            calls = len(story.standin.calls_of_operator(story.provider.id))
            tell.durations()
            tell.say(f"All was as told: {tell.seconds():.0f} s, {calls} AWS calls by the operator.")
        except NotAsTold as problem:
            tell.failed(str(problem))
            tell.shown("the operator's last words", operator.last_words().splitlines())
            status = 1
        if os.environ.get("KEEP"):
            further = story.by_hand() if story and status == 0 else []
            tell.shown("The bed stays until Ctrl-C. In another shell:",
                       [*world.exports.splitlines(), f"# the operator's log:       {log}", "", *further])
            signal.pause()
    return status


def nothing_yet(world: World, operator: Operator, tell: Narrator, _: ExitStack) -> Telling:
    return NewCluster(world, operator, tell)


def without_brokers(world: World, operator: Operator, tell: Narrator, _: ExitStack) -> Telling:
    return Story(world, operator, tell)


def with_brokers(world: World, operator: Operator, tell: Narrator, until_the_end: ExitStack) -> Telling:
    tell.say(f"Three brokers of Kafka {VERSION} begin: takes some 7 s.")
    instances = {int(broker): instance for broker, instance in world.vpc["brokers"].items()}
    brokers = until_the_end.enter_context(Brokers(world.folder / "kafka", world.standin(), world.provider().id, instances))
    return StoryWithBrokers(world, operator, brokers, tell)


if __name__ == "__main__":
    sys.exit(main())
