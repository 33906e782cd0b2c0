import seed
from conftest import all_pages, refused, wait


def test_zone_ids_are_everywhere(aws, vpc):
    instance = aws.instance(vpc.subnets[1], role="broker")
    shown = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert (shown["Placement"]["AvailabilityZoneId"], shown["Placement"]["AvailabilityZone"]) == ("usw2-az2", "us-west-2a")
    assert shown["SubnetId"] == vpc.subnets[1] and shown["VpcId"] == vpc.id and shown["State"]["Name"] == "running"
    subnets = aws.ec2.describe_subnets(Filters=[{"Name": "availability-zone-id", "Values": ["usw2-az2"]},
                                                {"Name": "vpc-id", "Values": [vpc.id]}])["Subnets"]
    assert [(s["SubnetId"], s["AvailabilityZoneId"]) for s in subnets] == [(vpc.subnets[1], "usw2-az2")]
    zones = {z["ZoneName"]: z["ZoneId"] for z in aws.ec2.describe_availability_zones()["AvailabilityZones"]}
    assert zones["us-west-2a"] == "usw2-az2"


def test_instances_by_tag_and_id(aws, vpc):
    brokers = [aws.instance(s, **{"kafka-cluster": "orders", "kafka-node-id": str(i)}) for i, s in enumerate(vpc.subnets)]
    aws.instance(vpc.subnets[0], **{"kafka-cluster": "other"})
    wanted = [{"Name": "tag:kafka-cluster", "Values": ["orders"]}, {"Name": "vpc-id", "Values": [vpc.id]},
              {"Name": "instance-state-name", "Values": ["running", "stopped"]}]
    found, pages = all_pages(aws.ec2.describe_instances, "Reservations", {"MaxResults": 2}, "NextToken", "NextToken", Filters=wanted)
    assert [r["Instances"][0]["InstanceId"] for r in found] == brokers and pages == 2
    aws.ec2.terminate_instances(InstanceIds=brokers[:1])
    left = [i["InstanceId"] for r in aws.ec2.describe_instances(Filters=wanted)["Reservations"] for i in r["Instances"]]
    assert left == brokers[1:]
    still = aws.ec2.describe_instances(InstanceIds=brokers[:1])["Reservations"][0]["Instances"][0]
    assert still["State"]["Name"] == "terminated"  # seen for a while
    with refused("InvalidInstanceID.NotFound"):
        aws.ec2.describe_instances(InstanceIds=["i-0123456789abcdef0"])
    with refused("InvalidInstanceID.Malformed"):
        aws.ec2.describe_instances(InstanceIds=["i-0"])


def test_a_subnet_goes_when_nothing_is_in_it(aws, vpc):
    instance, balancer = aws.instance(vpc.subnets[0]), aws.load_balancer(vpc, Subnets=vpc.subnets[:1])
    for step in (lambda: aws.ec2.terminate_instances(InstanceIds=[instance]), lambda: aws.elb.delete_load_balancer(LoadBalancerArn=balancer)):
        with refused("DependencyViolation"):
            aws.ec2.delete_subnet(SubnetId=vpc.subnets[0])
        step()

    def free():
        return not aws.ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": vpc.subnets[:1]}])["NetworkInterfaces"]
    wait(free)
    aws.ec2.delete_subnet(SubnetId=vpc.subnets[0])
    with refused("InvalidSubnetID.NotFound"):
        aws.ec2.describe_subnets(SubnetIds=vpc.subnets[:1])


def test_subnets(aws, vpc):
    made = aws.ec2.create_subnet(VpcId=vpc.id, CidrBlock="10.0.64.0/18", AvailabilityZoneId="usw2-az3",
                                 TagSpecifications=seed.tags("subnet", owner="me"))["Subnet"]
    assert made["AvailabilityZoneId"] == "usw2-az3" and made["Tags"] == [{"Key": "owner", "Value": "me"}]
    found = aws.ec2.describe_subnets(Filters=[{"Name": "tag:owner", "Values": ["me"]}])["Subnets"]
    assert [s["SubnetId"] for s in found] == [made["SubnetId"]]
    with refused("InvalidSubnet.Conflict"):
        aws.ec2.create_subnet(VpcId=vpc.id, CidrBlock="10.0.64.0/20", AvailabilityZoneId="usw2-az1")
    with refused("InvalidSubnet.Range"):
        aws.ec2.create_subnet(VpcId=vpc.id, CidrBlock="10.9.0.0/20", AvailabilityZoneId="usw2-az1")
    found, pages = all_pages(aws.ec2.describe_subnets, "Subnets", {"MaxResults": 5}, "NextToken", "NextToken")
    assert len(found) == 8 and pages == 2  # the account's default VPC has four


def test_tags_by_resource(aws, vpc):
    group = aws.group(vpc)
    for resource in (vpc.subnets[0], group):
        aws.ec2.create_tags(Resources=[resource], Tags=[{"Key": "owner", "Value": "me"}, {"Key": "other", "Value": "x"}])
    found = aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [vpc.subnets[0], group]}, {"Name": "key", "Values": ["owner"]}])["Tags"]
    assert {(t["ResourceId"], t["ResourceType"], t["Value"]) for t in found} == {
        (vpc.subnets[0], "subnet", "me"), (group, "security-group", "me")}
    aws.ec2.delete_tags(Resources=[group], Tags=[{"Key": "owner"}])
    assert aws.ec2.describe_security_groups(Filters=[{"Name": "tag:owner", "Values": ["me"]}])["SecurityGroups"] == []


def test_a_launch_repeats(aws, vpc):
    image = aws.ec2.describe_images(Filters=seed.IMAGES)["Images"][0]["ImageId"]
    asked = {"ImageId": image, "InstanceType": "t2.micro", "MinCount": 1, "MaxCount": 1, "SubnetId": vpc.subnets[0], "ClientToken": "t"}
    ids = {aws.ec2.run_instances(**asked)["Instances"][0]["InstanceId"] for _ in range(2)}
    assert len(ids) == 1
    with refused("IdempotentParameterMismatch"):
        aws.ec2.run_instances(**{**asked, "InstanceType": "t2.small"})


def test_dry_runs_and_unknown_actions(aws, vpc):
    with refused("DryRunOperation"):
        aws.ec2.create_subnet(VpcId=vpc.id, CidrBlock="10.0.64.0/18", DryRun=True)
    with refused("InvalidAction"):
        aws.ec2.describe_vpc_endpoint_connection_notifications()
    with refused("InvalidAction"):
        aws.elb.describe_rules(ListenerArn="x")
    with refused("InvalidParameterValue"):
        aws.ec2.describe_subnets(Filters=[{"Name": "no-such-filter", "Values": ["x"]}])


def test_accounts_and_regions_are_apart(aws, consumer, vpc):
    aws.load_balancer(vpc, active=False)
    assert consumer.elb.describe_load_balancers()["LoadBalancers"] == []
    assert consumer.client("sts").get_caller_identity()["Account"] == consumer.id
    with refused("InvalidVpcID.NotFound"):
        consumer.ec2.describe_vpcs(VpcIds=[vpc.id])
