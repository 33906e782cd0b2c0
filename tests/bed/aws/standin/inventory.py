"""Everything that an account holds in a region, as plain data: tests compare it before and after."""
from .elb_targets import target_states
from .store import LOCK, store_of


def inventory(account, region):
    with LOCK:
        store = store_of(account, region)
        store.settle()
        return {
            "account": account, "region": region,
            "vpcs": {v.id: _ec2(store, v.id, cidr=v.cidr_block, dns_support=v.enable_dns_support, dns_host_names=v.enable_dns_hostnames)
                     for v in store.ec2.vpcs.values()},
            "subnets": {s.id: _ec2(store, s.id, vpc=s.vpc_id, cidr=s.cidr_block, zone=s.availability_zone_id)
                        for zone in store.ec2.subnets.values() for s in zone.values()},
            "instances": {i.id: _ec2(store, i.id, subnet=i.subnet_id, address=i.private_ip, state=i.state, type=i.instance_type, image=i.image_id,
                                protected=i.disable_api_termination)
                          for r in store.ec2.reservations.values() for i in r.instances},
            "network_interfaces": {
                i.id: _ec2(store, i.id, subnet=i.subnet.id, address=i.private_ip_address, description=i.description,
                           security_groups=sorted(g.id for g in i.group_set)) for i in store.ec2.enis.values()},
            "volumes": {
                v.id: _ec2(store, v.id, zone=v.availability_zone_id, size=v.size, type=v.volume_type, encrypted=bool(v.encrypted), state=v.status,
                           instance=v.attachment.instance_id if v.attachment else None)
                for v in store.ec2.volumes.values() if not _is_root(v)},
            "route_tables": {
                t.id: _ec2(store, t.id, vpc=t.vpc_id, main=bool(t.main_association_id), subnets=sorted(t._associations.values()),
                           routes={_destination(r): _target(r) for r in t.routes}) for t in store.ec2.route_tables.values()},
            "internet_gateways": {g.id: _ec2(store, g.id, vpc=g.vpc.id if g.vpc else None) for g in store.ec2.internet_gateways.values()},
            "addresses": {a.id: _ec2(store, a.id, address=a.public_ip, interface=a.network_interface_id or None) for a in store.ec2.addresses},
            "nat_gateways": {
                g.id: _ec2(store, g.id, subnet=g.subnet_id, state=g.state, address=g.shown_address["AllocationId"])
                for g in store.ec2.nat_gateways.values() if g.state != "deleted"},
            "security_groups": {
                g.id: _ec2(store, g.id, name=g.name, vpc=g.vpc_id, rules=sorted(r.id for r in g.ingress_rules + g.egress_rules))
                for groups in store.ec2.groups.values() for g in groups.values()},
            "security_group_rules": {
                r.id: _ec2(store, r.id, **_rule(r)) for groups in store.ec2.groups.values() for g in groups.values()
                for r in g.ingress_rules + g.egress_rules},
            "load_balancers": {
                b.arn: _elb(store, b.arn, name=b.name, state=b.state(store), serves=b.serves(store), subnets=sorted(b.subnets), enforce=b.enforce,
                            security_groups=sorted(b.security_groups), attributes=b.attributes) for b in store.load_balancers.values()},
            "listeners": {
                item.arn: _elb(store, item.arn, load_balancer=b.arn, port=item.port, protocol=item.protocol, weights=item.weights,
                               attributes=item.attributes) for b in store.load_balancers.values() for item in b.listeners.values()},
            "target_groups": {
                g.arn: _elb(store, g.arn, name=g.name, vpc=g.vpc_id, port=g.port, type=g.target_type, check=g.check,
                            attributes=g.attributes, targets=target_states(store, g)) for g in store.target_groups.values()},
            "endpoint_services": {
                s.id: _ec2(store, s.id, name=s.name, state=s.state(), load_balancers=s.load_balancer_arns,
                           zones=[zone_id for _, zone_id in s.offered()], principals=sorted(s.principals),
                           acceptance_required=s.acceptance_required,
                           connections={e.id: {"account": owner, "state": e.state, "zones": e.zones()} for owner, e in s.endpoints()})
                for s in store.services.values() if not s.deleted},
            "vpc_endpoints": {
                e.id: _ec2(store, e.id, service=e.service_name, vpc=e.vpc_id, subnets=e.subnet_ids, route_tables=sorted(e.route_table_ids or []), state=e.state)
                for e in store.endpoints.values()},
        }


def _ec2(store, resource_id, **fields):
    return {"tags": dict(store.ec2.tags.get(resource_id, {})), **fields}


def _elb(store, arn, **fields):
    return {"tags": dict(store.elb_tags[arn]), **fields}


def _is_root(volume):
    """It is part of its instance, and goes with it."""
    attachment = volume.attachment
    return attachment is not None and attachment.instance.block_device_mapping[attachment.device].delete_on_termination


def _destination(route):
    return route.destination_cidr_block or route.destination_prefix_list_id


def _target(route):
    return route.gateway_id or route.nat_gateway_id or route.network_interface_id or route.instance_id


def _rule(rule):
    return {"group": rule.group_id, "egress": rule.is_egress, "protocol": rule.ip_protocol,
            "ports": [rule.from_port, rule.to_port],
            "peer": rule.cidr_ipv4 or rule.cidr_ipv6 or rule.prefix_list_id or rule.source_group.get("GroupId")}
