"""User data of nodes are run as cloud-init runs them, under a folder in place of `/`."""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bed"))
