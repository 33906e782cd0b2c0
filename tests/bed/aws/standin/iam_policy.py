"""What IAM policies say to one question: may this be done to that resource, in this context? Pure.

Resource, Action and Condition of identity policies by AWS's "Policy evaluation logic" and "IAM JSON policy elements:
Condition operators"; what is not here (NotAction, Principal, variables, other operators) raises, so that no policy seems to
be understood that is not.
"""
import re
from dataclasses import dataclass, field

STATEMENT = {"Sid", "Effect", "Action", "Resource", "Condition"}


class Unsupported(ValueError):
    """A policy says what this evaluator does not know."""


@dataclass(frozen=True)
class Question:
    action: str                                  # ec2:CreateSubnet
    resource: str = "*"                          # an ARN; * where AWS has no resources for the action
    context: dict = field(default_factory=dict)  # condition key -> value, or a list of values


def allowed(policies, question):
    """Whether a statement allows it and none denies it."""
    effects = {statement["Effect"] for policy in policies for statement in _statements(policy) if _applies(statement, question)}
    return "Allow" in effects and "Deny" not in effects


def _statements(policy):
    statements = _list(policy["Statement"])
    for statement in statements:
        unknown = set(statement) - STATEMENT
        if unknown or statement["Effect"] not in ("Allow", "Deny"):
            raise Unsupported(f"statement {statement.get('Sid')}: {sorted(unknown) or statement['Effect']}")
    return statements


def _applies(statement, question):
    return (any(_like(pattern.lower(), question.action.lower()) for pattern in _list(statement["Action"]))
            and any(_like(pattern, question.resource) for pattern in _list(statement["Resource"]))
            and all(_holds(operator, key, _list(values), question.context)
                    for operator, keys in statement.get("Condition", {}).items() for key, values in keys.items()))


def _holds(operator, key, wanted, context):
    have = next((value for name, value in context.items() if name.lower() == key.lower()), None)
    if operator == "Null":
        return (have is None) == (str(wanted[0]).lower() == "true")
    quantifier, _, plain = operator.rpartition(":")
    if plain.endswith("IfExists"):
        if have is None:
            return True
        plain = plain.removesuffix("IfExists")
    negated, compare = _operator(plain)
    fits = lambda value: any(compare(str(pattern), value) for pattern in wanted) != negated
    if quantifier == "ForAllValues":
        return all(fits(value) for value in _list(have or []))
    if quantifier == "ForAnyValue":
        return any(fits(value) for value in _list(have or []))
    if quantifier:
        raise Unsupported(operator)
    return negated if have is None else fits(have)


def _operator(name):
    """Whether it is negated, and what compares a pattern with a value."""
    operators = {
        "StringEquals": (False, str.__eq__), "StringNotEquals": (True, str.__eq__),
        "StringLike": (False, _like), "StringNotLike": (True, _like),
    }
    if name not in operators:
        raise Unsupported(f"condition operator {name}")
    return operators[name]


def _like(pattern, text):
    """`*` is any text, also across the colons and slashes of an ARN, and `?` any character."""
    if "${" in pattern:
        raise Unsupported(f"policy variable in {pattern}")
    parts = re.split(r"([*?])", pattern)
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(part) or re.escape(part) for part in parts), text, re.S) is not None


def _list(value):
    return value if isinstance(value, list) else [value]
