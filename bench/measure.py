"""Takes the measures in the bed that bench.py started: measure.py BINARY PART..."""
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "demo"))
from asking import ask  # noqa: E402
from drifting import drift  # noqa: E402
from handing_over import hand_over  # noqa: E402
from lab.world import leave_in_order_when_interrupted  # noqa: E402
from lifecycle import change, create  # noqa: E402
from looking import look  # noqa: E402
from planning import plan  # noqa: E402
from report import as_json, document, missed, sections  # noqa: E402
from results import Results  # noqa: E402
from watching import watch  # noqa: E402

PARTS: dict[str, Callable[[Path, Results], None]] = {
    "create": create, "change": change, "look": look, "drift": drift, "handover": hand_over, "watch": watch, "plan": plan,
    "ask": ask}


def main() -> int:
    leave_in_order_when_interrupted()
    binary, asked = Path(sys.argv[1]), sys.argv[2:]
    results, began = Results(), time.monotonic()
    for name in asked:
        print(f"bench: {name} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
        PARTS[name](binary, results)
    if set(asked) == set(PARTS):
        text = document(results)
        (HERE / "RESULTS.md").write_text(text)
        (HERE / "results.json").write_text(as_json(results))
    else:
        text = "\n\n".join(sections(results))
    print(f"\n{text}\n")
    print(f"{time.monotonic() - began:.0f} s in all")
    for target in missed(results):
        print(f"MISSED{' (on this machine)' if target.timed else ''}: {target.text}")
    return int(any(not target.timed for target in missed(results)))


if __name__ == "__main__":
    sys.exit(main())
