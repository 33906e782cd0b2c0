"""AWS's request buckets, as it publishes them: per account and region. Off unless a test asks."""
from .errors import ec2, elb
from .store import now

# (most tokens, tokens a second). ELBv2: by category, and one bucket over all of them.
ELB_ALL = (40, 10)
ELB_READ, ELB_WRITE, ELB_TARGETS, ELB_HEAVY = (40, 10), (20, 3), (20, 4), (10, 0.2)
ELB_ACTIONS = {"RegisterTargets": ("targets", ELB_TARGETS), "DeregisterTargets": ("targets", ELB_TARGETS),
               "CreateLoadBalancer": ("heavy", ELB_HEAVY), "SetSubnets": ("heavy", ELB_HEAVY)}
# EC2: a bucket for each action.
EC2_READ, EC2_READ_ALL, EC2_WRITE, PRIVATELINK = (100, 20), (50, 10), (50, 5), (10, 1)
EC2_ACTIONS = {
    "CreateVpcEndpointServiceConfiguration": PRIVATELINK, "ModifyVpcEndpointServiceConfiguration": PRIVATELINK,
    "DeleteVpcEndpointServiceConfigurations": PRIVATELINK, "AcceptVpcEndpointConnections": PRIVATELINK,
    "RejectVpcEndpointConnections": PRIVATELINK, "CreateTags": (100, 10), "DeleteTags": (100, 10),
    "RunInstances": (5, 2), "CreateVpcEndpoint": (4, 0.3), "DeleteVpcEndpoints": (4, 0.3),
}
DEAR_UNFILTERED = {"DescribeInstances", "DescribeSecurityGroups", "DescribeNetworkInterfaces"}


def check(store, action, parameters, is_ec2):
    """Takes a token for a call, or raises AWS's refusal."""
    if is_ec2:
        if not _take(store, {action: _ec2_bucket(action, parameters)}):
            raise ec2("RequestLimitExceeded", "Request limit exceeded.")
        return
    category = ELB_ACTIONS.get(action) or (("read", ELB_READ) if action.startswith("Describe") else ("write", ELB_WRITE))
    if not _take(store, {f"elb {category[0]}": category[1], "elb": ELB_ALL}):
        raise elb("Throttling", "Rate exceeded")


def _ec2_bucket(action, parameters):
    if action in DEAR_UNFILTERED and not set(parameters) & {"Filters", "Filter", "MaxResults"}:
        return EC2_READ_ALL
    return EC2_ACTIONS.get(action) or (EC2_READ if action.startswith("Describe") else EC2_WRITE)


def _take(store, buckets):
    """A token from every bucket, or from none."""
    at, levels = now(), {}
    for name, (most, refill) in buckets.items():
        level, since = store.buckets.get(name, (most, at))
        levels[name] = min(most, level + (at - since) * refill)
    granted = min(levels.values()) >= 1
    for name, level in levels.items():
        store.buckets[name] = (level - 1 if granted else level, at)
    return granted
