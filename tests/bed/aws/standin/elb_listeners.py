"""Listeners of Network Load Balancers: one port each, forwarding to one or several weighted target groups."""
from dataclasses import dataclass, field

from moto.core.responses import ActionResult

from . import elb_attributes
from .elb_tags import check_tags
from .errors import elb, no_listener, no_target_group
from .store import new_hex, page

MOST_GROUPS = 5  # of one forward action
SUITS = {"TCP": {"TCP", "TCP_UDP"}, "UDP": {"UDP", "TCP_UDP"}, "TCP_UDP": {"TCP_UDP"}, "TLS": {"TLS", "TCP"}}


@dataclass(eq=False)
class Listener:
    arn: str
    balancer: object
    port: int
    protocol: str
    weights: dict  # target group ARN -> weight
    hidden_until: float
    attributes: dict = field(default_factory=dict)

    def shown(self):
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in self.weights.items()]
        action = {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups}}
        if len(groups) == 1:
            action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
        return {"ListenerArn": self.arn, "LoadBalancerArn": self.balancer.arn, "Port": self.port,
                "Protocol": self.protocol, "DefaultActions": [action]}


class Listeners:
    """The actions; `install` puts them into moto's response class."""

    def create_listener(self):
        store, balancer = self.store, self.load_balancer(self._get_param("LoadBalancerArn"))
        port, protocol = self._get_param("Port"), self._get_param("Protocol")
        tags = check_tags(self._get_param("Tags", []))
        weights = self._forward(balancer, port, protocol, self._get_param("DefaultActions", []))
        for existing in balancer.listeners.values():
            if existing.port == port:
                if (existing.protocol, existing.weights) == (protocol, weights) and self.same_tags(existing.arn, tags):
                    return ActionResult({"Listeners": [existing.shown()]})
                raise elb("DuplicateListener", "A listener already exists on this port for this load balancer "
                          f"'{balancer.arn}'")
        if len(balancer.listeners) >= store.setting("listeners_per_load_balancer"):
            raise elb("TooManyListeners", f"The maximum number of listeners has been reached for load balancer '{balancer.arn}'")
        listener = Listener(store.arn(f"listener/{balancer.id}/{new_hex(16)}"), balancer, port, protocol, weights,
                            store.hidden_until())
        if protocol == "TCP":
            listener.attributes = elb_attributes.defaults(elb_attributes.LISTENER)
        balancer.listeners[listener.arn] = listener
        store.elb_tags[listener.arn] = tags
        self.groups_in_use_again()
        return ActionResult({"Listeners": [listener.shown()]})

    def describe_listeners(self):
        store, arns = self.store, self._get_param("ListenerArns", [])
        balancer_arn = self._get_param("LoadBalancerArn")
        if bool(arns) == bool(balancer_arn):
            raise elb("ValidationError", "You must specify either listener ARNs or a load balancer ARN")
        if arns:
            found = [self.listener(arn) for arn in arns]
        else:
            found = [listener for listener in self.load_balancer(balancer_arn).listeners.values() if store.seen(listener.hidden_until)]
        listeners, token = page(found, self._get_param("PageSize"), self._get_param("Marker"), 400)
        return ActionResult({"Listeners": [listener.shown() for listener in listeners], "NextMarker": token})

    def modify_listener(self):
        listener = self.listener(self._get_param("ListenerArn"))
        port = self._get_param("Port") or listener.port
        protocol = self._get_param("Protocol") or listener.protocol
        actions = self._get_param("DefaultActions", [])
        if any(other is not listener and other.port == port for other in listener.balancer.listeners.values()):
            raise elb("DuplicateListener", "A listener already exists on this port for this load balancer "
                      f"'{listener.balancer.arn}'")
        weights = self._forward(listener.balancer, port, protocol, actions) if actions else listener.weights
        listener.port, listener.protocol, listener.weights = port, protocol, weights
        self.groups_in_use_again()
        return ActionResult({"Listeners": [listener.shown()]})

    def delete_listener(self):
        listener = self.listener(self._get_param("ListenerArn"))
        del listener.balancer.listeners[listener.arn]
        self.store.elb_tags.pop(listener.arn, None)
        self.groups_in_use_again()
        return ActionResult({})

    def describe_listener_attributes(self):
        return ActionResult({"Attributes": dict(self.listener(self._get_param("ListenerArn")).attributes)})

    def modify_listener_attributes(self):
        listener = self.listener(self._get_param("ListenerArn"))
        table = {key: elb_attributes.LISTENER[key] for key in listener.attributes}
        elb_attributes.change("Listener", table, listener.attributes, self._get_param("Attributes", []))
        return ActionResult({"Attributes": dict(listener.attributes)})

    def listener(self, arn):
        for balancer in self.store.load_balancers.values():
            listener = balancer.listeners.get(arn)
            if listener is not None and self.store.seen(listener.hidden_until):
                return listener
        raise no_listener(arn)

    def _forward(self, balancer, port, protocol, actions):
        """The weights that a listener's default action asks for; AWS's refusals."""
        store = self.store
        if protocol not in SUITS or not 1 <= (port or 0) <= 65535:
            raise elb("ValidationError", f"A network load balancer cannot listen with protocol '{protocol}' on port '{port}'")
        if len(actions) != 1 or actions[0].get("Type") != "forward":
            raise elb("InvalidLoadBalancerAction", "A network load balancer's listener has exactly one action, of type forward")
        action = actions[0]
        groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
        single = action.get("TargetGroupArn")
        if single and groups and [g["TargetGroupArn"] for g in groups] != [single]:
            raise elb("InvalidLoadBalancerAction", "TargetGroupArn and ForwardConfig must name the same target group")
        weights = {g["TargetGroupArn"]: g.get("Weight", 1) for g in groups} or ({single: 1} if single else {})
        if not weights or len(weights) < len(groups):
            raise elb("ValidationError", "A forward action names at least one target group, each once")
        if len(weights) > MOST_GROUPS:
            raise elb("TooManyTargetGroups", f"A forward action names at most '{MOST_GROUPS}' target groups")
        for arn, weight in weights.items():
            group = store.target_groups.get(arn)
            if group is None or not store.seen(group.hidden_until):
                raise no_target_group(arn)
            if not 0 <= weight <= 999:
                raise elb("ValidationError", f"Weight '{weight}' must be between 0 and 999")
            if group.vpc_id != balancer.vpc_id:
                raise elb("InvalidConfigurationRequest", f"Target group '{arn}' is not in the load balancer's VPC")
            if group.protocol not in SUITS[protocol]:
                raise elb("IncompatibleProtocols", f"Protocol '{protocol}' does not suit target group '{arn}' of protocol '{group.protocol}'")
            if any(other != balancer.arn for other in group.load_balancer_arns(store)):
                raise elb("TargetGroupAssociationLimit",
                          f"The following target groups cannot be associated with more than one load balancer: {arn}")
        return weights
