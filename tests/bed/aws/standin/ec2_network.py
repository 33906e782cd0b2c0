"""What moto leaves out of subnets, interfaces, instances and tags, and paging where AWS pages."""
from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidVpcEndPointIdError
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import InstancePlacement
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

from .ec2_requests import check_filters, described, filtered, filters
from .ec2_zones import ZONE_IDS
from .errors import ec2
from .store import page

ENDPOINT = {
    "service-name": lambda e: e.service_name, "vpc-endpoint-id": lambda e: e.id, "vpc-endpoint-state": lambda e: e.state,
    "vpc-endpoint-type": lambda e: e.vpc_endpoint_type, "vpc-id": lambda e: e.vpc_id,
}


class Network(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    def delete_vpc(self):
        vpc_id, there = self._get_param("VpcId"), self.store.ec2
        inside = [
            *(i for i in there.enis.values() if i.subnet.vpc_id == vpc_id),
            *(s for zone in there.subnets.values() for s in zone.values() if s.vpc_id == vpc_id),
            *(g for g in there.groups.get(vpc_id, {}).values() if g.name != "default"),
            *(g for g in there.internet_gateways.values() if g.vpc is not None and g.vpc.id == vpc_id),
            *(t for t in there.route_tables.values() if t.vpc_id == vpc_id and not t.main_association_id),
            *(e for e in there.vpc_end_points.values() if e.vpc_id == vpc_id),
        ]
        if inside:
            raise ec2("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        return super().delete_vpc()

    def create_subnet(self):
        length = (self._get_param("CidrBlock") or "").rpartition("/")[2]
        if length.isdigit() and not 16 <= int(length) <= 28 and int(length) <= 32:
            raise ec2("InvalidSubnet.Range", f"The CIDR '{self._get_param('CidrBlock')}' is invalid.")
        return super().create_subnet()

    def delete_subnet(self):
        subnet_id = self._get_param("SubnetId")
        if any(interface.subnet.id == subnet_id for interface in self.store.ec2.enis.values()):
            raise ec2("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        return super().delete_subnet()

    def describe_subnets(self):
        return self._paged(super().describe_subnets(), "Subnets")

    def describe_vpcs(self):
        return self._paged(super().describe_vpcs(), "Vpcs")

    def describe_network_interfaces(self):
        return self._paged(super().describe_network_interfaces(), "NetworkInterfaces")

    def describe_availability_zones(self):
        check_filters(self, {"region-name", "state", "zone-id", "zone-name", "zone-type"})
        return super().describe_availability_zones()

    def describe_tags(self):
        tags = [{"ResourceId": resource_id, "ResourceType": _kind(resource_id), "Key": key, "Value": value}
                for resource_id, tags in self.store.ec2.tags.items() for key, value in tags.items()]
        found = filtered(filters(self), tags, lambda tag: (
            {"key": tag["Key"], "value": tag["Value"], "resource-id": tag["ResourceId"], "resource-type": tag["ResourceType"]}, {}))
        shown, more = page(found, self._get_int_param("MaxResults"), self._get_param("NextToken"), 1000)
        return ActionResult({"Tags": shown, "NextToken": more})

    def describe_vpc_endpoints(self):
        return described(self, "VpcEndpoints", self.store.endpoints.values(), InvalidVpcEndPointIdError, ENDPOINT,
                         ids=self._get_param("VpcEndpointIds", []))

    def _paged(self, result, key):
        items, more = page(list(result.result[key]), self._get_int_param("MaxResults"), self._get_param("NextToken"), 1000)
        return ActionResult({**result.result, key: items, "NextToken": more})


def _kind(resource_id):
    """A kind of resource by AWS's name for it, which is not always moto's."""
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource_id), "")
    return {"vpc-elastic-ip": "elastic-ip", "nat-gateway": "natgateway"}.get(kind, kind)


def _interface_filter(moto_filter):
    """Filters of DescribeNetworkInterfaces that moto lacks, or answers differently."""
    def value(self, name, method_name=None):
        if name == "availability-zone-id":
            return self.subnet.availability_zone_id
        if name in ("interface-type", "status", "requester-id", "owner-id", "requester-managed"):
            return getattr(self, name.replace("-", "_"))
        if name == "attachment.instance-owner-id" and isinstance(self.attachment, dict):
            return self.attachment["InstanceOwnerId"]
        return moto_filter(self, name, method_name)
    return value


def mend_models():
    """Properties that AWS answers with and moto's models lack."""
    InstancePlacement.availability_zone_id = property(lambda self: ZONE_IDS.get(self.zone))
    NetworkInterface.availability_zone_id = property(lambda self: self.subnet.availability_zone_id)
    NetworkInterface.get_filter_value = _interface_filter(NetworkInterface.get_filter_value)
    plain = Subnet.get_filter_value
    Subnet.get_filter_value = lambda self, name, method_name=None: (
        self.availability_zone_id if name in ("availability-zone-id", "availabilityZoneId") else plain(self, name, method_name))
