"""The evaluator of policies, against AWS's rules."""
import pytest
from standin.iam_policy import Question, Unsupported, allowed

OWNER = "kafka-privatelink.io/owner"


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]}


def holds(condition, **context):
    """Whether a condition holds in a context; `__` in a name is a colon."""
    asked = Question("ec2:CreateTags", "*", {key.replace("__", ":"): value for key, value in context.items()})
    return allowed([policy({"Action": "ec2:*", "Condition": condition})], asked)


@pytest.mark.parametrize("actions, action, expected", [
    ("ec2:DeleteSubnet", "ec2:DeleteSubnet", True),
    (["ec2:Describe*", "ec2:DeleteSubnet"], "ec2:describeVpcs", True),
    ("ec2:*Subnet", "ec2:CreateSubnets", False),
    ("elasticloadbalancing:AddTags", "ec2:AddTags", False),
    ("*", "sts:AssumeRole", True),
])
def test_actions(actions, action, expected):
    assert allowed([policy({"Action": actions})], Question(action)) is expected


@pytest.mark.parametrize("resources, resource, expected", [
    ("*", "arn:aws:ec2:us-west-2:1:subnet/subnet-1", True),
    ("arn:aws:ec2:*:*:subnet/*", "arn:aws:ec2:us-west-2:1:subnet/*", True),
    ("arn:aws:ec2:*:*:subnet/*", "arn:aws:ec2:us-west-2:1:vpc/vpc-1", False),
    ("arn:aws:ec2:*:*:subnet/*", "*", False),
    (["arn:aws:ec2:*:1:vpc/*", "arn:aws:ec2:*:2:vpc/*"], "arn:aws:ec2:us-west-2:2:vpc/vpc-1", True),
    ("arn:aws:elasticloadbalancing:*:*:targetgroup/kpl-*/*", "arn:aws:elasticloadbalancing:r:1:targetgroup/other/1", False),
    ("arn:aws:ec2:*:*:SUBNET/*", "arn:aws:ec2:us-west-2:1:subnet/subnet-1", False),
])
def test_resources(resources, resource, expected):
    assert allowed([policy({"Action": "*", "Resource": resources})], Question("ec2:X", resource)) is expected


@pytest.mark.parametrize("condition, context, expected", [
    ({"StringEquals": {"ec2:CreateAction": ["CreateVpc", "CreateSubnet"]}}, {"ec2__CreateAction": "CreateSubnet"}, True),
    ({"StringEquals": {"ec2:CreateAction": "CreateVpc"}}, {"ec2__CreateAction": "CreateSubnet"}, False),
    ({"StringEquals": {"ec2:CreateAction": "CreateVpc"}}, {}, False),
    ({"StringEqualsIfExists": {"ec2:CreateAction": "CreateVpc"}}, {}, True),
    ({"StringNotEquals": {"k": "a"}}, {}, True),
    ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "b"}, False),
    ({"StringLike": {"k": "prod/*"}}, {"k": "prod/team/orders"}, True),
    ({"StringLike": {"k": "prod/*"}}, {"k": "test/team/orders"}, False),
    ({"StringLike": {"k": "*"}}, {}, False),
    ({"StringLike": {"K": "v?"}}, {"k": "v1"}, True),
    ({"StringNotLike": {"k": "v*"}}, {"k": "v1"}, False),
    ({"Null": {"k": "true"}}, {}, True),
    ({"Null": {"k": "false"}}, {}, False),
    ({"Null": {"k": False}}, {"k": ""}, True),
    ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, {"aws__TagKeys": ["a"]}, True),
    ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, {"aws__TagKeys": ["a", "c"]}, False),
    ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}, {}, True),
    ({"ForAllValues:StringNotEquals": {"aws:TagKeys": [OWNER]}}, {"aws__TagKeys": ["a", "b"]}, True),
    ({"ForAllValues:StringNotEquals": {"aws:TagKeys": [OWNER]}}, {"aws__TagKeys": ["a", OWNER]}, False),
    ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}}, {"aws__TagKeys": ["b", "a"]}, True),
    ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}}, {}, False),
    ({"StringEquals": {"k": "1", "l": "2"}}, {"k": "1"}, False),
    ({"StringEquals": {"k": "1"}, "Null": {"l": "false"}}, {"k": "1", "l": "2"}, True),
])
def test_conditions(condition, context, expected):
    assert holds(condition, **context) is expected


def test_a_denial_wins_and_nothing_is_allowed_by_default():
    allow, deny = policy({"Action": "*"}), policy({"Action": "ec2:DeleteSubnet", "Effect": "Deny"})
    assert allowed([allow], Question("ec2:DeleteSubnet"))
    assert not allowed([allow, deny], Question("ec2:DeleteSubnet"))
    assert not allowed([], Question("ec2:DeleteSubnet"))


@pytest.mark.parametrize("statement", [
    {"NotAction": "*", "Action": "x"}, {"Action": "*", "Condition": {"DateLessThan": {"k": "v"}}},
    {"Action": "*", "Resource": "arn:${aws:username}"}, {"Action": "*", "Effect": "Maybe"},
    {"Action": "*", "Condition": {"ForNoValue:StringEquals": {"k": "v"}}},
])
def test_what_is_not_understood_is_not_passed_over(statement):
    with pytest.raises(Unsupported):
        allowed([policy(statement)], Question("ec2:X", "*", {"k": "v"}))
