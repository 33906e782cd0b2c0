#!/usr/bin/env python3
"""The main job as a story: a Kafka cluster becomes a PrivateLink service, lives through a few changes, and goes.

With --from-nothing the cluster itself is made in an empty account, too. Builds the bed if it is not there yet (about 15 minutes, once) and ends everything that it started.
KEEP=1 in the environment leaves the bed and the operator up afterwards, until Ctrl-C.
"""
import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # leaves nothing in the checkout
from lab.launch import default_operator, run_in_a_bed  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operator", type=Path, default=default_operator("debug"), metavar="PATH",
                        help="the binary kafka-privatelink (default: %(default)s)")
    parser.add_argument("--from-nothing", action="store_true", help="the story of a new cluster; needs Java 17 and Maven")
    asked = parser.parse_args()
    run_in_a_bed(Path(__file__).resolve().parent / "story.py", asked.operator, *(["--from-nothing"] if asked.from_nothing else []))


if __name__ == "__main__":
    main()
