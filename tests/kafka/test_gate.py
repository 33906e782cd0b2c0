"""`gate`: whether Kafka can spare one broker, and that it says no where Metadata alone would say yes."""
import json

import pytest
from bedlib import kafka
from lab.waiting import wait_for
from offered import Offered

pytestmark = pytest.mark.skipif(kafka.why_not() is not None, reason=str(kafka.why_not()))
TOPIC = "orders"
OPEN, NOT_NOW, UNASKED = 0, 2, 1
THROTTLED = ("leader.replication.throttled", "follower.replication.throttled")
RECORDS = "".join(f"{number:01000d}\n" for number in range(10_000))  # 10 MB: ten fetches at least


@pytest.fixture(scope="module")
def plain():
    with Offered(kafka.NEWEST) as offered:
        offered.hand_over()
        offered.verified()
        create(offered, TOPIC, "1:2:3,2:3:1")
        yield offered


@pytest.fixture
def well(plain):
    opens(plain)
    yield plain
    for broker in plain.cluster.nodes:
        if broker not in plain.cluster.running:
            plain.cluster.start(broker)
    plain.cluster.await_ready()
    opens(plain)


def opens(offered):
    code, said = offered.gate("--for", "3s", "--timeout", "1m")
    assert code == OPEN and "one broker may be stopped" in said, said


def refuses(offered, *parts, broker=None):
    code, said = offered.gate(*(("--broker", str(broker)) if broker else ()))
    print(f"\n{said}")
    assert code == NOT_NOW and "may not be stopped now" in said, said
    assert all(part in said for part in parts), said
    return said


def tool(offered, name, *arguments, **options):
    """As who may do everything: INTERNAL asks for no name."""
    done = kafka.tool(offered.cluster.version, name, "--bootstrap-server", f"{offered.cluster.nodes[1]}:9092", *arguments, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def create(offered, topic, replicas, *configs):
    settings = [part for config in configs for part in ("--config", config)]
    tool(offered, "topics", "--create", "--topic", topic, "--replica-assignment", replicas, *settings)


@pytest.mark.parametrize("version", [kafka.OLDEST, kafka.NEWEST])
def test_long_it_is_open_while_all_is_well_and_shut_when_a_broker_was_killed(version):
    with Offered(version) as offered:
        offered.hand_over()
        offered.verified()
        create(offered, TOPIC, "1:2:3,2:3:1")
        opens(offered)
        for broker in offered.cluster.nodes:
            code, said = offered.gate("--broker", str(broker))
            assert code == OPEN and f"broker {broker} may be stopped" in said, said
        offered.cluster.kill(2)
        refuses(offered, "BrokerUnavailable: broker 2: does not answer")
        refuses(offered, "BrokerUnavailable: broker 2: does not answer", broker=3)
        wait_for("the active controller misses it", lambda: offered.gate()[1], lambda said: "node 2 (voter) has not fetched" in said,
                 60.0, offered.operator.check)
        # What is away may be started again, whatever is missing of it.
        wait_for("it is exempt from its own absence", lambda: offered.gate("--broker", "2")[0], lambda code: code == OPEN,
                 60.0, offered.operator.check)
        offered.cluster.start(2)
        offered.cluster.await_ready()
        opens(offered)


def test_long_the_quorum_is_lost(well):
    well.cluster.kill(2, 3)
    refuses(well, "broker 2: does not answer", "broker 3: does not answer")
    # If broker 1 was the active controller, it takes a while to see that it is alone.
    wait_for("the active controller's answers are missed", lambda: well.gate()[1],
             lambda said: "Unanswered: broker 1 does not answer DescribeQuorum" in said, 60.0, well.operator.check)
    said = refuses(well, "broker 3: does not answer", broker=2)
    assert "broker 2:" not in said, said


def test_long_a_partition_is_under_replicated(well):
    create(well, "slow", "1:2:3", *(f"{each}.replicas=*" for each in THROTTLED))
    rates = ",".join(f"{each}.rate" for each in THROTTLED)
    for broker in well.cluster.nodes:  # who is in sync is not throttled
        well.configs("--alter", "--entity-type", "brokers", "--entity-name", str(broker), "--add-config",
                     ",".join(f"{each}.rate=1" for each in THROTTLED))
    well.cluster.stop(3)
    tool(well, "console-producer", "--topic", "slow", input=RECORDS)
    well.cluster.start(3)  # it runs, and is not let to catch up
    lacking = "NotInSync: partition slow-0 is not in sync on broker 3"
    wait_for("broker 3 is back, and one partition is not in sync on it", lambda: well.gate("--broker", "1")[1],
             lambda said: lacking in said and all(other not in said for other in ("Unavailable", "NotListed", "partition orders")),
             60.0, well.operator.check)
    refuses(well, lacking, "RollWouldStop: partition slow-0 would stop: without one more, 1 of its replicas would be in sync (now 1, 2)")
    for broker in well.cluster.nodes:
        well.configs("--alter", "--entity-type", "brokers", "--entity-name", str(broker), "--delete-config", rates)


def test_long_a_partition_is_moved(well):
    create(well, "moving", "1:2", "min.insync.replicas=1")
    tool(well, "console-producer", "--topic", "moving", input=RECORDS)
    plan = well.world.folder / "reassignment.json"
    plan.write_text(json.dumps({"version": 1, "partitions": [{"topic": "moving", "partition": 0, "replicas": [1, 3]}]}))
    tool(well, "reassign-partitions", "--reassignment-json-file", plan, "--execute", "--throttle", "1000")
    refuses(well, "Reassigned: partition moving-0 is moved (to 3, from 2)", broker=1)
    tool(well, "reassign-partitions", "--reassignment-json-file", plan, "--cancel")


def test_long_a_partition_that_cannot_spare_a_replica_is_named(well):
    create(well, "alone", "2", "min.insync.replicas=1")
    stop = "RollWouldStop: partition alone-0 would stop: without broker 2, 0 of its replicas would be in sync"
    refuses(well, stop, "min.insync.replicas is 1", broker=2)
    refuses(well, "RollWouldStop: partition alone-0 would stop: without one more")
    assert well.gate("--broker", "1")[0] == OPEN
    tool(well, "topics", "--delete", "--topic", "alone")


def test_long_without_a_way_nobody_is_asked(well):
    well.change({"op": "replace", "path": "/spec/verification/address", "value": "kafka.invalid"})
    code, said = well.gate()
    assert code == UNASKED and "NoRoute: brokers 1, 2, 3 cannot be asked from here: kafka.invalid does not resolve" in said, said
    code, said = well.gate("--broker", "9")
    assert code == UNASKED and "broker 9 has no port" in said, said
    well.change({"op": "replace", "path": "/spec/verification/address", "value": well.address})
