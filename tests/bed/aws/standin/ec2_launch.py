"""RunInstances: what AWS refuses at a launch, and a launch on an interface that is there already."""
import re

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidAMIIdError, InvalidKeyPairNameError
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import filter_iam_instance_profiles

from .ec2_images import has_image, is_offered
from .ec2_instances import begin
from .ec2_interfaces import find_interface
from .ec2_limits import check_architecture, check_capacity, check_user_data
from .ec2_zones import ZONE_IDS
from .errors import ec2

ROOT_GIB = 8
TAG_IN_METADATA = re.compile(r"[0-9a-zA-Z\-_+=,.@:]{1,255}")
TOGETHER = {"SubnetId": "subnet ID", "SecurityGroupIds": "security groups", "SecurityGroups": "security groups",
            "PrivateIpAddress": "private IP address", "Ipv6AddressCount": "IPv6 address count"}


class Launch(EC2BaseResponse):
    """The action; put before moto's own by `install`."""

    def run_instances(self):
        store, token = self.store, self._get_param("ClientToken")
        parameters = {k: v for k, v in self._get_params().items() if k != "ClientToken"}
        before = store.tokens.get(("RunInstances", token)) if token else None
        if before is not None:
            if before[0] != parameters:
                raise ec2("IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with "
                          "arguments used in previous request(s).")
            if any(instance.state in ("shutting-down", "terminated") for instance in before[1].instances):
                raise ec2("IdempotentInstanceTerminated", f"The client token {token} has already been used by an instance that is terminated")
            return ActionResult(before[1])
        _check(self)
        there_before = set(store.ec2.enis)
        result = super().run_instances()
        kept = any(asked.get("DeleteOnTermination") is False for asked in self._get_param("NetworkInterfaces", []))
        for interface_id in set(store.ec2.enis) - there_before:  # made by the launch: AWS lets it go with the instance
            store.ec2.enis[interface_id].delete_on_termination = not kept
        for instance in result.result.instances:
            instance.disable_api_termination = self._get_bool_param("DisableApiTermination", False)
            if _metadata_tags(self):
                instance.metadata_options.instance_metadata_tags = "enabled"
            store.hide(instance.id)
            begin(store, instance)
        if token:
            store.tokens["RunInstances", token] = (parameters, result.result)
        return result

    def _parse_block_device_mapping(self):
        """A root device may be given without its size, which is then the image's, and goes with the instance unless it is said to stay."""
        mappings = super()._parse_block_device_mapping()
        for asked, mapping in zip(self._get_param("BlockDeviceMappings", []), mappings):
            mapping["Ebs"]["VolumeSize"] = mapping["Ebs"]["VolumeSize"] or (None if mapping["Ebs"]["SnapshotId"] else ROOT_GIB)
            mapping["Ebs"]["DeleteOnTermination"] = asked.get("Ebs", {}).get("DeleteOnTermination", True)
        return mappings

    @staticmethod
    def _validate_block_device_mapping(mapping):
        if "NoDevice" not in mapping and "Ebs" not in mapping:
            raise ec2("MissingParameter", "The request must contain the parameter ebs")


def mend_launch():
    """moto takes a launch on an existing interface for one in EC2-Classic: no subnet, a random zone, a public address."""
    plain = Instance.prep_nics

    def prep_nics(self, nic_spec, **more):
        if not nic_spec or "NetworkInterfaceId" not in nic_spec[0]:
            return plain(self, nic_spec, **more)
        interface = self.ec2_backend.get_network_interface(nic_spec[0]["NetworkInterfaceId"])
        self.nics, self.associate_public_ip, self._subnet_id = {}, False, interface.subnet.id
        self._placement.zone, self.security_groups = interface.subnet.availability_zone, list(interface._group_set)
        interface.public_ip_auto_assign, interface.delete_on_termination = False, False
        self.attach_eni(interface, 0)
    Instance.prep_nics = prep_nics


def _check(response):
    store, image_id, instance_type = response.store, response._get_param("ImageId"), response._get_param("InstanceType", "m1.small")
    if not image_id and not response._get_param("LaunchTemplate"):
        raise ec2("MissingParameter", "The request must contain the parameter ImageId")
    if image_id and not has_image(store, image_id):
        raise InvalidAMIIdError([image_id])
    if instance_type not in INSTANCE_TYPES:
        raise ec2("InvalidParameterValue", f"Invalid value '{instance_type}' for InstanceType.")
    if image_id:
        check_architecture(instance_type, store.ec2.amis[image_id])
    key = response._get_param("KeyName")
    if key and key not in [pair.key_name for pair in store.ec2.key_pairs.values()]:
        raise InvalidKeyPairNameError(key)
    check_user_data(response._get_param("UserData"))
    _check_tags(response)
    _check_profile(response)
    subnet = _check_interfaces(response)
    zone = subnet.availability_zone if subnet else response._get_param("Placement.AvailabilityZone") or f"{response.region}a"
    if subnet and not is_offered(response.region, instance_type, ZONE_IDS[zone]):
        raise ec2("Unsupported", f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone ({zone}).")
    check_capacity(store, [(instance_type, zone)] * int(response._get_param("MinCount", 1)))


def _check_interfaces(response):
    """The subnet of the launch, if it names one."""
    store, asked = response.store, response._get_param("NetworkInterfaces", [])
    if asked:
        for parameter, name in TOGETHER.items():
            if response._get_param(parameter):
                raise ec2("InvalidParameterCombination", f"Network interfaces and an instance-level {name} may not be specified on the same request")
    for one in asked:
        if "NetworkInterfaceId" not in one:
            continue
        both = [name for name in ("SubnetId", "Groups", "PrivateIpAddress", "Description", "AssociatePublicIpAddress") if one.get(name)]
        if both or one.get("DeleteOnTermination"):
            raise ec2("InvalidParameterCombination", "A network interface may not specify a network interface ID and "
                      f"{', '.join(both) or 'delete on termination as true'}")
        interface = find_interface(store, one["NetworkInterfaceId"])
        if interface.instance is not None or interface.requester_managed:
            raise ec2("InvalidNetworkInterface.InUse", f"Interface: [{interface.id}] in use.")
        return interface.subnet
    named = response._get_param("SubnetId") or next((one["SubnetId"] for one in asked if one.get("SubnetId")), None)
    return store.ec2.get_subnet(named) if named else None


def _check_tags(response):
    kinds = [specification.get("ResourceType") for specification in response._get_param("TagSpecifications", [])]
    if "network-interface" in kinds and any("NetworkInterfaceId" in one for one in response._get_param("NetworkInterfaces", [])):
        raise ec2("InvalidParameterValue", "You cannot specify tags for network interfaces if there are no network interfaces being created by the request.")
    if not _metadata_tags(response):
        return
    for specification in response._get_param("TagSpecifications", []):
        for tag in specification.get("Tags", []) if specification.get("ResourceType") == "instance" else []:
            if not TAG_IN_METADATA.fullmatch(tag["Key"]):
                raise ec2("InvalidParameterValue", f"'{tag['Key']}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{{1,255}}), "
                          "and must not be a reserved name ('.', '..', '_index')")


def _metadata_tags(response):
    """Whether the instance's own metadata will show its tags: as the launch says, else as the account does."""
    said = response._get_param("MetadataOptions", {}).get("InstanceMetadataTags")
    return said == "enabled" or (said is None and response.store.setting("metadata_tags_by_default"))


def _check_profile(response):
    arn, name = response._get_param("IamInstanceProfile.Arn"), response._get_param("IamInstanceProfile.Name")
    if not arn and not name:
        return
    try:
        found = filter_iam_instance_profiles(response.current_account, partition=response.partition,
                                             iam_instance_profile_arn=arn, iam_instance_profile_name=name)
    except ServiceException:
        found = None
    if found is None:
        raise ec2("InvalidParameterValue", f"Value ({arn or name}) for parameter iamInstanceProfile.{'arn' if arn else 'name'} is invalid. "
                  "Invalid IAM Instance Profile")
