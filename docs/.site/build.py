#!/usr/bin/env python3
"""Builds the documents as pages: build.py FOLDER. A warning fails it."""
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "bed"))
from bedlib import standin  # noqa: E402  (its interpreter has mkdocs, pinned)

if len(sys.argv) != 2:
    sys.exit(__doc__)
to = Path(sys.argv[1]).resolve()
# The file must lie at the root: mkdocs takes no folder of documents that holds its own configuration.
built = subprocess.run([standin.python(), "-B", "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", to], cwd=ROOT, check=False)
if built.returncode:
    sys.exit(built.returncode)
print(f"open {to / 'index.html'}")
