"""Sense in the stand-in's log of calls: which belong to one look, and which write."""
from dataclasses import dataclass

PAUSE = 1.0  # seconds without a call that part two looks: the operator rests for nearly 2 s or more


@dataclass(frozen=True)
class Count:
    """Calls, and how many of them write."""

    calls: int
    writes: int

    @classmethod
    def of(cls, log: list[dict]) -> "Count":
        return cls(len(log), sum(map(is_write, log)))


def is_write(call: dict) -> bool:
    return not call["action"].startswith(("Describe", "Get"))


def looks(log: list[dict]) -> list[list[dict]]:
    """The log cut where the operator rested."""
    parts: list[list[dict]] = []
    for call in log:
        if not parts or call["at"] - parts[-1][-1]["at"] > PAUSE:
            parts.append([])
        parts[-1].append(call)
    return parts


def of_a_change(log: list[dict]) -> Count:
    """What a change cost: all calls from the look that began to write.

    A look before that saw nothing yet, and whether there was one is chance.
    """
    parts = looks(log)
    first = next((index for index, part in enumerate(parts) if any(map(is_write, part))), len(parts))
    return _together(parts[first:])


def of_a_removal(log: list[dict]) -> Count:
    """The same without looks after the last write: how often the operator makes sure depends on what it did before."""
    parts = looks(log)
    while parts and not any(map(is_write, parts[-1])):
        parts.pop()
    return _together(parts)


def _together(parts: list[list[dict]]) -> Count:
    return Count.of([call for part in parts for call in part])
