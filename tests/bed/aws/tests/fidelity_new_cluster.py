"""Rows of test_fidelity.py for what a network and brokers of one's own are made of."""
from fidelity_row import NO, Row, listed, tags

S3 = "com.amazonaws.us-west-2.s3"
ANY = "0.0.0.0/0"


def tagged(kind, number=51):
    return [{"ResourceType": kind, "Tags": tags(number)}]


def of_instances(thing, wrong=lambda w: ()):
    """A change of state: the same once more is no change."""
    return Row(lambda w: {"InstanceIds": [getattr(w, thing)]}, wrong=lambda w: [
        ("InvalidInstanceID.NotFound", {"InstanceIds": [f"i-{NO}"]}), *wrong(w)])


NETWORK_ROWS = {
    ("ec2", "DescribeRouteTables"): listed("RouteTables", "RouteTableIds", "InvalidRouteTableID.NotFound", f"rtb-{NO}"),
    ("ec2", "CreateRouteTable"): Row(lambda w: {"VpcId": w.vpc.id, "ClientToken": "token"}, wrong=lambda w: [
        ("InvalidVpcID.NotFound", {"VpcId": f"vpc-{NO}"}), ("InvalidParameterValue", {"TagSpecifications": tagged("vpc", 1)})],
        then=lambda w: [("IdempotentParameterMismatch", {"VpcId": w.other_vpc})]),
    ("ec2", "AssociateRouteTable"): Row(lambda w: {"RouteTableId": w.tables[1], "SubnetId": w.vpc.subnets[1]}, wrong=lambda w: [
        ("InvalidRouteTableID.NotFound", {"RouteTableId": f"rtb-{NO}"}), ("InvalidSubnetID.NotFound", {"SubnetId": f"subnet-{NO}"}),
        ("Resource.AlreadyAssociated", {"SubnetId": w.vpc.subnets[0]}), ("InvalidParameterValue", {"RouteTableId": w.foreign_table})]),
    ("ec2", "DisassociateRouteTable"): Row(lambda w: {"AssociationId": w.association}, again="InvalidAssociationID.NotFound", wrong=lambda w: [
        ("InvalidAssociationID.NotFound", {"AssociationId": f"rtbassoc-{NO}"}), ("InvalidParameterValue", {"AssociationId": w.main_association})]),
    ("ec2", "DeleteRouteTable"): Row(lambda w: {"RouteTableId": w.tables[5]}, again="InvalidRouteTableID.NotFound", wrong=lambda w: [
        ("DependencyViolation", {"RouteTableId": w.tables[0]}), ("DependencyViolation", {"RouteTableId": w.tables[1]}),
        ("DependencyViolation", {"RouteTableId": w.main_table})]),
    ("ec2", "CreateRoute"): Row(
        lambda w: {"RouteTableId": w.tables[2], "DestinationCidrBlock": ANY, "GatewayId": w.gateways[0]}, again="RouteAlreadyExists", wrong=lambda w: [
            ("InvalidRouteTableID.NotFound", {"RouteTableId": f"rtb-{NO}"}), ("InvalidInternetGatewayID.NotFound", {"GatewayId": f"igw-{NO}"}),
            ("RouteAlreadyExists", {"RouteTableId": w.tables[0]}), ("InvalidParameterValue", {"GatewayId": w.gateways[1]}),
            ("InvalidParameterValue", {"RouteTableId": w.foreign_table}), ("InvalidParameterValue", {"DestinationCidrBlock": "0.0.0.0/33"}),
            ("InvalidParameterCombination", {"NatGatewayId": w.nat})],
        then=lambda w: [("RouteAlreadyExists", {"DestinationCidrBlock": "1.2.3.4/0"})]),
    ("ec2", "DeleteRoute"): Row(lambda w: {"RouteTableId": w.tables[0], "DestinationCidrBlock": ANY}, again="InvalidRoute.NotFound", wrong=lambda w: [
        ("InvalidRouteTableID.NotFound", {"RouteTableId": f"rtb-{NO}"}), ("InvalidRoute.NotFound", {"DestinationCidrBlock": "10.99.0.0/16"}),
        ("InvalidParameterValue", {"DestinationCidrBlock": "10.0.0.0/16"})]),
    ("ec2", "CreateVpcEndpoint"): Row(
        lambda w: {"VpcEndpointType": "Gateway", "VpcId": w.vpc.id, "ServiceName": S3, "RouteTableIds": w.tables[2:3], "ClientToken": "token"}, wrong=lambda w: [
            ("InvalidVpcID.NotFound", {"VpcId": f"vpc-{NO}"}), ("InvalidServiceName", {"ServiceName": "com.amazonaws.us-west-2.s4"}),
            ("InvalidServiceName", {"ServiceName": "com.amazonaws.us-west-2.sns"}), ("InvalidRouteTableId.NotFound", {"RouteTableIds": [f"rtb-{NO}"]}),
            ("InvalidParameter", {"RouteTableIds": [w.foreign_table]}), ("RouteAlreadyExists", {"RouteTableIds": w.tables[1:2]}),
            ("InvalidParameter", {"SubnetIds": w.vpc.subnets}), ("InvalidParameter", {"PrivateDnsEnabled": True})],
        then=lambda w: [("IdempotentParameterMismatch", {"RouteTableIds": w.tables[3:4]}), ("RouteAlreadyExists", {"ClientToken": "other"})]),
    ("ec2", "ModifyVpcEndpoint"): Row(
        lambda w: {"VpcEndpointId": w.s3, "AddRouteTableIds": w.tables[2:3], "RemoveRouteTableIds": w.tables[1:2]}, again="InvalidParameter", wrong=lambda w: [
            ("InvalidVpcEndpointId.NotFound", {"VpcEndpointId": f"vpce-{NO}"}), ("InvalidRouteTableId.NotFound", {"AddRouteTableIds": [f"rtb-{NO}"]}),
            ("RouteAlreadyExists", {"AddRouteTableIds": w.tables[1:2], "RemoveRouteTableIds": []}), ("InvalidParameter", {"RemoveRouteTableIds": w.tables[3:4]})]),
    ("ec2", "DeleteVpcEndpoints"): Row(lambda w: {"VpcEndpointIds": [w.s3]}, again="InvalidVpcEndpoint.NotFound",
                                       wrong=lambda w: [("InvalidVpcEndpoint.NotFound", {"VpcEndpointIds": [f"vpce-{NO}"]})]),
    ("ec2", "DescribeInternetGateways"): listed("InternetGateways", "InternetGatewayIds", "InvalidInternetGatewayID.NotFound", f"igw-{NO}"),
    ("ec2", "CreateInternetGateway"): Row(lambda w: {}, makes_another=True, wrong=lambda w: [
        ("InvalidParameterValue", {"TagSpecifications": tagged("vpc", 1)})]),
    ("ec2", "AttachInternetGateway"): Row(lambda w: {"InternetGatewayId": w.gateways[1], "VpcId": w.other_vpc}, again="Resource.AlreadyAssociated", wrong=lambda w: [
        ("InvalidInternetGatewayID.NotFound", {"InternetGatewayId": f"igw-{NO}"}), ("InvalidVpcID.NotFound", {"VpcId": f"vpc-{NO}"}),
        ("InvalidParameterValue", {"VpcId": w.vpc.id}), ("Resource.AlreadyAssociated", {"InternetGatewayId": w.gateways[0]})]),
    ("ec2", "DetachInternetGateway"): Row(lambda w: {"InternetGatewayId": w.gateways[2], "VpcId": w.third_vpc}, again="Gateway.NotAttached", wrong=lambda w: [
        ("InvalidInternetGatewayID.NotFound", {"InternetGatewayId": f"igw-{NO}"}), ("Gateway.NotAttached", {"VpcId": w.vpc.id}),
        ("DependencyViolation", {"InternetGatewayId": w.gateways[0], "VpcId": w.vpc.id})]),
    ("ec2", "DeleteInternetGateway"): Row(lambda w: {"InternetGatewayId": w.gateways[5]}, again="InvalidInternetGatewayID.NotFound",
                                          wrong=lambda w: [("DependencyViolation", {"InternetGatewayId": w.gateways[0]})]),
    ("ec2", "DescribeAddresses"): Row(lambda w: {}, wrong=lambda w: [("InvalidAllocationID.NotFound", {"AllocationIds": [f"eipalloc-{NO}"]})]),
    ("ec2", "AllocateAddress"): Row(lambda w: {"Domain": "vpc"}, makes_another=True, wrong=lambda w: [
        ("InvalidParameterValue", {"TagSpecifications": tagged("vpc", 1)})]),
    ("ec2", "ReleaseAddress"): Row(lambda w: {"AllocationId": w.addresses[2]}, again="InvalidAllocationID.NotFound", wrong=lambda w: [
        ("InvalidAllocationID.NotFound", {"AllocationId": f"eipalloc-{NO}"}), ("InvalidIPAddress.InUse", {"AllocationId": w.addresses[0]})]),
    ("ec2", "DescribeNatGateways"): listed("NatGateways", "NatGatewayIds", "NatGatewayNotFound", f"nat-{NO}"),
    ("ec2", "CreateNatGateway"): Row(
        lambda w: {"SubnetId": w.vpc.subnets[1], "AllocationId": w.addresses[1], "ClientToken": "token"}, wrong=lambda w: [
            ("InvalidSubnetID.NotFound", {"SubnetId": f"subnet-{NO}"}), ("InvalidAllocationID.NotFound", {"AllocationId": f"eipalloc-{NO}"})],
        then=lambda w: [("IdempotentParameterMismatch", {"SubnetId": w.vpc.subnets[2]})]),
    ("ec2", "DeleteNatGateway"): Row(lambda w: {"NatGatewayId": w.nat}, again="NatGatewayNotFound",
                                     wrong=lambda w: [("NatGatewayNotFound", {"NatGatewayId": f"nat-{NO}"})]),
}

BROKER_ROWS = {
    ("ec2", "CreateNetworkInterface"): Row(
        lambda w: {"SubnetId": w.vpc.subnets[0], "PrivateIpAddress": "10.0.0.99", "Groups": [w.group], "ClientToken": "token"}, wrong=lambda w: [
            ("InvalidSubnetID.NotFound", {"SubnetId": f"subnet-{NO}"}), ("InvalidGroup.NotFound", {"Groups": [f"sg-{NO}"]}),
            ("InvalidParameterValue", {"Groups": [w.foreign_group]}), ("InvalidParameterValue", {"PrivateIpAddress": "10.0.1.99"}),
            ("InvalidParameterValue", {"PrivateIpAddress": "10.0.0.1"}), ("InvalidParameterValue", {"PrivateIpAddress": "here"})],
        then=lambda w: [("IdempotentParameterMismatch", {"PrivateIpAddress": "10.0.0.98"}), ("InvalidIPAddress.InUse", {"ClientToken": "other"})]),
    ("ec2", "ModifyNetworkInterfaceAttribute"): Row(lambda w: {"NetworkInterfaceId": w.interface, "Groups": [w.group]}, wrong=lambda w: [
        ("InvalidNetworkInterfaceID.NotFound", {"NetworkInterfaceId": f"eni-{NO}"}), ("InvalidGroup.NotFound", {"Groups": [f"sg-{NO}"]}),
        ("InvalidParameterValue", {"Groups": [w.foreign_group]}), ("InvalidParameterCombination", {"Description": {"Value": "x"}})]),
    ("ec2", "DeleteNetworkInterface"): Row(lambda w: {"NetworkInterfaceId": w.interface}, again="InvalidNetworkInterfaceID.NotFound", wrong=lambda w: [
        ("InvalidParameterValue", {"NetworkInterfaceId": w.used_interface})]),
    ("ec2", "DescribeVolumes"): listed("Volumes", "VolumeIds", "InvalidVolume.NotFound", f"vol-{NO}"),
    ("ec2", "CreateVolume"): Row(
        lambda w: {"AvailabilityZoneId": "usw2-az1", "Size": 100, "VolumeType": "gp3", "Encrypted": True, "ClientToken": "token"}, wrong=lambda w: [
            ("InvalidZone.NotFound", {"AvailabilityZone": "us-west-2z"}), ("UnknownVolumeType", {"VolumeType": "gp9"}),
            ("InvalidParameterValue", {"Size": 0}), ("InvalidParameterValue", {"Size": 100_000})],
        then=lambda w: [("IdempotentParameterMismatch", {"Size": 101})]),
    ("ec2", "AttachVolume"): Row(
        lambda w: {"VolumeId": w.volume, "InstanceId": w.running, "Device": "/dev/sdg"}, again="VolumeInUse", wrong=lambda w: [
            ("InvalidVolume.NotFound", {"VolumeId": f"vol-{NO}"}), ("InvalidInstanceID.NotFound", {"InstanceId": f"i-{NO}"}),
            ("InvalidVolume.ZoneMismatch", {"VolumeId": w.elsewhere}), ("IncorrectState", {"InstanceId": w.terminated}),
            ("VolumeInUse", {"VolumeId": w.attached}), ("InvalidParameterValue", {"Device": "/dev/sdf"})]),
    ("ec2", "DetachVolume"): Row(lambda w: {"VolumeId": w.attached}, again="IncorrectState", wrong=lambda w: [
        ("InvalidVolume.NotFound", {"VolumeId": f"vol-{NO}"}), ("IncorrectState", {"VolumeId": w.volume}),
        ("InvalidAttachment.NotFound", {"InstanceId": w.stopped})]),
    ("ec2", "ModifyVolume"): Row(lambda w: {"VolumeId": w.volume, "Size": 20}, again="VolumeModificationRateExceeded", wrong=lambda w: [
        ("InvalidVolume.NotFound", {"VolumeId": f"vol-{NO}"}), ("InvalidParameterValue", {"Size": 9}), ("UnknownVolumeType", {"VolumeType": "gp9"})]),
    ("ec2", "DeleteVolume"): Row(lambda w: {"VolumeId": w.volume}, again="InvalidVolume.NotFound", wrong=lambda w: [("VolumeInUse", {"VolumeId": w.attached})]),
    ("ec2", "RunInstances"): Row(
        lambda w: {"ImageId": w.images["x86_64"], "InstanceType": "t3.large", "MinCount": 1, "MaxCount": 1, "ClientToken": "token",
                   "NetworkInterfaces": [{"NetworkInterfaceId": w.interface, "DeviceIndex": 0, "DeleteOnTermination": False}]},
        wrong=lambda w: [
            ("InvalidAMIID.NotFound", {"ImageId": f"ami-{NO}"}), ("InvalidParameterValue", {"InstanceType": "t3.huge"}),
            ("InvalidParameterValue", {"InstanceType": "t4g.large"}), ("InvalidKeyPair.NotFound", {"KeyName": "nobody"}),
            ("InvalidParameterValue", {"UserData": "x" * 16385}), ("InvalidParameterValue", {"IamInstanceProfile": {"Name": "nobody"}}),
            ("InvalidParameterCombination", {"SubnetId": w.vpc.subnets[0]}), ("InvalidParameterCombination", {"SecurityGroupIds": [w.group]}),
            ("InvalidParameterValue", {"TagSpecifications": tagged("network-interface", 1)}),
            ("InvalidNetworkInterface.InUse", {"NetworkInterfaces": [{"NetworkInterfaceId": w.used_interface, "DeviceIndex": 0}]}),
            ("InvalidNetworkInterfaceID.NotFound", {"NetworkInterfaces": [{"NetworkInterfaceId": f"eni-{NO}", "DeviceIndex": 0}]}),
            *(("InvalidParameterCombination", {"NetworkInterfaces": [{"NetworkInterfaceId": w.interface, "DeviceIndex": 0, **more}]})
              for more in ({"DeleteOnTermination": True}, {"SubnetId": w.vpc.subnets[0]}, {"Groups": [w.group]})),
            ("InvalidSubnetID.NotFound", {"NetworkInterfaces": [], "SubnetId": f"subnet-{NO}"})],
        then=lambda w: [("IdempotentParameterMismatch", {"InstanceType": "t3.xlarge"}), ("InvalidNetworkInterface.InUse", {"ClientToken": "other"})]),
    ("ec2", "StartInstances"): of_instances("stopped", lambda w: [("IncorrectInstanceState", {"InstanceIds": [w.terminated]})]),
    ("ec2", "StopInstances"): of_instances("running", lambda w: [("IncorrectInstanceState", {"InstanceIds": [w.terminated]})]),
    ("ec2", "TerminateInstances"): of_instances("running", lambda w: [("OperationNotPermitted", {"InstanceIds": [w.running, w.protected]})]),
    ("ec2", "ModifyInstanceAttribute"): Row(
        lambda w: {"InstanceId": w.stopped, "InstanceType": {"Value": "t3.xlarge"}}, wrong=lambda w: [
            ("InvalidInstanceID.NotFound", {"InstanceId": f"i-{NO}"}), ("IncorrectInstanceState", {"InstanceId": w.running}),
            ("InvalidInstanceAttributeValue", {"InstanceType": {"Value": "t3.huge"}}), ("InvalidParameterValue", {"InstanceType": {"Value": "t4g.large"}}),
            ("InvalidParameterCombination", {"UserData": {"Value": b"x"}})]),
    ("ec2", "DescribeInstanceStatus"): Row(lambda w: {}, pages="InstanceStatuses", wrong=lambda w: [
        ("InvalidInstanceID.NotFound", {"InstanceIds": [f"i-{NO}"]})]),
    ("ec2", "DescribeInstanceAttribute"): Row(lambda w: {"InstanceId": w.running, "Attribute": "disableApiTermination"}, wrong=lambda w: [
        ("InvalidInstanceID.NotFound", {"InstanceId": f"i-{NO}"}), ("InvalidParameterValue", {"Attribute": "colour"})]),
    ("ec2", "GetConsoleOutput"): Row(lambda w: {"InstanceId": w.running}, wrong=lambda w: [("InvalidInstanceID.NotFound", {"InstanceId": f"i-{NO}"})]),
    ("ec2", "DescribeInstanceTypes"): Row(
        lambda w: {"Filters": [{"Name": "hypervisor", "Values": ["nitro"]}, {"Name": "vcpu-info.default-vcpus", "Values": ["2"]}]}, pages="InstanceTypes",
        wrong=lambda w: [("InvalidInstanceType", {"InstanceTypes": ["t3.huge"]})]),
    ("ec2", "DescribeInstanceTypeOfferings"): Row(
        lambda w: {"LocationType": "availability-zone-id", "Filters": [{"Name": "instance-type", "Values": ["t3.large", "t4g.large"]}]}, pages="InstanceTypeOfferings"),
    ("ec2", "DescribeImages"): Row(
        lambda w: {"Owners": ["amazon"], "Filters": [{"Name": "name", "Values": ["al2023-ami-2023.*"]}]}, pages="Images",
        wrong=lambda w: [("InvalidAMIID.NotFound", {"ImageIds": [f"ami-{NO}"]}), ("InvalidAMIID.Malformed", {"ImageIds": ["ami-x"]})]),
}
