"""Flows through a load balancer's nodes: zones, health, draining, changes of listeners."""
import socket
import threading
import types

import pytest
from conftest import forward, wait
from data_plane_world import BROKER_PORT, CROSS_ZONE, PORT, Flow, World, answer, answers


@pytest.fixture
def world(aws):
    made = World(aws)
    yield made
    made.end()


@pytest.fixture
def balancer(aws, world):
    return aws.load_balancer(world.vpc)


def test_a_node_reaches_its_own_zone(aws, world, balancer):
    group = world.group()
    aws.listener(balancer, PORT, group)
    world.healthy(group)
    nodes = world.nodes(balancer)
    assert [answers(node) for node in nodes] == [{"target 1"}, {"target 2"}, {"target 3"}]
    assert nodes[0] in world.running[0].peers  # which is where a target sees flows come from
    with Flow(nodes[0]) as flow:
        big = bytes(range(256)) * 4096
        threading.Thread(target=flow.sendall, args=(big,), daemon=True).start()
        got = b""
        while len(got) < len(big):
            got += flow.recv(65536)
        assert got == big
        flow.shutdown(socket.SHUT_WR)
        assert flow.recv(1) == b""


def test_cross_zone(aws, world, balancer):
    group = world.group(**CROSS_ZONE)
    aws.listener(balancer, PORT, group)
    world.healthy(group)
    nodes, every = world.nodes(balancer), {"target 1", "target 2", "target 3"}
    wait(lambda: answers(nodes[0]) == every)
    world.set_attributes(group, load_balancing__cross_zone__enabled="false")
    assert answers(nodes[0]) == {"target 1"}
    world.set_attributes(group, load_balancing__cross_zone__enabled="use_load_balancer_configuration")
    assert answers(nodes[0]) == {"target 1"}
    aws.elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}])
    wait(lambda: answers(nodes[0]) == every)


def test_health_is_what_connecting_finds(aws, world, balancer):
    group = world.group(**CROSS_ZONE)
    target = (world.instances[0], BROKER_PORT)
    aws.settings(target_initial=3600)
    aws.listener(balancer, PORT, group)
    assert aws.health(group)[target][0] == "initial"
    aws.settings(target_initial=0)
    world.healthy(group)
    nodes = world.nodes(balancer)
    world.running[0].stop()
    wait(lambda: aws.health(group)[target] == ("unhealthy", "Target.FailedHealthChecks"))
    assert answers(nodes[0]) == {"target 2", "target 3"}
    world.run(1)
    world.healthy(group)
    wait(lambda: answers(nodes[0]) == {"target 1", "target 2", "target 3"})
    aws.force(world.instances[0], "unhealthy")
    assert answers(nodes[0]) == {"target 2", "target 3"}


def test_fail_open(aws, world, balancer):
    group = world.group()
    aws.listener(balancer, PORT, group)
    world.healthy(group)
    for instance in world.instances:
        aws.force(instance, "unhealthy")
    nodes = world.nodes(balancer)
    assert [answers(node, 2) for node in nodes] == [{"target 1"}, {"target 2"}, {"target 3"}]
    world.running[0].stop()
    assert answer(nodes[0]) == "reset"
    world.deregister(group, 2)
    wait(lambda: answer(nodes[1]) == "reset")  # nothing is left in its reach


@pytest.mark.parametrize("terminate", [True, False])
def test_draining(aws, world, balancer, terminate):
    group = world.group(deregistration_delay__connection_termination__enabled=str(terminate).lower(), **CROSS_ZONE)
    aws.listener(balancer, PORT, group)
    world.healthy(group)
    node = world.nodes(balancer)[0]
    aws.settings(target_draining=3600)
    flow = wait(lambda: next((f for f in [Flow(node)] if f.name == "target 1"), None))
    world.deregister(group, 1)
    assert answers(node) == {"target 2", "target 3"} and flow.works()
    world.register(group, 1)  # ends its draining
    aws.settings(target_draining=0.1)
    world.deregister(group, 1)
    wait(lambda: len(aws.health(group)) == 2)
    if terminate:
        wait(flow.has_ended)
    else:
        settled(aws, balancer, node)
        assert flow.works()
    flow.close()


def settled(aws, balancer, node):
    """Returns when the data plane has looked again since now: a listener that is made now is open then."""
    port = aws.counter + 20000
    vpc = types.SimpleNamespace(id=aws.balancer(balancer)["VpcId"])
    aws.listener(balancer, port, aws.target_group(vpc))
    wait(lambda: answer(node, port) != "refused")


def test_listeners_change(aws, world, balancer):
    one, two = world.group(1, **CROSS_ZONE), world.group(2, **CROSS_ZONE)
    node = world.nodes(balancer)[2]
    assert answer(node) == "refused"
    listener = aws.listener(balancer, PORT, one)
    world.healthy(one, 1)
    wait(lambda: answer(node) == "target 1")
    flow = Flow(node)
    aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward(two)])
    assert answer(node) == "target 2" and flow.works()
    aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward((one, 1), (two, 1))])
    wait(lambda: answers(node) == {"target 1", "target 2"})
    aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward((one, 0), (two, 1))])
    assert answers(node) == {"target 2"}
    aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward((one, 0), (two, 0))])
    assert answer(node) == "reset"
    aws.elb.modify_listener(ListenerArn=listener, Port=PORT + 1, DefaultActions=[forward(one)])
    wait(lambda: answer(node, PORT + 1) == "target 1" and answer(node) == "refused")
    aws.elb.delete_listener(ListenerArn=listener)
    wait(lambda: answer(node, PORT + 1) == "refused")
    assert flow.works()
    aws.elb.delete_load_balancer(LoadBalancerArn=balancer)
    wait(flow.has_ended)
    flow.close()


def test_a_zone_that_leaves(aws, world, balancer):
    group = world.group()
    aws.listener(balancer, PORT, group)
    world.healthy(group)
    nodes = world.nodes(balancer)
    flow, other = Flow(nodes[2]), Flow(nodes[0])
    aws.elb.set_subnets(LoadBalancerArn=balancer, Subnets=world.vpc.subnets[:2])
    wait(flow.has_ended)
    wait(lambda: answer(nodes[2]) == "refused")
    assert other.works() and world.nodes(balancer) == nodes[:2]


def test_off_and_elsewhere_nothing_moves(aws, world, balancer):
    group = world.group()
    aws.listener(balancer, PORT, group)
    world.healthy(group)
    nodes = world.nodes(balancer)
    flow = Flow(nodes[0])
    elsewhere = aws.vpc("10.0.0.0/16")
    theirs = aws.target_group(elsewhere)
    aws.elb.register_targets(TargetGroupArn=theirs, Targets=[{"Id": aws.instance(elsewhere.subnets[0]), "Port": 1}])
    aws.listener(aws.load_balancer(elsewhere), PORT, theirs)
    wait(lambda: {state for state, _ in aws.health(theirs).values()} == {"unhealthy"})
    assert flow.works()
    aws.settings(data_plane=False)
    wait(flow.has_ended)
    wait(lambda: answer(nodes[0]) == "refused")
    assert aws.health(group)[world.instances[0], BROKER_PORT][0] == "healthy"  # by time again


def test_claims(aws, consumer):
    number = aws.admin("POST", "claim", {})["network"]
    assert "is taken" in consumer.admin("POST", "claim", {"network": number})["error"]
    assert consumer.admin("POST", "claim", {})["network"] != number
    assert aws.admin("DELETE", "claim") == {"networks": []}
    assert consumer.admin("POST", "claim", {"network": number})["network"] == number
    assert "a number from" in aws.admin("POST", "claim", {"network": 300})["error"]
    consumer.admin("DELETE", "claim")
