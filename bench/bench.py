#!/usr/bin/env python3
"""What the operator costs: AWS calls, seconds and memory, for clusters of several sizes. Prints one table.

Status 1 when a promise is broken: at most 10 calls for a steady look, at most 60 to create three brokers.
Counts are the same in every run, but for a look more or less while a large cluster is deleted; seconds and memory are
what this machine gave and are judged by nobody.
"""
import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # leaves nothing in the checkout
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "demo"))  # the lab is shared with the demo
from lab.launch import default_operator, run_in_a_bed  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operator", type=Path, default=default_operator("release"), metavar="PATH",
                        help="the binary kafka-privatelink (default: %(default)s)")
    run_in_a_bed(Path(__file__).resolve().parent / "measure.py", parser.parse_args().operator)


if __name__ == "__main__":
    main()
