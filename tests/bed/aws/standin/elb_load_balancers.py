"""Network Load Balancers: create, describe, change, delete, and their network interfaces."""
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from . import elb_attributes
from .elb_tags import check_tags
from .errors import elb, no_load_balancer
from .store import new_hex, now, page

FREE_ADDRESSES = 8  # that AWS wants in each subnet when it picks the addresses


class LoadBalancerInterface(NetworkInterface):
    """What AWS shows of a node: attached by its own account, and not the customer's to detach."""

    attachment = property(lambda self: {"AttachmentId": "ela-attach-" + self.id[4:], "InstanceOwnerId": "amazon-aws",
                                        "Status": "attached", "DeviceIndex": 1, "DeleteOnTermination": False})


@dataclass(eq=False)
class LoadBalancer:
    arn: str
    name: str
    scheme: str
    vpc_id: str
    ip_address_type: str
    security_groups: list
    dns_name: str
    enforce: str
    active_at: float
    serves_from: float  # it goes on to serve while it takes up a change of subnets
    hidden_until: float
    subnets: dict = field(default_factory=dict)     # subnet id -> moto's subnet
    zone_since: dict = field(default_factory=dict)  # zone name -> since when it is enabled
    addresses: dict = field(default_factory=dict)   # subnet id -> fixed address
    interfaces: dict = field(default_factory=dict)  # subnet id -> interface
    listeners: dict = field(default_factory=dict)   # ARN -> listener
    attributes: dict = field(default_factory=lambda: elb_attributes.defaults(elb_attributes.LOAD_BALANCER))
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def id(self):
        return self.arn.split("loadbalancer/")[1]

    def state(self, store):
        return store.forced.get(self.arn) or ("active" if now() >= self.active_at else "provisioning")

    def serves(self, store):
        return now() >= self.serves_from and self.state(store) != "failed"

    def zones(self):
        return [{"ZoneName": subnet.availability_zone, "SubnetId": subnet.id,
                 "LoadBalancerAddresses": [{"PrivateIPv4Address": self.addresses[subnet.id]}] if subnet.id in self.addresses else []}
                for subnet in self.subnets.values()]

    def shown(self, store):
        return {
            "LoadBalancerArn": self.arn, "DNSName": self.dns_name, "CanonicalHostedZoneId": "Z18D5FSROUN65G",
            "CreatedTime": self.created, "LoadBalancerName": self.name, "Scheme": self.scheme, "VpcId": self.vpc_id,
            "State": {"Code": self.state(store)}, "Type": "network", "AvailabilityZones": self.zones(),
            "SecurityGroups": self.security_groups, "IpAddressType": self.ip_address_type,
            "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": self.enforce, "EnablePrefixForIpv6SourceNat": "off",
        }


class LoadBalancers:
    """The actions; `install` puts them into moto's response class."""

    def create_load_balancer(self):
        store, name = self.store, self._get_param("Name") or ""
        if self._get_param("Type") != "network":
            raise elb("InvalidConfigurationRequest", "The stand-in has network load balancers only")
        if not re.fullmatch(r"(?!-)(?!internal-)[A-Za-z0-9-]{1,32}(?<!-)", name):
            raise elb("ValidationError", f"The load balancer name '{name}' is not valid: up to 32 letters, digits and hyphens")
        groups = self._get_param("SecurityGroups", [])
        scheme = self._get_param("Scheme") or "internet-facing"
        kind = self._get_param("IpAddressType") or "ipv4"
        mappings = self._get_param("SubnetMappings", []) or [{"SubnetId": s} for s in self._get_param("Subnets", [])]
        tags = check_tags(self._get_param("Tags", []))
        subnets = _subnets(store, mappings, picked=True)
        vpc_id = next(iter(subnets.values())).vpc_id
        _check_groups(store, groups, vpc_id)

        for existing in store.load_balancers.values():
            if existing.name == name:
                if (existing.scheme, set(existing.subnets), set(existing.security_groups), existing.ip_address_type) == (
                        scheme, set(subnets), set(groups), kind) and self.same_tags(existing.arn, tags):
                    return ActionResult({"LoadBalancers": [existing.shown(store)]})
                raise elb("DuplicateLoadBalancerName",
                          f"A load balancer with the same name '{name}' exists, but with different settings")
        if len(store.load_balancers) >= store.setting("load_balancers"):
            raise elb("TooManyLoadBalancers", "The maximum number of load balancers has been reached")
        for subnet in subnets.values():
            if subnet.available_ip_address_count < FREE_ADDRESSES:
                raise elb("InvalidSubnet", f"Not enough IP space available in {subnet.id}. "
                          f"ELB requires at least {FREE_ADDRESSES} free IP addresses in each subnet.")

        arn, active_at = store.arn(f"loadbalancer/net/{name}/{new_hex(16)}"), now() + store.setting("load_balancer_provisioning")
        balancer = LoadBalancer(
            arn, name, scheme, vpc_id, kind, list(groups), f"{name}-{arn[-16:]}.elb.{store.region}.amazonaws.com",
            "on" if groups else None, active_at, active_at, store.hidden_until())
        balancer.addresses = {m["SubnetId"]: m["PrivateIPv4Address"] for m in mappings if m.get("PrivateIPv4Address")}
        store.load_balancers[arn] = balancer
        store.elb_tags[arn] = tags
        _spread(store, balancer, subnets)
        return ActionResult({"LoadBalancers": [balancer.shown(store)]})

    def describe_load_balancers(self):
        store = self.store
        arns, names = self._get_param("LoadBalancerArns", []), self._get_param("Names", [])
        if len(arns) > 20 or len(names) > 20:
            raise elb("ValidationError", "No more than 20 load balancers can be described at once")
        seen = [b for b in store.load_balancers.values() if store.seen(b.hidden_until)]
        for wanted, have in ((arns, {b.arn for b in seen}), (names, {b.name for b in seen})):
            for missing in [w for w in wanted if w not in have]:
                raise no_load_balancer(missing)
        found = [b for b in seen if (not arns or b.arn in arns) and (not names or b.name in names)]
        balancers, token = page(found, self._get_param("PageSize"), self._get_param("Marker"), 400)
        return ActionResult({"LoadBalancers": [b.shown(store) for b in balancers], "NextMarker": token})

    def delete_load_balancer(self):
        store, arn = self.store, self._get_param("LoadBalancerArn")
        balancer = store.load_balancers.get(arn)
        if balancer is None:
            return ActionResult({})  # AWS: deleting what is gone succeeds
        if balancer.attributes["deletion_protection.enabled"] == "true":
            raise elb("OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled")
        if any(service.holds(arn) for service in store.services.values()):
            raise elb("ResourceInUse", f"Load balancer '{arn}' cannot be deleted because it is currently associated with another service")
        del store.load_balancers[arn]
        for gone in (arn, *balancer.listeners):
            store.elb_tags.pop(gone, None)
            store.forced.pop(gone, None)
        self.groups_in_use_again()
        for interface in balancer.interfaces.values():
            store.lingering.append((now() + store.setting("interface_lingering"), interface))
        store.settle()
        return ActionResult({})

    def set_subnets(self):
        store, balancer = self.store, self.load_balancer(self._get_param("LoadBalancerArn"))
        mappings = self._get_param("SubnetMappings", []) or [{"SubnetId": s} for s in self._get_param("Subnets", [])]
        subnets = _subnets(store, mappings)
        if any(s.vpc_id != balancer.vpc_id for s in subnets.values()):
            raise elb("InvalidConfigurationRequest", "A load balancer's subnets must be in one VPC")
        lost = set(balancer.subnets) - set(subnets)
        if lost and any(s.holds(balancer.arn) and s.live() for s in store.services.values()):
            # The text is unverified.
            raise elb("InvalidConfigurationRequest", f"Subnets {', '.join(sorted(lost))} cannot be removed from load balancer "
                      f"'{balancer.arn}' while it has active VPC endpoint associations")
        if set(subnets) != set(balancer.subnets):
            balancer.active_at = now() + store.setting("load_balancer_update")
        balancer.addresses.update({m["SubnetId"]: m["PrivateIPv4Address"] for m in mappings if m.get("PrivateIPv4Address")})
        _spread(store, balancer, subnets)
        return ActionResult({"AvailabilityZones": balancer.zones(), "IpAddressType": balancer.ip_address_type})

    def set_security_groups(self):
        store, balancer = self.store, self.load_balancer(self._get_param("LoadBalancerArn"))
        groups, enforce = self._get_param("SecurityGroups", []), self._get_param("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
        if not balancer.security_groups:
            raise elb("InvalidConfigurationRequest", f"Security groups cannot be set on '{balancer.arn}': it was created without any")
        if not groups:
            raise elb("InvalidConfigurationRequest", "At least one security group must be specified")
        _check_groups(store, groups, balancer.vpc_id)
        if enforce not in (None, "on", "off"):
            raise elb("ValidationError", "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic must be 'on' or 'off'")
        balancer.security_groups, balancer.enforce = list(groups), enforce or balancer.enforce
        for interface in balancer.interfaces.values():
            interface._group_set = [store.ec2.get_security_group_from_id(g) for g in groups]
        return ActionResult({"SecurityGroupIds": groups, "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": balancer.enforce})

    def set_ip_address_type(self):
        balancer, kind = self.load_balancer(self._get_param("LoadBalancerArn")), self._get_param("IpAddressType")
        if kind != "ipv4":
            raise elb("InvalidConfigurationRequest", "The stand-in's subnets have IPv4 addresses only")
        return ActionResult({"IpAddressType": balancer.ip_address_type})

    def describe_load_balancer_attributes(self):
        return ActionResult({"Attributes": dict(self.load_balancer(self._get_param("LoadBalancerArn")).attributes)})

    def modify_load_balancer_attributes(self):
        balancer = self.load_balancer(self._get_param("LoadBalancerArn"))
        elb_attributes.change("Load balancer", elb_attributes.LOAD_BALANCER, balancer.attributes, self._get_param("Attributes", []))
        return ActionResult({"Attributes": dict(balancer.attributes)})

    def describe_account_limits(self):
        store = self.store
        limits = {"network-load-balancers": store.setting("load_balancers"), "target-groups": store.setting("target_groups"),
                  "listeners-per-network-load-balancer": store.setting("listeners_per_load_balancer"),
                  "targets-per-network-load-balancer": 3000, "targets-per-availability-zone-per-network-load-balancer": 500,
                  "targets-per-target-group": store.setting("targets_per_target_group"), "target-groups-per-action-on-network-load-balancer": 5,
                  "network-load-balancer-enis-per-vpc": 1200}
        shown, token = page([{"Name": k, "Max": str(v)} for k, v in limits.items()],
                            self._get_param("PageSize"), self._get_param("Marker"), 400)
        return ActionResult({"Limits": shown, "NextMarker": token})

    def load_balancer(self, arn):
        balancer = self.store.load_balancers.get(arn)
        if balancer is None or not self.store.seen(balancer.hidden_until):
            raise no_load_balancer(arn)
        return balancer


def _subnets(store, mappings, picked=False):
    """moto's subnets by id, in the order given; AWS's refusals."""
    if not mappings:
        raise elb("ValidationError", "At least one subnet must be specified")
    subnets = {}
    for mapping in mappings:
        try:
            subnets[mapping["SubnetId"]] = store.ec2.get_subnet(mapping["SubnetId"])
        except ServiceException:
            raise elb("SubnetNotFound", f"The subnet ID '{mapping['SubnetId']}' does not exist")
    if len({s.availability_zone for s in subnets.values()}) < len(mappings):
        raise elb("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
    if picked and len({s.vpc_id for s in subnets.values()}) > 1:
        raise elb("InvalidConfigurationRequest", "A load balancer's subnets must be in one VPC")
    return subnets


def _check_groups(store, groups, vpc_id):
    for group_id in groups:
        group = store.ec2.get_security_group_from_id(group_id)
        if group is None or not store.seen(getattr(group, "hidden_until", 0)):
            raise elb("InvalidSecurityGroup", f"Security group '{group_id}' does not exist")
        if group.vpc_id != vpc_id:
            raise elb("InvalidConfigurationRequest", f"Security group '{group_id}' is not in VPC '{vpc_id}'")


def _spread(store, balancer, subnets):
    """Gives the load balancer these subnets and no others: zones, and one interface in each."""
    at = now()
    for subnet_id in [s for s in balancer.interfaces if s not in subnets]:
        store.lingering.append((at + store.setting("interface_lingering"), balancer.interfaces.pop(subnet_id)))
        balancer.addresses.pop(subnet_id, None)
    balancer.subnets = subnets
    balancer.zone_since = {s.availability_zone: balancer.zone_since.get(s.availability_zone, at) for s in subnets.values()}
    for subnet in subnets.values():
        if subnet.id in balancer.interfaces:
            continue
        address = balancer.addresses.get(subnet.id) or subnet.get_available_subnet_ip(balancer)
        interface = LoadBalancerInterface(store.ec2, subnet, address, group_ids=list(balancer.security_groups),
                                          description=f"ELB {balancer.id}")
        interface.requester_managed, interface.requester_id = True, "amazon-elb"
        interface.status, interface.interface_type = "in-use", "network_load_balancer"
        store.ec2.enis[interface.id] = balancer.interfaces[subnet.id] = interface
