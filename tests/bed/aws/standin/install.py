"""Puts the stand-in's actions into moto's response classes."""
import inspect

from moto.ec2.responses import EC2Response
from moto.elbv2.responses import ELBV2Response

from . import accounts, calls, errors
from .ec2_gateways import Gateways
from .ec2_images import Images, mend_images
from .ec2_instances import Instances, mend_instances
from .ec2_interfaces import Interfaces
from .ec2_launch import Launch, mend_launch
from .ec2_network import Network, mend_models
from .ec2_route_tables import RouteTables, mend_routes
from .ec2_security_groups import SecurityGroups
from .ec2_volumes import Volumes, mend_volumes
from .elb_listeners import Listeners
from .elb_load_balancers import LoadBalancers
from .elb_tags import Tags
from .elb_target_groups import TargetGroups
from .elb_targets import Targets
from .endpoint_connections import EndpointConnections
from .endpoint_services import EndpointServices
from .gateway_endpoints import GatewayEndpoints

KEPT = {"describe_ssl_policies"}  # of moto's ELBv2 actions: needs no load balancer


def install():
    # EC2: ours first, what is not named there stays moto's.
    EC2Response.__bases__ = (SecurityGroups, EndpointServices, EndpointConnections, GatewayEndpoints, RouteTables, Gateways, Interfaces,
                             Volumes, Launch, Instances, Images, Network, *EC2Response.__bases__)
    # ELBv2: ours alone. An action that only works on moto's own load balancers must not seem to work.
    for name, _ in inspect.getmembers(ELBV2Response, inspect.isfunction):
        if name in vars(ELBV2Response) and not name.startswith("_") and name not in KEPT:
            delattr(ELBV2Response, name)
    for actions in (LoadBalancers, Listeners, TargetGroups, Targets, Tags):
        for name, member in vars(actions).items():
            if inspect.isfunction(member):
                setattr(ELBV2Response, name, member)
    # moto's writers of its own models' fields would trip over plain values
    ELBV2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER = {
        path: how for path, how in ELBV2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER.items()
        if path.endswith((".Attributes", ".Tags"))}
    accounts.install()
    for mend in (mend_models, mend_routes, mend_volumes, mend_launch, mend_instances, mend_images):
        mend()
    calls.guard(EC2Response, errors.ec2)
    calls.guard(ELBV2Response, errors.elb)
