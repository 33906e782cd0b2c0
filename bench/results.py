"""What was measured, by the names that targets.py gives the figures."""
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path


@dataclass
class Results:
    figures: dict[str, float] = field(default_factory=dict)
    loads: dict[str, float] = field(default_factory=dict)               # beside a figure that depends on the machine
    actions: dict[str, dict[str, int]] = field(default_factory=dict)    # of a case, by action
    drift: list[dict] = field(default_factory=list)

    def count(self, name: str, value: float) -> None:
        """A figure that is the same on every machine."""
        self.figures[name] = value

    def time(self, name: str, value: float) -> None:
        """A figure that depends on the machine, and on what else it does."""
        self.figures[name] = value
        self.loads[name] = os.getloadavg()[0]

    def calls(self, case: str, counted: Counter[str]) -> None:
        self.actions[case] = dict(sorted(counted.items()))
        self.count(case, counted.total())


def stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def machine() -> dict[str, str | int]:
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), ":?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cores": len(os.sched_getaffinity(0)), "memory_gib": round(memory / 2**30), "cpu": cpu.partition(":")[2].strip()}
