"""Plays the story in the bed that demo.py started. Status 0: all was as told. 1: something was not."""
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from chapters import Story, keep
from lab.operator import Operator
from lab.waiting import NotAsTold
from lab.world import World, leave_in_order_when_interrupted
from narrator import Narrator

# The operator's usual waits are made for AWS's minutes, and here a load balancer is active in a third of a second:
# all of them are divided by 10, so it looks every second.
IMPATIENT = ("--resync", "10s", "--time-scale", "10")
READABLE = ("--log-format", "text")


def main() -> int:
    leave_in_order_when_interrupted()
    tell = Narrator()
    tell.say("""A Kafka cluster is offered over AWS PrivateLink by one Kubernetes object, and taken away again. Everything below
        happens now, on this machine. The Kubernetes API server is a real one, and so is the operator. AWS is a stand-in that
        answers as AWS does, only faster: no packet moves, and Kafka itself does not run.""")
    world = World.seeded()
    log = world.folder / "operator.log"
    operator = Operator(Path(sys.argv[1]), world.environment, log, *IMPATIENT, *READABLE)
    with ExitStack() as until_the_end:
        status = 0
        try:
            until_the_end.enter_context(operator)
            story = Story(world, operator, tell)
            story.play()
            calls = len(story.standin.calls_of_operator(story.provider.id))
            tell.say(f"All was as told: {tell.seconds():.0f} s, {calls} AWS calls by the operator.")
        except NotAsTold as problem:
            tell.failed(str(problem))
            tell.shown("the operator's last words", operator.last_words().splitlines())
            status = 1
        if os.environ.get("KEEP"):
            tell.shown("The bed stays until Ctrl-C. In another shell:", keep(world, log).splitlines())
            signal.pause()
    return status


if __name__ == "__main__":
    sys.exit(main())
