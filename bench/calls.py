"""Sense in the stand-in's log of calls: which belong to one look, which write, and what each look was for."""
from collections import Counter

REST = 0.5  # seconds without a call under way that part two looks; the operator rests for longer
ONLY_IN_A_FULL_LOOK = "DescribeTargetGroupAttributes"
CLOSING = ("Revoke", "Delete", "Deregister")

Log = list[dict]


def is_write(call: dict) -> bool:
    return not call["action"].startswith(("Describe", "Get"))


def writes(log: Log) -> int:
    return sum(map(is_write, log))


def closing(log: Log) -> int:
    return sum(call["action"].startswith(CLOSING) for call in log)


def actions(log: Log) -> Counter[str]:
    return Counter(call["action"] for call in log)


def ended(call: dict) -> float:
    return call["at"] + call["ms"] / 1000


def looks(log: Log) -> list[Log]:
    """The log cut where the operator rested."""
    parts: list[Log] = []
    busy_until = 0.0
    for call in sorted(log, key=lambda call: call["at"]):
        if not parts or call["at"] - busy_until > REST:
            parts.append([])
        parts[-1].append(call)
        busy_until = max(busy_until, ended(call))
    return parts


def is_full(look: Log) -> bool:
    return any(call["action"] == ONLY_IN_A_FULL_LOOK for call in look)


def awaits_only(look: Log) -> bool:
    """Whether a look asked for nothing but the state of a load balancer that provisions."""
    return [call["action"] for call in look] == ["DescribeLoadBalancers"]


def of_a_change(log: Log, until: float) -> Log:
    """What a change cost: the looks from the one that began to write, as far as they began before this time."""
    parts = looks(log)
    first = next((index for index, look in enumerate(parts) if writes(look)), len(parts))
    return [call for look in parts[first:] if look[0]["at"] < until for call in look]
