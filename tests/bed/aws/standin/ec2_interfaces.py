"""Network interfaces that a customer makes: at a fixed address, and held by what they are attached to."""
import ipaddress

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import InvalidNetworkInterfaceIdError, InvalidSecurityGroupNotFoundError
from moto.ec2.responses._base_response import EC2BaseResponse

from .ec2_requests import by_token, tags_for
from .errors import ec2

RESERVED = 4  # addresses at the start of a subnet that are AWS's; so is the last


class Interfaces(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    def create_network_interface(self):
        store = self.store

        def make():
            subnet, tags = store.ec2.get_subnet(self._get_param("SubnetId")), tags_for(self, "network-interface")
            groups = _groups(store, self._get_param("Groups", []), subnet.vpc_id)
            address = _address(store, subnet, self._get_param("PrivateIpAddress"))
            interface = store.ec2.create_network_interface(subnet, address, group_ids=[group.id for group in groups],
                                                           description=self._get_param("Description"), tags=tags)
            subnet._unused_ips.discard(address)  # so that moto gives it to nobody else
            subnet._subnet_ips[address] = interface
            store.hide(interface.id)
            return interface
        return ActionResult({"NetworkInterface": by_token(self, make), "ClientToken": self._get_param("ClientToken")})

    def describe_network_interfaces(self):
        for interface_id in self._get_param("NetworkInterfaceIds", []):
            find_interface(self.store, interface_id)
        result = super().describe_network_interfaces().result
        return ActionResult({**result, "NetworkInterfaces": [i for i in result["NetworkInterfaces"] if self.store.shows(i.id)]})

    def modify_network_interface_attribute(self):
        store, interface, wanted = self.store, _own(self), self._get_param("Groups", [])
        if not wanted:
            return super().modify_network_interface_attribute()
        if self._get_param("Description.Value") or self._get_param("SourceDestCheck.Value") is not None:
            raise ec2("InvalidParameterCombination", "Only one attribute can be modified at once")
        interface._group_set = _groups(store, wanted, interface.subnet.vpc_id)
        if interface.instance is not None and interface.device_index == 0:
            interface.instance.security_groups = list(interface._group_set)
        return EmptyResult()

    def delete_network_interface(self):
        interface = _own(self)
        if interface.instance is not None:
            raise ec2("InvalidParameterValue", f"Network interface '{interface.id}' is currently in use.")
        interface.delete()
        self.store.ec2.tags.pop(interface.id, None)
        return EmptyResult()


def find_interface(store, interface_id):
    interface = store.ec2.enis.get(interface_id)
    if interface is None or not store.shows(interface_id):
        raise InvalidNetworkInterfaceIdError(interface_id)
    return interface


def release(interface):
    """Of the instance that held it."""
    interface.instance, interface.attachment_id, interface.attach_time, interface.status = None, None, None, "available"


def _own(response):
    interface = find_interface(response.store, response._get_param("NetworkInterfaceId"))
    if interface.requester_managed:
        raise ec2("OperationNotPermitted", "You do not have permission to access the specified resource.")
    return interface


def _groups(store, ids, vpc_id):
    groups = []
    for group_id in ids:
        group = store.ec2.get_security_group_from_id(group_id)
        if group is None or not store.seen(getattr(group, "hidden_until", 0)):
            raise InvalidSecurityGroupNotFoundError(group_id)
        if group.vpc_id != vpc_id:  # unverified
            raise ec2("InvalidParameterValue", "You have specified two resources that belong to different networks.")
        groups.append(group)
    return groups


def _address(store, subnet, asked):
    taken = {address["PrivateIpAddress"] for i in store.ec2.enis.values() if i.subnet.id == subnet.id for address in i.private_ip_addresses}
    first, last = int(subnet.cidr.network_address) + RESERVED, int(subnet.cidr.broadcast_address) - 1
    if asked:
        try:
            number = int(ipaddress.IPv4Address(asked))
        except ValueError:
            raise ec2("InvalidParameterValue", f"invalid value for parameter address: {asked}")
        if ipaddress.IPv4Address(asked) not in subnet.cidr:
            raise ec2("InvalidParameterValue", "Address does not fall within the subnet's address range")
        if not first <= number <= last:
            raise ec2("InvalidParameterValue", "Address is in subnet's reserved address range")
        if asked in taken:
            raise ec2("InvalidIPAddress.InUse", f"Address {asked} is in use.")
        return asked
    free = next((str(address) for address in map(ipaddress.IPv4Address, range(first, last + 1)) if str(address) not in taken), None)
    if free is None:
        raise ec2("InsufficientFreeAddressesInSubnet", f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the requested number of addresses.")
    return free
