"""Each request bucket by itself, with a clock that stands still until it is told to go on."""
import types

import pytest
from moto.ec2.exceptions import EC2ClientError
from moto.elbv2.exceptions import ELBClientError
from operations import operations
from standin import throttle

FILTERED = {"Filters": [{"Name": "tag:owner", "Values": ["me"]}]}

# What AWS publishes, written down a second time: (most tokens, tokens a second) of every action that the operator calls,
# and of those that it needs for a network and brokers of its own.
READ, WRITE = (100, 20), (50, 5)
PUBLISHED = {
    **{("ec2", action): READ for action in (
        "DescribeVpcs", "DescribeAvailabilityZones", "DescribeSubnets", "DescribeInstances", "DescribeSecurityGroups",
        "DescribeSecurityGroupRules", "DescribeNetworkInterfaces", "DescribeVpcEndpointServiceConfigurations",
        "DescribeVpcEndpointServicePermissions", "DescribeVpcEndpointConnections", "DescribeTags", "DescribeVpcAttribute",
        "DescribeInternetGateways", "DescribeRouteTables", "DescribeVpcEndpoints", "DescribeAddresses", "DescribeNatGateways", "DescribeVolumes",
        "DescribeInstanceStatus", "DescribeInstanceAttribute", "DescribeInstanceTypes", "DescribeInstanceTypeOfferings", "DescribeImages",
        "GetConsoleOutput")},
    **{("ec2", action): WRITE for action in (
        "CreateVpc", "ModifyVpcAttribute", "DeleteVpc", "CreateSubnet", "DeleteSubnet", "CreateSecurityGroup", "DeleteSecurityGroup", "AuthorizeSecurityGroupIngress",
        "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress",
        "ModifyVpcEndpointServicePermissions", "CreateRouteTable", "AssociateRouteTable", "DisassociateRouteTable", "DeleteRouteTable", "CreateRoute",
        "DeleteRoute", "CreateInternetGateway", "AttachInternetGateway", "DetachInternetGateway", "DeleteInternetGateway", "AllocateAddress",
        "ReleaseAddress", "CreateNetworkInterface", "ModifyNetworkInterfaceAttribute", "DeleteNetworkInterface", "CreateVolume", "AttachVolume",
        "DetachVolume", "ModifyVolume", "DeleteVolume", "StopInstances", "TerminateInstances", "ModifyInstanceAttribute")},
    **{("ec2", action): (5, 2) for action in ("RunInstances", "StartInstances")},
    **{("ec2", action): (4, 0.3) for action in ("CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints")},
    **{("ec2", action): (10, 1) for action in ("CreateNatGateway", "DeleteNatGateway")},
    **{("ec2", action): (10, 1) for action in (
        "CreateVpcEndpointServiceConfiguration", "ModifyVpcEndpointServiceConfiguration",
        "DeleteVpcEndpointServiceConfigurations", "AcceptVpcEndpointConnections", "RejectVpcEndpointConnections")},
    **{("ec2", action): (100, 10) for action in ("CreateTags", "DeleteTags")},
    **{("elb", action): (40, 10) for action in (
        "DescribeLoadBalancers", "DescribeLoadBalancerAttributes", "DescribeListeners", "DescribeListenerAttributes",
        "DescribeTargetGroups", "DescribeTargetGroupAttributes", "DescribeTargetHealth", "DescribeTags")},
    **{("elb", action): (20, 3) for action in (
        "CreateTargetGroup", "ModifyTargetGroup", "ModifyTargetGroupAttributes", "DeleteTargetGroup",
        "ModifyLoadBalancerAttributes", "SetSecurityGroups", "DeleteLoadBalancer", "CreateListener", "ModifyListener",
        "ModifyListenerAttributes", "DeleteListener", "AddTags", "RemoveTags")},
    **{("elb", action): (20, 4) for action in ("RegisterTargets", "DeregisterTargets")},
    **{("elb", action): (10, 0.2) for action in ("CreateLoadBalancer", "SetSubnets")},
}


@pytest.fixture
def clock(monkeypatch):
    clock = types.SimpleNamespace(at=1000.0)
    monkeypatch.setattr(throttle, "now", lambda: clock.at)
    return clock


@pytest.fixture
def calls(clock):
    """Makes up to `n` calls at once; says how many were granted before the first was refused."""
    store = types.SimpleNamespace(buckets={})

    def calls(n, service, action, parameters=FILTERED):
        for granted in range(n):
            try:
                throttle.check(store, action, parameters, service == "ec2")
            except (EC2ClientError, ELBClientError) as refusal:
                assert refusal.code == ("RequestLimitExceeded" if service == "ec2" else "ThrottlingException")
                return granted
        return n

    return calls


def test_every_action_of_the_operator_has_a_published_rate():
    assert set(PUBLISHED) >= {(service, action) for service, action in operations() if service != "sts"}


@pytest.mark.parametrize(("service", "action"), PUBLISHED, ids=lambda part: part)
def test_a_bucket_holds_so_many_and_fills_so_fast(calls, clock, service, action):
    most, refill = PUBLISHED[service, action]
    assert calls(1000, service, action) == most
    clock.at += 0.9 / refill
    assert calls(1, service, action) == 0, "less than a token came back, and refused calls cost nothing"
    clock.at += 0.2 / refill
    assert calls(2, service, action) == 1
    clock.at += 3 / refill
    assert calls(1000, service, action) == 3
    clock.at += 10_000
    assert calls(1000, service, action) == most, "no more than full"


@pytest.mark.parametrize("action", ["DescribeInstances", "DescribeSecurityGroups", "DescribeNetworkInterfaces", "DescribeVolumes"])
def test_a_read_of_everything_at_once_has_a_smaller_bucket_of_its_own(calls, clock, action):
    assert calls(1000, "ec2", action, {}) == 50
    assert calls(1000, "ec2", action, {"InstanceIds": ["i-1"]}) == 0, "ids are no filter"
    clock.at += 1
    assert calls(1000, "ec2", action, {}) == 10
    assert calls(40, "ec2", action, {"MaxResults": 5}) + calls(1000, "ec2", action) == 100, "pages and filters share the large one"


def test_other_reads_of_everything_are_as_cheap_as_any(calls):
    assert calls(1000, "ec2", "DescribeSubnets", {}) == 100


def test_ec2_actions_share_nothing(calls):
    assert calls(1000, "ec2", "AcceptVpcEndpointConnections") == calls(1000, "ec2", "RejectVpcEndpointConnections") == 10


def test_elb_actions_of_a_category_share_its_bucket(calls):
    assert calls(12, "elb", "CreateTargetGroup") + calls(1000, "elb", "AddTags") == 20
    assert calls(4, "elb", "CreateLoadBalancer") + calls(1000, "elb", "SetSubnets") == 10


def test_all_elb_actions_together_have_one_more(calls, clock):
    made = [calls(20, "elb", "CreateListener"), calls(15, "elb", "RegisterTargets"), calls(1000, "elb", "DescribeTags")]
    assert made == [20, 15, 5]
    assert calls(1, "elb", "SetSubnets") == 0
    clock.at += 0.5
    assert calls(1000, "elb", "SetSubnets") == 5, "the account's refill, though its own bucket is full"


def test_a_call_that_its_category_refuses_leaves_the_accounts_tokens(calls):
    assert calls(20, "elb", "CreateListener") == 20
    assert all(calls(1, "elb", "CreateListener") == 0 for _ in range(100))
    assert calls(1000, "elb", "DescribeTags") == 20
