"""Gateway endpoints: they stand in route tables instead of subnets, as routes to AWS's own prefix lists."""
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ec2.models.route_tables import Route
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import random_vpc_ep_id

from .ec2_requests import by_token, tags_for
from .errors import ec2

SERVICES = ("s3", "dynamodb")  # that have them


class GatewayEndpoint(VPCEndPoint):
    gone_at = None
    state = property(lambda self: "available" if self.gone_at is None else "deleting", lambda self, value: None)

    def add(self, table):
        route = Route(table, None, None, self.prefix_list, vpc_endpoint_id=self.id)
        if route.id in table._routes:
            raise ec2("RouteAlreadyExists", f"route table {table.id} already has a route with destination-prefix-list-id {self.prefix_list.id}")
        table._routes[route.id] = route
        self.route_table_ids.append(table.id)

    def remove(self, table):
        del table._routes[Route(table, None, None, self.prefix_list).id]
        self.route_table_ids.remove(table.id)

    def leave(self):
        for table_id in list(self.route_table_ids):
            self.remove(self.ec2_backend.get_route_table(table_id))


class GatewayEndpoints(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    def create_vpc_endpoint(self):
        if self._get_param("VpcEndpointType", "Gateway") != "Gateway":
            return super().create_vpc_endpoint()
        endpoint = by_token(self, lambda: _make(self))
        return ActionResult({"VpcEndpoint": endpoint, "ClientToken": self._get_param("ClientToken")})

    def modify_vpc_endpoint(self):
        endpoint = self.store.endpoints.get(self._get_param("VpcEndpointId"))
        if endpoint is None or not self.store.shows(endpoint.id):
            raise ec2("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{self._get_param('VpcEndpointId')}' does not exist")
        if not isinstance(endpoint, GatewayEndpoint):
            return super().modify_vpc_endpoint()
        if endpoint.gone_at is not None:
            raise ec2("InvalidState", f"The Vpc Endpoint '{endpoint.id}' is in state deleting")  # unverified
        if self._get_param("AddSubnetIds") or self._get_param("RemoveSubnetIds"):
            raise ec2("InvalidParameter", "Subnets are not supported for gateway endpoints")
        added, removed = ([_table(self, table_id, endpoint.vpc_id) for table_id in self._get_param(name, [])]
                          for name in ("AddRouteTableIds", "RemoveRouteTableIds"))
        for table in removed:
            if table.id not in endpoint.route_table_ids:  # unverified
                raise ec2("InvalidParameter", f"The route table '{table.id}' is not associated with the Vpc Endpoint '{endpoint.id}'")
        _none_has_it(endpoint.prefix_list, added)
        for table in removed:
            endpoint.remove(table)
        for table in added:
            endpoint.add(table)
        return ActionResult({"Return": True})


def _none_has_it(prefix_list, tables):
    for table in tables:
        if any(route.destination_prefix_list is prefix_list for route in table.routes):
            raise ec2("RouteAlreadyExists", f"route table {table.id} already has a route with destination-prefix-list-id {prefix_list.id}")


def _make(response):
    store, name, vpc_id = response.store, response._get_param("ServiceName") or "", response._get_param("VpcId")
    lists = [prefix for prefix in store.ec2.managed_prefix_lists.values() if prefix.prefix_list_name == name]
    if name not in [f"com.amazonaws.{response.region}.{service}" for service in SERVICES] or not lists:
        raise ec2("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    store.ec2.get_vpc(vpc_id)
    for parameter in ("SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled"):
        if response._get_param(parameter):
            raise ec2("InvalidParameter", f"{parameter} is not supported for gateway endpoints")
    tables = [_table(response, table_id, vpc_id) for table_id in response._get_param("RouteTableIds", [])]
    _none_has_it(lists[0], tables)
    endpoint = GatewayEndpoint(store.ec2, random_vpc_ep_id(), vpc_id, name, "Gateway", response._get_param("PolicyDocument"), [], subnet_ids=[],
                               tags=tags_for(response, "vpc-endpoint"), private_dns_enabled=False, destination_prefix_list_id=lists[0].id)
    endpoint.prefix_list = lists[0]
    for table in tables:
        endpoint.add(table)
    store.endpoints[endpoint.id] = endpoint
    store.hide(endpoint.id)
    return endpoint


def _table(response, table_id, vpc_id):
    try:
        table = response.store.ec2.get_route_table(table_id)
    except ServiceException:
        table = None
    if table is None or not response.store.shows(table_id):
        raise ec2("InvalidRouteTableId.NotFound", f"The routeTable ID '{table_id}' does not exist")  # spelt so by this kind alone
    if table.vpc_id != vpc_id:  # unverified
        raise ec2("InvalidParameter", f"The route table '{table_id}' and the endpoint belong to different networks")
    return table
