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
from bedlib import kafka, loopback  # noqa: E402

REASON = kafka.why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))
TEN = "".join(f"k{n}:message {n}\n" for n in range(10))


@pytest.fixture(scope="module")
def network():
    with loopback.network() as free:
        yield free


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


@pytest.mark.parametrize("version", [kafka.OLDEST, kafka.NEWEST])
def test_long_three_brokers_serve(tmp_path, network, version):
    serves(tmp_path, version, network)


def test_long_only_ones_own_brokers_count(tmp_path, network):
    """Another cluster at the same addresses: what it answers is not taken for ours."""
    with three(tmp_path / "theirs", kafka.OLDEST, network) as theirs, three(tmp_path / "ours", kafka.OLDEST, network) as ours:
        theirs.start()
        theirs.await_ready()
        ours.start()
        with pytest.raises(RuntimeError, match="of another cluster has|java ended with"):
            ours.await_ready()


# ---- kafka/cluster.py
class Driven:
    """cluster.py as a program of another language drives it."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, "-B", BED / "kafka" / "cluster.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def __call__(self, do, **fields):
        answer = self.ask(do=do, **fields)
        assert answer.pop("ok"), answer["error"]
        return answer

    def ask(self, **fields):
        self.process.stdin.write(json.dumps(fields) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self.process.stdout.close()


@pytest.fixture
def driven():
    program = Driven()
    yield program
    program.end()


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids):
    end = time.monotonic() + 10
    while any(map(alive, pids)):
        assert time.monotonic() < end, "a broker lives on"
        time.sleep(0.02)


@pytest.mark.parametrize("how", ["end of stdin", "SIGKILL"])
def test_the_program_ends_its_brokers(tmp_path, network, how):
    driven = Driven()
    try:
        assert driven("available")["available"]
        driven("create", folder=str(tmp_path), version=kafka.OLDEST, nodes={"1": f"{network}.11"})
        driven("start")
        pids = driven("state")["running"].values()
        assert "no command" in driven.ask(do="nonsense")["error"] and "runs already" in driven.ask(do="start", nodes=[1])["error"]
        assert len(pids) == 1 and all(map(alive, pids))
    finally:
        if how == "SIGKILL":
            os.kill(driven.process.pid, signal.SIGKILL)
            driven.process.wait()
        else:
            driven.end()
    gone(pids)


SECURED = {
    "SASL_PLAINTEXT": {"mechanisms": ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]},
    "SASL_SSL": {"mechanisms": ["SCRAM-SHA-512"]},
    "SSL": {},
}


def secured(driven, tmp_path, network, version, protocol):
    """Brokers with an EXTERNAL listener of that protocol, an authorizer, and users: app with rights, stranger without."""
    brokers = {n: f"{network}.{10 + n}" for n in (1, 2, 3)}
    scram = [[mechanism, user, f"{user}-secret"] for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512") for user in ("app", "stranger")]
    driven("create", folder=str(tmp_path), version=version, nodes=brokers, scram=scram)
    names = {n: f"b{n}.bed.example" for n in brokers}
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"{brokers[n]} {names[n]}\n" for n in brokers))
    how, authority = {**SECURED[protocol]}, None
    for n in brokers:
        if "SSL" in protocol:
            made = driven("certificate", name=f"broker-{n}", hosts=[names[n]])
            how["keystore"], authority = made["keystore"], made["authority"]
        if protocol == "SSL":
            how["clients_of"] = authority
        if "PLAIN" in how.get("mechanisms", ()):
            how["plain_users"] = {"app": "app-secret"}
        driven("secure", node=n, name="EXTERNAL", authorizer=True, **how)
        driven("add_listener", node=n, name="EXTERNAL", port=39092, advertised=f"{names[n]}:39092", protocol=protocol)
    driven("start")
    return names, hosts, authority


@pytest.mark.parametrize("protocol", SECURED)
@pytest.mark.parametrize("version", [kafka.OLDEST, kafka.NEWEST])
def test_long_secured_listeners(driven, tmp_path, network, version, protocol):
    names, hosts, authority = secured(driven, tmp_path, network, version, protocol)
    inside, outside = f"{network}.11:9092", f"{names[1]}:39092"
    principal = "User:CN=app" if protocol == "SSL" else "User:app"
    run(version, "acls", "--bootstrap-server", inside, "--add", "--allow-principal", principal, "--operation", "All", "--topic", "*",
        "--group", "*", "--cluster")
    mechanisms = SECURED[protocol].get("mechanisms", [None])
    for number, mechanism in enumerate(mechanisms):
        def settings(user, password=None):
            keystore = driven("certificate", name=user)["keystore"] if protocol == "SSL" else None
            return driven("client", file=f"{user}-{number}.properties", protocol=protocol, mechanism=mechanism, user=user,
                          password=password or f"{user}-secret", authority=authority, keystore=keystore)["file"]
        ten_messages(version, outside, topic=f"t{number}", hosts=hosts, config=settings("app"))
        if mechanism != "PLAIN":  # who may do nothing sees nothing
            seen = kafka.tool(version, "topics", "--bootstrap-server", outside, "--list", hosts=hosts, config=settings("stranger"))
            assert "t0" not in seen.stdout


def test_long_brokers_come_and_are_replaced(tmp_path, network):
    with three(tmp_path, kafka.OLDEST, network) as cluster:
        cluster.start()
        cluster.await_ready()
        at = f"{network}.11:9092"
        ten_messages(kafka.OLDEST, at)
        cluster.add(4, f"{network}.14")
        cluster.start(4)
        cluster.await_ready()
        for address, empty in ((f"{network}.22", False), (f"{network}.23", True)):
            cluster.kill(2)
            cluster.replace(2, address, empty)
            cluster.start(2)
            cluster.await_ready()
            listed = run(kafka.OLDEST, "broker-api-versions", "--bootstrap-server", at)
            assert f"{address}:9092 (id: 2" in listed and "(id: 4" in listed
        got = run(kafka.OLDEST, "console-consumer", "--bootstrap-server", at, "--topic", "t", "--from-beginning", "--max-messages", 10,
                  "--timeout-ms", 30000)
        assert got.count("message") == 10
        cluster.restart(1, 2)
