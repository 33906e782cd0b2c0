#!/usr/bin/env python3
"""What the operator costs and how fast it is, beside what it shall reach and what the peer (ACK) was measured to need.

All is counted by others than the operator: the stand-in's log of calls, the API server and the kernel. The whole takes
some eight minutes on a quiet machine and writes bench/RESULTS.md and bench/results.json; a part of it is only printed.

Status 1 when a figure is missed that is the same on every machine; seconds are shown beside their target, and are what
this machine gave.
"""
import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # leaves nothing in the checkout
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "demo"))  # the lab is shared with the demo
from lab.launch import default_operator, run_in_a_bed  # noqa: E402

PARTS = {
    "create": "objects of 3, 20 and 10 x 20 brokers are made and deleted",
    "change": "a broker is added, one is replaced, an NLB listener is lost",
    "look": "what a look costs, steady and full",
    "drift": "what somebody changed by hand is repaired, and said",
    "handover": "one of two replicas ends in the middle of a create",
    "watch": "a standby watches 500 objects",
    "plan": "time of the pure part",
    "ask": "Kafka is asked at 26 ports",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operator", type=Path, default=default_operator("release"), metavar="PATH",
                        help="the binary kafka-privatelink (default: %(default)s)")
    parser.add_argument("--only", metavar="PART[,PART]", type=lambda text: text.split(","), default=list(PARTS),
                        help="; ".join(f"{name}: {what}" for name, what in PARTS.items()))
    asked = parser.parse_args()
    unknown = set(asked.only) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    run_in_a_bed(HERE / "measure.py", asked.operator, *asked.only)


if __name__ == "__main__":
    main()
