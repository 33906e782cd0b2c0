"""What a row of test_fidelity.py is, and what several have in common."""
from dataclasses import dataclass
from typing import Callable

NO = "0123456789abcdef0"  # ends the id of a thing that is not there


@dataclass
class Row:
    ask: Callable                  # parameters that AWS takes
    again: str = None              # the code of the same call once more; None: it succeeds and changes nothing
    wrong: Callable = lambda w: ()  # (code, parameters that differ), before the call
    then: Callable = lambda w: ()   # the same, after it
    pages: str = None              # the list of the answer that comes in pages
    makes_another: bool = False    # whether the same call once more makes a second thing
    rehearsed: bool = True         # whether it takes DryRun


def tags(number):
    return [{"Key": f"key-{i}", "Value": "x"} for i in range(number)]


def no(arn):
    return arn[:-4] + "0000"


def listed(key, parameter=None, code=None, value=None, most=None):
    """A list of the account: all of it, and in pages."""
    wrong = [(code, {parameter: [value]})] if code else []
    return Row(lambda w: {}, pages=key, wrong=lambda w: wrong + ([("ValidationError", {parameter: [no(w.balancer)] * most})] if most else []))
