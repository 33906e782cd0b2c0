"""Real brokers: they start, serve, change and end. Java and the jars are needed, and left out with a count when they are not there."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BED = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BED))
from bedlib import kafka  # noqa: E402

REASON = kafka.why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))
TEN = "".join(f"k{n}:message {n}\n" for n in range(10))


@pytest.fixture(scope="module")
def network():
    """127.N.0 that no bed has: beds claim by listening at its first address, and so do we."""
    import socket
    for number in range(254, 16, -1):
        held = socket.socket()
        try:
            held.bind((f"127.{number}.0.1", 64127))
            held.listen(1)
        except OSError:
            held.close()
            continue
        yield f"127.{number}.0"
        held.close()
        return


def run(version, name, *args, **more):
    done = kafka.tool(version, name, *args, **more)
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return done.stdout


def ten_messages(version, bootstrap, topic="t", create=True, **more):
    """Through stock tools: 3 partitions x 3 replicas, 10 messages with keys, so that every broker gets some."""
    at = ("--bootstrap-server", bootstrap)
    if create:
        run(version, "topics", *at, "--create", "--topic", topic, "--partitions", 3, "--replication-factor", 3, **more)
    run(version, "console-producer", *at, "--topic", topic, "--reader-property", "parse.key=true", "--reader-property", "key.separator=:",
        input=TEN, **more)
    got = run(version, "console-consumer", *at, "--topic", topic, "--from-beginning", "--max-messages", 10, "--timeout-ms", 30000, **more)
    assert sorted(got.split("\n")) == ["", *sorted(f"message {n}" for n in range(10))]


def three(folder, version, network, **more):
    return kafka.Cluster(folder, version, {n: f"{network}.{10 + n}" for n in (1, 2, 3)}, **more)


def serves(folder, version, network):
    began = time.monotonic()
    with three(folder, version, network) as cluster:
        formatted = time.monotonic()
        cluster.start()
        cluster.await_ready()
        ready = time.monotonic()
        ten_messages(version, f"{network}.11:9092")
        done = time.monotonic()
        cluster.stop(3)
        print(f"\nKafka {version}: formatted in {formatted - began:.1f} s, ready in {ready - formatted:.1f} s, ten messages in "
              f"{done - ready:.1f} s, one stopped in {time.monotonic() - done:.1f} s")
    assert not cluster.running


def test_three_brokers_serve(tmp_path, network):
    serves(tmp_path, kafka.OLDEST, network)


def test_long_three_brokers_of_the_newest_serve(tmp_path, network):
    serves(tmp_path, kafka.NEWEST, network)
