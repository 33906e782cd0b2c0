"""Flows through consumers' endpoints, and what security groups keep out."""
import pytest
from conftest import REGION, wait
from data_plane_world import BROKER_PORT, CROSS_ZONE, PORT, Flow, World, answer, answers, in_order


@pytest.fixture
def world(aws):
    made = World(aws)
    yield made
    made.end()


@pytest.fixture
def group(world):
    return world.group()


@pytest.fixture
def balancer(aws, world, group):
    made = aws.load_balancer(world.vpc)
    aws.listener(made, PORT, group)
    world.healthy(group)
    return made


@pytest.fixture
def service(aws, balancer, consumer):
    made = aws.service(balancer, AcceptanceRequired=True)
    aws.allow(made, consumer)
    return made


@pytest.fixture
def there(consumer):
    """The consumer's VPC."""
    made = consumer.vpc(f"127.{consumer.admin('POST', 'claim', {})['network']}.0.0/16")
    yield made
    consumer.admin("DELETE", "claim")


def accept(aws, service, endpoint):
    aws.ec2.accept_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=[endpoint])


def where(consumer, endpoint):
    return in_order(consumer.admin("GET", "addresses", region=REGION)["endpoints"][endpoint]["addresses"])


def test_each_address_leads_to_its_zone(aws, world, balancer, service, consumer, there):
    endpoint = consumer.connect(service, there)
    addresses = where(consumer, endpoint)
    assert len(addresses) == 3
    wait(lambda: answer(addresses[0]) == "silence")  # as AWS: pendingAcceptance answers nobody
    accept(aws, service, endpoint)
    wait(lambda: [answer(address) for address in addresses] == ["target 1", "target 2", "target 3"])
    assert answer(addresses[0], PORT + 1) == "refused"
    nodes = world.nodes(balancer)
    assert nodes[0] in world.running[0].peers  # the consumer's address ends at the load balancer


def test_one_zone(aws, group, service, world, consumer, there):
    endpoint = consumer.connect(service, there, SubnetIds=there.subnets[1:2])
    accept(aws, service, endpoint)
    (address,) = where(consumer, endpoint)
    wait(lambda: answer(address) == "target 2")
    world.set_attributes(group, **CROSS_ZONE)
    wait(lambda: answers(address) == {"target 1", "target 2", "target 3"})


def test_states(aws, world, service, consumer, there):
    endpoint, other = consumer.connect(service, there), consumer.connect(service, there)
    for each in (endpoint, other):
        accept(aws, service, each)
    address, untouched = where(consumer, endpoint)[0], where(consumer, other)[0]
    wait(lambda: answer(address) == answer(untouched) == "target 1")
    flow, kept = Flow(address), Flow(untouched)
    aws.ec2.reject_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=[endpoint])
    wait(flow.has_ended)
    assert answer(address) == "silence"
    accept(aws, service, endpoint)
    wait(lambda: answer(address) == "target 1")
    flow.close()
    flow = Flow(address)
    consumer.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    wait(flow.has_ended)
    wait(lambda: answer(address) == "refused")
    assert kept.works()
    flow.close()
    kept.close()


def test_names(aws, balancer, service, consumer, there):
    endpoint = consumer.connect(service, there)
    mine = aws.admin("GET", "addresses", region=REGION)["load_balancers"][balancer]
    name = aws.balancer(balancer)["DNSName"]
    assert mine["names"][name] == sorted(mine["nodes"].values()) and len(mine["names"]) == 4
    theirs = consumer.admin("GET", "addresses", region=REGION)["endpoints"][endpoint]
    shown = consumer.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
    assert set(theirs["names"]) == {entry["DnsName"] for entry in shown["DnsEntries"]}
    zones = {s["AvailabilityZone"]: s["AvailabilityZoneId"] for s in consumer.ec2.describe_subnets(SubnetIds=there.subnets)["Subnets"]}
    zonal = {n: a for n, a in theirs["names"].items() if len(a) == 1}
    assert len(zonal) == 3 and all(a == [theirs["addresses"][zones[next(z for z in zones if f"-{z}." in n)]]] for n, a in zonal.items())


# ---- security groups
@pytest.fixture
def guarded(aws, world, group):
    """A load balancer with a security group that lets nothing in yet, before brokers that let in only that group."""
    front = aws.group(world.vpc)
    aws.ec2.revoke_security_group_ingress(GroupId=world.brokers_group, CidrIp=f"{world.prefix}.0.0/16", IpProtocol="tcp", FromPort=1, ToPort=65535)
    aws.ec2.authorize_security_group_ingress(GroupId=world.brokers_group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": BROKER_PORT, "ToPort": BROKER_PORT, "UserIdGroupPairs": [{"GroupId": front}]}])
    made = aws.load_balancer(world.vpc, SecurityGroups=[front])
    aws.listener(made, PORT, group)
    world.healthy(group)
    return made, front


def test_inbound_rules(aws, world, guarded):
    balancer, front = guarded
    node, inside, outside = world.nodes(balancer)[0], f"{world.prefix}.9.9", "127.1.9.9"
    assert [answer(node, source=source) for source in (None, inside, outside)] == ["silence"] * 3
    world.let_in(front, f"{world.prefix}.9.0/24", PORT - 2, PORT)
    wait(lambda: answer(node, source=inside) == "target 1")
    assert answer(node, source=outside) == "silence"
    assert answer(node) == "target 1"  # 127.0.0.1 counts as an address that is let in
    aws.settings(loopback_may_pass=False)
    wait(lambda: answer(node) == "silence")
    flow = Flow(node, source=inside)
    aws.ec2.revoke_security_group_ingress(GroupId=front, CidrIp=f"{world.prefix}.9.0/24", IpProtocol="tcp", FromPort=PORT - 2, ToPort=PORT)
    wait(lambda: answer(node, source=inside) == "silence")
    assert flow.works()  # connections are tracked
    flow.close()


def test_a_group_as_source(aws, world, guarded):
    balancer, front = guarded
    aws.ec2.authorize_security_group_ingress(GroupId=front, IpPermissions=[
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": world.brokers_group}]}])
    node = world.nodes(balancer)[0]
    wait(lambda: answer(node, source=world.addresses[1]) == "target 1")
    assert answer(node, source=f"{world.prefix}.9.9") == "silence"


def test_private_link_and_inbound_rules(aws, world, guarded, consumer, there):
    balancer, front = guarded
    service = aws.service(balancer, AcceptanceRequired=False)
    aws.allow(service, consumer)
    endpoint = consumer.connect(service, there)
    wait(lambda: aws.connections() == {endpoint: "available"})
    address, mine = where(consumer, endpoint)[0], there_address(consumer, there)
    wait(lambda: answer(address, source=mine) == "silence")
    world.let_in(front, f"{mine}/32", PORT)
    wait(lambda: answer(address, source=mine) == "target 1")
    aws.ec2.revoke_security_group_ingress(GroupId=front, CidrIp=f"{mine}/32", IpProtocol="tcp", FromPort=PORT, ToPort=65535)
    wait(lambda: answer(address, source=mine) == "silence")
    aws.elb.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=[front], EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="off")
    wait(lambda: answer(address, source=mine) == "target 1")
    assert answer(world.nodes(balancer)[0], source=mine) == "silence"


def there_address(consumer, there):
    subnet = consumer.ec2.describe_subnets(SubnetIds=there.subnets[:1])["Subnets"][0]
    return subnet["CidrBlock"].replace(".0/24", ".200")


@pytest.mark.parametrize("side", ["outbound", "at the brokers"])
def test_rules_behind_the_load_balancer(aws, world, guarded, group, side):
    balancer, front = guarded
    world.let_in(front, "127.0.0.0/8", PORT)
    node = world.nodes(balancer)[0]
    wait(lambda: answer(node) == "target 1")
    if side == "outbound":
        aws.ec2.revoke_security_group_egress(GroupId=front, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    else:
        aws.ec2.revoke_security_group_ingress(GroupId=world.brokers_group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": BROKER_PORT, "ToPort": BROKER_PORT, "UserIdGroupPairs": [{"GroupId": front}]}])
    wait(lambda: answer(node) == "silence")
    wait(lambda: {state for state, _ in aws.health(group).values()} == {"unhealthy"})
    if side == "outbound":
        aws.ec2.authorize_security_group_egress(GroupId=front, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": BROKER_PORT, "ToPort": BROKER_PORT, "UserIdGroupPairs": [{"GroupId": world.brokers_group}]}])
    else:
        world.let_in(world.brokers_group, f"{node}/32", BROKER_PORT)
    wait(lambda: answer(node) == "target 1")
