"""Target groups: settings, attributes, and who uses them. Their targets: `elb_targets`."""
import re
from dataclasses import dataclass, field

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult

from . import elb_attributes
from .elb_tags import check_tags
from .elb_targets import is_checked
from .errors import elb, no_target_group
from .store import new_hex, now, page

CHECK = {  # what ModifyTargetGroup may change: default for TCP, lowest, highest
    "HealthCheckIntervalSeconds": (30, 5, 300),
    "HealthCheckTimeoutSeconds": (10, 2, 120),
    "HealthyThresholdCount": (5, 2, 10),
    "UnhealthyThresholdCount": (2, 2, 10),
}


@dataclass(eq=False)
class TargetGroup:
    arn: str
    name: str
    protocol: str
    port: int
    vpc_id: str
    target_type: str
    check: dict                                  # health check settings, by AWS's names
    attributes: dict
    hidden_until: float
    targets: dict = field(default_factory=dict)  # (id, port) -> target
    used_since: float = None                     # since when a listener makes AWS check its targets

    @property
    def settings(self):
        return (self.protocol, self.port, self.vpc_id, self.target_type, self.check)

    def listeners(self, store):
        return [listener for balancer in store.load_balancers.values()
                for listener in balancer.listeners.values() if self.arn in listener.weights]

    def load_balancer_arns(self, store):
        return list(dict.fromkeys(listener.balancer.arn for listener in self.listeners(store)))

    def is_registered(self, key):
        """Whether it is there, draining at most."""
        return key in self.targets and (self.targets[key].gone_at is None or self.targets[key].gone_at > now())

    def shown(self, store):
        return {"TargetGroupArn": self.arn, "TargetGroupName": self.name, "Protocol": self.protocol, "Port": self.port,
                "VpcId": self.vpc_id, "TargetType": self.target_type, "IpAddressType": "ipv4", "HealthCheckEnabled": True,
                "LoadBalancerArns": self.load_balancer_arns(store), **self.check}


class TargetGroups:
    """The actions; `install` puts them into moto's response class."""

    def create_target_group(self):
        store, name = self.store, self._get_param("Name") or ""
        if not re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)", name):
            raise elb("ValidationError", f"Target group name '{name}' is not valid: up to 32 letters, digits and hyphens")
        protocol, port, vpc_id = self._get_param("Protocol"), self._get_param("Port"), self._get_param("VpcId")
        target_type = self._get_param("TargetType") or "instance"
        if protocol not in ("TCP", "UDP", "TCP_UDP", "TLS") or target_type not in ("instance", "ip"):
            raise elb("ValidationError", f"The stand-in has no target groups of protocol '{protocol}' and type '{target_type}'")
        if not 1 <= (port or 0) <= 65535:
            raise elb("ValidationError", f"Port '{port}' must be between 1 and 65535")
        try:
            store.ec2.get_vpc(vpc_id)
        except ServiceException:
            raise elb("ValidationError", f"The VPC ID '{vpc_id}' is not found")
        tags = check_tags(self._get_param("Tags", []))
        check = {"HealthCheckProtocol": "TCP", "HealthCheckPort": "traffic-port", **{k: d for k, (d, _, _) in CHECK.items()}}
        group = TargetGroup(store.arn(f"targetgroup/{name}/{new_hex(16)}"), name, protocol, port, vpc_id, target_type,
                            self._check(check), elb_attributes.defaults(elb_attributes.TARGET_GROUP), store.hidden_until())
        if target_type == "ip" and protocol in ("TCP", "TLS"):
            group.attributes["preserve_client_ip.enabled"] = "false"
        for existing in store.target_groups.values():
            if existing.name == name:
                if existing.settings == group.settings and self.same_tags(existing.arn, tags):
                    return ActionResult({"TargetGroups": [existing.shown(store)]})
                raise elb("DuplicateTargetGroupName", f"A target group with the same name '{name}' exists, but with different settings")
        if len(store.target_groups) >= store.setting("target_groups"):
            raise elb("TooManyTargetGroups", "The maximum number of target groups has been reached")
        store.target_groups[group.arn] = group
        store.elb_tags[group.arn] = tags
        return ActionResult({"TargetGroups": [group.shown(store)]})

    def describe_target_groups(self):
        store, balancer_arn = self.store, self._get_param("LoadBalancerArn")
        arns, names = self._get_param("TargetGroupArns", []), self._get_param("Names", [])
        found = [g for g in store.target_groups.values() if store.seen(g.hidden_until)]
        for wanted, have in ((arns, {g.arn for g in found}), (names, {g.name for g in found})):
            for missing in [w for w in wanted if w not in have]:
                raise no_target_group(missing)
        if balancer_arn:
            balancer = self.load_balancer(balancer_arn)
            found = [g for g in found if balancer.arn in g.load_balancer_arns(store)]
        found = [g for g in found if (not arns or g.arn in arns) and (not names or g.name in names)]
        groups, token = page(found, self._get_param("PageSize"), self._get_param("Marker"), 400)
        return ActionResult({"TargetGroups": [g.shown(store) for g in groups], "NextMarker": token})

    def modify_target_group(self):
        group = self.target_group(self._get_param("TargetGroupArn"))
        group.check = self._check(group.check)
        return ActionResult({"TargetGroups": [group.shown(self.store)]})

    def delete_target_group(self):
        store, arn = self.store, self._get_param("TargetGroupArn")
        group = store.target_groups.get(arn)
        if group is None:
            return ActionResult({})  # AWS: deleting what is gone succeeds
        if group.listeners(store):
            raise elb("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
        del store.target_groups[arn], store.elb_tags[arn]
        return ActionResult({})

    def describe_target_group_attributes(self):
        return ActionResult({"Attributes": dict(self.target_group(self._get_param("TargetGroupArn")).attributes)})

    def modify_target_group_attributes(self):
        group, wanted = self.target_group(self._get_param("TargetGroupArn")), self._get_param("Attributes", [])
        refused = {"Key": elb_attributes.DNS_FAILOVER_COUNT, "Value": "off"}
        if refused in wanted and not self.store.setting("dns_failover_off_is_accepted"):
            raise elb("ValidationError", f"Target group attribute value 'off' is not valid for key '{refused['Key']}'")
        elb_attributes.change("Target group", elb_attributes.TARGET_GROUP, group.attributes, wanted)
        return ActionResult({"Attributes": dict(group.attributes)})

    def target_group(self, arn):
        group = self.store.target_groups.get(arn)
        if group is None or not self.store.seen(group.hidden_until):
            raise no_target_group(arn)
        return group

    def groups_in_use_again(self):
        """To be called after every change of listeners: health checks begin when a group comes into use."""
        for group in self.store.target_groups.values():
            checked = is_checked(self.store, group)
            group.used_since = (group.used_since or now()) if checked else None

    def _check(self, check):
        """Health check settings after this request."""
        check = dict(check)
        for name in ("HealthCheckProtocol", "HealthCheckPort", *CHECK):
            if self._get_param(name) is not None:
                check[name] = self._get_param(name)
        if check["HealthCheckProtocol"] != "TCP":
            raise elb("ValidationError", "The stand-in checks health by TCP only")
        for name, (_, low, high) in CHECK.items():
            if not low <= check[name] <= high:
                raise elb("ValidationError", f"{name} '{check[name]}' must be between {low} and {high}")
        timeout, interval = check["HealthCheckTimeoutSeconds"], check["HealthCheckIntervalSeconds"]
        if timeout > interval:
            raise elb("ValidationError", f"Health check timeout '{timeout}' must be smaller than or equal to the interval '{interval}'")
        return check
