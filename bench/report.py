"""The results as tables for people, and as JSON for machines."""
import json
from collections.abc import Iterable, Sequence

from results import Results, machine, stamp
from targets import CALLS, OTHERS, SECONDS, Target

BY_ACTION = {
    "AWS calls by action: create and delete": ("create", "delete"),
    "AWS calls by action: a broker comes, an instance is replaced": ("add", "replace"),
    "AWS calls by action: a look that finds nothing to do": ("look",),
}
HEAD = """\
# What the operator costs

Measured {stamp} by `make bench` on {cores} cores, {memory_gib} GiB, {cpu}, against a real API server and the AWS stand-in. ACK
is the pair of controllers that makes the same AWS objects, measured on the same bed. Counted are the stand-in's log of calls,
what the API server says, and what the kernel says of the process.

Whatever AWS takes minutes for (a load balancer that provisions, a service that goes) takes no time here, and a look that
only awaits it is counted apart. The operator's own delays are those of its defaults. Limits on the rate of calls are off.
"""


def document(results: Results) -> str:
    return "\n\n".join([HEAD.format(stamp=stamp(), **machine()).rstrip(), *sections(results)]) + "\n"


def as_json(results: Results) -> str:
    figures = [
        {"name": target.name, "figure": target.text, "unit": target.unit or "count", "ack": target.ack, "most": target.most,
         "ours": results.figures[target.name], "verdict": _verdict(target, results),
         "load_average": results.loads.get(target.name)}
        for target in (*CALLS, *SECONDS, *OTHERS) if target.name in results.figures]
    held = {"measured": stamp(), "machine": machine(), "figures": figures, "drift": results.drift,
            "calls_by_action": results.actions}
    return json.dumps(held, indent=1) + "\n"


def sections(results: Results) -> Iterable[str]:
    for title, targets in (("AWS calls", CALLS), ("Seconds", SECONDS), ("Besides", OTHERS)):
        rows = [_row(target, results) for target in targets if target.name in results.figures]
        if rows:
            load = ("load average",) if targets is SECONDS else ()
            yield _section(title, ("figure", "ACK", "to reach", "ours", "", *load), rows)
    if results.drift:
        yield _section("Drift by hand", ("what somebody did", "shown by", "looks", "InSync=False", "said after", "repaired after"),
                       [_deed(each) for each in results.drift])
    for title, words in BY_ACTION.items():
        cases = {case: counted for case, counted in results.actions.items() if any(word in case for word in words)}
        if cases:
            yield _section(title, ("action", *cases), _by_action(cases))


def missed(results: Results) -> list[Target]:
    return [target for target in (*CALLS, *SECONDS, *OTHERS) if _verdict(target, results) == "MISSED"]


def _row(target: Target, results: Results) -> tuple[str, ...]:
    most = "" if target.most is None else f"≤ {_number(target.most)}"
    ours = f"{_number(results.figures[target.name])} {target.unit}".rstrip()
    load = (f"{results.loads[target.name]:.1f}",) if target in SECONDS else ()
    return (target.text, target.ack, most, ours, _verdict(target, results), *load)


def _verdict(target: Target, results: Results) -> str:
    if target.most is None or target.name not in results.figures:
        return ""
    return "met" if results.figures[target.name] <= target.most else "MISSED"


def _deed(deed: dict) -> tuple[str, ...]:
    said, repaired = ("never" if seconds is None else f"{seconds} s"
                      for seconds in (deed["seconds_until_said"], deed["seconds_to_repair"]))
    return (deed["deed"], deed["look"], str(deed["looks"]), "yes" if deed["said"] else "NO", said, repaired)


def _by_action(cases: dict[str, dict[str, int]]) -> Iterable[tuple[str, ...]]:
    for action in sorted({action for counted in cases.values() for action in counted}):
        yield (action, *(str(counted.get(action, "")) for counted in cases.values()))
    yield ("all", *(str(sum(counted.values())) for counted in cases.values()))


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() or value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _section(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [tuple(columns), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([f"## {title}", "", lines[0], rule, *lines[1:]])
