"""Runs a script inside a bed of its own."""
import os
import subprocess
import sys
from pathlib import Path

from bedlib import standin

from . import BED, CRD, REPOSITORY

BED_COMMAND = (sys.executable, str(BED / "bed.py"))


def default_operator(profile: str) -> Path:
    """Where cargo puts the operator's binary."""
    target = os.environ.get("CARGO_TARGET_DIR")
    return (Path(target) if target else REPOSITORY / "target") / profile / "kafka-privatelink"


def run_in_a_bed(script: Path, operator: Path, *arguments: str) -> None:
    """Becomes `bed.py run`, which runs the script with the stand-in's Python and passes on its status.

    bed.py starts the bed before, and ends it whatever becomes of the script: nothing of that is done here.
    """
    if not os.access(operator, os.X_OK):
        raise SystemExit(f"{operator} is not there: `cargo build --workspace` makes it, --operator names another")
    subprocess.run([*BED_COMMAND, "build"], check=True)
    inside = [str(standin.python()), "-B", str(script), str(operator.resolve()), *arguments]
    print("starting a Kubernetes API server and the AWS stand-in: takes some 6 s", file=sys.stderr, flush=True)
    os.execv(sys.executable, [*BED_COMMAND, "run", "--crd", str(CRD), "--", *inside])
