"""Each figure: what the peer was measured to need, and what is to be reached.

ACK is the pair of AWS Controllers for Kubernetes, which makes the same AWS objects; it was measured on the same stand-in and API
server, with its own defaults.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    name: str                  # as in results.py
    text: str
    ack: str = ""
    most: float | None = None  # None: shown, not judged
    unit: str = ""
    timed: bool = False        # depends on the machine: shown as missed, and breaks nothing


def _seconds(name: str, text: str, ack: str = "", most: float | None = None) -> Target:
    return Target(name, text, ack, most, "s", timed=True)


CALLS = (
    Target("create 3", "create 3 brokers: AWS calls", "97", 50),
    Target("writes of create 3", "- of which write"),
    Target("awaiting looks of create 3", "- looks that only await the NLB"),
    Target("create 20", "create 20 brokers: AWS calls", "369", 130),
    Target("writes of create 20", "- of which write"),
    Target("awaiting looks of create 20", "- looks that only await the NLB"),
    Target("create 10 x 20", "create 10 x 20 brokers: AWS calls", "3690", 1300),
    Target("writes of create 10 x 20", "- of which write"),
    Target("steady look 3", "steady look, 3 brokers: AWS calls", "28", 10),
    Target("steady look 12", "steady look, 12 brokers", "64", 10),
    Target("steady look 20", "steady look, 20 brokers", "96", 10),
    Target("steady look 49", "steady look, 49 brokers", "212", 10),
    Target("full look 3", "full look, 3 brokers: AWS calls", "28", 26),
    Target("full look 12", "full look, 12 brokers", "64"),
    Target("full look 20", "full look, 20 brokers", "96", 80),
    Target("full look 49", "full look, 49 brokers", "212"),
    *(Target(f"status writes, {brokers}", f"status writes while nothing changes, {brokers} brokers", "", 0)
      for brokers in (3, 12, 20, 49)),
    Target("add one to 3", "add a broker to 3: AWS calls", "33", 28),
    Target("writes of add one to 3", "- of which write", "", 6),
    Target("closing calls of add one to 3", "- of which revoke, delete or deregister", "a gap", 0),
    Target("add one to 20", "add a broker to 20: AWS calls"),
    Target("writes of add one to 20", "- of which write", "", 6),
    Target("closing calls of add one to 20", "- of which revoke, delete or deregister", "", 0),
    Target("replace one of 3", "replace a broker's instance, 3 brokers: AWS calls", "5"),
    Target("writes of replace one of 3", "- of which write"),
    Target("replace one of 20", "replace a broker's instance, 20 brokers: AWS calls"),
    Target("delete 3", "delete 3 brokers: AWS calls", "41-48", 42),
    Target("delete 20", "delete 20 brokers: AWS calls", "132", 60),
    Target("delete 10 x 20", "delete 10 x 20 brokers: AWS calls", "1388"),
)

SECONDS = (
    _seconds("create 3, 0 ms", "apply to Ready, 3 brokers", "31", 5),
    _seconds("create 20, 0 ms", "apply to Ready, 20 brokers", "32", 8),
    _seconds("create 10 x 20, 0 ms", "apply to Ready, 10 x 20 brokers", "64", 60),
    _seconds("create 3, 120 ms", "apply to Ready, 3 brokers, 120 ms a call", "35", 10),
    _seconds("create 20, 120 ms", "apply to Ready, 20 brokers, 120 ms a call", "50", 20),
    _seconds("create 10 x 20, 120 ms", "apply to Ready, 10 x 20 brokers, 120 ms a call"),
    _seconds("repair, 0 ms", "deleted NLB listener to its repair, --resync 3s", "> 60", 4),
    _seconds("repair, 120 ms", "deleted NLB listener to its repair, --resync 3s, 120 ms a call", "> 60", 5),
    _seconds("add one to 3, 0 ms", "add a broker to 3, from the look that sees it to Healthy", "4.9", 2),
    _seconds("path of add one to 3, 0 ms", "- to the last write"),
    _seconds("add one to 20, 0 ms", "add a broker to 20", "", 2),
    _seconds("add one to 3, 120 ms", "add a broker to 3, 120 ms a call"),
    _seconds("path of add one to 3, 120 ms", "- to the last write"),
    _seconds("add one to 20, 120 ms", "add a broker to 20, 120 ms a call"),
    _seconds("replace one of 3, 0 ms", "replace a broker's instance, from the look that sees it", "< 1"),
    _seconds("replace one of 3, 120 ms", "replace a broker's instance, 120 ms a call"),
    _seconds("delete 3, 0 ms", "delete 3 brokers", "1", 1),
    _seconds("delete 20, 0 ms", "delete 20 brokers"),
    _seconds("delete 10 x 20, 0 ms", "delete 10 x 20 brokers", "19"),
    _seconds("delete 3, 120 ms", "delete 3 brokers, 120 ms a call", "2.4"),
    _seconds("delete 20, 120 ms", "delete 20 brokers, 120 ms a call", "12", 8),
    _seconds("delete 10 x 20, 120 ms", "delete 10 x 20 brokers, 120 ms a call"),
    _seconds("hand-over after a stop", "leader's clean stop to its standby's first AWS call, longest of 3", "", 3),
    _seconds("hand-over after a kill", "leader's kill -9 to its standby's first AWS call, longest of 3", "", 18),
)

OTHERS = (
    Target("drift not repaired", "kinds of drift by hand (below) that are not repaired; ACK: of 9", "9", 0),
    Target("drift not said", "- of which InSync=False did not tell until repaired", "9", 0),
    Target("made twice after a stop", "made twice in 3 hand-overs in the middle of a create, clean stop", "", 0),
    Target("made twice after a kill", "- kill -9", "", 0),
    Target("memory idle", "resident memory, idle", "133", 32, "MiB"),
    Target("memory 3", "- 3 brokers", "", None, "MiB"),
    Target("memory 20", "- 20 brokers", "", None, "MiB"),
    Target("memory 10 x 20", "- 10 x 20 brokers", "146", 60, "MiB"),
    Target("peak memory 10 x 20", "- at its peak", "", 60, "MiB"),
    Target("memory of a standby 500 x 12", "- a standby that watches 500 x 12 brokers", "", 64, "MiB"),
    Target("peak memory of a standby 500 x 12", "- at its peak", "", 64, "MiB"),
    Target("look at Kafka", "asking Kafka, 12 brokers x 2 listeners, median of 20 looks", "", 2, "s", timed=True),
    Target("longest look at Kafka", "- longest", "", 2, "s", timed=True),
    Target("connections a port and look", "- connections to a port", "", 3),
    Target("memory of looks at Kafka", "- memory above idle, at its peak", "", 8, "MiB"),
    Target("size of the operator", "release binary", "", None, "MB"),
    Target("lines", "lines that the user writes for an object", "182", 30),
    Target("median of plan, nothing to do", "plan() of 49 brokers, nothing to do", "", 5, "ms", timed=True),
    Target("p99 of plan, nothing to do", "- 99th percentile", "", None, "ms", timed=True),
    Target("median of plan, dearest wave of a create", "plan() of 49 brokers, dearest wave of a create", "", 5, "ms", timed=True),
    Target("p99 of plan, dearest wave of a create", "- 99th percentile", "", None, "ms", timed=True),
    Target("median of desired, nothing to do", "desired() of 49 brokers", "", None, "ms", timed=True),
    Target("CPU of a steady look, 49", "CPU time of a steady look, whole process, 49 brokers", "", None, "ms", timed=True),
    Target("CPU of a full look, 49", "CPU time of a full look, whole process, 49 brokers", "", None, "ms", timed=True),
)
