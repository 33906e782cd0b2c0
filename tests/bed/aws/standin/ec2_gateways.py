"""Internet gateways, elastic addresses, and NAT gateways that stand on both."""
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import InvalidAllocationIdError, InvalidInternetGatewayIdError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import random_eip_association_id, random_nat_gateway_id

from .ec2_requests import by_token, described, shown_tags, tags_for
from .errors import ec2

INTERNET = {
    "internet-gateway-id": lambda g: g.id, "owner-id": lambda g: g.owner_id,
    "attachment.vpc-id": lambda g: [g.vpc.id] if g.vpc else [], "attachment.state": lambda g: ["available"] if g.vpc else [],
}
ADDRESS = {
    "allocation-id": lambda a: a.id, "association-id": lambda a: a.association_id, "domain": lambda a: a.domain, "public-ip": lambda a: a.public_ip,
    "instance-id": lambda a: a.instance_id, "network-interface-id": lambda a: a.network_interface_id,
    "private-ip-address": lambda a: a.private_ip_address,
}
NAT = {"nat-gateway-id": lambda g: g.id, "state": lambda g: g.state, "subnet-id": lambda g: g.subnet_id, "vpc-id": lambda g: g.vpc_id}


class NatGatewayInterface(NetworkInterface):
    """Attached by AWS's own account, and not the customer's to detach."""

    attachment = property(lambda self: {"AttachmentId": "ela-attach-" + self.id[4:], "InstanceOwnerId": "amazon-aws",
                                        "Status": "attached", "DeviceIndex": 1, "DeleteOnTermination": False})


class NatGateway(TaggedEC2Resource):
    """What goes wrong at its creation is said by the state `failed` and a code, not by a refusal."""

    def __init__(self, store, subnet, address, tags):
        self.ec2_backend, self.store = store.ec2, store
        self.id, self.subnet_id, self.vpc_id, self.created = random_nat_gateway_id(), subnet.id, subnet.vpc_id, utcnow()
        self.state, self.failure = "pending", _failure(store, subnet, address)
        self.interface = self.address = self.gone_at = None
        self.add_tags(tags)
        if self.failure is None:
            self.interface = interface = NatGatewayInterface(
                store.ec2, subnet, subnet.get_available_subnet_ip(None), description=f"Interface for NAT Gateway {self.id}")
            interface._group_set, interface.requester_managed, interface.interface_type, interface.status = [], True, "nat_gateway", "in-use"
            store.ec2.enis[interface.id] = interface
            self.address, address.eni, address.association_id = address, interface, random_eip_association_id()
            interface.public_ip = address.public_ip
        self.shown_address = {"AllocationId": address.id, "PublicIp": address.public_ip, "IsPrimary": True, "Status": "succeeded"}
        if self.interface:
            self.shown_address.update(NetworkInterfaceId=self.interface.id, PrivateIp=self.interface.private_ip_address,
                                      AssociationId=address.association_id)

    def settle(self):
        if self.state == "pending":
            self.state = "failed" if self.failure else "available"

    def leave(self):
        self.state, self.gone_at = "deleted", utcnow()
        if self.interface:
            self.interface.delete()
            self.address.eni, self.address.association_id = None, None

    def shown(self):
        code, text = self.failure or (None, None)
        failed = self.state == "failed"
        return {"NatGatewayId": self.id, "SubnetId": self.subnet_id, "VpcId": self.vpc_id, "State": self.state, "ConnectivityType": "public",
                "CreateTime": self.created, "DeleteTime": self.gone_at, "NatGatewayAddresses": [self.shown_address],
                "FailureCode": code if failed else None, "FailureMessage": text if failed else None, "Tags": shown_tags(self.store, self.id)}


class Gateways(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    # ---- internet gateways
    def create_internet_gateway(self):
        tags = tags_for(self, "internet-gateway")
        gateway = self.store.ec2.create_internet_gateway()
        gateway.add_tags(tags)
        self.store.hide(gateway.id)
        return ActionResult({"InternetGateway": gateway})

    def describe_internet_gateways(self):
        return described(self, "InternetGateways", self.store.ec2.internet_gateways.values(), InvalidInternetGatewayIdError, INTERNET,
                         ids=self._get_param("InternetGatewayIds", []))

    def attach_internet_gateway(self):
        store, gateway, vpc_id = self.store, _internet_gateway(self), self._get_param("VpcId")
        store.ec2.get_vpc(vpc_id)
        if gateway.vpc is not None:
            raise ec2("Resource.AlreadyAssociated", f"resource {gateway.id} is already attached to network {gateway.vpc.id}")
        if any(other.vpc is not None and other.vpc.id == vpc_id for other in store.ec2.internet_gateways.values()):
            raise ec2("InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached")
        store.ec2.attach_internet_gateway(gateway.id, vpc_id)
        return EmptyResult()

    def detach_internet_gateway(self):
        store, gateway, vpc_id = self.store, _internet_gateway(self), self._get_param("VpcId")
        if gateway.vpc is not None and gateway.vpc.id == vpc_id and any(
                i.public_ip for i in store.ec2.enis.values() if i.subnet.vpc_id == vpc_id):
            raise ec2("DependencyViolation", f"Network {vpc_id} has some mapped public address(es). "
                      "Please unmap those public address(es) before detaching the gateway.")
        store.ec2.detach_internet_gateway(gateway.id, vpc_id)
        return EmptyResult()

    def delete_internet_gateway(self):
        gateway = _internet_gateway(self)
        if gateway.vpc is not None:
            raise ec2("DependencyViolation", f"The internetGateway '{gateway.id}' has dependencies and cannot be deleted.")
        self.store.forget_ec2(self.store.ec2.internet_gateways, gateway.id)
        return EmptyResult()

    # ---- elastic addresses
    def allocate_address(self):
        store, tags = self.store, tags_for(self, "elastic-ip")
        if len(store.ec2.addresses) >= store.setting("elastic_addresses"):
            raise ec2("AddressLimitExceeded", "The maximum number of addresses has been reached.")
        address = store.ec2.allocate_address("vpc", tags=tags)
        store.hide(address.id)
        return ActionResult({"PublicIp": address.public_ip, "Domain": "vpc", "AllocationId": address.id})

    def describe_addresses(self):
        addresses, ips = self.store.ec2.addresses, self._get_param("PublicIps", [])
        known = [address.public_ip for address in addresses]
        for missing in [ip for ip in ips if ip not in known]:
            raise ec2("InvalidAddress.NotFound", f"Address '{missing}' not found.")
        return described(self, "Addresses", [a for a in addresses if not ips or a.public_ip in ips], lambda i: InvalidAllocationIdError([i]), ADDRESS,
                         ids=self._get_param("AllocationIds", []))

    def release_address(self):
        store, allocation_id = self.store, self._get_param("AllocationId")
        if not allocation_id:
            raise ec2("MissingParameter", "The request must contain the parameter AllocationId")
        address, = store.ec2.address_by_allocation([allocation_id])
        if not store.shows(allocation_id):
            raise InvalidAllocationIdError([allocation_id])
        if address.association_id:
            raise ec2("InvalidIPAddress.InUse", f"The address with allocation id [{allocation_id}] is in use")
        store.ec2.addresses.remove(address)
        store.ec2.tags.pop(allocation_id, None)
        return EmptyResult()

    # ---- NAT gateways
    def create_nat_gateway(self):
        gateway = by_token(self, lambda: _make_nat_gateway(self))
        return ActionResult({"NatGateway": gateway.shown(), "ClientToken": self._get_param("ClientToken")})

    def describe_nat_gateways(self):
        return described(self, "NatGateways", self.store.ec2.nat_gateways.values(), _no_nat_gateway, NAT, NatGateway.shown,
                         ids=self._get_param("NatGatewayIds", []))

    def delete_nat_gateway(self):
        store, gateway_id = self.store, self._get_param("NatGatewayId")
        gateway = store.ec2.nat_gateways.get(gateway_id)
        if gateway is None or not store.shows(gateway_id) or gateway.state == "deleted":
            raise _no_nat_gateway(gateway_id)
        if gateway.state != "deleting":
            gateway.state = "deleting"
            store.later("nat_gateway_deleting", gateway.leave)
        return ActionResult({"NatGatewayId": gateway_id})


def _no_nat_gateway(gateway_id):
    return ec2("NatGatewayNotFound", f"NatGateway {gateway_id} was not found")


def _failure(store, subnet, address):
    """Why a NAT gateway cannot be made there: AWS's FailureCode and its text."""
    if not any(g.vpc is not None and g.vpc.id == subnet.vpc_id for g in store.ec2.internet_gateways.values()):
        return "Gateway.NotAttached", f"Network {subnet.vpc_id} has no Internet gateway attached"
    if address.association_id:
        return "Resource.AlreadyAssociated", f"Elastic IP address [{address.id}] is already associated"
    if subnet.available_ip_address_count < 1:
        return "InsufficientFreeAddressesInSubnet", f"Subnet {subnet.id} has insufficient free addresses to create this NAT gateway"
    return None


def _internet_gateway(response):
    gateway_id = response._get_param("InternetGatewayId")
    gateway = response.store.ec2.get_internet_gateway(gateway_id)
    if not response.store.shows(gateway_id):
        raise InvalidInternetGatewayIdError(gateway_id)
    return gateway


def _make_nat_gateway(response):
    store = response.store
    if response._get_param("ConnectivityType", "public") != "public":
        raise ec2("InvalidParameterValue", "The stand-in has public NAT gateways only")
    if not response._get_param("AllocationId"):
        raise ec2("MissingParameter", "The request must include the AllocationId parameter. Add the required parameter and retry the request.")
    subnet, tags = store.ec2.get_subnet(response._get_param("SubnetId")), tags_for(response, "natgateway")
    address, = store.ec2.address_by_allocation([response._get_param("AllocationId")])
    gateway = NatGateway(store, subnet, address, tags)
    store.ec2.nat_gateways[gateway.id] = gateway
    store.hide(gateway.id)
    store.later("nat_gateway_pending", gateway.settle)
    return gateway
