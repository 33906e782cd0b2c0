import pytest
from conftest import all_pages, forward, refused, wait


@pytest.fixture
def brokers(aws, vpc):
    return [aws.instance(subnet) for subnet in vpc.subnets]


def register(aws, group, *targets):
    aws.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": i, "Port": p} for i, p in targets])


def deregister(aws, group, *targets):
    aws.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": i, "Port": p} for i, p in targets])


def test_create_is_idempotent_by_settings(aws, vpc):
    asked = {"Name": "kpl", "HealthCheckIntervalSeconds": 10, "HealthyThresholdCount": 2}
    arn = aws.target_group(vpc, **asked)
    assert aws.target_group(vpc, **asked) == arn
    with refused("DuplicateTargetGroupName"):
        aws.target_group(vpc, **{**asked, "HealthyThresholdCount": 3})
    shown = aws.elb.describe_target_groups(Names=["kpl"])["TargetGroups"][0]
    assert (shown["TargetType"], shown["HealthCheckProtocol"], shown["HealthCheckPort"], shown["UnhealthyThresholdCount"]) == (
        "instance", "TCP", "traffic-port", 2)
    aws.elb.modify_target_group(TargetGroupArn=arn, HealthyThresholdCount=3)
    assert aws.target_group(vpc, **{**asked, "HealthyThresholdCount": 3}) == arn


def test_what_is_refused(aws, vpc):
    for change in ({"Name": "x" * 33}, {"HealthCheckIntervalSeconds": 5},
                   {"HealthyThresholdCount": 11}, {"VpcId": "vpc-0123456789abcdef0"}):
        with refused("ValidationError"):
            aws.target_group(vpc, **change)
    aws.target_group(vpc, HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=5)
    aws.settings(target_groups=1)
    with refused("TooManyTargetGroups"):
        aws.target_group(vpc)


def test_pages_and_queries(aws, vpc):
    arns = [aws.target_group(vpc) for _ in range(5)]
    balancer = aws.load_balancer(vpc, active=False)
    aws.listener(balancer, 9092, arns[3])
    found, pages = all_pages(aws.elb.describe_target_groups, "TargetGroups", {"PageSize": 2}, "Marker", "NextMarker")
    assert [g["TargetGroupArn"] for g in found] == arns and pages == 3
    used = aws.elb.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]
    assert [(g["TargetGroupArn"], g["LoadBalancerArns"]) for g in used] == [(arns[3], [balancer])]
    for query in ({"Names": ["nobody"]}, {"TargetGroupArns": [arns[0][:-4] + "0000"]}):
        with refused("TargetGroupNotFound"):
            aws.elb.describe_target_groups(**query)


def test_attributes(aws, vpc):
    group = aws.target_group(vpc)
    wanted = {"load_balancing.cross_zone.enabled": "true", "target_group_health.dns_failover.minimum_healthy_targets.count": "off",
              "deregistration_delay.connection_termination.enabled": "true", "deregistration_delay.timeout_seconds": "60",
              "preserve_client_ip.enabled": "false", "proxy_protocol_v2.enabled": "false"}
    attributes = [{"Key": k, "Value": v} for k, v in wanted.items()]
    aws.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=attributes)
    shown = {a["Key"]: a["Value"] for a in aws.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]}
    assert wanted.items() <= shown.items()
    with refused("ValidationError") as said:
        aws.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[
            {"Key": "deregistration_delay.timeout_seconds", "Value": "30"}, {"Key": "slow_start.duration_seconds", "Value": "30"}])
    assert "attribute key 'slow_start.duration_seconds' is not recognized" in said.error
    for bad in ({"Key": "deregistration_delay.timeout_seconds", "Value": "3601"}, {"Key": "load_balancing.cross_zone.enabled", "Value": "no"}):
        with refused("ValidationError"):
            aws.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[bad])
    again = {a["Key"]: a["Value"] for a in aws.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]}
    assert again == shown  # refused as a whole
    aws.settings(dns_failover_off_is_accepted=False)
    with refused("ValidationError"):
        aws.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=attributes)


def test_client_addresses_are_kept_for_instances_only(aws, vpc):
    kept = [{a["Key"]: a["Value"] for a in aws.elb.describe_target_group_attributes(
        TargetGroupArn=aws.target_group(vpc, TargetType=kind))["Attributes"]}["preserve_client_ip.enabled"] for kind in ("instance", "ip")]
    assert kept == ["true", "false"]


def test_targets_are_ids_with_ports(aws, vpc, brokers):
    group, one = aws.target_group(vpc), brokers[0]
    register(aws, group, (one, 39092), (one, 39093))
    aws.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": one}])  # the group's port
    assert set(aws.health(group)) == {(one, 39092), (one, 39093), (one, 9092)}
    deregister(aws, group, (one, 39092))
    assert set(aws.health(group)) == {(one, 39093), (one, 9092)}
    asked = aws.health(group, Targets=[{"Id": one, "Port": 39092}])
    assert asked == {(one, 39092): ("unused", "Target.NotRegistered")}


def test_unused_then_initial_then_healthy(aws, vpc, brokers):
    group, target = aws.target_group(vpc), (brokers[0], 39092)
    register(aws, group, target)
    assert aws.health(group)[target] == ("unused", "Target.NotInUse")
    aws.settings(target_initial=3600)
    listener = aws.listener(aws.load_balancer(vpc, active=False), 9092, group)
    assert aws.health(group)[target] == ("initial", "Elb.InitialHealthChecking")
    aws.settings(target_initial=0.1)
    wait(lambda: aws.health(group)[target] == ("healthy", None))
    aws.elb.delete_listener(ListenerArn=listener)
    assert aws.health(group)[target] == ("unused", "Target.NotInUse")


def test_a_zone_that_is_not_enabled(aws, vpc, brokers):
    group = aws.target_group(vpc)
    register(aws, group, *((b, 1) for b in brokers))
    balancer = aws.load_balancer(vpc, Subnets=vpc.subnets[:2])
    aws.listener(balancer, 9092, group)
    wait(lambda: [aws.health(group)[b, 1][0] for b in brokers] == ["healthy", "healthy", "unused"])
    aws.elb.set_subnets(LoadBalancerArn=balancer, Subnets=vpc.subnets)
    wait(lambda: [aws.health(group)[b, 1][0] for b in brokers] == ["healthy"] * 3)


def test_weight_zero(aws, vpc, brokers):
    old, new, target = aws.target_group(vpc), aws.target_group(vpc), (brokers[0], 1)
    register(aws, new, target)
    aws.settings(target_initial=0, weight_zero_is_checked=False)
    listener = aws.listener(aws.load_balancer(vpc, active=False), 9092, (old, 1), (new, 0))
    assert aws.health(new)[target][0] == "unused"
    aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward((old, 999), (new, 1))])
    assert aws.health(new)[target][0] == "healthy"
    aws.settings(weight_zero_is_checked=True)
    aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward((old, 1), (new, 0))])
    assert aws.health(new)[target][0] == "healthy"


def test_draining(aws, vpc, brokers):
    group, one, two = aws.target_group(vpc), (brokers[0], 1), (brokers[1], 1)
    aws.settings(target_initial=0, target_draining=3600)
    register(aws, group, one, two)
    aws.listener(aws.load_balancer(vpc, active=False), 9092, group)
    deregister(aws, group, one)
    assert aws.health(group)[one] == ("draining", "Target.DeregistrationInProgress")
    register(aws, group, one)
    assert aws.health(group)[one][0] == "healthy"
    aws.settings(target_draining=0.2)
    deregister(aws, group, one)
    wait(lambda: set(aws.health(group)) == {two})
    aws.settings(target_draining=3600)
    aws.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}])
    deregister(aws, group, two)
    assert aws.health(group) == {}


def test_forced_health(aws, vpc, brokers):
    aws.settings(target_initial=0)
    group, other = aws.target_group(vpc), aws.target_group(vpc)
    balancer = aws.load_balancer(vpc, active=False)
    for port, each in enumerate((group, other), start=9092):
        register(aws, each, (brokers[0], 1), (brokers[1], 1))
        aws.listener(balancer, port, each)
    aws.force(brokers[0], "unhealthy")
    aws.force(f"tg-2/{brokers[1]}:1", "initial")
    assert aws.health(group) == {(brokers[0], 1): ("unhealthy", "Target.FailedHealthChecks"), (brokers[1], 1): ("healthy", None)}
    assert [state for state, _ in aws.health(other).values()] == ["unhealthy", "initial"]
    aws.force(brokers[0], None)
    assert aws.health(group)[brokers[0], 1][0] == "healthy"


def test_instances(aws, vpc, brokers):
    group = aws.target_group(vpc)
    stranger = aws.instance(aws.vpc("10.9.0.0/16").subnets[0])
    aws.ec2.stop_instances(InstanceIds=[brokers[2]])
    for bad in ("i-0123456789abcdef0", "10.0.0.5", stranger, brokers[2]):
        with refused("InvalidTarget"):
            register(aws, group, (brokers[0], 1), (bad, 1))
    assert aws.health(group) == {}
    register(aws, group, (brokers[0], 1), (brokers[1], 1))
    aws.ec2.terminate_instances(InstanceIds=[brokers[0]])
    assert set(aws.health(group)) == {(brokers[1], 1)}


def test_addresses(aws, vpc):
    group = aws.target_group(vpc, TargetType="ip")
    register(aws, group, ("10.0.1.77", 39092))
    for bad in ("8.8.8.8", "not-an-address", "127.0.0.1"):
        with refused("ValidationError"):
            register(aws, group, (bad, 1))
    aws.listener(aws.load_balancer(vpc, Subnets=vpc.subnets[:1]), 9092, group)
    assert aws.health(group)["10.0.1.77", 39092] == ("unused", "Target.NotInUse")  # its zone is not enabled
    loopback = aws.vpc("127.77.0.0/16")
    register(aws, aws.target_group(loopback, TargetType="ip"), ("127.77.0.9", 1))
