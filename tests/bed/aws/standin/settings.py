"""What a test may change about the stand-in: its paces, its quotas, and the answers nobody knows.

One value for everybody, and values of single accounts over it: tests share a
server, each has an account of its own, and none disturbs another.
"""

PACES = {  # seconds that AWS takes, shortened; what is 0 happens at once
    "load_balancer_provisioning": 0.3,  # CreateLoadBalancer: provisioning -> active
    "load_balancer_update": 0.3,        # SetSubnets: provisioning again -> active
    "target_initial": 0.2,              # registered and in use: initial -> healthy
    "target_draining": 0.2,             # deregistered: draining -> gone; never longer than the group's own delay
    "service_pending": 0.0,             # endpoint service: Pending -> Available
    "service_deleting": 0.3,            # Deleting -> gone; its load balancer is held so long
    "connection_pending": 0.2,          # accepted: pending -> available
    "endpoint_deleting": 0.1,           # the consumer's endpoint, or a gateway endpoint: deleting -> gone
    "nat_gateway_pending": 0.3,         # pending -> available, or failed
    "nat_gateway_deleting": 0.3,        # deleting -> deleted; it keeps its address and its interface so long
    "instance_pending": 0.0,            # launched or started: pending -> running
    "instance_stopping": 0.0,           # stopping -> stopped, and not before its machine is off
    "instance_terminating": 0.0,        # shutting-down -> terminated, and not before its machine is off
    "instance_checks": 0.2,             # running: its status checks initialize -> ok
    "machine_stopping": 15.0,           # then a machine that is stopped or terminated is off, whatever still runs there
    "volume_creating": 0.1,             # creating -> available
    "volume_attaching": 0.1,            # attaching -> attached
    "volume_detaching": 0.1,            # detaching -> available; busy while its machine is on
    "volume_deleting": 0.1,             # deleting -> gone
    "volume_modification_pause": 21600,  # between two modifications of a volume
    "interface_lingering": 0.3,         # interfaces of a deleted load balancer
    "health_check_interval": 0.3,       # of real health checks, whatever the target group says
    "read_lag": 0.0,                    # a new thing is not found for so long (not by its own create)
}

QUOTAS = {
    "load_balancers": 50,
    "listeners_per_load_balancer": 50,
    "target_groups": 3000,
    "targets_per_target_group": 1000,
    "rules_per_security_group": 60,
    "elastic_addresses": 5,
    "vcpus": 100_000,  # of instances that are pending or run
}

# Undocumented, so a test can play each: the first is what we hold for likely. /__answers lists them, and the
# operator is tested with every one.
ANSWERS = {
    # CreateVpcEndpointServiceConfiguration with the token of a service that is deleted:
    # a "new" service, the "deleted" one again, or a "mismatch" error.
    "token_of_deleted_service": ("new", "deleted", "mismatch"),
    "deleted_services_are_shown": (False, True),       # as Deleted, after they were Deleting
    "service_zones_follow_set_subnets": (False, True),  # else only a re-add of the NLB refreshes them
    "service_needs_active_load_balancer": (True, False),
    "tags_are_settings": (False, True),                # a create of the same name with other tags is a Duplicate…
    "terminated_targets_leave": (True, False),         # else they stay, unused, until they are deregistered
    "weight_zero_is_checked": (True, False),           # a group with weight 0 counts as in use
    "dns_failover_off_is_accepted": (True, False),     # minimum_healthy_targets.count = off
    "rejected_may_be_accepted": (True, False),
}

OTHER = {
    "latency_ms": 0.0,  # every AWS call takes at least so long
    "throttled": False,     # AWS's published request rates are enforced
    "data_plane": False,    # load balancers, endpoints and health checks open real connections, on 127/8
    "machines": False,      # an instance that is launched or started with our kind of user data runs it, see machines.py
    "loopback_may_pass": True,  # 127.0.0.1, where clients come from that bind no address, passes where any address does
    "metadata_tags_by_default": False,  # the account's default: an instance's metadata shows its tags
    "journal": False,       # /__journal keeps the whole account after every write that succeeds
    "iam_enforced": False,  # EC2 and ELBv2 calls of a role that was made need a policy that allows them
}

DEFAULTS = {**PACES, **QUOTAS, **{name: answers[0] for name, answers in ANSWERS.items()}, **OTHER}


class Settings:
    def __init__(self):
        self.common = dict(DEFAULTS)
        self.accounts = {}

    def of(self, account):
        return {**self.common, **self.accounts.get(account, {})}

    def get(self, account, name):
        return self.accounts.get(account, {}).get(name, self.common[name])

    def change(self, account, values):
        """Sets some; raises ValueError on an unknown name or a value of another kind, and then sets none."""
        clean = {name: _checked(name, value) for name, value in values.items()}
        (self.accounts.setdefault(account, {}) if account else self.common).update(clean)

    def reset(self, account):
        if account:
            self.accounts.pop(account, None)
        else:
            self.common = dict(DEFAULTS)
            self.accounts.clear()


def _checked(name, value):
    if name not in DEFAULTS:
        raise ValueError(f"no setting is called {name!r}; there are: {', '.join(sorted(DEFAULTS))}")
    default = DEFAULTS[name]
    if name in ANSWERS:
        good = any(type(value) is type(answer) and value == answer for answer in ANSWERS[name])
    elif isinstance(default, bool):
        good = isinstance(value, bool)
    else:
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    if not good:
        raise ValueError(f"{value!r} is no value for {name} (default {default!r})")
    return value


SETTINGS = Settings()
