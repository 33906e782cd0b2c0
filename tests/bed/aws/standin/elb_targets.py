"""Targets: registration by id and port, and their health as time, listeners and zones make it."""
import ipaddress
from dataclasses import dataclass, field

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult

from .errors import elb
from .store import now

WHY = {
    "initial": ("Elb.InitialHealthChecking", "Initial health checks in progress"),
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
    "unavailable": ("Elb.InternalError", "Health checks failed due to an internal error"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
}
NOT_REGISTERED = ("unused", "Target.NotRegistered", "Target is not registered to the target group")
NO_LISTENER = ("unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer")
NO_ZONE = ("unused", "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer")
NOT_RUNNING = ("unused", "Target.InvalidState", "Target is in the stopped state")


@dataclass
class Target:
    zone_asked: str = None  # the AvailabilityZone given at registration
    since: float = field(default_factory=now)
    gone_at: float = None   # while it drains
    verdict: str = None     # of real health checks: healthy, unhealthy, None when there was none yet
    streak: int = 0         # of checks with the same result: upwards the good ones, downwards the others

    def note(self, good, check):
        """Takes up the result of a health check; `check` has the target group's thresholds."""
        self.streak = max(self.streak, 0) + 1 if good else min(self.streak, 0) - 1
        if self.streak >= (check["HealthyThresholdCount"] if self.verdict else 1):
            self.verdict = "healthy"
        elif -self.streak >= check["UnhealthyThresholdCount"]:
            self.verdict = "unhealthy"

    def forget(self):
        """Nobody checks it any more."""
        self.verdict, self.streak = None, 0


class Targets:
    """The actions; `install` puts them into moto's response class."""

    def register_targets(self):
        store, group = self.store, self.target_group(self._get_param("TargetGroupArn"))
        wanted = self._get_param("Targets", [])
        for target in wanted:
            (_check_address if group.target_type == "ip" else _check_instance)(store, group, target["Id"])
        if len(set(group.targets) | {_key(group, target) for target in wanted}) > store.setting("targets_per_target_group"):
            raise elb("TooManyTargets", f"The maximum number of targets has been reached for target group '{group.arn}'")
        for target in wanted:
            key = _key(group, target)
            existing = group.targets.get(key)
            if existing is None or existing.gone_at is not None:
                group.targets[key] = Target(target.get("AvailabilityZone"))
        return ActionResult({})

    def deregister_targets(self):
        store, group = self.store, self.target_group(self._get_param("TargetGroupArn"))
        for target in self._get_param("Targets", []):
            keys = [_key(group, target)] if target.get("Port") else [k for k in group.targets if k[0] == target["Id"]]
            for key in [k for k in keys if k in group.targets]:
                delay = min(int(group.attributes["deregistration_delay.timeout_seconds"]), store.setting("target_draining"))
                if health(store, group, key)[0] == "unused" or delay == 0:
                    del group.targets[key]  # no connection to drain
                elif group.targets[key].gone_at is None:
                    group.targets[key].gone_at = now() + delay
        return ActionResult({})

    def describe_target_health(self):
        store, group = self.store, self.target_group(self._get_param("TargetGroupArn"))
        keys = [_key(group, t) for t in self._get_param("Targets", [])] or list(group.targets)
        shown = []
        for key in keys:
            # What drained away is gone from the list, but asked for by name it is "not registered".
            state, reason, text = health(store, group, key)
            if reason == NOT_REGISTERED[1] and not self._get_param("Targets"):
                continue
            target = {"Id": key[0], "Port": key[1]}
            if key in group.targets and group.targets[key].zone_asked:
                target["AvailabilityZone"] = group.targets[key].zone_asked
            shown.append({"Target": target, "HealthCheckPort": str(key[1]), "TargetHealth": {
                "State": state, **({"Reason": reason, "Description": text} if reason else {})}})
        return ActionResult({"TargetHealthDescriptions": shown})


def target_states(store, group):
    """For the inventory: "id:port" -> state."""
    states = {key: health(store, group, key) for key in list(group.targets)}
    return {f"{key[0]}:{key[1]}": state for key, (state, reason, _) in states.items() if reason != NOT_REGISTERED[1]}


def is_checked(store, group):
    """Whether a listener makes AWS check the group's targets."""
    weights = [listener.weights[group.arn] for listener in group.listeners(store)]
    return any(weight > 0 or store.setting("weight_zero_is_checked") for weight in weights)


def _key(group, target):
    return target["Id"], int(target.get("Port") or group.port)


def health(store, group, key):
    """(state, reason, text) of a target at this moment: the one judgement for AWS calls and for flows."""
    target = group.targets.get(key)
    if target is not None and target.gone_at is not None and target.gone_at <= now():
        del group.targets[key]
        target = None
    instance = _instance(store, key[0]) if target is not None and group.target_type == "instance" else None
    if instance is not None and instance.state in ("shutting-down", "terminated") and store.setting("terminated_targets_leave"):
        del group.targets[key]
        target = None
    if target is None:
        return NOT_REGISTERED
    if target.gone_at is not None:
        return ("draining", *WHY["draining"])
    if group.used_since is None:
        return NO_LISTENER
    zone = zone_of(store, group, key)
    enabled = [since for listener in group.listeners(store)
               for name, since in listener.balancer.zone_since.items() if zone in (name, "all")]
    if not enabled:
        return NO_ZONE
    if instance is not None and instance.state != "running":
        return NOT_RUNNING
    began = max(target.since, group.used_since, min(enabled))
    initial = now() - began < store.setting("target_initial")
    found = (target.verdict or "initial") if store.setting("data_plane") else "healthy"
    state = _forced(store, group, key) or ("initial" if initial else found)
    return (state, *WHY.get(state, (None, None)))


def _forced(store, group, key):
    """A state set by /__force, the closest name first."""
    names = (f"{group.name}/{key[0]}:{key[1]}", f"{group.name}/{key[0]}", f"{key[0]}:{key[1]}", key[0])
    return next((store.forced[name] for name in names if name in store.forced), None)


def zone_of(store, group, key):
    """The name of the zone that a target is in; "all" for an address outside of the VPC."""
    if group.target_type == "instance":
        instance = _instance(store, key[0])
        return instance.availability_zone if instance else None
    address = ipaddress.ip_address(key[0])
    for subnet in store.ec2.describe_subnets(filters={"vpc-id": [group.vpc_id]}):
        if address in subnet.cidr:
            return subnet.availability_zone
    return group.targets[key].zone_asked


def address_of(store, group, key):
    """Where a target that is registered takes its flows."""
    return store.ec2.get_instance(key[0]).private_ip if group.target_type == "instance" else key[0]


def _instance(store, instance_id):
    try:
        return store.ec2.get_instance(instance_id)
    except ServiceException:
        return None


def _check_instance(store, group, instance_id):
    instance = _instance(store, instance_id) if instance_id.startswith("i-") else None
    if instance is None:
        raise elb("InvalidTarget", f"The following targets do not exist: '{instance_id}'")
    if instance.state != "running":
        raise elb("InvalidTarget", f"The following targets are not in a running state and cannot be registered: '{instance_id}'")
    if instance.vpc_id != group.vpc_id:
        raise elb("InvalidTarget", f"The following targets are not in the target group VPC '{group.vpc_id}': '{instance_id}'")


def _check_address(store, group, text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise elb("ValidationError", f"The IP address '{text}' is not a valid IPv4 address")
    networks = [ipaddress.ip_network(c["cidr_block"]) for c in store.ec2.get_vpc(group.vpc_id).get_cidr_block_association_set()]
    outside = [ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
    if not any(address in network for network in networks + outside):
        raise elb("ValidationError", f"The IP address '{text}' is not within a range of the VPC or a private range")
