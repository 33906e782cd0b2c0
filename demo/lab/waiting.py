"""Waiting for what was told, and no longer than that."""
import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")
PAUSE = 0.05  # seconds between two looks


class NotAsTold(Exception):
    """Something is not as it should be: what was expected, and what was seen instead."""

    def __init__(self, expected: str, seen: object):
        super().__init__(f"expected: {expected}\nseen:     {seen}")


def wait_for(expected: str, look: Callable[[], Seen], good: Callable[[Seen], bool], seconds: float,
             alive: Callable[[], None]) -> Seen:
    """Looks until what is seen is good, and returns it. `alive` raises when it makes no sense to go on."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if good(seen):
            return seen
        alive()
        if time.monotonic() > end:
            raise NotAsTold(f"{expected}, within {seconds:g} s", seen)
        time.sleep(PAUSE)
