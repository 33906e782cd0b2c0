"""Interfaces, volumes and instances: over time, and in what order they come and go."""
import base64

import pytest
from conftest import refused, wait
from test_network_kinds import tagged

OWNER = "kafka-privatelink.io/owner"


def image(aws, architecture="x86_64"):
    found = aws.ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-2023.*-kernel-6.1-*"]},
                                                               {"Name": "architecture", "Values": [architecture]}])["Images"]
    return max(found, key=lambda i: i["CreationDate"])["ImageId"]


def interface(aws, vpc, **more):
    return aws.ec2.create_network_interface(**{"SubnetId": vpc.subnets[0], **more})["NetworkInterface"]


def volume(aws, zone="usw2-az1", **more):
    made = aws.ec2.create_volume(**{"AvailabilityZoneId": zone, "Size": 1, "VolumeType": "gp3", "Encrypted": True, **more})["VolumeId"]
    wait(lambda: volume_state(aws, made) == "available")
    return made


def volume_state(aws, volume):
    return aws.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"]


def launch(aws, interface=None, **more):
    given = {"NetworkInterfaces": [{"NetworkInterfaceId": interface, "DeviceIndex": 0, "DeleteOnTermination": False}]} if interface else {}
    return aws.ec2.run_instances(**{
        "ImageId": image(aws), "InstanceType": "t3.large", "MinCount": 1, "MaxCount": 1, **given, **more})["Instances"][0]["InstanceId"]


def instance(aws, instance_id):
    return aws.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def state(aws, instance_id):
    return instance(aws, instance_id)["State"]["Name"]


def checks(aws, instance_id):
    shown = aws.ec2.describe_instance_status(InstanceIds=[instance_id], IncludeAllInstances=True)["InstanceStatuses"][0]
    return shown["SystemStatus"]["Status"], shown["InstanceStatus"]["Status"]


# ---- interfaces
def test_an_interface_at_a_fixed_address(aws, vpc):
    group = aws.group(vpc)
    asked = {"SubnetId": vpc.subnets[1], "PrivateIpAddress": "10.0.1.77", "Groups": [group], "ClientToken": "t", "Description": "broker 1",
             "TagSpecifications": tagged("network-interface", owner="me")}
    made = aws.ec2.create_network_interface(**asked)["NetworkInterface"]
    assert (made["PrivateIpAddress"], made["AvailabilityZone"], [g["GroupId"] for g in made["Groups"]]) == ("10.0.1.77", "us-west-2a", [group])
    assert aws.ec2.create_network_interface(**asked)["NetworkInterface"]["NetworkInterfaceId"] == made["NetworkInterfaceId"]
    for address, code in (("10.0.1.77", "InvalidIPAddress.InUse"), ("10.0.2.77", "InvalidParameterValue"), ("10.0.1.3", "InvalidParameterValue"),
                          ("10.0.1.255", "InvalidParameterValue")):
        with refused(code):
            interface(aws, vpc, SubnetId=vpc.subnets[1], PrivateIpAddress=address)
    with refused("IdempotentParameterMismatch"):
        aws.ec2.create_network_interface(**{**asked, "PrivateIpAddress": "10.0.1.78"})
    chosen = {interface(aws, vpc)["PrivateIpAddress"] for _ in range(3)}
    assert len(chosen) == 3 and all(a.startswith("10.0.0.") for a in chosen)


def test_a_subnet_has_only_so_many_addresses(aws, vpc):
    subnet = aws.ec2.create_subnet(VpcId=vpc.id, CidrBlock="10.0.99.0/28", AvailabilityZoneId="usw2-az1")["Subnet"]["SubnetId"]
    made = [interface(aws, vpc, SubnetId=subnet) for _ in range(11)]
    assert made[0]["PrivateIpAddress"] == "10.0.99.4"
    with refused("InsufficientFreeAddressesInSubnet"):
        interface(aws, vpc, SubnetId=subnet)
    aws.ec2.delete_network_interface(NetworkInterfaceId=made[3]["NetworkInterfaceId"])
    assert interface(aws, vpc, SubnetId=subnet)["PrivateIpAddress"] == made[3]["PrivateIpAddress"]


def test_an_interface_outlives_its_instance(aws, vpc):
    group, other = aws.group(vpc), aws.group(vpc)
    made = interface(aws, vpc, SubnetId=vpc.subnets[2], PrivateIpAddress="10.0.2.50", Groups=[group])["NetworkInterfaceId"]
    first = launch(aws, made)
    shown = instance(aws, first)
    assert (shown["PrivateIpAddress"], shown["SubnetId"], shown["Placement"]["AvailabilityZoneId"]) == ("10.0.2.50", vpc.subnets[2], "usw2-az3")
    assert "PublicIpAddress" not in shown and [g["GroupId"] for g in shown["SecurityGroups"]] == [group]
    assert shown["NetworkInterfaces"][0]["Attachment"]["DeleteOnTermination"] is False
    assert aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[made])["NetworkInterfaces"][0]["Status"] == "in-use"
    with refused("InvalidParameterValue"):
        aws.ec2.delete_network_interface(NetworkInterfaceId=made)
    with refused("InvalidNetworkInterface.InUse"):
        launch(aws, made)
    aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=made, Groups=[other])
    assert [g["GroupId"] for g in instance(aws, first)["SecurityGroups"]] == [other]
    aws.ec2.delete_security_group(GroupId=group)
    aws.ec2.terminate_instances(InstanceIds=[first])
    assert state(aws, first) == "terminated" and "PrivateIpAddress" not in instance(aws, first)
    assert aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[made])["NetworkInterfaces"][0]["Status"] == "available"
    second = launch(aws, made)
    assert instance(aws, second)["PrivateIpAddress"] == "10.0.2.50"


def test_a_bastion_has_a_public_address_as_long_as_it_runs(aws, vpc):
    gateway = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    group = aws.group(vpc)
    made = launch(aws, NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": vpc.subnets[0], "Groups": [group], "AssociatePublicIpAddress": True}])
    shown = instance(aws, made)
    assert shown["PublicIpAddress"] and [g["GroupId"] for g in shown["NetworkInterfaces"][0]["Groups"]] == [group]
    with refused("DependencyViolation"):
        aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    aws.ec2.terminate_instances(InstanceIds=[made])
    aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    aws.ec2.delete_security_group(GroupId=group)


# ---- volumes
def test_a_volume_over_time(aws, vpc):
    made, broker = volume(aws, TagSpecifications=tagged("volume", owner="me")), aws.instance(vpc.subnets[0])
    shown = aws.ec2.describe_volumes(Filters=[{"Name": "tag:owner", "Values": ["me"]}])["Volumes"][0]
    assert (shown["VolumeId"], shown["Size"], shown["VolumeType"], shown["Iops"], shown["Throughput"], shown["Encrypted"]) == (made, 1, "gp3", 3000, 125, True)
    assert shown["AvailabilityZone"] == instance(aws, broker)["Placement"]["AvailabilityZone"]
    assert aws.ec2.attach_volume(VolumeId=made, InstanceId=broker, Device="/dev/sdf")["State"] == "attaching"
    assert volume_state(aws, made) == "in-use"
    attachment = lambda: [a["State"] for a in aws.ec2.describe_volumes(VolumeIds=[made])["Volumes"][0]["Attachments"]]
    wait(lambda: attachment() == ["attached"])
    with refused("VolumeInUse"):
        aws.ec2.attach_volume(VolumeId=made, InstanceId=broker, Device="/dev/sdg")
    with refused("VolumeInUse"):
        aws.ec2.delete_volume(VolumeId=made)
    with refused("InvalidParameterValue"):
        aws.ec2.attach_volume(VolumeId=volume(aws), InstanceId=broker, Device="/dev/sdf")
    aws.ec2.detach_volume(VolumeId=made)
    assert attachment() == ["detaching"]
    wait(lambda: volume_state(aws, made) == "available")
    with refused("IncorrectState"):
        aws.ec2.detach_volume(VolumeId=made)
    aws.settings(volume_deleting=3600)
    aws.ec2.delete_volume(VolumeId=made)
    assert volume_state(aws, made) == "deleting"
    with refused("IncorrectState"):
        aws.ec2.attach_volume(VolumeId=made, InstanceId=broker, Device="/dev/sdf")


def test_where_a_volume_may_be_attached(aws, vpc):
    made, elsewhere = volume(aws), aws.instance(vpc.subnets[1])
    with refused("InvalidVolume.ZoneMismatch"):
        aws.ec2.attach_volume(VolumeId=made, InstanceId=elsewhere, Device="/dev/sdf")
    aws.settings(instance_pending=3600)
    young = aws.instance(vpc.subnets[0])
    with refused("IncorrectState"):
        aws.ec2.attach_volume(VolumeId=made, InstanceId=young, Device="/dev/sdf")
    aws.settings(instance_pending=0, volume_creating=3600)
    new = aws.ec2.create_volume(AvailabilityZoneId="usw2-az1", Size=1, VolumeType="gp3")["VolumeId"]
    with refused("IncorrectState"):
        aws.ec2.attach_volume(VolumeId=new, InstanceId=aws.instance(vpc.subnets[0]), Device="/dev/sdf")
    root = instance(aws, elsewhere)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    with refused("OperationNotPermitted"):
        aws.ec2.detach_volume(VolumeId=root)


def test_a_volume_outlives_its_instance(aws, vpc):
    made, broker = volume(aws), aws.instance(vpc.subnets[0])
    aws.ec2.attach_volume(VolumeId=made, InstanceId=broker, Device="/dev/sdf")
    aws.ec2.terminate_instances(InstanceIds=[broker])
    assert volume_state(aws, made) == "available"
    assert set(aws.inventory()["volumes"]) == {made}, "the root volume went with its instance"
    aws.ec2.delete_volume(VolumeId=made)
    wait(lambda: aws.inventory()["volumes"] == {})


def test_a_volume_grows_and_rests(aws, vpc):
    made = volume(aws, Size=10)
    with refused("InvalidParameterValue"):
        aws.ec2.modify_volume(VolumeId=made, Size=9)
    aws.ec2.modify_volume(VolumeId=made, Size=20)
    assert aws.ec2.describe_volumes(VolumeIds=[made])["Volumes"][0]["Size"] == 20
    with refused("VolumeModificationRateExceeded"):
        aws.ec2.modify_volume(VolumeId=made, Size=30)


# ---- instances
def test_a_client_token_of_a_launch(aws, vpc):
    asked = {"SubnetId": vpc.subnets[0], "ClientToken": "t"}
    first = launch(aws, **asked)
    assert launch(aws, **asked) == first
    with refused("IdempotentParameterMismatch"):
        launch(aws, **asked, InstanceType="t3.xlarge")
    aws.ec2.terminate_instances(InstanceIds=[first])
    with refused("IdempotentInstanceTerminated"):
        launch(aws, **asked)
    assert launch(aws, **{**asked, "ClientToken": "u"}) != first


def test_states_take_their_time(aws, vpc):
    aws.settings(instance_pending=3600, instance_stopping=3600, instance_terminating=3600)
    made = launch(aws, SubnetId=vpc.subnets[0])
    assert state(aws, made) == "pending"
    with refused("IncorrectInstanceState"):
        aws.ec2.stop_instances(InstanceIds=[made])
    aws.settings(instance_pending=0)
    other = launch(aws, SubnetId=vpc.subnets[0])
    assert state(aws, other) == "running"
    changed = aws.ec2.stop_instances(InstanceIds=[other])["StoppingInstances"][0]
    assert (changed["PreviousState"]["Name"], changed["CurrentState"]["Name"], state(aws, other)) == ("running", "stopping", "stopping")
    with refused("IncorrectInstanceState"):
        aws.ec2.start_instances(InstanceIds=[other])
    aws.ec2.stop_instances(InstanceIds=[other])
    for _ in range(2):
        aws.ec2.terminate_instances(InstanceIds=[other])
        assert state(aws, other) == "shutting-down"
    with refused("IncorrectInstanceState"):
        aws.ec2.start_instances(InstanceIds=[other])


def test_what_may_be_changed_when(aws, vpc):
    made = launch(aws, SubnetId=vpc.subnets[0], DisableApiTermination=True, UserData="one", MetadataOptions={
        "HttpTokens": "required", "HttpPutResponseHopLimit": 1, "InstanceMetadataTags": "disabled"})
    options = instance(aws, made)["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"], options["InstanceMetadataTags"]) == ("required", 1, "disabled")
    about = lambda attribute: aws.ec2.describe_instance_attribute(InstanceId=made, Attribute=attribute)
    assert about("disableApiTermination")["DisableApiTermination"]["Value"] is True
    with refused("OperationNotPermitted"):
        aws.ec2.terminate_instances(InstanceIds=[made])
    for change in ({"InstanceType": {"Value": "t3.xlarge"}}, {"UserData": {"Value": b"two"}}):
        with refused("IncorrectInstanceState"):
            aws.ec2.modify_instance_attribute(InstanceId=made, **change)
    aws.ec2.stop_instances(InstanceIds=[made])
    with refused("InvalidParameterCombination"):
        aws.ec2.modify_instance_attribute(InstanceId=made, InstanceType={"Value": "t3.xlarge"}, UserData={"Value": b"two"})
    with refused("InvalidInstanceAttributeValue"):
        aws.ec2.modify_instance_attribute(InstanceId=made, InstanceType={"Value": "t3.huge"})
    with refused("InvalidParameterValue"):
        aws.ec2.modify_instance_attribute(InstanceId=made, InstanceType={"Value": "t4g.large"})
    aws.ec2.modify_instance_attribute(InstanceId=made, InstanceType={"Value": "t3.xlarge"})
    aws.ec2.modify_instance_attribute(InstanceId=made, UserData={"Value": b"two"})
    assert instance(aws, made)["InstanceType"] == "t3.xlarge" and base64.b64decode(about("userData")["UserData"]["Value"]) == b"two"
    aws.ec2.start_instances(InstanceIds=[made])
    aws.ec2.modify_instance_attribute(InstanceId=made, DisableApiTermination={"Value": False})
    aws.ec2.terminate_instances(InstanceIds=[made])
    with refused("IncorrectInstanceState"):
        aws.ec2.start_instances(InstanceIds=[made])
    assert "Output" not in aws.ec2.get_console_output(InstanceId=made)


def test_status_checks(aws, vpc):
    aws.settings(instance_checks=3600)
    made = launch(aws, SubnetId=vpc.subnets[0])
    assert checks(aws, made) == ("initializing", "initializing")
    aws.settings(instance_checks=0)
    assert checks(aws, made) == ("ok", "ok")
    aws.force(made, "impaired")
    assert checks(aws, made) == ("ok", "impaired")
    aws.force(made, "system_impaired")
    assert checks(aws, made) == ("impaired", "ok")
    wanted = [{"Name": "system-status.status", "Values": ["impaired"]}]
    assert [s["InstanceId"] for s in aws.ec2.describe_instance_status(Filters=wanted)["InstanceStatuses"]] == [made]
    aws.ec2.stop_instances(InstanceIds=[made])
    assert checks(aws, made) == ("not-applicable", "not-applicable")
    assert aws.ec2.describe_instance_status(InstanceIds=[made])["InstanceStatuses"] == []


def test_only_so_many_vcpus_and_so_much_capacity(aws, vpc):
    aws.settings(vcpus=4)
    first, second = (launch(aws, SubnetId=vpc.subnets[0]) for _ in range(2))
    with refused("VcpuLimitExceeded"):
        launch(aws, SubnetId=vpc.subnets[0])
    aws.ec2.stop_instances(InstanceIds=[first])
    third = launch(aws, SubnetId=vpc.subnets[0])
    with refused("VcpuLimitExceeded"):
        aws.ec2.start_instances(InstanceIds=[first])
    aws.ec2.terminate_instances(InstanceIds=[second, third])
    for name in ("usw2-az1", "t3.large", "t3.large@usw2-az1"):
        aws.force(name, "exhausted")
        for call in (lambda: launch(aws, SubnetId=vpc.subnets[0]), lambda: aws.ec2.start_instances(InstanceIds=[first])):
            with refused("InsufficientInstanceCapacity") as said:
                call()
            assert said.status == 500
        aws.force(name, None)
    launch(aws, SubnetId=vpc.subnets[0])


def test_tags_that_metadata_cannot_show(aws, vpc):
    owned = {"SubnetId": vpc.subnets[0], "TagSpecifications": tagged("instance", **{OWNER: "me"})}
    launch(aws, **owned)
    with refused("InvalidParameterValue"):
        launch(aws, **owned, MetadataOptions={"InstanceMetadataTags": "enabled"})
    aws.settings(metadata_tags_by_default=True)
    with refused("InvalidParameterValue"):
        launch(aws, **owned)
    launch(aws, **owned, MetadataOptions={"InstanceMetadataTags": "disabled"})


def test_images_and_types(aws, vpc):
    names = [{"Name": "name", "Values": ["al2023-ami-2023.*-kernel-6.1-*"]}]
    for architecture in ("x86_64", "arm64"):
        found = aws.ec2.describe_images(Owners=["amazon"], Filters=[*names, {"Name": "architecture", "Values": [architecture]}])["Images"]
        assert len({i["CreationDate"] for i in found}) == 2 and all(i["Public"] for i in found)
    with refused("InvalidParameterValue"):
        launch(aws, SubnetId=vpc.subnets[0], ImageId=image(aws, "arm64"))
    launch(aws, SubnetId=vpc.subnets[0], ImageId=image(aws, "arm64"), InstanceType="t4g.large")
    newest = image(aws)
    aws.force(newest, "gone")
    assert image(aws) != newest
    for call in (lambda: aws.ec2.describe_images(ImageIds=[newest]), lambda: launch(aws, SubnetId=vpc.subnets[0], ImageId=newest)):
        with refused("InvalidAMIID.NotFound"):
            call()
    shown = {t["InstanceType"]: t for t in aws.ec2.describe_instance_types(InstanceTypes=["t3.large", "t4g.large", "t2.large"])["InstanceTypes"]}
    assert {n: (t["Hypervisor"], t["ProcessorInfo"]["SupportedArchitectures"], t["VCpuInfo"]["DefaultVCpus"]) for n, t in shown.items()} == {
        "t3.large": ("nitro", ["x86_64"], 2), "t4g.large": ("nitro", ["arm64"], 2), "t2.large": ("xen", ["x86_64"], 2)}
    offered = aws.ec2.describe_instance_type_offerings(LocationType="availability-zone-id", Filters=[
        {"Name": "instance-type", "Values": ["t3.large"]}, {"Name": "location", "Values": ["usw2-az1", "usw2-az3"]}])["InstanceTypeOfferings"]
    assert {o["Location"] for o in offered} == {"usw2-az1", "usw2-az3"}


@pytest.mark.parametrize("make, find", [
    (lambda aws, vpc: interface(aws, vpc)["NetworkInterfaceId"], lambda aws, i: aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[i])),
    (lambda aws, vpc: aws.ec2.create_volume(AvailabilityZoneId="usw2-az1", Size=1)["VolumeId"], lambda aws, i: aws.ec2.describe_volumes(VolumeIds=[i])),
    (lambda aws, vpc: launch(aws, SubnetId=vpc.subnets[0]), lambda aws, i: aws.ec2.describe_instances(InstanceIds=[i])),
    (lambda aws, vpc: launch(aws, SubnetId=vpc.subnets[0]), lambda aws, i: aws.ec2.describe_instance_status(InstanceIds=[i])),
], ids=["interface", "volume", "instance", "instance status"])
def test_a_new_thing_is_not_found_for_a_while(aws, vpc, make, find):
    aws.settings(read_lag=3600)
    made = make(aws, vpc)
    with pytest.raises(aws.ec2.exceptions.ClientError, match="NotFound"):
        find(aws, made)
    aws.settings(read_lag=0)
    find(aws, made)
