"""Route tables: what refers to what, and routes that lead nowhere any more."""
import ipaddress

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import InvalidRouteTableIdError
from moto.ec2.models.route_tables import Route
from moto.ec2.responses._base_response import EC2BaseResponse

from .ec2_requests import by_token, described, tags_for
from .errors import ec2

TARGETS = ("GatewayId", "NatGatewayId", "InstanceId", "NetworkInterfaceId", "VpcPeeringConnectionId", "TransitGatewayId",
           "EgressOnlyInternetGatewayId", "CarrierGatewayId", "VpcEndpointId")
FILTERS = {
    "vpc-id": lambda t: t.vpc_id, "route-table-id": lambda t: t.id, "owner-id": lambda t: t.owner_id,
    "association.subnet-id": lambda t: list(t._associations.values()),
    "association.route-table-id": lambda t: t.id,
    "association.route-table-association-id": lambda t: list(t.all_associations_ids),
    "association.main": lambda t: "true" if t.main_association_id else "false",
    "route.destination-cidr-block": lambda t: [r.destination_cidr_block for r in t.routes if r.destination_cidr_block],
    "route.gateway-id": lambda t: [r.gateway_id for r in t.routes if r.gateway_id],
    "route.nat-gateway-id": lambda t: [r.nat_gateway_id for r in t.routes if r.nat_gateway_id],
    "route.state": lambda t: [r.state for r in t.routes],
}


class RouteTables(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    def create_route_table(self):
        store = self.store

        def make():
            tags = tags_for(self, "route-table")
            table = store.ec2.create_route_table(self._get_param("VpcId"))
            table.add_tags(tags)
            store.hide(table.id)
            return table
        return ActionResult({"RouteTable": by_token(self, make), "ClientToken": self._get_param("ClientToken")})

    def describe_route_tables(self):
        return described(self, "RouteTables", self.store.ec2.route_tables.values(), InvalidRouteTableIdError, FILTERS,
                         ids=self._get_param("RouteTableIds", []))

    def delete_route_table(self):
        store, table = self.store, _table(self)
        # Whether an endpoint holds a table is not documented: here it does.
        if table.all_associations_ids or any(table.id in (e.route_table_ids or []) for e in store.endpoints.values()):
            raise ec2("DependencyViolation", f"The routeTable '{table.id}' has dependencies and cannot be deleted.")
        store.forget_ec2(store.ec2.route_tables, table.id)
        return EmptyResult()

    def associate_route_table(self):
        store, table, subnet_id = self.store, _table(self), self._get_param("SubnetId")
        subnet = store.ec2.get_subnet(subnet_id)
        if subnet.vpc_id != table.vpc_id:
            raise ec2("InvalidParameterValue", f"route table {table.id} and subnet {subnet_id} belong to different networks")
        for other in store.ec2.route_tables.values():
            if other is not table and subnet_id in other._associations.values():
                raise ec2("Resource.AlreadyAssociated", f"the specified association for route table {table.id} conflicts with an existing association")
        association = store.ec2.associate_route_table(table.id, None, subnet_id)
        return ActionResult({"AssociationId": association, "AssociationState": {"State": "associated"}})

    def disassociate_route_table(self):
        association = self._get_param("AssociationId")
        if any(table.main_association_id == association for table in self.store.ec2.route_tables.values()):
            raise ec2("InvalidParameterValue", f"cannot disassociate the main route table association {association}")
        self.store.ec2.disassociate_route_table(association)
        return EmptyResult()

    def create_route(self):
        table, cidr = _table(self), _cidr(self)
        targets = {name: self._get_param(name) for name in TARGETS if self._get_param(name)}
        if len(targets) != 1:
            raise ec2("InvalidParameterCombination" if targets else "MissingParameter", f"The request must contain exactly one of {', '.join(TARGETS)}")
        if any(route.destination_cidr_block == cidr for route in table.routes):
            raise ec2("RouteAlreadyExists", f"The route identified by {cidr} already exists.")
        (kind, target), = targets.items()
        if kind == "GatewayId" and target.startswith("igw-"):
            table._routes.update(_by_id(Route(table, cidr, None, gateway=_internet_gateway(self, target, table))))
        elif kind == "NatGatewayId":
            table._routes.update(_by_id(Route(table, cidr, None, nat_gateway=_nat_gateway(self, target, table))))
        else:
            return super().create_route()
        return ActionResult({"Return": True})

    def delete_route(self):
        table = _table(self)
        prefix_list, cidr = self._get_param("DestinationPrefixListId"), self._get_param("DestinationCidrBlock") and _cidr(self)
        for route in table.routes:
            if (prefix_list or cidr) in (route.destination_prefix_list_id, route.destination_cidr_block):
                if route.local or route.vpc_endpoint_id:
                    kind = "local" if route.local else "VPC endpoint"
                    raise ec2("InvalidParameterValue", f"cannot remove {kind} route {prefix_list or cidr} in route table {table.id}")
                del table._routes[route.id]
                return EmptyResult()
        raise ec2("InvalidRoute.NotFound", f"no route with destination-cidr-block {prefix_list or cidr} in route table {table.id}")

    def delete_subnet(self):
        result = super().delete_subnet()
        for table in self.store.ec2.route_tables.values():
            for association in [a for a, subnet_id in table._associations.items() if subnet_id == self._get_param("SubnetId")]:
                del table._associations[association]
        return result


def _by_id(route):
    return {route.id: route}


def _state(route):
    if route.nat_gateway is not None:
        return "active" if route.nat_gateway.state == "available" else "blackhole"
    if route.gateway is not None and route.gateway.id.startswith("igw-"):
        vpc = route.gateway.vpc
        return "active" if vpc is not None and vpc.id == route.route_table.vpc_id else "blackhole"
    return "active"


def mend_routes():
    """moto's routes are active whatever became of their target."""
    Route.state = property(_state)


def _table(response):
    table_id = response._get_param("RouteTableId")
    table = response.store.ec2.get_route_table(table_id)
    if not response.store.shows(table_id):
        raise InvalidRouteTableIdError(table_id)
    return table


def _cidr(response):
    text = response._get_param("DestinationCidrBlock")
    try:
        return str(ipaddress.IPv4Network(text, strict=False))  # AWS keeps no host bits
    except ValueError:
        raise ec2("InvalidParameterValue", f"Value ({text}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.")


def _internet_gateway(response, gateway_id, table):
    try:
        gateway = response.store.ec2.get_internet_gateway(gateway_id)
    except ServiceException:
        gateway = None
    if gateway is None or not response.store.shows(gateway_id):
        raise ec2("InvalidInternetGatewayID.NotFound", f"The internetGateway ID '{gateway_id}' does not exist")
    if gateway.vpc is None or gateway.vpc.id != table.vpc_id:
        raise ec2("InvalidParameterValue", f"route table {table.id} and network gateway {gateway_id} belong to different networks")
    return gateway


def _nat_gateway(response, gateway_id, table):
    gateway = response.store.ec2.nat_gateways.get(gateway_id)
    # Whether a route may lead to one that is pending is not documented: here it may not.
    if gateway is None or not response.store.shows(gateway_id) or gateway.state != "available":
        raise ec2("InvalidNatGatewayID.NotFound", f"The natGateway ID '{gateway_id}' does not exist")
    if gateway.vpc_id != table.vpc_id:
        raise ec2("InvalidParameterValue", f"route table {table.id} and network gateway {gateway_id} belong to different networks")
    return gateway
