"""Brokers that come and are replaced while a consumer's records flow: nobody has to be told, and nothing is lost."""
import pytest
from bedlib import kafka
from offered import BOOTSTRAP, Offered
from traffic import Traffic

pytestmark = pytest.mark.skipif(kafka.why_not() is not None, reason=str(kafka.why_not()))
TOPIC = "orders"


@pytest.fixture
def offered():
    with Offered(kafka.NEWEST) as offered:
        offered.hand_over()
        offered.verified()
        yield offered


def routes(offered):
    """Port -> NLB listener, as AWS says."""
    arn = offered.link().status["loadBalancer"]["arn"]
    return {each["Port"]: each["ListenerArn"] for each in offered.provider.elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]}


def instance_behind(offered, port):
    """Who gets the connections of a port, as AWS says."""
    elb, arn = offered.provider.elb, routes(offered)[port]
    group = elb.describe_listeners(ListenerArns=[arn])["Listeners"][0]["DefaultActions"][0]["TargetGroupArn"]
    states = {each["Target"]["Id"]: each["TargetHealth"]["State"]
              for each in elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]}
    return next((instance for instance, state in states.items() if state == "healthy"), None)


def launch(offered, broker, zone):
    subnet = offered.world.vpc["subnets"][zone]
    launched = offered.provider.launch_broker(broker, like=offered.world.vpc["brokers"]["1"], subnet=subnet)["InstanceId"]
    return launched, offered.world.standin().inventory(offered.provider.id)["instances"][launched]["address"]


def a_fourth_broker_joins(offered):
    zone = offered.zones[1]
    instance, address = launch(offered, 4, zone)
    offered.cluster.add(4, address, zone)
    offered.wait("broker 4 has a port", lambda link: link.offered(4))
    offered.merge(4)
    offered.cluster.start(4)
    offered.cluster.await_ready()
    offered.zones[4] = zone
    offered.verified()
    assert instance_behind(offered, BOOTSTRAP + 4) == instance


def broker_2_is_replaced(offered):
    old = offered.world.vpc["brokers"]["2"]
    offered.cluster.stop(2)
    offered.provider.terminate(old)
    instance, address = launch(offered, 2, offered.zones[2])
    offered.cluster.replace(2, address)
    offered.cluster.start(2)
    offered.cluster.await_ready()
    offered.wait("port 9094 leads to the new instance", lambda _: instance_behind(offered, BOOTSTRAP + 2) == instance)
    offered.verified()


def test_long_records_flow_while_a_broker_joins_and_another_is_replaced(offered):
    client = offered.connected()
    client().create_topic(TOPIC)
    hosts, before = client().hosts.read_text(), routes(offered)
    with Traffic(kafka.NEWEST, offered.world.folder, client(), TOPIC) as traffic:
        a_fourth_broker_joins(offered)
        traffic.flows()
        assert {port: routes(offered)[port] for port in before} == before, "nobody's port moved"
        broker_2_is_replaced(offered)
        traffic.flows()
    after = routes(offered)
    # What AWS calls terminated is gone at once: the NLB listener of broker 2 may be a new one, on the same port.
    others = set(before) - {BOOTSTRAP + 2}
    assert {port: after[port] for port in others} == {port: before[port] for port in others}, "nor did it for the replacement"
    assert set(after) == {*before, BOOTSTRAP + 4}
    lines = client().hosts.read_text().splitlines()
    assert set(hosts.splitlines()) <= set(lines) and len(lines) == len(hosts.splitlines()) + 1, "DNS: one name more, for broker 4"
    traffic.account()
