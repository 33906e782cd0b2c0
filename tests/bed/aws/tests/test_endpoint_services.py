import pytest
from conftest import all_pages, refused, wait


@pytest.fixture
def balancer(aws, vpc):
    return aws.load_balancer(vpc)


def state(aws, service):
    return aws.services(ServiceIds=[service["ServiceId"]])[0]["ServiceState"]


def delete(aws, *services):
    got = aws.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[s["ServiceId"] for s in services])
    return {u["ResourceId"]: u["Error"]["Code"] for u in got["Unsuccessful"]}


def gone(aws, service):
    return lambda: service["ServiceId"] not in [s["ServiceId"] for s in aws.services()]


def test_create_and_describe(aws, vpc, balancer):
    tags = [{"ResourceType": "vpc-endpoint-service", "Tags": [{"Key": "owner", "Value": "me"}]}]
    made = aws.service(balancer, AcceptanceRequired=True, TagSpecifications=tags)
    assert made["ServiceName"] == f"com.amazonaws.vpce.us-west-2.{made['ServiceId']}"
    shown = aws.services(ServiceIds=[made["ServiceId"]])[0]
    assert shown == made
    assert shown["AvailabilityZoneIds"] == ["usw2-az1", "usw2-az2", "usw2-az3"] and len(shown["AvailabilityZones"]) == 3
    assert (shown["ServiceState"], shown["AcceptanceRequired"], shown["NetworkLoadBalancerArns"]) == ("Available", True, [balancer])
    assert shown["Tags"] == [{"Key": "owner", "Value": "me"}]
    other = aws.service(aws.load_balancer(vpc))

    def found(name, *values):
        return {s["ServiceId"] for s in aws.services(Filters=[{"Name": name, "Values": list(values)}])}
    assert found("tag:owner", "me", "you") == found("service-name", made["ServiceName"]) == {made["ServiceId"]}
    assert found("service-state", "Available") == {made["ServiceId"], other["ServiceId"]} and found("tag:owner", "you") == set()
    with refused("InvalidParameterValue"):
        found("no-such-filter", "x")
    with refused("InvalidVpcEndpointServiceId.NotFound"):
        aws.services(ServiceIds=["vpce-svc-0123456789abcdef0"])
    aws.ec2.create_tags(Resources=[made["ServiceId"]], Tags=[{"Key": "more", "Value": "1"}])
    assert found("tag:more", "1") == {made["ServiceId"]}


def test_pages(aws, vpc):
    services = [aws.service(aws.load_balancer(vpc)) for _ in range(3)]
    found, pages = all_pages(aws.ec2.describe_vpc_endpoint_service_configurations, "ServiceConfigurations", {"MaxResults": 2},
                             "NextToken", "NextToken")
    assert [s["ServiceId"] for s in found] == [s["ServiceId"] for s in services] and pages == 2


def test_a_token_repeats(aws, vpc, balancer):
    first = aws.service(balancer, ClientToken="t")
    assert aws.service(balancer, ClientToken="t")["ServiceId"] == first["ServiceId"]
    with refused("IdempotentParameterMismatch"):
        aws.service(balancer, ClientToken="t", AcceptanceRequired=False)
    assert len(aws.services()) == 1


@pytest.mark.parametrize("answer", ["new", "deleted", "mismatch"])
def test_a_token_after_the_service_was_deleted(aws, vpc, balancer, answer):
    aws.settings(token_of_deleted_service=answer, service_deleting=0)
    first = aws.service(balancer, ClientToken="t")
    delete(aws, first)
    if answer == "mismatch":
        with refused("IdempotentParameterMismatch"):
            aws.service(balancer, ClientToken="t")
        return
    again = aws.service(balancer, ClientToken="t")
    assert (again["ServiceId"] == first["ServiceId"]) == (answer == "deleted")
    assert len(aws.services()) == (0 if answer == "deleted" else 1)


def test_a_load_balancer_has_one_service(aws, vpc, balancer):
    service = aws.service(balancer, ClientToken="t")
    with refused("InvalidParameter") as said:
        aws.service(balancer, ClientToken="u")
    assert "already associated with another VPC Endpoint Service Configuration" in said.error
    with refused("ResourceInUse") as said:
        aws.elb.delete_load_balancer(LoadBalancerArn=balancer)
    assert "currently associated with another service" in said.error
    aws.settings(service_deleting=4)  # time for two calls, however slow the machine
    assert delete(aws, service) == {} and state(aws, service) == "Deleting"
    with refused("ResourceInUse"):
        aws.elb.delete_load_balancer(LoadBalancerArn=balancer)
    wait(gone(aws, service))
    with refused("InvalidVpcEndpointServiceId.NotFound"):
        state(aws, service)
    aws.elb.delete_load_balancer(LoadBalancerArn=balancer)
    assert delete(aws, service) == {service["ServiceId"]: "InvalidVpcEndpointService.NotFound"}


def test_an_active_load_balancer_is_needed(aws, vpc):
    aws.settings(load_balancer_provisioning=3600)
    early = aws.load_balancer(vpc, active=False)
    with refused("InvalidParameter"):
        aws.service(early)
    aws.settings(service_needs_active_load_balancer=False, service_pending=3600)
    assert aws.service(early)["ServiceState"] == "Pending"
    with refused("LoadBalancerNotFound"):
        aws.service(early[:-4] + "0000")


def test_zones_follow_only_a_re_add(aws, vpc):
    balancer = aws.load_balancer(vpc, Subnets=vpc.subnets[:2])
    service = aws.service(balancer)

    def zones():
        return aws.services(ServiceIds=[service["ServiceId"]])[0]["AvailabilityZoneIds"]
    aws.elb.set_subnets(LoadBalancerArn=balancer, Subnets=vpc.subnets)
    assert zones() == ["usw2-az1", "usw2-az2"]
    wait(lambda: aws.balancer(balancer)["State"]["Code"] == "active")
    aws.ec2.modify_vpc_endpoint_service_configuration(ServiceId=service["ServiceId"], AddNetworkLoadBalancerArns=[balancer])
    assert zones() == ["usw2-az1", "usw2-az2", "usw2-az3"]
    aws.elb.set_subnets(LoadBalancerArn=balancer, Subnets=vpc.subnets[:1])
    assert len(zones()) == 3
    aws.settings(service_zones_follow_set_subnets=True)
    assert zones() == ["usw2-az1"]


def test_modify(aws, vpc, balancer):
    service, second = aws.service(balancer), aws.load_balancer(vpc)
    change = {"ServiceId": service["ServiceId"]}
    aws.ec2.modify_vpc_endpoint_service_configuration(**change, AddNetworkLoadBalancerArns=[second], AcceptanceRequired=False)
    shown = aws.services()[0]
    assert (shown["NetworkLoadBalancerArns"], shown["AcceptanceRequired"]) == ([balancer, second], False)
    aws.ec2.modify_vpc_endpoint_service_configuration(**change, RemoveNetworkLoadBalancerArns=[balancer])
    assert aws.services()[0]["NetworkLoadBalancerArns"] == [second]
    aws.elb.delete_load_balancer(LoadBalancerArn=balancer)
    with refused("InvalidParameter"):
        aws.ec2.modify_vpc_endpoint_service_configuration(**change, RemoveNetworkLoadBalancerArns=[second])


def test_permissions(aws, vpc, balancer):
    service = aws.service(balancer)
    principals = ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/kafka", "arn:aws:iam::444455556666:user/ann"]
    change = {"ServiceId": service["ServiceId"]}
    added = aws.ec2.modify_vpc_endpoint_service_permissions(**change, AddAllowedPrincipals=principals)["AddedPrincipals"]
    assert [(p["Principal"], p["PrincipalType"]) for p in added] == list(zip(principals, ("Account", "Role", "User")))
    assert aws.ec2.modify_vpc_endpoint_service_permissions(**change, AddAllowedPrincipals=principals)["AddedPrincipals"] == []
    found, pages = all_pages(aws.ec2.describe_vpc_endpoint_service_permissions, "AllowedPrincipals", {"MaxResults": 2},
                             "NextToken", "NextToken", **change)
    assert [p["Principal"] for p in found] == principals and pages == 2
    one = aws.ec2.describe_vpc_endpoint_service_permissions(**change, Filters=[{"Name": "principal", "Values": principals[:1]}])
    assert [p["Principal"] for p in one["AllowedPrincipals"]] == principals[:1]
    aws.ec2.modify_vpc_endpoint_service_permissions(**change, RemoveAllowedPrincipals=principals[:2])
    assert [p["Principal"] for p in aws.ec2.describe_vpc_endpoint_service_permissions(**change)["AllowedPrincipals"]] == principals[2:]
    for bad in ("arn:aws:iam::111122223333:role/path/kafka", "somebody"):
        with refused("InvalidPrincipal"):
            aws.ec2.modify_vpc_endpoint_service_permissions(**change, AddAllowedPrincipals=[bad])
    with refused("InvalidVpcEndpointServiceId.NotFound"):
        aws.ec2.describe_vpc_endpoint_service_permissions(ServiceId="vpce-svc-0123456789abcdef0")
