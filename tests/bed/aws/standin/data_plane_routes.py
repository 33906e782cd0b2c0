"""Where flows come in and which target each goes to, judged from the account as it is at this moment.

Every function wants LOCK held.
"""
import random
from dataclasses import dataclass

from .data_plane_security import let_in, reaches
from .elb_targets import address_of, health, zone_of

CROSS_ZONE = "load_balancing.cross_zone.enabled"


@dataclass(frozen=True, eq=False)
class Entrance:
    """A port of a load balancer's node, or that of a consumer's endpoint, which leads to the node of its zone."""
    address: str
    store: object  # the provider's
    listener: object
    zone: str
    endpoint: object = None

    def node(self):
        """Address of the load balancer's node in this zone; None when it has none there."""
        balancer = self.listener.balancer
        if balancer.arn not in self.store.load_balancers:
            return None
        return next((i.private_ip_address for i in balancer.interfaces.values() if i.subnet.availability_zone == self.zone), None)

    def is_open(self):
        """Whether what came in here may go on."""
        return self.node() is not None and (self.endpoint is None or self.endpoint.state == "available")


@dataclass(frozen=True)
class Route:
    """A target that a flow may go to, and from where."""
    node: str
    group: object
    key: tuple  # (id, port)
    address: str

    def has_ended(self):
        """Whether the target was deregistered with connection termination, and its draining is over."""
        return (self.group.attributes["deregistration_delay.connection_termination.enabled"] == "true"
                and not self.group.is_registered(self.key))


def entrances(store):
    """Every one of a provider's account, its consumers' endpoints included."""
    for balancer in store.load_balancers.values():
        if balancer.serves(store):
            for interface in balancer.interfaces.values():
                for listener in _tcp(balancer):
                    yield Entrance(interface.private_ip_address, store, listener, interface.subnet.availability_zone)
    for service in store.services.values():
        balancers = [store.load_balancers[arn] for arn in service.load_balancer_arns if arn in store.load_balancers]
        for _, endpoint in service.endpoints():
            for interface in endpoint.interfaces():
                for listener in (listener for balancer in balancers if balancer.serves(store) for listener in _tcp(balancer)):
                    yield Entrance(interface.private_ip_address, store, listener, interface.subnet.availability_zone, endpoint)


def admitted(entrance):
    """The networks whose flows are answered at an entrance."""
    if not entrance.is_open():
        return []
    networks = let_in(entrance.store, entrance.listener.balancer, entrance.listener.port, entrance.endpoint is not None)
    possible = [route for arn, weight in entrance.listener.weights.items() if weight > 0 for route in _routes(entrance, arn)]
    if possible and not any(_passes(entrance, route) for route in possible):
        return []  # a target that the rules cut off never answers the client's SYN
    return networks


def route(entrance):
    """(Route or None, whether it is permitted) of a new flow."""
    weights = entrance.listener.weights
    if not entrance.is_open() or not any(weights.values()):
        return None, True
    (arn,) = random.choices(list(weights), list(weights.values()))
    possible = _routes(entrance, arn)
    if not possible:
        return None, True
    picked = random.choice(possible)
    return picked, _passes(entrance, picked)


def _tcp(balancer):
    return [listener for listener in balancer.listeners.values() if listener.protocol == "TCP"]


def _routes(entrance, group_arn):
    """To the healthy targets of a group that a node reaches; to all it reaches when none is healthy."""
    store, balancer, node = entrance.store, entrance.listener.balancer, entrance.node()
    group = store.target_groups[group_arn]
    crossing = group.attributes[CROSS_ZONE]
    if crossing not in ("true", "false"):  # use_load_balancer_configuration
        crossing = balancer.attributes[CROSS_ZONE]
    states = {}
    for key in list(group.targets):
        state = health(store, group, key)[0]
        if state not in ("unused", "draining") and (crossing == "true" or zone_of(store, group, key) in (entrance.zone, "all")):
            states[key] = state
    healthy = [key for key, state in states.items() if state == "healthy"]
    return [Route(node, group, key, address_of(store, group, key)) for key in healthy or states]


def _passes(entrance, found):
    return reaches(entrance.store, entrance.listener.balancer, found.node, found.address, found.key[1])
