"""Action by action: what AWS takes and what it refuses, what a repeated call does, and how its lists page.

One row for each action that the operator calls or needs for a network and brokers of its own (fidelity_new_cluster.py); an
action of `operation.rs` without a row fails. What needs more than a call or two (states over time, connections, tokens) has tests of its own in the other files.
"""
import botocore.exceptions
import pytest
from botocore import xform_name
from conftest import PACES, Account, forward
from fidelity_new_cluster import BROKER_ROWS, NETWORK_ROWS, S3
from fidelity_row import NO, Row, listed, no, tags
from operations import operations


class World:
    """A whole offer, with something to spare of each kind."""

    def __init__(self, endpoint):
        self.aws, self.consumer = Account(endpoint), Account(endpoint)
        for account in (self.aws, self.consumer):
            account.settings(**{pace: 0 for pace in PACES})
        aws = self.aws
        self.vpc, there = aws.vpc(), self.consumer.vpc("10.250.0.0/16")
        self.empty_vpc = aws.ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
        self.other_vpc = aws.ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        self.gateways = [aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"] for _ in range(6)]
        self.tables = [aws.ec2.create_route_table(VpcId=self.vpc.id)["RouteTable"]["RouteTableId"] for _ in range(6)]
        self.foreign_table = aws.ec2.create_route_table(VpcId=self.other_vpc)["RouteTable"]["RouteTableId"]
        self.spare_subnet = aws.ec2.create_subnet(VpcId=self.vpc.id, CidrBlock="10.0.200.0/24", AvailabilityZoneId="usw2-az1")[
            "Subnet"]["SubnetId"]
        self.brokers = [aws.instance(subnet, role="broker") for subnet in self.vpc.subnets[:2]]
        self.group, self.spare_group = aws.group(self.vpc), aws.group(self.vpc)
        aws.ec2.create_tags(Resources=[self.group], Tags=tags(1))
        opened = {"GroupId": self.group, "IpPermissions": [rule("10.250.0.0/16")]}
        self.ingress = aws.ec2.authorize_security_group_ingress(**opened)["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        self.egress = aws.ec2.authorize_security_group_egress(**opened)["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        self.balancer, self.other, self.free, self.spare = (aws.load_balancer(self.vpc, SecurityGroups=[self.group]) for _ in range(4))
        self.targets, self.spare_targets = aws.target_group(self.vpc), aws.target_group(self.vpc)
        self.listener, self.second = aws.listener(self.balancer, 9092, self.targets), aws.listener(self.balancer, 9093, self.targets)
        aws.elb.register_targets(TargetGroupArn=self.targets, Targets=[{"Id": b, "Port": 39092} for b in self.brokers])
        aws.elb.add_tags(ResourceArns=[self.balancer], Tags=tags(1))
        self.service, self.another = aws.service(self.balancer), aws.service(self.other)
        aws.allow(self.service, self.consumer, aws)
        self.endpoints = [self.consumer.connect(self.service, there) for _ in range(2)]

        self.network(aws)
        self.machines(aws)

    def network(self, aws):
        self.third_vpc = aws.ec2.create_vpc(CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
        aws.ec2.attach_internet_gateway(InternetGatewayId=self.gateways[0], VpcId=self.vpc.id)
        aws.ec2.attach_internet_gateway(InternetGatewayId=self.gateways[2], VpcId=self.third_vpc)
        aws.ec2.create_route(RouteTableId=self.tables[0], DestinationCidrBlock="0.0.0.0/0", GatewayId=self.gateways[0])
        self.association = aws.ec2.associate_route_table(RouteTableId=self.tables[0], SubnetId=self.vpc.subnets[0])["AssociationId"]
        main = aws.ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]}, {"Name": "vpc-id", "Values": [self.vpc.id]}])
        self.main_table = main["RouteTables"][0]["RouteTableId"]
        self.main_association = main["RouteTables"][0]["Associations"][0]["RouteTableAssociationId"]
        self.addresses = [aws.ec2.allocate_address()["AllocationId"] for _ in range(3)]
        self.nat = aws.ec2.create_nat_gateway(SubnetId=self.vpc.subnets[0], AllocationId=self.addresses[0])["NatGateway"]["NatGatewayId"]
        self.s3 = aws.ec2.create_vpc_endpoint(VpcId=self.vpc.id, ServiceName=S3, RouteTableIds=self.tables[1:2])["VpcEndpoint"]["VpcEndpointId"]

    def machines(self, aws):
        interface = lambda: aws.ec2.create_network_interface(SubnetId=self.vpc.subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
        volume = lambda zone: aws.ec2.create_volume(AvailabilityZoneId=zone, Size=10, VolumeType="gp3", Encrypted=True)["VolumeId"]
        self.interface, self.used_interface, self.foreign_group = interface(), interface(), aws.ec2.create_security_group(
            GroupName="other", Description="in another VPC", VpcId=self.other_vpc)["GroupId"]
        self.images = {i["Architecture"]: i["ImageId"] for i in aws.ec2.describe_images(Owners=["amazon"], Filters=[
            {"Name": "name", "Values": ["al2023-ami-2023.*-kernel-6.1-*"]}])["Images"]}
        launch = {"ImageId": self.images["x86_64"], "InstanceType": "t3.large", "MinCount": 1, "MaxCount": 1}
        made = lambda **more: aws.ec2.run_instances(**launch, **more)["Instances"][0]["InstanceId"]
        self.running = made(NetworkInterfaces=[{"NetworkInterfaceId": self.used_interface, "DeviceIndex": 0}])
        self.stopped, self.protected = made(SubnetId=self.vpc.subnets[0]), made(SubnetId=self.vpc.subnets[0], DisableApiTermination=True)
        self.terminated = made(SubnetId=self.vpc.subnets[0])
        aws.ec2.stop_instances(InstanceIds=[self.stopped])
        aws.ec2.terminate_instances(InstanceIds=[self.terminated])
        self.volume, self.elsewhere, self.attached = volume("usw2-az1"), volume("usw2-az2"), volume("usw2-az1")
        aws.ec2.attach_volume(VolumeId=self.attached, InstanceId=self.running, Device="/dev/sdf")

    def call(self, service, action, parameters):
        """(the error's code or None, the answer); what a 200 says of single things counts as an error."""
        client = {"ec2": self.aws.ec2, "elb": self.aws.elb}.get(service) or self.aws.client(service)
        try:
            answer = getattr(client, xform_name(action))(**parameters)
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"], None
        del answer["ResponseMetadata"]
        undone = answer.get("Unsuccessful") or [{"Error": {"Code": None}}]
        return undone[0]["Error"]["Code"], answer


def rule(cidr, first=9092, last=9092):
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": cidr}]}


def service_id(**more):
    """An endpoint service that is there, and the refusal of one that is not."""
    return Row(lambda w: {"ServiceId": w.service["ServiceId"], **{k: v(w) for k, v in more.items()}},
               wrong=lambda w: [("InvalidVpcEndpointServiceId.NotFound", {"ServiceId": f"vpce-svc-{NO}"})])


def of_arn(parameter, thing, code, **more):
    return Row(lambda w: {parameter: getattr(w, thing), **{k: v(w) for k, v in more.items()}},
               wrong=lambda w: [(code, {parameter: no(getattr(w, thing))})])


def verdict():
    row = service_id(VpcEndpointIds=lambda w: w.endpoints[:1])
    plain = row.wrong
    row.wrong = lambda w: [*plain(w), ("InvalidVpcEndpointId.NotFound", {"VpcEndpointIds": [f"vpce-{NO}"]})]
    return row


def authorized():
    return Row(lambda w: {"GroupId": w.group, "IpPermissions": [rule("10.251.0.0/16")]}, again="InvalidPermission.Duplicate", wrong=lambda w: [
        ("InvalidGroup.NotFound", {"GroupId": f"sg-{NO}"}), ("InvalidParameterValue", {"IpPermissions": [rule("10.251.0.0/33")]}),
        ("InvalidParameterValue", {"IpPermissions": [rule("10.251.0.0/16", 9, 8)]}),
        ("RulesPerSecurityGroupLimitExceeded", {"IpPermissions": [rule(f"10.{i}.0.0/16", 1, 1) for i in range(60)]})])


def revoked(which):
    return Row(lambda w: {"GroupId": w.group, "SecurityGroupRuleIds": [getattr(w, which)]}, again="InvalidSecurityGroupRuleId.NotFound",
               wrong=lambda w: [("InvalidGroup.NotFound", {"GroupId": f"sg-{NO}"}),
                                ("InvalidSecurityGroupRuleId.NotFound", {"SecurityGroupRuleIds": [f"sgr-{NO}"]})])


ROWS = {
    ("sts", "GetCallerIdentity"): Row(lambda w: {}),
    ("ec2", "DescribeVpcs"): listed("Vpcs", "VpcIds", "InvalidVpcID.NotFound", f"vpc-{NO}"),
    ("ec2", "DescribeVpcAttribute"): Row(lambda w: {"VpcId": w.vpc.id, "Attribute": "enableDnsHostnames"},
                                         wrong=lambda w: [("InvalidVpcID.NotFound", {"VpcId": f"vpc-{NO}"})]),
    ("ec2", "CreateVpc"): Row(lambda w: {"CidrBlock": "10.9.0.0/16"}, makes_another=True, wrong=lambda w: [
        ("InvalidVpc.Range", {"CidrBlock": "10.0.0.0/15"}), ("InvalidVpc.Range", {"CidrBlock": "10.0.0.0/29"})]),
    ("ec2", "ModifyVpcAttribute"): Row(lambda w: {"VpcId": w.vpc.id, "EnableDnsHostnames": {"Value": True}}, rehearsed=False,
                                       wrong=lambda w: [("InvalidVpcID.NotFound", {"VpcId": f"vpc-{NO}"})]),
    ("ec2", "DeleteVpc"): Row(lambda w: {"VpcId": w.empty_vpc}, again="InvalidVpcID.NotFound",
                              wrong=lambda w: [("DependencyViolation", {"VpcId": w.vpc.id})]),
    ("ec2", "DescribeVpcEndpoints"): Row(lambda w: {"Filters": [{"Name": "vpc-id", "Values": [w.vpc.id]}]},
                                         wrong=lambda w: [("InvalidVpcEndpointId.NotFound", {"VpcEndpointIds": [f"vpce-{NO}"]})]),
    ("ec2", "DescribeAvailabilityZones"): Row(lambda w: {}),
    ("ec2", "DescribeSubnets"): listed("Subnets", "SubnetIds", "InvalidSubnetID.NotFound", f"subnet-{NO}"),
    ("ec2", "CreateSubnet"): Row(
        lambda w: {"VpcId": w.vpc.id, "CidrBlock": "10.0.64.0/20", "AvailabilityZoneId": "usw2-az1"}, again="InvalidSubnet.Conflict",
        wrong=lambda w: [("InvalidVpcID.NotFound", {"VpcId": f"vpc-{NO}"}), ("InvalidSubnet.Range", {"CidrBlock": "10.9.0.0/20"}),
                         ("InvalidSubnet.Range", {"CidrBlock": "10.0.64.0/29"}), ("InvalidSubnet.Conflict", {"CidrBlock": "10.0.0.0/20"}),
                         ("InvalidParameterValue", {"CidrBlock": "10.0.64.0/33"})]),
    ("ec2", "DeleteSubnet"): Row(lambda w: {"SubnetId": w.spare_subnet}, again="InvalidSubnetID.NotFound",
                                 wrong=lambda w: [("DependencyViolation", {"SubnetId": w.vpc.subnets[0]})]),
    ("ec2", "DescribeInstances"): Row(lambda w: {}, pages="Reservations", wrong=lambda w: [
        ("InvalidInstanceID.NotFound", {"InstanceIds": [f"i-{NO}"]}), ("InvalidInstanceID.Malformed", {"InstanceIds": ["i-1"]})]),
    ("ec2", "DescribeSecurityGroups"): listed("SecurityGroups", "GroupIds", "InvalidGroup.NotFound", f"sg-{NO}"),
    ("ec2", "DescribeSecurityGroupRules"): listed(
        "SecurityGroupRules", "SecurityGroupRuleIds", "InvalidSecurityGroupRuleId.NotFound", f"sgr-{NO}"),
    ("ec2", "DescribeNetworkInterfaces"): listed(
        "NetworkInterfaces", "NetworkInterfaceIds", "InvalidNetworkInterfaceID.NotFound", f"eni-{NO}"),
    ("ec2", "CreateSecurityGroup"): Row(
        lambda w: {"GroupName": "kpl", "Description": "kpl", "VpcId": w.vpc.id}, again="InvalidGroup.Duplicate", wrong=lambda w: [
            ("InvalidVpcID.NotFound", {"VpcId": f"vpc-{NO}"}), ("InvalidParameterValue", {"GroupName": "sg-kpl"}),
            ("InvalidParameterValue", {"GroupName": "k" * 256})],
        then=lambda w: [("InvalidGroup.Duplicate", {"GroupName": "KPL"})]),
    ("ec2", "DeleteSecurityGroup"): Row(lambda w: {"GroupId": w.spare_group}, again="InvalidGroup.NotFound",
                                        wrong=lambda w: [("DependencyViolation", {"GroupId": w.group})]),
    ("ec2", "AuthorizeSecurityGroupIngress"): authorized(),
    ("ec2", "AuthorizeSecurityGroupEgress"): authorized(),
    ("ec2", "RevokeSecurityGroupIngress"): revoked("ingress"),
    ("ec2", "RevokeSecurityGroupEgress"): revoked("egress"),
    ("ec2", "DescribeVpcEndpointServiceConfigurations"): listed(
        "ServiceConfigurations", "ServiceIds", "InvalidVpcEndpointServiceId.NotFound", f"vpce-svc-{NO}"),
    ("ec2", "DescribeVpcEndpointServicePermissions"): service_id(),
    ("ec2", "DescribeVpcEndpointConnections"): Row(lambda w: {}, pages="VpcEndpointConnections"),
    ("ec2", "CreateVpcEndpointServiceConfiguration"): Row(
        lambda w: {"NetworkLoadBalancerArns": [w.free], "ClientToken": "token"},
        wrong=lambda w: [("LoadBalancerNotFound", {"NetworkLoadBalancerArns": [no(w.free)]}), ("InvalidParameter", {"NetworkLoadBalancerArns": []}),
                         ("InvalidParameter", {"NetworkLoadBalancerArns": [w.balancer]})],
        then=lambda w: [("IdempotentParameterMismatch", {"AcceptanceRequired": False}), ("InvalidParameter", {"ClientToken": "other"})]),
    ("ec2", "ModifyVpcEndpointServiceConfiguration"): Row(
        lambda w: {"ServiceId": w.service["ServiceId"], "AddNetworkLoadBalancerArns": [w.balancer], "AcceptanceRequired": False},
        wrong=lambda w: [("InvalidVpcEndpointServiceId.NotFound", {"ServiceId": f"vpce-svc-{NO}"}),
                         ("InvalidParameter", {"AddNetworkLoadBalancerArns": [w.other]}),
                         ("ExistingVpcEndpointConnections", {"AddNetworkLoadBalancerArns": [], "RemoveNetworkLoadBalancerArns": [w.balancer]})]),
    ("ec2", "ModifyVpcEndpointServicePermissions"): Row(
        lambda w: {"ServiceId": w.service["ServiceId"], "AddAllowedPrincipals": ["arn:aws:iam::111122223333:root"]},
        wrong=lambda w: [("InvalidVpcEndpointServiceId.NotFound", {"ServiceId": f"vpce-svc-{NO}"}),
                         ("InvalidPrincipal", {"AddAllowedPrincipals": ["arn:aws:iam::111122223333:role/path/name"]})]),
    ("ec2", "DeleteVpcEndpointServiceConfigurations"): Row(
        lambda w: {"ServiceIds": [w.another["ServiceId"]]}, again="InvalidVpcEndpointService.NotFound",
        wrong=lambda w: [("ExistingVpcEndpointConnections", {"ServiceIds": [w.service["ServiceId"]]})]),
    ("ec2", "AcceptVpcEndpointConnections"): verdict(),
    ("ec2", "RejectVpcEndpointConnections"): verdict(),
    ("ec2", "DescribeTags"): listed("Tags"),
    ("ec2", "CreateTags"): Row(lambda w: {"Resources": [w.group, w.service["ServiceId"]], "Tags": tags(2)},
                               wrong=lambda w: [("TagLimitExceeded", {"Tags": tags(51)}),
                                                ("InvalidGroup.NotFound", {"Resources": [f"sg-{NO}"]})]),
    ("ec2", "DeleteTags"): Row(lambda w: {"Resources": [w.group], "Tags": [{"Key": "key-0"}]}),
    **NETWORK_ROWS, **BROKER_ROWS,
    ("elb", "DescribeTargetGroups"): listed("TargetGroups", "Names", "TargetGroupNotFound", "nobody"),
    ("elb", "DescribeTargetGroupAttributes"): of_arn("TargetGroupArn", "targets", "TargetGroupNotFound"),
    ("elb", "DescribeTargetHealth"): of_arn("TargetGroupArn", "targets", "TargetGroupNotFound"),
    ("elb", "CreateTargetGroup"): Row(
        lambda w: {"Name": "kpl", "Protocol": "TCP", "Port": 1, "VpcId": w.vpc.id}, wrong=lambda w: [
            ("ValidationError", {"VpcId": f"vpc-{NO}"}), ("ValidationError", {"Name": "kpl-"}), ("TooManyTags", {"Tags": tags(51)}),
            ("DuplicateTagKeys", {"Tags": tags(1) * 2}), ("DuplicateTargetGroupName", {"Name": "tg-7"})],
        then=lambda w: [("DuplicateTargetGroupName", {"Port": 2}), ("DuplicateTargetGroupName", {"TargetType": "ip"}),
                        ("DuplicateTargetGroupName", {"HealthyThresholdCount": 3})]),
    ("elb", "ModifyTargetGroup"): Row(
        lambda w: {"TargetGroupArn": w.targets, "HealthCheckIntervalSeconds": 10}, wrong=lambda w: [
            ("TargetGroupNotFound", {"TargetGroupArn": no(w.targets)}), ("ValidationError", {"HealthCheckIntervalSeconds": 9})]),
    ("elb", "ModifyTargetGroupAttributes"): Row(
        lambda w: {"TargetGroupArn": w.targets, "Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "false"}]}, wrong=lambda w: [
            ("TargetGroupNotFound", {"TargetGroupArn": no(w.targets)}), ("ValidationError", {"Attributes": [{"Key": "no.such.key", "Value": "1"}]}),
            ("ValidationError", {"Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "no"}]})]),
    ("elb", "RegisterTargets"): Row(
        lambda w: {"TargetGroupArn": w.spare_targets, "Targets": [{"Id": w.brokers[0], "Port": 39092}]}, wrong=lambda w: [
            ("TargetGroupNotFound", {"TargetGroupArn": no(w.targets)}), ("InvalidTarget", {"Targets": [{"Id": f"i-{NO}"}]}),
            ("TooManyTargets", {"Targets": [{"Id": w.brokers[0], "Port": 1 + i} for i in range(1001)]})]),
    ("elb", "DeregisterTargets"): Row(
        lambda w: {"TargetGroupArn": w.targets, "Targets": [{"Id": w.brokers[0], "Port": 39092}]},
        wrong=lambda w: [("TargetGroupNotFound", {"TargetGroupArn": no(w.targets)})]),
    ("elb", "DeleteTargetGroup"): Row(lambda w: {"TargetGroupArn": w.spare_targets},
                                      wrong=lambda w: [("ResourceInUse", {"TargetGroupArn": w.targets})]),
    ("elb", "DescribeLoadBalancers"): listed("LoadBalancers", "LoadBalancerArns", "LoadBalancerNotFound",
                                             "arn:aws:elasticloadbalancing:us-west-2:1:loadbalancer/net/a/b", most=21),
    ("elb", "DescribeLoadBalancerAttributes"): of_arn("LoadBalancerArn", "balancer", "LoadBalancerNotFound"),
    ("elb", "CreateLoadBalancer"): Row(
        lambda w: {"Name": "kpl", "Type": "network", "Scheme": "internal", "Subnets": w.vpc.subnets, "SecurityGroups": [w.group]},
        wrong=lambda w: [("SubnetNotFound", {"Subnets": [f"subnet-{NO}"]}), ("InvalidSecurityGroup", {"SecurityGroups": [f"sg-{NO}"]}),
                         ("InvalidConfigurationRequest", {"Subnets": [w.vpc.subnets[0], w.spare_subnet]}),
                         ("ValidationError", {"Name": "internal-kpl"}), ("TooManyTags", {"Tags": tags(51)})],
        then=lambda w: [("DuplicateLoadBalancerName", {"Subnets": w.vpc.subnets[:1]}), ("DuplicateLoadBalancerName", {"SecurityGroups": []})]),
    ("elb", "ModifyLoadBalancerAttributes"): Row(
        lambda w: {"LoadBalancerArn": w.balancer, "Attributes": [{"Key": "deletion_protection.enabled", "Value": "true"}]}, wrong=lambda w: [
            ("LoadBalancerNotFound", {"LoadBalancerArn": no(w.balancer)}), ("ValidationError", {"Attributes": [{"Key": "no.such.key", "Value": "1"}]})]),
    ("elb", "SetSecurityGroups"): Row(
        lambda w: {"LoadBalancerArn": w.balancer, "SecurityGroups": [w.group, w.spare_group]}, wrong=lambda w: [
            ("LoadBalancerNotFound", {"LoadBalancerArn": no(w.balancer)}), ("InvalidSecurityGroup", {"SecurityGroups": [f"sg-{NO}"]}),
            ("InvalidConfigurationRequest", {"SecurityGroups": []})]),
    ("elb", "SetSubnets"): Row(
        lambda w: {"LoadBalancerArn": w.free, "Subnets": w.vpc.subnets[:2]}, wrong=lambda w: [
            ("LoadBalancerNotFound", {"LoadBalancerArn": no(w.free)}), ("SubnetNotFound", {"Subnets": [f"subnet-{NO}"]}),
            ("InvalidConfigurationRequest", {"LoadBalancerArn": w.balancer})]),
    ("elb", "DeleteLoadBalancer"): Row(lambda w: {"LoadBalancerArn": w.spare}, wrong=lambda w: [("ResourceInUse", {"LoadBalancerArn": w.balancer})]),
    ("elb", "DescribeListeners"): Row(lambda w: {"LoadBalancerArn": w.balancer}, pages="Listeners", wrong=lambda w: [
        ("LoadBalancerNotFound", {"LoadBalancerArn": no(w.balancer)}), ("ValidationError", {"ListenerArns": [w.listener]})]),
    ("elb", "DescribeListenerAttributes"): of_arn("ListenerArn", "listener", "ListenerNotFound"),
    ("elb", "CreateListener"): Row(
        lambda w: {"LoadBalancerArn": w.balancer, "Port": 9094, "Protocol": "TCP", "DefaultActions": [forward(w.spare_targets)]},
        wrong=lambda w: [("LoadBalancerNotFound", {"LoadBalancerArn": no(w.balancer)}), ("DuplicateListener", {"Port": 9092}),
                         ("TargetGroupNotFound", {"DefaultActions": [forward(no(w.targets))]}),
                         ("TargetGroupAssociationLimit", {"LoadBalancerArn": w.free, "DefaultActions": [forward(w.targets)]}),
                         ("TooManyTags", {"Tags": tags(51)})],
        then=lambda w: [("DuplicateListener", {"DefaultActions": [forward(w.targets)]})]),
    ("elb", "ModifyListener"): Row(
        lambda w: {"ListenerArn": w.listener, "DefaultActions": [forward((w.targets, 1), (w.spare_targets, 0))]}, wrong=lambda w: [
            ("ListenerNotFound", {"ListenerArn": no(w.listener)}), ("DuplicateListener", {"Port": 9093}),
            ("ValidationError", {"DefaultActions": [forward((w.targets, 1000))]})]),
    ("elb", "ModifyListenerAttributes"): Row(
        lambda w: {"ListenerArn": w.listener, "Attributes": [{"Key": "tcp.idle_timeout.seconds", "Value": "900"}]}, wrong=lambda w: [
            ("ListenerNotFound", {"ListenerArn": no(w.listener)}), ("ValidationError", {"Attributes": [{"Key": "tcp.idle_timeout.seconds", "Value": "6001"}]})]),
    ("elb", "DeleteListener"): Row(lambda w: {"ListenerArn": w.listener}, again="ListenerNotFound",
                                   wrong=lambda w: [("ListenerNotFound", {"ListenerArn": no(w.listener)})]),
    ("elb", "DescribeTags"): Row(lambda w: {"ResourceArns": [w.balancer, w.targets, w.listener]}, wrong=lambda w: [
        ("LoadBalancerNotFound", {"ResourceArns": [no(w.balancer)]}), ("ValidationError", {"ResourceArns": [w.targets] * 21})]),
    ("elb", "AddTags"): Row(lambda w: {"ResourceArns": [w.balancer, w.listener], "Tags": tags(2)}, wrong=lambda w: [
        ("TargetGroupNotFound", {"ResourceArns": [no(w.targets)]}), ("TooManyTags", {"Tags": tags(51)}), ("DuplicateTagKeys", {"Tags": tags(1) * 2})]),
    ("elb", "RemoveTags"): Row(lambda w: {"ResourceArns": [w.balancer], "TagKeys": ["key-0"]},
                               wrong=lambda w: [("ListenerNotFound", {"ResourceArns": [no(w.listener)]})]),
}


def test_every_action_of_the_operator_has_a_row():
    assert set(ROWS) >= set(operations())


@pytest.fixture(scope="module")
def shared(endpoint):
    return World(endpoint)


@pytest.fixture
def world(request, endpoint):
    """Reads share one; who writes has one of its own."""
    action = request.node.callspec.params["action"]
    return request.getfixturevalue("shared") if action.startswith(("Describe", "Get")) else World(endpoint)


@pytest.mark.parametrize(("service", "action"), ROWS, ids=lambda part: part)
def test_an_action(world, service, action):
    row, ask = ROWS[service, action], ROWS[service, action].ask(world)
    before = world.aws.inventory()
    if service == "ec2" and row.rehearsed:
        assert world.call(service, action, {**ask, "DryRun": True})[0] == "DryRunOperation"
    for code, change in row.wrong(world):
        assert world.call(service, action, {**ask, **change})[0] == code, change
    assert world.aws.inventory() == before, "what is refused or rehearsed does nothing"

    code, answer = world.call(service, action, ask)
    assert code is None
    after = world.aws.inventory()
    assert (after != before) == (not action.startswith(("Describe", "Get"))), "writes change something, reads do not"
    for again_code, change in [(row.again, {}), *row.then(world)]:
        code, again = world.call(service, action, {**ask, **change})
        assert code == again_code, change
        if row.makes_another:
            assert again != answer and world.aws.inventory() != after
            continue
        assert code or again == answer or not action.startswith("Create"), "a create that is repeated says the same"
        assert world.aws.inventory() == after


@pytest.mark.parametrize(("service", "action"), [key for key, row in ROWS.items() if row.pages], ids=lambda part: part)
def test_a_list_comes_in_pages(shared, service, action):
    row, (size, token, next_token) = ROWS[service, action], {
        "ec2": ("MaxResults", "NextToken", "NextToken"), "elb": ("PageSize", "Marker", "NextMarker")}[service]
    ask = row.ask(shared)
    whole = shared.call(service, action, ask)[1]
    least = 5 if (service, action) in FIVE_AT_LEAST else 1
    found, more, pages = [], {}, 0
    while True:
        code, page = shared.call(service, action, {**ask, size: least, **more})
        assert code is None and len(page[row.pages]) <= least
        found, pages = found + page[row.pages], pages + 1
        if not page.get(next_token):
            break
        more = {token: page[next_token]}
    assert found == whole[row.pages] and pages == -(-len(found) // least)
    assert shared.call(service, action, {**ask, token: "nonsense"})[0] == {"ec2": "InvalidNextToken", "elb": "ValidationError"}[service]


FIVE_AT_LEAST = {("ec2", a) for a in ("DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups", "DescribeSecurityGroupRules",
                                      "DescribeNetworkInterfaces", "DescribeInternetGateways", "DescribeRouteTables", "DescribeNatGateways",
                                      "DescribeInstanceTypes", "DescribeInstanceTypeOfferings")}  # boto3 asks for no fewer


@pytest.mark.parametrize("action", [action for service, action in ROWS if service == "ec2" and action.startswith("Describe")
                                    and action not in ("DescribeVpcAttribute", "DescribeInstanceAttribute")])  # they take none
def test_a_filter_that_does_not_exist_is_refused(shared, action):
    ask = ROWS["ec2", action].ask(shared)
    name = "Filter" if action == "DescribeNatGateways" else "Filters"
    assert shared.call("ec2", action, {**ask, name: [{"Name": "no-such-filter", "Values": ["x"]}]})[0] == "InvalidParameterValue"
