"""Connections: consumers' interface endpoints, and the provider's yes or no to them.

A consumer is another account: it creates an endpoint for the service's name, and
the provider sees a connection. Both look at the one endpoint object here.
"""
from moto.core.responses import ActionResult
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import random_vpc_ep_id

from .ec2_requests import filtered, filters, tags_for
from .endpoint_services import find_service
from .errors import ec2
from .store import new_hex, now, page


class Endpoint(VPCEndPoint):
    """A consumer's endpoint. moto reads `state`; here it follows from what was decided and when."""

    gone_at = None

    def __init__(self, store, service, **settings):
        self.store, self.service_id, self.provider = store, service.id, service.store
        self.decided = None if service.acceptance_required else ("accepted", now())
        self.connection_id = f"vpce-con-{new_hex(17)}"
        super().__init__(store.ec2, service_name=service.name, endpoint_type="Interface", policy_document=None,
                         route_table_ids=[], **settings)

    def connection_state(self):
        if self.gone_at is not None:
            return "deleting"
        forced = self.store.forced.get(self.id) or self.provider.forced.get(self.id)
        if forced:
            return forced
        if self.decided is None:
            return "pendingAcceptance"
        verdict, when = self.decided
        if verdict == "rejected":
            return "rejected"
        return "available" if now() - when >= self.provider.setting("connection_pending") else "pending"

    state = property(connection_state, lambda self, value: None)

    def leave(self):
        for interface in self.interfaces():
            interface.delete()

    def interfaces(self):
        return [self.store.ec2.enis[i] for i in self.network_interface_ids if i in self.store.ec2.enis]

    def zones(self):
        return sorted(self.store.ec2.get_subnet(subnet_id).availability_zone_id for subnet_id in self.subnet_ids)


class EndpointConnections(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    # ---- the consumer
    def create_vpc_endpoint(self):
        name = self._get_param("ServiceName") or ""
        if not name.startswith("com.amazonaws.vpce."):
            return super().create_vpc_endpoint()  # AWS's own services
        store, token = self.store, self._get_param("ClientToken")
        if token and ("CreateVpcEndpoint", token) in store.tokens:
            return ActionResult({"VpcEndpoint": store.tokens["CreateVpcEndpoint", token], "ClientToken": token})
        service = find_service(self.region, name, self.current_account)
        vpc_id, subnet_ids = self._get_param("VpcId"), self._get_param("SubnetIds", [])
        store.ec2.get_vpc(vpc_id)
        subnets = [store.ec2.get_subnet(subnet_id) for subnet_id in subnet_ids]
        for subnet in subnets:
            if subnet.availability_zone_id not in [zone_id for _, zone_id in service.offered()]:
                raise ec2("InvalidParameter", f"The VPC endpoint service {name} does not support the availability zone of the subnet: {subnet.id}.")
        if self._get_param("PrivateDnsEnabled"):
            raise ec2("InvalidParameter", f"Private DNS can't be enabled because the service {name} does not provide a private DNS name.")
        tags = tags_for(self, "vpc-endpoint")
        endpoint_id, groups = random_vpc_ep_id(), self._get_param("SecurityGroupIds", [])
        interfaces = [_interface(store, subnet, endpoint_id, groups) for subnet in subnets]
        prefix, domain = f"{endpoint_id}-{new_hex(8)}", f"{service.id}.{self.region}.vpce.amazonaws.com"
        names = [f"{prefix}.{domain}", *(f"{prefix}-{subnet.availability_zone}.{domain}" for subnet in subnets)]
        endpoint = Endpoint(
            store, service, endpoint_id=endpoint_id, vpc_id=vpc_id, subnet_ids=subnet_ids, security_group_ids=groups, tags=tags,
            network_interface_ids=[i.id for i in interfaces],
            dns_entries=[{"DnsName": n, "HostedZoneId": "Z7HUB22UULQXV"} for n in names])
        store.endpoints[endpoint.id] = endpoint
        if token:
            store.tokens["CreateVpcEndpoint", token] = endpoint
        return ActionResult({"VpcEndpoint": endpoint, "ClientToken": token})

    def delete_vpc_endpoints(self):
        store, bad = self.store, []
        for endpoint_id in self._get_param("VpcEndpointIds", []):
            endpoint = store.endpoints.get(endpoint_id)
            if endpoint is None:
                bad.append({"ResourceId": endpoint_id, "Error": {"Code": "InvalidVpcEndpoint.NotFound",
                                                                 "Message": f"The Vpc Endpoint Id '{endpoint_id}' does not exist"}})
            elif not hasattr(endpoint, "gone_at"):  # moto's
                store.ec2.delete_vpc_endpoints([endpoint_id])
            elif endpoint.gone_at is None:
                endpoint.gone_at = now() + store.setting("endpoint_deleting")
        store.settle()
        return ActionResult({"Unsuccessful": bad})

    # ---- the provider
    def describe_vpc_endpoint_connections(self):
        connections = [(service, account, endpoint) for service in self.store.services.values()
                       if self.store.seen(service.hidden_until) and not service.deleted
                       for account, endpoint in service.endpoints()]
        found = filtered(filters(self), connections, lambda c: (
            {"service-id": c[0].id, "vpc-endpoint-owner": c[1], "vpc-endpoint-state": c[2].state, "vpc-endpoint-id": c[2].id,
             "ip-address-type": "ipv4", "vpc-endpoint-region": self.region}, {}))
        shown, more = page(found, self._get_int_param("MaxResults"), self._get_param("NextToken"), 1000)
        return ActionResult({"NextToken": more, "VpcEndpointConnections": [
            {"ServiceId": service.id, "VpcEndpointId": endpoint.id, "VpcEndpointOwner": account, "VpcEndpointState": endpoint.state,
             "CreationTimestamp": endpoint.creation_timestamp, "DnsEntries": endpoint.dns_entries, "IpAddressType": "ipv4",
             "NetworkLoadBalancerArns": service.load_balancer_arns, "VpcEndpointConnectionId": endpoint.connection_id,
             "VpcEndpointRegion": self.region} for service, account, endpoint in shown]})

    def accept_vpc_endpoint_connections(self):
        allowed = ["pendingAcceptance", "pending", "available"]
        if self.store.setting("rejected_may_be_accepted"):
            allowed.append("rejected")
        return self._decide(allowed, "accepted")

    def reject_vpc_endpoint_connections(self):
        return self._decide(["pendingAcceptance", "pending", "available", "rejected"], "rejected")

    def _decide(self, allowed, verdict):
        """Both verdicts answer 200 and name in `Unsuccessful` what they could not do; its codes are unverified."""
        service, bad = self._service(self._get_param("ServiceId")), []
        known = {endpoint.id: endpoint for _, endpoint in service.endpoints()}
        for endpoint_id in self._get_param("VpcEndpointIds", []):
            endpoint = known.get(endpoint_id)
            if endpoint is None:
                bad.append({"ResourceId": endpoint_id, "Error": {"Code": "InvalidVpcEndpointId.NotFound",
                                                                 "Message": f"The Vpc Endpoint Id '{endpoint_id}' does not exist"}})
            elif endpoint.state not in allowed:
                bad.append({"ResourceId": endpoint_id, "Error": {"Code": "InvalidState",
                                                                 "Message": f"The Vpc Endpoint '{endpoint_id}' is in state {endpoint.state}"}})
            elif endpoint.decided is None or endpoint.decided[0] != verdict:
                endpoint.decided = (verdict, now())
        return ActionResult({"Unsuccessful": bad})


def _interface(store, subnet, endpoint_id, groups):
    interface = NetworkInterface(store.ec2, subnet, subnet.get_available_subnet_ip(None), group_ids=groups or None,
                                 description=f"VPC Endpoint Interface {endpoint_id}")
    interface.requester_managed, interface.interface_type, interface.status = True, "vpc_endpoint", "in-use"
    store.ec2.enis[interface.id] = interface
    return interface
