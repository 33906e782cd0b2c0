"""What `make demo` and `make bench` stand on: a seeded bed, the operator's process, and eyes on both sides."""
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
BED = REPOSITORY / "tests" / "bed"
CRD = REPOSITORY / "crds" / "kafkaprivatelinks.yaml"

# `bedlib` starts and ends processes; `seed` knows how an account of the stand-in comes to be.
sys.path[:0] = [str(BED), str(BED / "aws")]
