"""Subcommands of cargo that are crates of others, each at one version, built once."""
import os
import shutil
import subprocess
import time

from . import cache

VERSIONS = {"cargo-deny": "0.20.2", "cargo-auditable": "0.7.7"}
TAKES = {"cargo-deny": "5 minutes", "cargo-auditable": "half a minute"}


def install(name):
    """Builds it if it is missing. Costs nothing the second time."""
    with cache.made_once(folder(name)) as unfinished:
        if unfinished:
            cache.say(f"building {name}: takes {TAKES[name]} once (2 cores)")
            began = time.monotonic()
            work = unfinished / "target"  # not the operator's: its lock would make both wait
            subprocess.run(["cargo", "install", name, "--version", VERSIONS[name], "--locked", "--quiet", "--root", str(unfinished)],
                           env={**os.environ, "CARGO_TARGET_DIR": str(work)}, cwd=unfinished, check=True)
            shutil.rmtree(work)
            cache.say(f"built in {time.monotonic() - began:.0f} s")


def folder(name):
    """Where it is or will be; the program is in bin/."""
    return cache.root() / "cargo" / f"{name}-{VERSIONS[name]}"
