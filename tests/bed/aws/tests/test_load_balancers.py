from conftest import all_pages, refused, wait


def test_create_is_idempotent_by_settings(aws, vpc):
    asked = {"Name": "kpl", "Type": "network", "Scheme": "internal", "Subnets": vpc.subnets}
    first = aws.elb.create_load_balancer(**asked, Tags=[{"Key": "a", "Value": "1"}])["LoadBalancers"][0]
    again = aws.elb.create_load_balancer(**{**asked, "Subnets": vpc.subnets[::-1]})["LoadBalancers"][0]
    assert first["LoadBalancerArn"] == again["LoadBalancerArn"] and ":loadbalancer/net/kpl/" in first["LoadBalancerArn"]
    with refused("DuplicateLoadBalancerName"):
        aws.elb.create_load_balancer(**{**asked, "Subnets": vpc.subnets[:2]})
    with refused("DuplicateLoadBalancerName"):
        aws.elb.create_load_balancer(**{**asked, "Scheme": "internet-facing"})
    assert aws.elb.describe_tags(ResourceArns=[first["LoadBalancerArn"]])["TagDescriptions"][0]["Tags"] == [{"Key": "a", "Value": "1"}]


def test_what_create_refuses(aws, vpc):
    asked = {"Name": "kpl", "Type": "network", "Scheme": "internal", "Subnets": vpc.subnets}
    for change, code in (
            ({"Name": "x" * 33}, "ValidationError"), ({"Name": "-x"}, "ValidationError"), ({"Name": "internal-x"}, "ValidationError"),
            ({"Subnets": []}, "ValidationError"), ({"Subnets": ["subnet-0123456789abcdef0"]}, "SubnetNotFound"),
            ({"SecurityGroups": ["sg-0123456789abcdef0"]}, "InvalidSecurityGroup"), ({"Type": "application"}, "InvalidConfigurationRequest"),
            ({"Tags": [{"Key": "a", "Value": "1"}] * 2}, "DuplicateTagKeys"),
            ({"Tags": [{"Key": f"k{i}", "Value": ""} for i in range(51)]}, "TooManyTags")):
        with refused(code):
            aws.elb.create_load_balancer(**{**asked, **change})
    twin = aws.ec2.create_subnet(VpcId=vpc.id, CidrBlock="10.0.9.0/24", AvailabilityZoneId="usw2-az1")["Subnet"]["SubnetId"]
    with refused("InvalidConfigurationRequest"):
        aws.elb.create_load_balancer(**{**asked, "Subnets": [*vpc.subnets, twin]})
    small = aws.ec2.create_subnet(VpcId=vpc.id, CidrBlock="10.0.10.0/28", AvailabilityZoneId="usw2-az4")["Subnet"]["SubnetId"]
    for _ in range(4):
        aws.ec2.create_network_interface(SubnetId=small)
    with refused("InvalidSubnet"):
        aws.elb.create_load_balancer(**{**asked, "Subnets": [small]})
    aws.settings(load_balancers=0)
    with refused("TooManyLoadBalancers"):
        aws.elb.create_load_balancer(**asked)
    assert aws.elb.describe_load_balancers()["LoadBalancers"] == []


def test_provisioning_takes_its_time(aws, vpc):
    aws.settings(load_balancer_provisioning=3600)
    arn = aws.load_balancer(vpc, active=False)
    assert aws.balancer(arn)["State"]["Code"] == "provisioning"
    aws.force(arn, "failed")
    assert aws.balancer(arn)["State"]["Code"] == "failed"
    aws.force(arn, None)
    aws.settings(load_balancer_provisioning=0)
    assert aws.balancer(aws.load_balancer(vpc, active=False))["State"]["Code"] == "active"


def test_describe_by_arn_and_name_and_in_pages(aws, vpc):
    arns = [aws.load_balancer(vpc, active=False) for _ in range(5)]
    found, pages = all_pages(aws.elb.describe_load_balancers, "LoadBalancers", {"PageSize": 2}, "Marker", "NextMarker")
    assert [b["LoadBalancerArn"] for b in found] == arns and pages == 3
    assert aws.elb.describe_load_balancers(Names=["lb-2"])["LoadBalancers"][0]["LoadBalancerArn"] == arns[1]
    for query in ({"Names": ["nobody"]}, {"LoadBalancerArns": [arns[0] + "0"]}):
        with refused("LoadBalancerNotFound"):
            aws.elb.describe_load_balancers(**query)


def test_security_groups_and_enforcement(aws, vpc):
    one, two = aws.group(vpc), aws.group(vpc)
    arn = aws.load_balancer(vpc, SecurityGroups=[one])
    assert aws.balancer(arn)["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] == "on"
    got = aws.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[one, two],
                                      EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="off")
    assert got["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] == "off"
    aws.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[two])
    shown = aws.balancer(arn)
    assert (shown["SecurityGroups"], shown["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"]) == ([two], "off")
    with refused("InvalidConfigurationRequest"):
        aws.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[])
    with refused("InvalidConfigurationRequest"):  # created without: never
        aws.elb.set_security_groups(LoadBalancerArn=aws.load_balancer(vpc), SecurityGroups=[one])


def test_set_subnets_adds_and_takes_zones(aws, vpc):
    arn = aws.load_balancer(vpc, Subnets=vpc.subnets[:2])
    aws.settings(load_balancer_update=3600)
    zones = aws.elb.set_subnets(LoadBalancerArn=arn, Subnets=vpc.subnets)["AvailabilityZones"]
    assert [z["SubnetId"] for z in zones] == vpc.subnets and aws.balancer(arn)["State"]["Code"] == "provisioning"
    assert len(interfaces(aws, arn)) == 3
    aws.elb.set_subnets(LoadBalancerArn=arn, Subnets=vpc.subnets[1:])
    wait(lambda: {i["SubnetId"] for i in interfaces(aws, arn)} == set(vpc.subnets[1:]))
    with refused("SubnetNotFound"):
        aws.elb.set_subnets(LoadBalancerArn=arn, Subnets=["subnet-0123456789abcdef0"])


def test_interfaces_exist_and_linger(aws, vpc):
    group = aws.group(vpc)
    arn = aws.load_balancer(vpc, SecurityGroups=[group])
    shown = interfaces(aws, arn)
    assert {i["SubnetId"] for i in shown} == set(vpc.subnets)
    for interface in shown:
        assert interface["Attachment"]["InstanceOwnerId"] == "amazon-aws" and interface["InterfaceType"] == "network_load_balancer"
        assert [g["GroupId"] for g in interface["Groups"]] == [group] and interface["PrivateIpAddress"].startswith("10.0.")
    with refused("OperationNotPermitted"):
        aws.ec2.delete_network_interface(NetworkInterfaceId=shown[0]["NetworkInterfaceId"])
    aws.settings(interface_lingering=3600)
    aws.elb.delete_load_balancer(LoadBalancerArn=arn)
    assert len(interfaces(aws, arn)) == 3
    with refused("DependencyViolation"):
        aws.ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation"):
        aws.ec2.delete_subnet(SubnetId=vpc.subnets[0])
    aws.settings(interface_lingering=0)
    second = aws.load_balancer(vpc)
    aws.elb.delete_load_balancer(LoadBalancerArn=second)
    assert interfaces(aws, second) == []


def test_delete(aws, vpc):
    arn = aws.load_balancer(vpc)
    group = aws.target_group(vpc)
    aws.listener(arn, 9092, group)
    aws.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}])
    with refused("OperationNotPermitted"):
        aws.elb.delete_load_balancer(LoadBalancerArn=arn)
    aws.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}])
    with refused("ResourceInUse"):
        aws.elb.delete_target_group(TargetGroupArn=group)
    aws.elb.delete_load_balancer(LoadBalancerArn=arn)
    assert aws.elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["LoadBalancerArns"] == []
    aws.elb.delete_target_group(TargetGroupArn=group)
    for gone in (lambda: aws.elb.delete_load_balancer(LoadBalancerArn=arn), lambda: aws.elb.delete_target_group(TargetGroupArn=group)):
        gone()  # deleting what is gone succeeds
    with refused("LoadBalancerNotFound"):
        aws.elb.describe_listeners(LoadBalancerArn=arn)


def test_attributes(aws, vpc):
    arn = aws.load_balancer(vpc)
    changed = aws.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[
        {"Key": "load_balancing.cross_zone.enabled", "Value": "true"}])["Attributes"]
    assert {"Key": "load_balancing.cross_zone.enabled", "Value": "true"} in changed
    assert aws.elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"] == changed
    with refused("ValidationError") as said:
        aws.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "no.such.key", "Value": "1"}])
    assert "is not recognized" in said.error
    with refused("ValidationError"):
        aws.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "yes"}])


def test_tags(aws, vpc):
    balancer, group = aws.load_balancer(vpc), aws.target_group(vpc)
    listener = aws.listener(balancer, 9092, group, Tags=[{"Key": "port", "Value": "9092"}])
    arns = [balancer, group, listener]
    aws.elb.add_tags(ResourceArns=arns, Tags=[{"Key": "owner", "Value": "me"}])
    aws.elb.remove_tags(ResourceArns=[listener], TagKeys=["port", "never-was"])
    shown = aws.elb.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert [(d["ResourceArn"], d["Tags"]) for d in shown] == [(arn, [{"Key": "owner", "Value": "me"}]) for arn in arns]
    with refused("ValidationError"):
        aws.elb.describe_tags(ResourceArns=[group] * 21)
    for arn, code in ((balancer, "LoadBalancerNotFound"), (group, "TargetGroupNotFound"), (listener, "ListenerNotFound")):
        with refused(code):
            aws.elb.describe_tags(ResourceArns=[arn[:-4] + "0000"])
    with refused("TooManyTags"):
        aws.elb.add_tags(ResourceArns=[group], Tags=[{"Key": f"k{i}", "Value": ""} for i in range(50)])


def test_account_limits(aws):
    limits, pages = all_pages(aws.elb.describe_account_limits, "Limits", {"PageSize": 3}, "Marker", "NextMarker")
    assert {"Name": "listeners-per-network-load-balancer", "Max": "50"} in limits and pages > 1


def test_lag_hides_what_is_new(aws, vpc):
    old = aws.load_balancer(vpc)
    aws.settings(read_lag=3600)
    arn, target_group = aws.load_balancer(vpc, active=False), aws.target_group(vpc)
    with refused("LoadBalancerNotFound"):
        aws.balancer(arn)
    with refused("TargetGroupNotFound"):
        aws.elb.describe_target_health(TargetGroupArn=target_group)
    with refused("TargetGroupNotFound"):
        aws.listener(old, 9092, target_group)
    late = aws.group(vpc)
    with refused("InvalidSecurityGroup"):
        aws.load_balancer(vpc, active=False, SecurityGroups=[late])
    with refused("InvalidGroup.NotFound"):
        aws.ec2.describe_security_groups(GroupIds=[late])
    with refused("InvalidGroup.NotFound"):
        aws.ec2.authorize_security_group_ingress(GroupId=late, IpPermissions=[])
    assert [b["LoadBalancerArn"] for b in aws.elb.describe_load_balancers()["LoadBalancers"]] == [old]
    aws.settings(read_lag=0)
    assert aws.balancer(arn) and aws.listener(arn, 9092, target_group)
    assert aws.ec2.describe_security_groups(GroupIds=[late])["SecurityGroups"]


def interfaces(aws, arn):
    description = "ELB " + arn.split("loadbalancer/")[1]
    return aws.ec2.describe_network_interfaces(Filters=[
        {"Name": "description", "Values": [description]}, {"Name": "attachment.instance-owner-id", "Values": ["amazon-aws"]}])["NetworkInterfaces"]
