"""Time of the pure part, and lines of the object."""
import json
import subprocess
from pathlib import Path

from lab import REPOSITORY
from results import Results

EXAMPLE = REPOSITORY / "examples" / "orders.yaml"


def plan(binary: Path, results: Results) -> None:
    """`core/examples/plan_time.rs`, which cargo puts beside the operator."""
    program = binary.parent / "examples" / "plan_time"
    said = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        figure = json.loads(line)
        for name in ("median", "p99"):
            results.time(f"{name} of {figure['what']}", figure[f"{name}_us"] / 1000)
    results.count("lines", sum(bool(line.partition("#")[0].strip()) for line in EXAMPLE.read_text().splitlines()))
