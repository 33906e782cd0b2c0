import urllib.error
import urllib.request

import botocore.exceptions
import pytest
import seed
from conftest import admin, refused, wait


def test_calls_are_counted_by_account_client_and_action(aws, consumer, vpc):
    aws.admin("DELETE", "calls")
    named = aws.client("ec2", user_agent_appid="operator")
    named.describe_vpcs()
    aws.ec2.describe_vpcs()
    with refused("InvalidVpcID.NotFound"):
        aws.ec2.describe_vpcs(VpcIds=["vpc-0123456789abcdef0"])
    consumer.ec2.describe_vpcs()
    counted = aws.admin("GET", "calls")
    assert (counted["n"], counted["calls"], counted["errors"]) == (3, {"DescribeVpcs": 3}, {"DescribeVpcs InvalidVpcID.NotFound": 1})
    assert counted["clients"] == {"operator": 1, "Boto3": 2}
    one = aws.admin("GET", "calls", client="operator", log=1)
    assert one["n"] == 1 and one["log"][0].items() >= {
        "account": aws.id, "client": "operator", "service": "ec2", "region": "us-west-2", "action": "DescribeVpcs", "status": 200,
        "key": aws.who["access_key_id"]}.items()
    aws.admin("DELETE", "calls")
    assert aws.admin("GET", "calls")["n"] == 0 and admin(aws.endpoint, "GET", "calls", account=consumer.id)["n"] > 0


@pytest.mark.parametrize("fault, done", [("cut", True), ("drop", False)])
def test_an_answer_or_a_request_is_lost(aws, vpc, fault, done):
    aws.admin("POST", fault, {"action": "CreateVpc", "n": 1})
    with pytest.raises(botocore.exceptions.HTTPClientError):
        aws.ec2.create_vpc(CidrBlock="10.77.0.0/16")
    there = aws.ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.77.0.0/16"]}])["Vpcs"]
    assert bool(there) == done and aws.admin("GET", fault)["waiting"] == []
    aws.ec2.create_vpc(CidrBlock="10.78.0.0/16")  # once only


def test_refusals(aws, consumer, vpc):
    aws.admin("POST", "refuse", {"action": "DescribeVpcs", "n": 2, "code": "RequestLimitExceeded"})
    for _ in range(2):
        with refused("RequestLimitExceeded"):
            aws.ec2.describe_vpcs()
        consumer.ec2.describe_vpcs()
    aws.ec2.describe_vpcs()
    aws.admin("POST", "refuse", {"action": "CreateTargetGroup", "code": "Throttling", "contains": "Name=tg-2", "message": "Rate exceeded"})
    aws.target_group(vpc)
    with refused("Throttling"):
        aws.target_group(vpc)
    aws.admin("POST", "refuse", {"action": "DescribeVpcs", "n": 9, "code": "InternalError"})
    aws.admin("DELETE", "refuse")
    aws.ec2.describe_vpcs()
    assert "error" in aws.admin("POST", "refuse", {"action": "DescribeVpcs"}) and "error" in aws.admin("POST", "cut", {"code": "x"})


def test_settings_are_an_accounts_own(aws, consumer):
    assert aws.settings(target_initial=7)["target_initial"] == 7
    assert consumer.admin("GET", "settings")["target_initial"] == 0.2
    assert aws.admin("DELETE", "settings")["target_initial"] == 0.2
    assert "no setting is called" in aws.settings(nonsense=1)["error"]
    for bad in ({"target_initial": -1}, {"target_initial": True}, {"weight_zero_is_checked": 1}, {"token_of_deleted_service": "x"}):
        assert "error" in aws.settings(**bad)
    assert "error" in admin(aws.endpoint, "GET", "nonsense")


def test_latency(aws):
    aws.settings(latency_ms=150)
    aws.admin("DELETE", "calls")
    aws.ec2.describe_vpcs()
    assert aws.admin("GET", "calls", log=1)["log"][0]["ms"] >= 150


def test_the_inventory_is_the_same_after_all_is_undone(aws, consumer, vpc):
    there = consumer.vpc("10.250.0.0/16")
    aws.settings(interface_lingering=0.2, service_deleting=0.2)
    brokers, group = aws.instance(vpc.subnets[0]), aws.group(vpc)
    before = aws.inventory()
    ours = aws.group(vpc)
    rule = aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": ours}]}])["SecurityGroupRules"][0]
    target_group = aws.target_group(vpc, Tags=[{"Key": "owner", "Value": "me"}])
    aws.elb.register_targets(TargetGroupArn=target_group, Targets=[{"Id": brokers, "Port": 39092}])
    balancer = aws.load_balancer(vpc, SecurityGroups=[ours])
    listener = aws.listener(balancer, 9092, target_group)
    service = aws.service(balancer)
    aws.allow(service, consumer)
    endpoint = consumer.connect(service, there)
    wait(lambda: aws.inventory()["target_groups"][target_group]["targets"] == {f"{brokers}:39092": "healthy"})
    during = aws.inventory()
    assert during["target_groups"][target_group]["tags"] == {"owner": "me"}
    assert during["listeners"][listener]["weights"] == {target_group: 1} and during["load_balancers"][balancer]["security_groups"] == [ours]
    assert during["security_group_rules"][rule["SecurityGroupRuleId"]]["peer"] == ours
    assert during["endpoint_services"][service["ServiceId"]]["connections"] == {
        endpoint: {"account": consumer.id, "state": "pendingAcceptance", "zones": list(seed.ZONES)}}
    assert consumer.inventory()["vpc_endpoints"][endpoint]["state"] == "pendingAcceptance"

    aws.ec2.reject_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=[endpoint])
    aws.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service["ServiceId"]])
    wait(lambda: not aws.services())
    aws.elb.delete_load_balancer(LoadBalancerArn=balancer)
    aws.elb.delete_target_group(TargetGroupArn=target_group)
    aws.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    wait(lambda: aws.inventory()["network_interfaces"] == before["network_interfaces"])
    aws.ec2.delete_security_group(GroupId=ours)
    assert aws.inventory() == before


def test_there_is_no_reset(aws, vpc):
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(f"{aws.endpoint}/moto-api/reset", method="POST"))
    assert aws.ec2.describe_vpcs(VpcIds=[vpc.id])


def test_throttling(aws, vpc):
    service = aws.service(aws.load_balancer(vpc))
    aws.settings(throttled=True)
    for _ in range(10):
        aws.ec2.accept_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=[])
    with refused("RequestLimitExceeded") as said:
        for _ in range(5):
            aws.ec2.accept_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=[])
    assert said.status == 503
    with refused("ThrottlingException"):
        for _ in range(200):
            aws.elb.describe_account_limits()
    aws.settings(throttled=False)
    aws.elb.describe_account_limits()
