#!/usr/bin/env python3
"""The test bed: a real Kubernetes control plane and an AWS stand-in, on loopback.

    bed.py build                              build and install what is missing
    bed.py start --dir D [--crd FILE ...]     start it; prints one line of JSON
    bed.py stop  --dir D                      end it, and remove D when start made it
    bed.py run   [--crd FILE ...] -- CMD      start it, run CMD against it, end it
    bed.py seed  --dir D [--name N]           the guide's world in a fresh account
    bed.py up    [--crd FILE ...]             all of it, until Ctrl-C

README.md says more.
"""
import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # leaves nothing in the checkout
sys.path.insert(0, str(Path(__file__).resolve().parent))
from bedlib import bed  # noqa: E402


def main():
    options, command = sys.argv[1:], []
    if "--" in options:
        cut = options.index("--")
        options, command = options[:cut], options[cut + 1:]
    asked = _parser().parse_args(options)
    if (asked.what == "run") != bool(command):
        raise SystemExit("bed: `run` needs a command after --, and nothing else takes one")
    asked.command = command
    sys.exit(getattr(bed, asked.what)(asked))


def _parser():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True, metavar="build|start|stop|run|seed|up")
    building, starting, running, going_up = (what.add_parser(n) for n in ("build", "start", "run", "up"))
    for part in (starting, running):
        part.add_argument("--only", choices=["aws", "kube"], help="one part of the bed")
    building.add_argument("--only", choices=["aws", "kube", "kafka", "judges"],
                          help="one part of the bed; or what judges our work in tests and checks, which is no part of it")
    for part in (starting, running, going_up):
        part.add_argument("--crd", action="append", default=[], type=Path, metavar="FILE", help="applied before the controllers start")
        part.add_argument("--workloads", action="store_true", help="also the controllers of Deployments, Jobs and the like")
        part.add_argument("--apiserver-flag", action="append", default=[], metavar="FLAG", help="one more flag of kube-apiserver")
        part.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="a setting of the AWS stand-in")
    starting.add_argument("--dir", required=True, type=Path)
    starting.add_argument("--ends-with", type=int, metavar="PID", help="stop by itself when this process has ended")
    what.add_parser("stop").add_argument("--dir", required=True, type=Path)
    watching = what.add_parser("watch")  # what --ends-with starts
    watching.add_argument("--dir", required=True, type=Path)
    watching.add_argument("--pid", required=True, type=int)
    seeding = what.add_parser("seed")
    seeding.add_argument("--dir", required=True, type=Path)
    for part in (seeding, going_up):
        part.add_argument("--name", type=int, metavar="N", help="the VPC is 127.N.0.0/16 (default: the next free one)")
        part.add_argument("--data-plane", action="store_true", help="its load balancers and endpoints move packets")
        part.add_argument("--empty", action="store_true", help="no VPC and no brokers: an object has them made, in a bed where packets move and instances boot")
    return parser


if __name__ == "__main__":
    main()
