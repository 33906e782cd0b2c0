"""Real brokers behind an offer: the demo's lab is what tests are made of, too."""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "demo"))
import lab  # noqa: E402, F401  (it knows where the bed is)
