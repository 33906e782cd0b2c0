"""Attributes of load balancers, target groups and listeners: names, defaults and what they accept."""
import re

from .errors import elb

BOOL = r"true|false"
COUNT_OR_OFF = r"off|[1-9]\d*"
PERCENT_OR_OFF = r"off|[1-9]\d?|100"
TEXT = r".*"


def _number(low, high):
    return lambda value: value.isdigit() and low <= int(value) <= high


LOAD_BALANCER = {
    "deletion_protection.enabled": ("false", BOOL),
    "load_balancing.cross_zone.enabled": ("false", BOOL),
    "access_logs.s3.enabled": ("false", BOOL),
    "access_logs.s3.bucket": ("", TEXT),
    "access_logs.s3.prefix": ("", TEXT),
    "dns_record.client_routing_policy": (
        "any_availability_zone", r"any_availability_zone|availability_zone_affinity|partial_availability_zone_affinity"),
    "ipv6.deny_all_igw_traffic": ("false", BOOL),
    "secondary_ips.auto_assigned.per_subnet": ("0", _number(0, 7)),
    "zonal_shift.config.enabled": ("false", BOOL),
}

DNS_FAILOVER_COUNT = "target_group_health.dns_failover.minimum_healthy_targets.count"

TARGET_GROUP = {
    "deregistration_delay.timeout_seconds": ("300", _number(0, 3600)),
    "deregistration_delay.connection_termination.enabled": ("false", BOOL),
    "load_balancing.cross_zone.enabled": ("use_load_balancer_configuration", BOOL + r"|use_load_balancer_configuration"),
    "preserve_client_ip.enabled": ("true", BOOL),
    "proxy_protocol_v2.enabled": ("false", BOOL),
    "stickiness.enabled": ("false", BOOL),
    "stickiness.type": ("source_ip", r"source_ip"),
    DNS_FAILOVER_COUNT: ("1", COUNT_OR_OFF),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": ("off", PERCENT_OR_OFF),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": ("1", r"[1-9]\d*"),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": ("off", PERCENT_OR_OFF),
    "target_health_state.unhealthy.connection_termination.enabled": ("true", BOOL),
    "target_health_state.unhealthy.draining_interval_seconds": ("0", _number(0, 360000)),
}

LISTENER = {"tcp.idle_timeout.seconds": ("350", _number(60, 6000))}


def defaults(table):
    return {key: default for key, (default, _) in table.items()}


def change(kind, table, attributes, wanted):
    """Sets attributes of one resource; all of them or, when one is refused, none."""
    for attribute in wanted:
        key, value = attribute["Key"], attribute.get("Value", "")
        if key not in table:
            raise elb("ValidationError", f"{kind} attribute key '{key}' is not recognized")
        accepts = table[key][1]
        good = accepts(value) if callable(accepts) else re.fullmatch(accepts, value)
        if not good:
            raise elb("ValidationError", f"{kind} attribute value '{value}' is not valid for key '{key}'")
    attributes.update((attribute["Key"], attribute.get("Value", "")) for attribute in wanted)
