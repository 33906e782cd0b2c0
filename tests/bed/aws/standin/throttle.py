"""AWS's request buckets, as it publishes them: per account and region. Off unless a test asks.

A call that is refused costs nothing: neither the bucket that is empty nor, for ELBv2, the one over all actions.
"""
from typing import NamedTuple

from .errors import ec2, elb
from .store import now


class Bucket(NamedTuple):
    most: float    # tokens
    refill: float  # tokens a second


# ELBv2: a bucket for each category, and one over all of them.
ELB_ALL = Bucket(40, 10)
ELB_CATEGORIES = {"read": Bucket(40, 10), "write": Bucket(20, 3), "targets": Bucket(20, 4), "heavy": Bucket(10, 0.2)}
ELB_CATEGORY = {"RegisterTargets": "targets", "DeregisterTargets": "targets",
                "CreateLoadBalancer": "heavy", "SetSubnets": "heavy"}  # the rest by name: Describe… reads, others write
# EC2: a bucket for each action.
EC2_READ, EC2_READ_ALL, EC2_WRITE, PRIVATELINK, NAT = Bucket(100, 20), Bucket(50, 10), Bucket(50, 5), Bucket(10, 1), Bucket(10, 1)
ENDPOINTS, LAUNCH = Bucket(4, 0.3), Bucket(5, 2)
READS = ("Describe", "Get")  # the rest writes
EC2_ACTIONS = {
    "CreateVpcEndpointServiceConfiguration": PRIVATELINK, "ModifyVpcEndpointServiceConfiguration": PRIVATELINK,
    "DeleteVpcEndpointServiceConfigurations": PRIVATELINK, "AcceptVpcEndpointConnections": PRIVATELINK,
    "RejectVpcEndpointConnections": PRIVATELINK, "CreateTags": Bucket(100, 10), "DeleteTags": Bucket(100, 10),
    "RunInstances": LAUNCH, "StartInstances": LAUNCH, "CreateNatGateway": NAT, "DeleteNatGateway": NAT,
    # Of ModifyVpcEndpoint we know no publication: as its neighbours.
    "CreateVpcEndpoint": ENDPOINTS, "ModifyVpcEndpoint": ENDPOINTS, "DeleteVpcEndpoints": ENDPOINTS,
}
# These have a second, smaller bucket for calls without a filter and without pages. Ids are no filter.
DEAR_UNFILTERED = {"DescribeInstances", "DescribeSecurityGroups", "DescribeNetworkInterfaces", "DescribeVolumes"}
FILTERS_OR_PAGES = {"Filters", "Filter", "MaxResults", "NextToken"}


def check(store, action, parameters, is_ec2):
    """Takes a token for a call, or raises AWS's refusal."""
    if _take(store.buckets, buckets(action, parameters, is_ec2), now()):
        return
    if is_ec2:
        raise ec2("RequestLimitExceeded", "Request limit exceeded.")
    raise elb("ThrottlingException", "Rate exceeded")


def buckets(action, parameters, is_ec2):
    """The buckets that a call needs a token from, by name."""
    if not is_ec2:
        category = ELB_CATEGORY.get(action) or ("read" if action.startswith("Describe") else "write")
        return {f"elb {category}": ELB_CATEGORIES[category], "elb": ELB_ALL}
    if action in DEAR_UNFILTERED and not set(parameters) & FILTERS_OR_PAGES:
        return {f"{action} of all": EC2_READ_ALL}
    return {action: EC2_ACTIONS.get(action) or (EC2_READ if action.startswith(READS) else EC2_WRITE)}


def _take(levels, wanted, at):
    """A token from every bucket, or from none. `levels`: bucket -> (tokens, as of when)."""
    now_in = {}
    for name, bucket in wanted.items():
        tokens, since = levels.get(name, (bucket.most, at))
        now_in[name] = min(bucket.most, tokens + (at - since) * bucket.refill)
    granted = min(now_in.values()) >= 1
    levels.update((name, (tokens - granted, at)) for name, tokens in now_in.items())
    return granted
