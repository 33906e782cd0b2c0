"""Which flows security groups let pass: those of a load balancer, and those of the targets behind it."""
import ipaddress

ANYWHERE = ipaddress.ip_network("0.0.0.0/0")
LOOPBACK = ipaddress.ip_network("127.0.0.1/32")  # where a client comes from that bound no address of its own


def let_in(store, balancer, port, private_link):
    """The networks from which flows pass the load balancer's inbound rules to a port."""
    if not balancer.security_groups or (private_link and balancer.enforce == "off"):
        return [ANYWHERE]
    networks = [network for rule in _rules(store, balancer.security_groups, "ingress_rules", port) for network in _sources(store, rule)]
    if networks and store.setting("loopback_may_pass"):
        networks.append(LOOPBACK)
    return networks


def reaches(store, balancer, node, address, port):
    """Whether what a node sends passes the load balancer's outbound rules and the inbound rules at the target."""
    at_target = {group.id for interface in store.ec2.enis.values()
                 if interface.private_ip_address == address and interface.subnet.vpc_id == balancer.vpc_id
                 for group in interface.group_set}
    out = not balancer.security_groups or any(
        _names(rule, address, at_target) for rule in _rules(store, balancer.security_groups, "egress_rules", port))
    into = not at_target or any(
        _names(rule, node, balancer.security_groups) for rule in _rules(store, at_target, "ingress_rules", port))
    return out and into


def _rules(store, group_ids, direction, port):
    """The rules of some groups that are about a TCP port."""
    for group_id in group_ids:
        group = store.ec2.get_security_group_from_id(group_id)
        for rule in getattr(group, direction) if group else ():
            if rule.ip_protocol == "-1" or (rule.ip_protocol == "tcp" and rule.from_port <= port <= rule.to_port):
                yield rule


def _names(rule, address, groups):
    """Whether a rule is about a peer: by its address, or by one of its groups."""
    if rule.cidr_ipv4:
        return ipaddress.ip_address(address) in ipaddress.ip_network(rule.cidr_ipv4)
    return rule.source_group.get("GroupId") in groups


def _sources(store, rule):
    if rule.cidr_ipv4:
        return [ipaddress.ip_network(rule.cidr_ipv4)]
    group_id = rule.source_group.get("GroupId")
    return [ipaddress.ip_network(interface.private_ip_address) for interface in store.ec2.enis.values()
            if group_id in [group.id for group in interface.group_set]]
