"""Policies are held to: actions, resources, and conditions on tags."""
import pytest
from conftest import Account, admin, forward, refused

OWNER = "kafka-privatelink.io/owner"
OURS = {"StringLike": {f"aws:ResourceTag/{OWNER}": "prod/*"}}
NEW = {"StringLike": {f"aws:RequestTag/{OWNER}": "prod/*"}}


class Role:
    """Clients of a role of the account with one policy."""

    def __init__(self, aws, *statements):
        self.aws = aws
        self.aws.settings(iam_enforced=True)
        self.holder = Account.__new__(Account)
        self.holder.endpoint = aws.endpoint
        self.may(*statements)
        self.ec2, self.elb, self.sts = (self.holder.client(service) for service in ("ec2", "elbv2", "sts"))

    def may(self, *statements):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **s} for s in statements]}
        self.holder.who = self.aws.admin("POST", "role", {"region": "us-west-2", "name": "operator", "policies": {"p": document}})


def spec(kind, **tags):
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def owned(kind, by="prod/team/orders"):
    return spec(kind, **{OWNER: by})


def elb_owned(by="prod/team/orders"):
    return [{"Key": OWNER, "Value": by}]


def test_actions_are_held_to(aws, vpc):
    role = Role(aws, {"Action": ["ec2:DescribeVpcs", "elasticloadbalancing:DescribeLoadBalancers"]})
    role.ec2.describe_vpcs()
    role.elb.describe_load_balancers()
    assert role.sts.get_caller_identity()["Account"] == aws.id
    with refused("UnauthorizedOperation") as said:
        role.ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    assert said.status == 403
    assert f"arn:aws:sts::{aws.id}:assumed-role/operator/operator is not authorized to perform: ec2:CreateVpc" in said.error
    with refused("AccessDenied") as said:
        role.elb.describe_target_groups()
    assert "elasticloadbalancing:DescribeTargetGroups" in said.error
    aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")  # the others of the account may do all
    aws.settings(iam_enforced=False)
    role.ec2.create_vpc(CidrBlock="10.0.0.0/16")


def test_rights_may_change_under_keys_that_are_out(aws, vpc):
    role = Role(aws, {"Action": "ec2:DescribeSubnets"})
    with refused("UnauthorizedOperation"):
        role.ec2.describe_vpcs()
    role.may({"Action": "ec2:DescribeVpcs"})
    role.ec2.describe_vpcs()
    with refused("UnauthorizedOperation"):
        role.ec2.describe_subnets()


def test_a_create_needs_the_tag_and_the_right_to_tag(aws, vpc):
    create = {"Action": "ec2:CreateSecurityGroup", "Resource": "arn:aws:ec2:*:*:security-group/*", "Condition": NEW}
    within = {"Action": "ec2:CreateSecurityGroup", "Resource": "arn:aws:ec2:*:*:vpc/*"}
    tag = {"Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:*:*:security-group/*",
           "Condition": {**NEW, "StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}}}
    role = Role(aws, create, within, tag)

    def make(name, **more):
        return role.ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc.id, **more)["GroupId"]

    group = make("a", TagSpecifications=owned("security-group"))
    for more in ({}, {"TagSpecifications": owned("security-group", by="test/team/orders")}):
        with refused("UnauthorizedOperation"):
            make("b", **more)
    with refused("UnauthorizedOperation"):
        role.ec2.create_tags(Resources=[group], Tags=[{"Key": OWNER, "Value": "prod/x/y"}])
    role.may(create, within)
    with refused("UnauthorizedOperation") as said:
        make("c", TagSpecifications=owned("security-group"))
    assert "ec2:CreateTags" in said.error
    role.may(create, tag)
    with refused("UnauthorizedOperation") as said:
        make("d", TagSpecifications=owned("security-group"))
    assert f"vpc/{vpc.id}" in said.error


def test_only_what_has_the_tag_is_changed(aws, vpc):
    role = Role(aws, {"Action": "ec2:*", "Resource": "arn:aws:ec2:*:*:security-group/*", "Condition": OURS})
    rule = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    ours = aws.ec2.create_security_group(GroupName="o", Description="d", VpcId=vpc.id, TagSpecifications=owned("security-group"))["GroupId"]
    other = aws.ec2.create_security_group(
        GroupName="p", Description="d", VpcId=vpc.id, TagSpecifications=owned("security-group", by="test/a/b"))["GroupId"]
    foreign = aws.group(vpc)
    role.ec2.authorize_security_group_ingress(GroupId=ours, IpPermissions=rule)
    for group in (other, foreign):
        with refused("UnauthorizedOperation"):
            role.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
        with refused("UnauthorizedOperation"):
            role.ec2.delete_security_group(GroupId=group)
    with refused("UnauthorizedOperation") as said:  # a rule with tags is a resource of its own
        role.ec2.authorize_security_group_egress(
            GroupId=ours, IpPermissions=rule, TagSpecifications=owned("security-group-rule"))
    assert "security-group-rule/*" in said.error
    role.ec2.revoke_security_group_ingress(GroupId=ours, IpPermissions=rule)
    role.ec2.delete_security_group(GroupId=ours)


def test_the_owner_tag_itself_can_be_kept(aws, vpc):
    but_the_owner = {**OURS, "ForAllValues:StringNotEquals": {"aws:TagKeys": [OWNER]}}
    role = Role(aws, {"Action": ["ec2:CreateTags", "ec2:DeleteTags", "elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
                      "Condition": but_the_owner})
    group = aws.ec2.create_security_group(GroupName="o", Description="d", VpcId=vpc.id, TagSpecifications=owned("security-group"))["GroupId"]
    target_group = aws.target_group(vpc, Tags=elb_owned())
    role.ec2.create_tags(Resources=[group], Tags=[{"Key": "team", "Value": "a"}])
    role.elb.add_tags(ResourceArns=[target_group], Tags=[{"Key": "team", "Value": "a"}])
    with refused("UnauthorizedOperation"):
        role.ec2.create_tags(Resources=[group], Tags=[{"Key": OWNER, "Value": "prod/b/c"}, {"Key": "team", "Value": "b"}])
    with refused("UnauthorizedOperation"):
        role.ec2.delete_tags(Resources=[group], Tags=[{"Key": OWNER}])
    with refused("AccessDenied"):
        role.elb.add_tags(ResourceArns=[target_group], Tags=[{"Key": OWNER, "Value": "prod/b/c"}])
    with refused("AccessDenied"):
        role.elb.remove_tags(ResourceArns=[target_group], TagKeys=[OWNER])
    role.ec2.delete_tags(Resources=[group], Tags=[{"Key": "team"}])
    role.elb.remove_tags(ResourceArns=[target_group], TagKeys=["team"])


def test_load_balancers_listeners_and_groups_by_name_and_tag(aws, vpc):
    elb = "arn:aws:elasticloadbalancing:*:*:"
    named = [elb + "loadbalancer/net/kpl-*/*", elb + "listener/net/kpl-*/*/*", elb + "targetgroup/kpl-*/*"]
    actions = {"Action": "elasticloadbalancing:*", "Resource": named}
    role = Role(aws, {**actions, "Condition": NEW}, {**actions, "Condition": OURS}, {"Action": "iam:CreateServiceLinkedRole"})

    def balancer(name, **more):
        return role.elb.create_load_balancer(Name=name, Type="network", Scheme="internal", Subnets=vpc.subnets, **more)["LoadBalancers"][0]["LoadBalancerArn"]

    for asked in ({"name": "kpl-a"}, {"name": "other", "Tags": elb_owned()}, {"name": "kpl-a", "Tags": elb_owned("test/a/b")}):
        with refused("AccessDenied"):
            balancer(**asked)
    made = balancer("kpl-a", Tags=elb_owned())
    group = role.elb.create_target_group(Name="kpl-g", Protocol="TCP", Port=1, VpcId=vpc.id, Tags=elb_owned())["TargetGroups"][0]["TargetGroupArn"]
    listener = role.elb.create_listener(LoadBalancerArn=made, Port=1, Protocol="TCP", DefaultActions=[forward(group)],
                                        Tags=elb_owned())["Listeners"][0]["ListenerArn"]
    foreign = aws.load_balancer(vpc, Name="kpl-foreign")
    with refused("AccessDenied"):
        role.elb.delete_load_balancer(LoadBalancerArn=foreign)
    role.may({**actions, "Condition": {**NEW, **OURS}})
    with refused("AccessDenied"):  # there is no such listener yet that could have a tag
        role.elb.create_listener(LoadBalancerArn=made, Port=2, Protocol="TCP", DefaultActions=[forward(group)], Tags=elb_owned())
    role.may({**actions, "Condition": OURS})
    role.elb.delete_listener(ListenerArn=listener)
    role.elb.delete_target_group(TargetGroupArn=group)
    role.elb.delete_load_balancer(LoadBalancerArn=made)


def test_the_first_load_balancer_brings_elb_s_own_role(aws, vpc):
    elb = {"Action": "elasticloadbalancing:*"}
    role = Role(aws, elb)
    asked = dict(Name="a", Type="network", Scheme="internal", Subnets=vpc.subnets)
    with refused("AccessDenied") as said:
        role.elb.create_load_balancer(**asked)
    assert "iam:CreateServiceLinkedRole" in said.error
    role.may(elb, {"Action": "iam:CreateServiceLinkedRole", "Condition": {
        "StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}}})
    role.elb.create_load_balancer(**asked)
    role.may(elb)
    role.elb.create_load_balancer(**{**asked, "Name": "b"})


@pytest.mark.parametrize("action, parameters", [
    ("modify_vpc_endpoint_service_configuration", {"AcceptanceRequired": True}),
    ("modify_vpc_endpoint_service_permissions", {"AddAllowedPrincipals": ["arn:aws:iam::123456789012:root"]}),
    ("accept_vpc_endpoint_connections", {"VpcEndpointIds": []}), ("reject_vpc_endpoint_connections", {"VpcEndpointIds": []}),
    ("delete_vpc_endpoint_service_configurations", None),
])
def test_endpoint_services_by_tag(aws, vpc, action, parameters):
    role = Role(aws, {"Action": "ec2:*", "Condition": OURS})
    ours = aws.service(aws.load_balancer(vpc), TagSpecifications=owned("vpc-endpoint-service"))["ServiceId"]
    foreign = aws.service(aws.load_balancer(vpc))["ServiceId"]
    asked = lambda service: {"ServiceIds": [service]} if parameters is None else {"ServiceId": service, **parameters}
    with refused("UnauthorizedOperation"):
        getattr(role.ec2, action)(**asked(foreign))
    getattr(role.ec2, action)(**asked(ours))


def test_a_role_is_asked_for_in_an_account(endpoint):
    assert "error" in admin(endpoint, "POST", "role", {"region": "us-west-2", "name": "a", "policies": {}})


def test_network_and_brokers_by_tag(aws, vpc):
    """All that is new carries the owner's tag, all that is changed has it; the subnet and the image are anybody's."""
    image = aws.ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-2023.*-kernel-6.1-x86_64"]}])["Images"][0]["ImageId"]
    ours, anybodys = "arn:aws:ec2:*:*:", ["arn:aws:ec2:*:*:vpc/*", "arn:aws:ec2:*:*:subnet/*", "arn:aws:ec2:*::image/*", "arn:aws:ec2:*:*:security-group/*"]
    kinds = [ours + kind + "/*" for kind in ("route-table", "internet-gateway", "elastic-ip", "natgateway", "network-interface", "volume", "instance", "vpc-endpoint")]
    role = Role(aws, {"Action": "ec2:*", "Resource": kinds, "Condition": NEW}, {"Action": "ec2:*", "Resource": kinds, "Condition": OURS},
                {"Action": "ec2:*", "Resource": anybodys}, {"Action": "ec2:Describe*"})
    table = role.ec2.create_route_table(VpcId=vpc.id, TagSpecifications=owned("route-table"))["RouteTable"]["RouteTableId"]
    gateway = role.ec2.create_internet_gateway(TagSpecifications=owned("internet-gateway"))["InternetGateway"]["InternetGatewayId"]
    role.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    role.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    association = role.ec2.associate_route_table(RouteTableId=table, SubnetId=vpc.subnets[0])["AssociationId"]
    role.ec2.create_vpc_endpoint(VpcId=vpc.id, ServiceName="com.amazonaws.us-west-2.s3", RouteTableIds=[table], TagSpecifications=owned("vpc-endpoint"))
    address = role.ec2.allocate_address(TagSpecifications=owned("elastic-ip"))["AllocationId"]
    role.ec2.create_nat_gateway(SubnetId=vpc.subnets[0], AllocationId=address, TagSpecifications=owned("natgateway"))
    aws.settings(volume_creating=0)
    interface = role.ec2.create_network_interface(SubnetId=vpc.subnets[0], TagSpecifications=owned("network-interface"))["NetworkInterface"]["NetworkInterfaceId"]
    volume = role.ec2.create_volume(AvailabilityZoneId="usw2-az1", Size=1, TagSpecifications=owned("volume"))["VolumeId"]
    launch = {"ImageId": image, "InstanceType": "t3.large", "MinCount": 1, "MaxCount": 1,
              "TagSpecifications": owned("instance") + owned("volume")}
    foreign = aws.ec2.create_network_interface(SubnetId=vpc.subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
    with refused("UnauthorizedOperation") as said:
        role.ec2.run_instances(**launch, NetworkInterfaces=[{"NetworkInterfaceId": foreign, "DeviceIndex": 0}])
    assert f"network-interface/{foreign}" in said.error
    with refused("UnauthorizedOperation") as said:  # the root volume is new too
        role.ec2.run_instances(**{**launch, "TagSpecifications": owned("instance")}, NetworkInterfaces=[{"NetworkInterfaceId": interface, "DeviceIndex": 0}])
    assert "volume/*" in said.error
    broker = role.ec2.run_instances(**launch, NetworkInterfaces=[{"NetworkInterfaceId": interface, "DeviceIndex": 0}])["Instances"][0]["InstanceId"]
    role.ec2.attach_volume(VolumeId=volume, InstanceId=broker, Device="/dev/sdf")
    other = aws.instance(vpc.subnets[0])
    for call in (lambda: role.ec2.terminate_instances(InstanceIds=[other]), lambda: role.ec2.delete_network_interface(NetworkInterfaceId=foreign),
                 lambda: role.ec2.create_volume(AvailabilityZoneId="usw2-az1", Size=1), lambda: role.ec2.attach_volume(
                     VolumeId=volume, InstanceId=other, Device="/dev/sdg")):
        with refused("UnauthorizedOperation"):
            call()
    role.ec2.terminate_instances(InstanceIds=[broker])
    role.ec2.disassociate_route_table(AssociationId=association)


def test_a_launch_is_held_to_its_metadata_options_and_hands_on_a_role(aws, vpc):
    iam = aws.client("iam")
    arn = iam.create_instance_profile(InstanceProfileName="brokers")["InstanceProfile"]["Arn"]
    trusted = iam.create_role(RoleName="brokers", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName="brokers", RoleName="brokers")
    image = aws.ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-2023.*-kernel-6.1-x86_64"]}])["Images"][0]["ImageId"]
    asked = {"ImageId": image, "InstanceType": "t3.large", "MinCount": 1, "MaxCount": 1, "SubnetId": vpc.subnets[0], "IamInstanceProfile": {"Arn": arn}}
    instances, rest = "arn:aws:ec2:*:*:instance/*", [f"arn:aws:ec2:*:*:{kind}/*" for kind in ("volume", "network-interface", "subnet")] + ["arn:aws:ec2:*::image/*"]
    may = ({"Action": "ec2:RunInstances", "Resource": instances, "Condition": {"StringEquals": {"ec2:MetadataHttpTokens": "required"}}},
           {"Action": "ec2:RunInstances", "Resource": rest})
    role = Role(aws, *may)
    with refused("UnauthorizedOperation"):
        role.ec2.run_instances(**asked)
    with refused("UnauthorizedOperation") as said:
        role.ec2.run_instances(**asked, MetadataOptions={"HttpTokens": "required"})
    assert "iam:PassRole" in said.error and trusted in said.error
    role.may(*may, {"Action": "iam:PassRole", "Resource": trusted, "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}})
    role.ec2.run_instances(**asked, MetadataOptions={"HttpTokens": "required"})
