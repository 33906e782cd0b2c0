#!/usr/bin/env python3
"""Builds for release: `cargo build --release --locked`, with what it is given, by cargo-auditable.

That writes into the binary which crates it is made of. Scanners (Trivy, Grype, Syft, cargo audit) read it from there.
"""
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "bed"))
from bedlib import crates  # noqa: E402

crates.install("cargo-auditable")
programs = crates.folder("cargo-auditable") / "bin"
built = subprocess.run(["cargo", "auditable", "build", "--release", "--locked", *sys.argv[1:]], cwd=ROOT, check=False,
                       env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"})
sys.exit(built.returncode)
