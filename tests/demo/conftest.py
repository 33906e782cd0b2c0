"""The demo's modules, as its own scripts see them."""
import sys
from pathlib import Path

DEMO = Path(__file__).resolve().parent.parent.parent / "demo"
sys.path.insert(0, str(DEMO))
