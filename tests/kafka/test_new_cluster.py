"""From an empty account to messages and back: what AWS, Kubernetes and Kafka say of a cluster that was made for an object."""
import re

import pytest
from applied import LISTENER
from bedlib import kafka
from botocore.exceptions import ClientError
from lab.nodes import terminate_by_hand, volumes_of
from lab.waiting import wait_for
from made import Made
from traffic import Traffic

pytestmark = pytest.mark.skipif(kafka.why_not() is not None, reason=str(kafka.why_not()))
TOPIC = "orders"
THIRD, FOURTH = "      - { id: 3, zoneId: usw2-az3 }\n", "      - { id: 4, zoneId: usw2-az1 }\n"
ELB = "elasticloadbalancing"


def test_from_nothing_to_messages_and_back():
    with Made(kafka.NEWEST) as made:
        print(f"\nfrom an empty account to Verified: {made.to_verified:.0f} s")
        aws_has_what_the_object_says(made)
        status_says_what_aws_has(made)
        client = made.connected()()
        kafka_has_three_voters(made, client)
        client.create_topic(TOPIC)
        written = client.produce(TOPIC)[1]
        assert read(client) == sorted(written)
        an_instance_comes_back(made, client)
        assert read(client) == sorted(written)
        a_fourth_node_joins(made, client)
        assert read(client) == sorted(written)
        volumes = {node.id: node.volume for node in made.nodes().values()}
        made.delete()
        only_the_volumes_are_left(made, volumes)
        made.apply()
        print(f"once more, with the data of before: {made.verify(4):.0f} s")
        assert {node.id: node.volume for node in made.nodes().values()} == volumes
        assert all("formatting" not in made.console(node) for node in volumes)
        client = made.connected()()
        kafka_has_three_voters(made, client, observers=[4])
        assert read(client) == sorted(written), "the data of before"


def aws_has_what_the_object_says(made):
    held, nodes = made.held(), made.nodes()
    assert [(node.id, node.zone, node.roles, node.state, node.formatted) for node in nodes.values()] == [
        (n, f"usw2-az{n}", "Controller Broker", "running", True) for n in (1, 2, 3)]
    for node in nodes:
        instance = made.instance(node)
        options = instance["MetadataOptions"]
        assert (options["HttpTokens"], options["HttpPutResponseHopLimit"], options["InstanceMetadataTags"]) == ("required", 1, "disabled")
        assert "PublicIpAddress" not in instance and instance["PrivateIpAddress"] == nodes[node].address
        volume = held["volumes"][nodes[node].volume]
        assert volume["encrypted"] and (volume["size"], volume["type"], volume["instance"]) == (100, "gp3", nodes[node].instance)
        with pytest.raises(ClientError, match="OperationNotPermitted"):
            made.provider.ec2.terminate_instances(InstanceIds=[nodes[node].instance])
        assert "formatting the storage" in made.console(node)
    new = {kind: {each: held[kind][each] for each in held[kind].keys() - made.before[kind].keys()} for kind in held}
    assert {kind: len(new[kind]) for kind in ("vpcs", "subnets", "route_tables", "vpc_endpoints", "volumes", "load_balancers", "listeners", "target_groups",
                                              "endpoint_services")} == {
        # A VPC brings a main route table of its own.
        "vpcs": 1, "subnets": 3, "route_tables": 2, "vpc_endpoints": 1, "volumes": 3, "load_balancers": 1, "listeners": 4, "target_groups": 4, "endpoint_services": 1}
    (vpc,) = new["vpcs"].values()
    assert vpc["dns_support"] and vpc["dns_host_names"], "without both the way to S3 leads nowhere"
    assert {group["type"] for group in new["target_groups"].values()} == {"ip"}
    doubled = made.writes("ec2").count("RunInstances"), made.writes("ec2").count("CreateVolume"), made.writes("ec2").count("CreateNetworkInterface")
    assert doubled == (3, 3, 3), "nothing was made twice"


def status_says_what_aws_has(made):
    link, nodes = made.settled(3), made.nodes()
    rows = [(row["id"], row["zoneId"], row["port"], row["target"]) for row in link.brokers]
    assert rows == [(n, f"usw2-az{n}", 9092 + n, f"{nodes[n].address}:39092") for n in (1, 2, 3)]
    told = {row["id"]: (sorted(row["roles"]), row["instanceId"], row["interfaceId"], row["volumeId"], row["privateAddress"])
            for row in link.status["brokers"]["nodes"]}
    assert told == {n: (["Broker", "Controller"], node.instance, node.interface, node.volume, node.address) for n, node in nodes.items()}
    network = link.status["network"]
    assert [each["zoneId"] for each in network["subnets"]] == ["usw2-az1", "usw2-az2", "usw2-az3"]
    assert network["vpcId"].startswith("vpc-") and network["s3EndpointId"].startswith("vpce-")


def kafka_has_three_voters(made, client, observers=()):
    """The voters of the first apply, and the cluster that status names."""
    said = client.quorum()
    assert re.search(r"ClusterId:\s+(\S+)", said)[1] == made.link().status["brokers"]["clusterId"], said
    ids = {key: [int(node) for node in re.findall(r'"id": (\d+)', re.search(rf"{key}:\s+\[(.*)\]", said)[1])]
           for key in ("CurrentVoters", "CurrentObservers")}
    assert ids == {"CurrentVoters": [1, 2, 3], "CurrentObservers": list(observers)}, said


def read(client):
    """Messages of the topic, sorted."""
    return sorted(line.removeprefix("Partition:").split(":", 1)[1] for line in client.consume(TOPIC)[1])


def routes(made):
    """The load balancer and the service as AWS has them, with the health of each target."""
    held = made.held()
    return {kind: held[kind] for kind in ("load_balancers", "listeners", "target_groups", "endpoint_services")}


def an_instance_comes_back(made, client):
    former, before, written = made.nodes()[2], routes(made), made.writes(ELB)
    terminate_by_hand(made.provider, former.instance)
    latter = made.await_another(former)
    assert (latter.volume, latter.interface, latter.address) == (former.volume, former.interface, former.address)
    wait_for("all replicas are in sync", lambda: client.in_sync(TOPIC), ([{1, 2, 3}] * 3).__eq__, 90.0, made.operator.check)
    wait_for("the load balancer is as before", lambda: routes(made), before.__eq__, 60.0, made.operator.check)
    link = made.verified_on(3)
    assert made.writes(ELB) == written, "nothing changed in ELB"
    assert link.ports[LISTENER, 2] == 9094
    assert "formatting" not in made.console(2), "it has its data"
    assert made.instance(2)["MetadataOptions"]["HttpTokens"] == "required"


def a_fourth_node_joins(made, client):
    before, service = made.link().ports, made.link().service_name
    made.edit(THIRD, THIRD + FOURTH)
    made.apply()
    link = made.verified_on(4)
    made.settled(4)
    assert link.ports == {**before, (LISTENER, 4): 9096} and link.service_name == service
    fourth = made.nodes()[4]
    assert (fourth.zone, fourth.roles) == ("usw2-az1", "Broker")
    kafka_has_three_voters(made, client, observers=[4])


def only_the_volumes_are_left(made, volumes):
    left = volumes_of(made.provider)
    assert {(each["VolumeId"], each["State"]) for each in left} == {(volume, "available") for volume in volumes.values()}
    assert {**made.held(), "volumes": {}} == made.before
    states = {each["state"] for each in made.world.standin().inventory(made.provider.id)["instances"].values()}
    assert states == {"terminated"}


def test_long_records_flow_while_an_instance_is_killed():
    with Made(kafka.NEWEST) as made:
        client = made.connected()()
        client.create_topic(TOPIC)
        with Traffic(kafka.NEWEST, made.world.folder, client, TOPIC, consumed=True) as traffic:
            former = made.nodes()[2]
            made.world.standin().halt(made.provider.id, former.instance)  # no clean stop
            traffic.flows()
            terminate_by_hand(made.provider, former.instance)
            made.await_another(former)
            wait_for("all replicas are in sync", lambda: client.in_sync(TOPIC), ([{1, 2, 3}] * 3).__eq__, 90.0, made.operator.check)
            traffic.flows()
        traffic.account()
        print(f"longest pause without an acknowledgement: {traffic.longest_pause():.1f} s")


def test_long_the_oldest_kafka_is_made_too():
    with Made(kafka.OLDEST) as made:
        client = made.connected()()
        kafka_has_three_voters(made, client)
        client.create_topic(TOPIC)
        assert sorted(client.produce(TOPIC)[1]) == read(client)


@pytest.mark.parametrize(("old", "new", "reason", "part"), [
    ("instanceType: t3.large", "instanceType: t9.large", "InstanceTypeUnknown", "t9.large"),
    ("instanceType: t3.large", "instanceType: t2.large", "InstanceTypeNotNitro", "t2.large"),
    ("instance-profile/kafka-nodes", "instance-profile/nobodys", "Refused", "nobodys"),
])
def test_long_what_cannot_be_made_is_named(old, new, reason, part):
    with Made(kafka.NEWEST, applied=False) as made:
        made.edit(old, new)
        made.apply()

        says(made, reason, part)
        assert not any(node.instance for node in made.nodes().values()), "no instance runs that is not as the object says"


def test_long_nodes_that_take_the_load_balancers_addresses_are_told():
    with Made(kafka.NEWEST, applied=False) as made:
        made.edit(".128.0/18", ".128.0/28")  # 11 addresses: 4 nodes leave 7, and a load balancer needs 8
        made.edit(THIRD, THIRD + "".join(f"      - {{ id: {node}, zoneId: usw2-az3 }}\n" for node in (4, 5, 6)))
        made.apply()
        says(made, "Refused", "at least 8 free IP addresses")


def says(made, reason, part):
    def told(link):
        return any(each["reason"] == reason and part in each["message"] for each in link.status.get("conditions", []))

    made.wait(f"a condition says {reason}, with {part}", told)
