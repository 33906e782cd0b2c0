"""What a network is made of, besides VPC and subnets: over time, and in what order it comes and goes."""
import pytest
from conftest import refused, wait

ANY = "0.0.0.0/0"


def tagged(kind, **tags):
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def routes(aws, table):
    shown = aws.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return {r.get("DestinationCidrBlock") or r["DestinationPrefixListId"]: (r.get("GatewayId") or r.get("NatGatewayId"), r["State"]) for r in shown}


def internet_gateway(aws, vpc):
    gateway = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    return gateway


def table_of(aws, vpc, **more):
    return aws.ec2.create_route_table(VpcId=vpc.id, **more)["RouteTable"]["RouteTableId"]


def nat_gateway(aws, vpc, **more):
    address = aws.ec2.allocate_address()["AllocationId"]
    made = aws.ec2.create_nat_gateway(SubnetId=vpc.subnets[0], AllocationId=address, **more)["NatGateway"]
    return made["NatGatewayId"], address


def nat_state(aws, gateway):
    return aws.ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]["State"]


def test_an_endpoint_stands_in_route_tables(aws, vpc):
    tables = [table_of(aws, vpc) for _ in range(2)]
    made = aws.ec2.create_vpc_endpoint(VpcEndpointType="Gateway", VpcId=vpc.id, ServiceName="com.amazonaws.us-west-2.s3", RouteTableIds=tables[:1],
                                       ClientToken="t", TagSpecifications=tagged("vpc-endpoint", owner="me"))["VpcEndpoint"]
    endpoint = made["VpcEndpointId"]
    assert (made["State"], made["VpcEndpointType"], made["RouteTableIds"]) == ("available", "Gateway", tables[:1])
    assert (endpoint, "active") in routes(aws, tables[0]).values() and len(routes(aws, tables[1])) == 1
    wanted = [{"Name": "vpc-id", "Values": [vpc.id]}, {"Name": "vpc-endpoint-type", "Values": ["Gateway"]}, {"Name": "tag:owner", "Values": ["me"]}]
    found = aws.ec2.describe_vpc_endpoints(Filters=wanted)["VpcEndpoints"]
    assert [e["VpcEndpointId"] for e in found] == [endpoint] and found[0]["Tags"] == [{"Key": "owner", "Value": "me"}]
    aws.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=tables[1:], RemoveRouteTableIds=tables[:1])
    assert len(routes(aws, tables[0])) == 1 and (endpoint, "active") in routes(aws, tables[1]).values()
    with refused("DependencyViolation"):
        aws.ec2.delete_route_table(RouteTableId=tables[1])
    prefix_list = next(d for d, (target, _) in routes(aws, tables[1]).items() if target == endpoint)
    with refused("InvalidParameterValue"):
        aws.ec2.delete_route(RouteTableId=tables[1], DestinationPrefixListId=prefix_list)

    aws.settings(endpoint_deleting=3600)
    assert aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == []
    assert aws.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"] == "deleting"
    with refused("DependencyViolation"):
        aws.ec2.delete_route_table(RouteTableId=tables[1])


def test_an_endpoint_is_gone_after_a_while(aws, vpc):
    table = table_of(aws, vpc)
    endpoint = aws.ec2.create_vpc_endpoint(VpcId=vpc.id, ServiceName="com.amazonaws.us-west-2.s3", RouteTableIds=[table])["VpcEndpoint"]["VpcEndpointId"]
    aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    wait(lambda: not aws.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])["VpcEndpoints"])
    assert len(routes(aws, table)) == 1
    aws.ec2.delete_route_table(RouteTableId=table)


def test_a_subnet_leaves_its_route_table_when_it_goes(aws, vpc):
    table = table_of(aws, vpc)
    aws.ec2.associate_route_table(RouteTableId=table, SubnetId=vpc.subnets[0])
    with refused("DependencyViolation"):
        aws.ec2.delete_route_table(RouteTableId=table)
    found = aws.ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": vpc.subnets[:1]}])["RouteTables"]
    assert [t["RouteTableId"] for t in found] == [table]
    aws.ec2.delete_subnet(SubnetId=vpc.subnets[0])
    aws.ec2.delete_route_table(RouteTableId=table)


def test_a_route_to_what_is_gone_leads_nowhere(aws, vpc):
    gateway, table = internet_gateway(aws, vpc), table_of(aws, vpc)
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway)
    assert routes(aws, table)[ANY] == (gateway, "active")
    with refused("DependencyViolation"):
        aws.ec2.delete_internet_gateway(InternetGatewayId=gateway)
    aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    aws.ec2.delete_internet_gateway(InternetGatewayId=gateway)
    assert routes(aws, table)[ANY] == (gateway, "blackhole")
    aws.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=ANY)
    assert ANY not in routes(aws, table)


def test_a_nat_gateway_over_time(aws, vpc):
    aws.settings(nat_gateway_pending=3600)
    gateway, table = internet_gateway(aws, vpc), table_of(aws, vpc)
    nat, address = nat_gateway(aws, vpc, ClientToken="t", TagSpecifications=tagged("natgateway", owner="me"))
    assert nat_state(aws, nat) == "pending"
    with refused("InvalidNatGatewayID.NotFound"):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, NatGatewayId=nat)
    with refused("InvalidIPAddress.InUse"):
        aws.ec2.release_address(AllocationId=address)
    with refused("DependencyViolation"):
        aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    with refused("DependencyViolation"):
        aws.ec2.delete_subnet(SubnetId=vpc.subnets[0])
    aws.settings(nat_gateway_pending=0)
    again = aws.ec2.create_nat_gateway(SubnetId=vpc.subnets[0], AllocationId=address, ClientToken="t", TagSpecifications=tagged("natgateway", owner="me"))
    assert again["NatGateway"]["NatGatewayId"] == nat


def test_a_nat_gateway_carries_routes_until_it_goes(aws, vpc):
    gateway, table = internet_gateway(aws, vpc), table_of(aws, vpc)
    nat, address = nat_gateway(aws, vpc, TagSpecifications=tagged("natgateway", owner="me"))
    wait(lambda: nat_state(aws, nat) == "available")
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, NatGatewayId=nat)
    assert routes(aws, table)[ANY] == (nat, "active")
    wanted = [{"Name": "vpc-id", "Values": [vpc.id]}, {"Name": "tag:owner", "Values": ["me"]}, {"Name": "state", "Values": ["available"]}]
    shown, = aws.ec2.describe_nat_gateways(Filter=wanted)["NatGateways"]
    assert shown["NatGatewayId"] == nat and shown["NatGatewayAddresses"][0]["AllocationId"] == address
    assert aws.ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]["AssociationId"]
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)
    assert nat_state(aws, nat) == "deleting" and routes(aws, table)[ANY] == (nat, "blackhole")
    with refused("InvalidIPAddress.InUse"):
        aws.ec2.release_address(AllocationId=address)
    wait(lambda: nat_state(aws, nat) == "deleted")  # and is shown so for a while
    aws.ec2.release_address(AllocationId=address)
    aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    assert aws.inventory()["nat_gateways"] == {}


@pytest.mark.parametrize("code", ["Gateway.NotAttached", "Resource.AlreadyAssociated"])
def test_a_nat_gateway_may_fail(aws, vpc, code):
    if code == "Gateway.NotAttached":
        nat, address = nat_gateway(aws, vpc)
    else:
        internet_gateway(aws, vpc)
        _, address = nat_gateway(aws, vpc)
        nat = aws.ec2.create_nat_gateway(SubnetId=vpc.subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    wait(lambda: nat_state(aws, nat) == "failed")
    assert aws.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["FailureCode"] == code
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)


def test_a_vpc_goes_when_its_network_has_gone(aws):
    before = aws.inventory()
    vpc = aws.vpc("10.77.0.0/16")
    gateway, table = internet_gateway(aws, vpc), table_of(aws, vpc)
    for subnet in vpc.subnets:
        aws.ec2.delete_subnet(SubnetId=subnet)
    for step in (lambda: aws.ec2.delete_route_table(RouteTableId=table), lambda: aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)):
        with refused("DependencyViolation"):
            aws.ec2.delete_vpc(VpcId=vpc.id)
        step()
    aws.ec2.delete_internet_gateway(InternetGatewayId=gateway)
    aws.ec2.delete_vpc(VpcId=vpc.id)
    assert aws.inventory() == before


def test_there_are_only_so_many_addresses(aws):
    for _ in range(5):
        aws.ec2.allocate_address(TagSpecifications=tagged("elastic-ip", owner="me"))
    with refused("AddressLimitExceeded"):
        aws.ec2.allocate_address()
    found = aws.ec2.describe_addresses(Filters=[{"Name": "tag:owner", "Values": ["me"]}])["Addresses"]
    assert len(found) == 5
    aws.ec2.create_tags(Resources=[found[0]["AllocationId"]], Tags=[{"Key": "more", "Value": "x"}])
    assert len(aws.ec2.describe_addresses(Filters=[{"Name": "tag-key", "Values": ["more"]}])["Addresses"]) == 1


def test_tags_by_kind(aws, vpc):
    internet_gateway(aws, vpc)
    address = aws.ec2.allocate_address(TagSpecifications=tagged("elastic-ip", owner="me"))["AllocationId"]
    nat = aws.ec2.create_nat_gateway(SubnetId=vpc.subnets[0], AllocationId=address, TagSpecifications=tagged("natgateway", owner="me"))["NatGateway"]["NatGatewayId"]
    table = table_of(aws, vpc, TagSpecifications=tagged("route-table", owner="me"))
    found = aws.ec2.describe_tags(Filters=[{"Name": "key", "Values": ["owner"]}])["Tags"]
    assert {t["ResourceId"]: t["ResourceType"] for t in found} == {address: "elastic-ip", nat: "natgateway", table: "route-table"}
    one, = aws.ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["natgateway"]}])["Tags"]
    assert (one["ResourceId"], one["Value"]) == (nat, "me")
    aws.ec2.create_tags(Resources=[nat, table], Tags=[{"Key": "more", "Value": "x"}])
    aws.ec2.delete_tags(Resources=[nat, table], Tags=[{"Key": "owner"}])
    assert aws.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["Tags"] == [{"Key": "more", "Value": "x"}]


@pytest.mark.parametrize("make, find", [
    (lambda aws, vpc, address: table_of(aws, vpc), lambda aws, i: aws.ec2.describe_route_tables(RouteTableIds=[i])),
    (lambda aws, vpc, address: aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"],
     lambda aws, i: aws.ec2.describe_internet_gateways(InternetGatewayIds=[i])),
    (lambda aws, vpc, address: aws.ec2.allocate_address()["AllocationId"], lambda aws, i: aws.ec2.describe_addresses(AllocationIds=[i])),
    (lambda aws, vpc, address: aws.ec2.create_nat_gateway(SubnetId=vpc.subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"],
     lambda aws, i: aws.ec2.describe_nat_gateways(NatGatewayIds=[i])),
    (lambda aws, vpc, address: aws.ec2.create_vpc_endpoint(VpcId=vpc.id, ServiceName="com.amazonaws.us-west-2.s3")["VpcEndpoint"]["VpcEndpointId"],
     lambda aws, i: aws.ec2.describe_vpc_endpoints(VpcEndpointIds=[i])),
], ids=["route table", "internet gateway", "address", "NAT gateway", "gateway endpoint"])
def test_a_new_thing_is_not_found_for_a_while(aws, vpc, make, find):
    internet_gateway(aws, vpc)
    address = aws.ec2.allocate_address()["AllocationId"]
    aws.settings(read_lag=3600)
    made = make(aws, vpc, address)
    with pytest.raises(aws.ec2.exceptions.ClientError, match="NotFound"):
        find(aws, made)
    aws.settings(read_lag=0)
    find(aws, made)
