import pytest
from conftest import all_pages, refused, wait
from test_endpoint_services import delete, gone


@pytest.fixture
def service(aws, vpc):
    return aws.service(aws.load_balancer(vpc), AcceptanceRequired=True)


@pytest.fixture
def there(consumer):
    """The consumer's VPC."""
    return consumer.vpc("10.250.0.0/16")


def accept(aws, service, *endpoints):
    got = aws.ec2.accept_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=list(endpoints))
    return {u["ResourceId"]: u["Error"]["Code"] for u in got["Unsuccessful"]}


def reject(aws, service, *endpoints):
    got = aws.ec2.reject_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=list(endpoints))
    return {u["ResourceId"]: u["Error"]["Code"] for u in got["Unsuccessful"]}


def test_only_the_allowed_see_a_service(aws, service, consumer, there):
    with refused("InvalidServiceName"):
        consumer.connect(service, there)
    with refused("InvalidServiceName"):
        consumer.ec2.describe_vpc_endpoint_services(ServiceNames=[service["ServiceName"]])
    aws.allow(service, consumer)
    seen = consumer.ec2.describe_vpc_endpoint_services(ServiceNames=[service["ServiceName"]])["ServiceDetails"][0]
    assert (seen["Owner"], seen["ServiceName"], seen["AcceptanceRequired"]) == (aws.id, service["ServiceName"], True)
    assert consumer.connect(service, there)
    with refused("InvalidServiceName"):
        consumer.connect({"ServiceName": "com.amazonaws.vpce.us-west-2.vpce-svc-0123456789abcdef0"}, there)


def test_pending_acceptance_pending_available(aws, service, consumer, there):
    aws.allow(service, consumer)
    endpoint = consumer.connect(service, there)

    def both():
        theirs = consumer.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"]
        return {theirs, aws.connections()[endpoint]}
    assert both() == {"pendingAcceptance"}
    aws.settings(connection_pending=3600)
    assert accept(aws, service, endpoint) == {} and both() == {"pending"}
    aws.settings(connection_pending=0)
    assert both() == {"available"} and accept(aws, service, endpoint) == {}
    shown = aws.ec2.describe_vpc_endpoint_connections()["VpcEndpointConnections"][0]
    assert (shown["VpcEndpointOwner"], shown["ServiceId"]) == (consumer.id, service["ServiceId"])
    assert shown["NetworkLoadBalancerArns"] == service["NetworkLoadBalancerArns"] and shown["CreationTimestamp"]


def test_an_endpoint_has_addresses_and_names(aws, service, consumer, there):
    aws.allow(service, consumer)
    endpoint = consumer.connect(service, there, TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "a", "Value": "b"}]}])
    shown = consumer.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
    assert shown["Tags"] == [{"Key": "a", "Value": "b"}] and len(shown["DnsEntries"]) == 4 and shown["VpcEndpointType"] == "Interface"
    interfaces = consumer.ec2.describe_network_interfaces(NetworkInterfaceIds=shown["NetworkInterfaceIds"])["NetworkInterfaces"]
    assert {i["SubnetId"] for i in interfaces} == set(there.subnets)
    assert all(i["PrivateIpAddress"].startswith("10.250.") for i in interfaces)


def test_zones_must_be_offered(aws, vpc, consumer, there):
    service = aws.service(aws.load_balancer(vpc, Subnets=vpc.subnets[:2]))
    aws.allow(service, consumer)
    with refused("InvalidParameter") as said:
        consumer.connect(service, there)
    assert "does not support the availability zone" in said.error
    consumer.connect(service, there, SubnetIds=there.subnets[:2])


def test_acceptance_not_required(aws, vpc, consumer, there):
    service = aws.service(aws.load_balancer(vpc), AcceptanceRequired=False)
    aws.allow(service, consumer)
    endpoint = consumer.connect(service, there)
    wait(lambda: aws.connections()[endpoint] == "available")


def test_reject_and_accept_again(aws, service, consumer, there):
    aws.allow(service, consumer)
    endpoint = consumer.connect(service, there)
    assert reject(aws, service, endpoint) == {} and aws.connections() == {endpoint: "rejected"}
    assert consumer.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"] == "rejected"
    aws.settings(rejected_may_be_accepted=False)
    assert accept(aws, service, endpoint) == {endpoint: "InvalidState"}
    aws.settings(rejected_may_be_accepted=True)
    assert accept(aws, service, endpoint, "vpce-0123456789abcdef0") == {"vpce-0123456789abcdef0": "InvalidVpcEndpointId.NotFound"}
    wait(lambda: aws.connections() == {endpoint: "available"})
    assert reject(aws, service, endpoint) == {}  # a live one too


def test_a_principal_that_goes_leaves_its_connection(aws, service, consumer, there):
    aws.allow(service, consumer)
    endpoint = consumer.connect(service, there)
    accept(aws, service, endpoint)
    aws.ec2.modify_vpc_endpoint_service_permissions(
        ServiceId=service["ServiceId"], RemoveAllowedPrincipals=[f"arn:aws:iam::{consumer.id}:root"])
    wait(lambda: aws.connections() == {endpoint: "available"})
    with refused("InvalidServiceName"):
        consumer.connect(service, there)


@pytest.mark.parametrize("accepted", [False, True])
def test_connections_hold_their_service(aws, vpc, service, consumer, there, accepted):
    aws.allow(service, consumer)
    endpoint = consumer.connect(service, there)
    if accepted:
        accept(aws, service, endpoint)
    assert delete(aws, service) == {service["ServiceId"]: "ExistingVpcEndpointConnections"}
    with refused("InvalidConfigurationRequest"):
        aws.elb.set_subnets(LoadBalancerArn=service["NetworkLoadBalancerArns"][0], Subnets=vpc.subnets[:2])
    with refused("ExistingVpcEndpointConnections"):
        aws.ec2.modify_vpc_endpoint_service_configuration(
            ServiceId=service["ServiceId"], RemoveNetworkLoadBalancerArns=service["NetworkLoadBalancerArns"])
    reject(aws, service, endpoint)
    assert delete(aws, service) == {}
    wait(gone(aws, service))
    assert aws.connections() == {}


def test_the_consumer_goes(aws, service, consumer, there):
    aws.allow(service, consumer)
    endpoint = consumer.connect(service, there)
    consumer.settings(endpoint_deleting=3600)
    assert consumer.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == []
    assert aws.connections() == {endpoint: "deleting"}
    second = consumer.connect(service, there)
    consumer.settings(endpoint_deleting=0)
    consumer.ec2.delete_vpc_endpoints(VpcEndpointIds=[second])
    assert second not in aws.connections()
    with refused("InvalidVpcEndpointId.NotFound"):
        consumer.ec2.describe_vpc_endpoints(VpcEndpointIds=[second])
    assert consumer.ec2.delete_vpc_endpoints(VpcEndpointIds=[second])["Unsuccessful"][0]["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"


def test_filters_and_pages(aws, vpc, service, consumer, there):
    other = aws.service(aws.load_balancer(vpc))
    for each in (service, other):
        aws.allow(each, consumer)
    mine = [consumer.connect(service, there) for _ in range(3)]
    theirs = consumer.connect(other, there)
    accept(aws, service, mine[0])
    wait(lambda: set(aws.connections(vpc_endpoint_state="available")) == {mine[0]})
    assert set(aws.connections(service_id=service["ServiceId"], vpc_endpoint_state="pendingAcceptance")) == set(mine[1:])
    assert set(aws.connections(vpc_endpoint_owner=consumer.id)) == {*mine, theirs} and aws.connections(vpc_endpoint_owner=aws.id) == {}
    found, pages = all_pages(aws.ec2.describe_vpc_endpoint_connections, "VpcEndpointConnections", {"MaxResults": 3},
                             "NextToken", "NextToken")
    assert {c["VpcEndpointId"] for c in found} == {*mine, theirs} and pages == 2
    with refused("InvalidParameterValue"):
        aws.connections(no_such_filter="x")


def test_forced_states(aws, service, consumer, there):
    aws.allow(service, consumer)
    endpoint = consumer.connect(service, there)
    aws.force(endpoint, "expired")
    aws.force(service["ServiceId"], "Failed")
    assert aws.connections() == {endpoint: "expired"} and aws.services()[0]["ServiceState"] == "Failed"
