"""Every wrong wiring has its own reason, and a message that names the broker, what is wanted and what was found."""
import http.server
import re
import socket
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest
from applied import LISTENER
from bedlib import kafka
from offered import BOOTSTRAP, BROKER_PORT, Offered

pytestmark = pytest.mark.skipif(kafka.why_not() is not None, reason=str(kafka.why_not()))
ADVERTISED, LISTENERS = "advertised.listeners", "listeners"


@pytest.fixture(scope="module")
def plain():
    with Offered(kafka.NEWEST) as offered:
        message = offered.says("False", "BrokerUnavailable", "restart", "1, 2, 3")
        assert f"ConfigMap {Offered.name}-advertised-listeners" in message
        offered.hand_over()
        offered.verified()
        yield offered


@pytest.fixture
def mended(plain):
    """Whatever was wrong is right again after the test, and says so."""
    yield plain
    for broker in plain.cluster.nodes:
        if broker not in plain.cluster.running:
            plain.cluster.start(broker)
    plain.cluster.await_ready()
    plain.hand_over(2)
    plain.verified()


def wanted(offered, broker):
    return f"{offered.host(broker)}:{BOOTSTRAP + broker}"


@pytest.mark.parametrize(("reason", "old", "new"), [
    ("AdvertisesOtherPort", r":9094", ":9999"),
    ("AdvertisesOtherZone", r"usw2-az2", "usw2-az3"),
    ("AdvertisesOtherAddress", r"\.abc\.", ".old."),
])
def test_long_a_broker_advertises_something_else(mended, reason, old, new):
    mended.edit(2, ADVERTISED, old, new)
    mended.cluster.restart(2)
    found = re.sub(old, new, wanted(mended, 2))
    mended.says("False", reason, "broker 2: must advertise", wanted(mended, 2), f"advertises {found}")
    code, report = mended.doctor()
    assert code == 2 and found in report and f"{reason}: correct advertised.listeners" in report


def test_long_a_broker_lacks_the_listener(mended):
    mended.edit(2, LISTENERS, rf",{LISTENER}://[^,]*", "")
    mended.edit(2, ADVERTISED, rf",{LISTENER}://[^,]*", "")
    mended.cluster.restart(2)
    mended.says("False", "BrokerMissingListener", "broker 2: runs and lacks the listener that it had", "each: 2")


def test_long_a_broker_was_not_restarted(mended):
    mended.change({"op": "replace", "path": "/spec/listeners/0/advertisedHostTemplate", "value": "b{brokerId}.{zoneId}.new.example"})
    mended.wait("the new hosts are planned", lambda link: all("new.example" in row["advertised"] for row in link.brokers))
    mended.hand_over(1, 3)
    mended.says("False", "BrokerNotRestarted", "broker 2: must advertise b2.usw2-az2.new.example:9094", "advertises b2.usw2-az2.abc", "each: 2")


def test_long_ports_swapped_by_hand_are_seen_and_repaired(mended):
    elb = mended.provider.elb
    balancer = mended.link().status["loadBalancer"]["arn"]
    listeners = {each["Port"]: each for each in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]}
    mended.change({"op": "add", "path": "/spec/mode", "value": "Observe"})
    for port, other in ((9093, 9094), (9094, 9093)):
        elb.modify_listener(ListenerArn=listeners[port]["ListenerArn"], DefaultActions=listeners[other]["DefaultActions"])
    mended.look_now()
    mended.says("False", "PortLeadsToOtherBroker", "broker 1: its port leads to broker 2", "broker 2: its port leads to broker 1")
    mended.change({"op": "remove", "path": "/spec/mode"})
    mended.verified()
    now = {each["Port"]: each["DefaultActions"][0]["TargetGroupArn"] for each in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]}
    assert now[9093] == listeners[9093]["DefaultActions"][0]["TargetGroupArn"]


def test_long_a_web_server_is_behind_the_port(mended):
    mended.cluster.stop(2)
    server = http.server.ThreadingHTTPServer((mended.cluster.nodes[2], BROKER_PORT), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        mended.says("False", "NotKafka", "broker 2: not Kafka but something that says", "HTTP/1.0 501")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent(address):
    with socket.create_server((address, BROKER_PORT), backlog=100):  # the kernel takes connections, and nobody answers
        yield


def test_long_a_port_says_nothing(mended):
    mended.cluster.stop(2)
    with silent(mended.cluster.nodes[2]):
        mended.says("False", "PortSilent", "broker 2: takes the connection and says nothing")


def test_long_listeners_were_changed_while_the_broker_ran(mended):
    whole = mended.cluster.properties(2)
    mended.edit(2, LISTENERS, rf",{LISTENER}://[^,]*", "")
    mended.edit(2, ADVERTISED, rf",{LISTENER}://[^,]*", "")
    mended.cluster.restart(2)
    brackets = f"{LISTENERS}=[{whole[LISTENERS]}]"
    mended.configs("--alter", "--entity-type", "brokers", "--entity-name", "2", "--add-config", brackets)
    mended.says("False", "DynamicListenersOverride", "broker 2: has a dynamic value of listeners")
    mended.configs("--alter", "--entity-type", "brokers", "--entity-name", "2", "--delete-config", LISTENERS)


def test_long_the_spec_says_tls_and_brokers_do_not(mended):
    mended.change({"op": "replace", "path": "/spec/listeners/0/securityProtocol", "value": "SSL"})
    mended.says("False", "ProtocolMismatch", "brokers 1, 2, 3: does not speak TLS")
    mended.change({"op": "replace", "path": "/spec/listeners/0/securityProtocol", "value": "PLAINTEXT"})


@contextmanager
def nowhere(ports):
    """An address of this machine at which connections are neither taken nor refused, as where a firewall swallows them."""
    with ExitStack() as all_of_them:
        for port in ports:
            full = all_of_them.enter_context(socket.create_server(("127.0.0.2", port), backlog=0))
            # The kernel takes one for a backlog of none; whoever comes after that gets no answer.
            all_of_them.enter_context(socket.create_connection(full.getsockname()))
        yield "127.0.0.2"


def calls_for_a_change(offered, seconds):
    """What AWS was asked for one change of the load balancer, and how long it took to be as wanted."""
    standin, account = offered.world.standin(), offered.provider.id
    before, began = len(standin.calls_of_operator(account)), time.monotonic()
    offered.change({"op": "add", "path": "/spec/loadBalancer", "value": {"idleTimeoutSeconds": seconds}})
    offered.wait("AWS follows", lambda link: link.settled(3))
    took = time.monotonic() - began
    calls = [call["action"] for call in standin.calls_of_operator(account)[before:]]
    return [action for action in calls if not action.startswith("Describe")], len(calls), took


def test_long_no_route_is_unknown_and_holds_nothing_up(mended):
    mended.change({"op": "add", "path": "/spec/verification/mode", "value": "Disabled"})
    mended.wait("Kafka is not asked", lambda link: link.condition("AdvertisedListenersVerified")["reason"] == "VerificationDisabled")
    writes, calls, took = calls_for_a_change(mended, 400)
    mended.change({"op": "replace", "path": "/spec/verification/mode", "value": "Enabled"},
                  {"op": "replace", "path": "/spec/verification/address", "value": "kafka.invalid"})
    mended.says("Unknown", "NoRoute", "kafka.invalid does not resolve")
    with nowhere(range(BOOTSTRAP, BOOTSTRAP + 4)) as address:
        mended.change({"op": "replace", "path": "/spec/verification/address", "value": address})
        mended.says("Unknown", "NoRoute", address)
        blocked_writes, blocked_calls, blocked_took = calls_for_a_change(mended, 401)
    print(f"\na change without a look at Kafka: {calls} AWS calls, {took:.1f} s; with a route that swallows: {blocked_calls}, {blocked_took:.1f} s")
    assert blocked_writes == writes and writes != []
    mended.change({"op": "replace", "path": "/spec/verification/address", "value": mended.address})


def test_long_the_doctor_finds_all_well(plain):
    plain.verified()
    code, report = plain.doctor()
    assert code == 0 and "all is well" in report, report
    assert len(re.findall(r"healthy +Identity +ok", report, re.IGNORECASE)) == 3, report
    assert "advice: brokers 1, 2, 3 end idle connections after 600 s" in report
