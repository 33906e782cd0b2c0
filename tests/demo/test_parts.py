"""Parts of the demo that judge and lay out what they are given."""
import pytest
from lab.client import Client
from lab.kube import VERIFIED, Link
from real_brokers import changes, restarts_wanted

ROWS = [{"id": n, "zoneId": f"usw2-az{n}", "port": 9092 + n, "advertised": f"b{n}.usw2-az{n}.abc.example:{9092 + n}"} for n in (1, 2, 3)]


def link(condition=None, rows=ROWS, in_sync=True):
    """An object with one listener, of which every broker advertises what it has to, unless `rows` say otherwise."""
    conditions = [{"type": kind, "status": "True", "reason": "", "message": ""} for kind in ("Ready", *(["InSync"] if in_sync else []))]
    if condition:
        conditions.append({"type": VERIFIED, "reason": "", "message": "", **condition})
    return Link({"metadata": {"generation": 1, "resourceVersion": "1"}, "spec": {"listeners": [{"name": "EXTERNAL"}]},
                 "status": {"observedGeneration": 1, "conditions": conditions, "endpointService": {"serviceName": "com.amazonaws.vpce.x"},
                            "listeners": [{"name": "EXTERNAL", "bootstrap": {"port": 9092}, "brokers": rows}]}})


def proved(**of_the_third):
    return [{**row, "health": "Healthy", "proof": "Identity", "advertisedNow": row["advertised"], **(of_the_third if row["id"] == 3 else {})}
            for row in ROWS]


@pytest.mark.parametrize(("status", "message", "wanted"), [
    ("False", "listener EXTERNAL, brokers 1, 2, 3: does not answer; put the lines of ConfigMap orders-advertised-listeners into the brokers' "
              "configuration and restart, one at a time, waiting for each: 1, 2, 3", {1, 2, 3}),
    ("False", "listener EXTERNAL, broker 2: runs and lacks the listener, which must advertise b2:9094: it was not restarted; put the lines of "
              "ConfigMap orders-advertised-listeners into the brokers' configuration and restart, one at a time, waiting for each: 2", {2}),
    ("False", "listener EXTERNAL, broker 2: its port leads to broker 3", set()),
    ("Unknown", "something looks wrong; a second look has to confirm it", set()),
    ("True", "every port leads to its broker", set()),
])
def test_restarts_that_the_condition_wants(status, message, wanted):
    assert restarts_wanted(link({"status": status, "message": message})) == wanted


def test_restarts_of_an_object_without_the_condition():
    assert restarts_wanted(link()) == set()


def test_verified_is_more_than_a_condition():
    good = {"status": "True"}
    assert link(good, proved()).verified(3)
    assert not link(good, proved()).verified(4)
    assert not link({"status": "Unknown"}, proved()).verified(3)
    assert not link(good, proved(advertisedNow="b3.usw2-az3.old.example:9095")).verified(3)  # a condition of before
    assert not link(good, proved(proof="Tcp")).verified(3)
    assert not link(good, proved(health="Unhealthy")).verified(3)


def test_offered_is_without_health():
    assert link().offered(3) and not link().offered(4)
    assert not link(in_sync=False).offered(3)


def test_names_lead_to_the_endpoint(tmp_path):
    addresses = {f"usw2-az{n}": f"127.17.{n}.4" for n in (1, 2, 3)}
    names = {"vpce-1-a.us-west-2a.example": ["127.17.1.4"], "vpce-1.example": list(addresses.values())}
    client = Client(tmp_path / "hosts", {"addresses": addresses, "names": names}, link(), "EXTERNAL")
    assert client.bootstrap == "vpce-1.example:9092"
    assert client.hosts.read_text().splitlines() == [
        *(f"127.17.{n}.4 vpce-1.example" for n in (1, 2, 3)), *(f"127.17.{n}.4 b{n}.usw2-az{n}.abc.example" for n in (1, 2, 3))]


def test_changes_are_shown_as_diff_does():
    assert changes("a=1\nb=2\n--c=3\n", "a=1\nb=3\n--c=3\n") == "- b=2\n+ b=3"
