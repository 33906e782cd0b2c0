"""bed.py from outside: what it starts it ends, whatever happens in between.

The parts with a control plane need its programs, and are left out when they are not built.
"""
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

BED = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BED))
from bedlib import programs  # noqa: E402

built = pytest.mark.skipif(not all((programs.bin_dir() / name).exists() for name in programs.CONTROL_PLANE), reason="not built")
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: parents.bed.example}
spec:
  group: bed.example
  names: {kind: Parent, plural: parents}
  scope: Namespaced
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
"""


def bed(*args, **more):
    return subprocess.run(["python3", str(BED / "bed.py"), *map(str, args)], text=True, capture_output=True, timeout=180, **more)


def start(*args):
    done = bed("start", *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def alive(folder):
    """The processes that name a folder among their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
    return found


def wait(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def answers(info):
    return json.load(urllib.request.urlopen(info["aws_endpoint"] + "/__ready"))["ready"]


def test_several_side_by_side(tmp_path):
    one, two = (start("--only", "aws", "--dir", tmp_path / name) for name in ("one", "two"))
    try:
        assert one["aws_endpoint"] != two["aws_endpoint"] and answers(one) and answers(two)
        assert one["kubeconfig"] is None and one["dir"] == str(tmp_path / "one")
        again = bed("start", "--only", "aws", "--dir", tmp_path / "one")
        assert again.returncode != 0 and "holds a bed already" in again.stderr and answers(one)
    finally:
        assert bed("stop", "--dir", tmp_path / "one").returncode == 0
        assert answers(two) and not (tmp_path / "one").exists()
        assert bed("stop", "--dir", tmp_path / "two").returncode == 0
    assert alive(tmp_path) == []
    assert bed("stop", "--dir", tmp_path / "one").returncode != 0


def test_a_folder_that_was_there_stays(tmp_path):
    (tmp_path / "mine").write_text("x")
    start("--only", "aws", "--dir", tmp_path)
    bed("stop", "--dir", tmp_path)
    assert (tmp_path / "mine").exists() and not (tmp_path / "bed.json").exists() and alive(tmp_path) == []


def test_stop_spares_a_process_that_only_has_the_number(tmp_path):
    start("--only", "aws", "--dir", tmp_path / "b")
    pid_file = tmp_path / "b" / "aws-standin.pid"
    real = pid_file.read_text()
    pid_file.write_text(f"{os.getpid()} 1")  # as if the number had been given away: to this very test
    kept = tmp_path / "kept"
    kept.write_text(real)
    assert bed("stop", "--dir", tmp_path / "b").returncode == 0
    os.kill(int(real.split()[0]), signal.SIGTERM)
    wait(lambda: alive(tmp_path) == [])


def test_settings_at_start(tmp_path):
    info = start("--only", "aws", "--dir", tmp_path / "b", "--set", "target_initial=7")
    try:
        assert json.load(urllib.request.urlopen(info["aws_endpoint"] + "/__settings"))["target_initial"] == 7
    finally:
        bed("stop", "--dir", tmp_path / "b")
    wrong = bed("start", "--only", "aws", "--dir", tmp_path / "b", "--set", "nonsense=7")
    assert wrong.returncode != 0 and "no setting is called" in wrong.stderr
    assert not (tmp_path / "b").exists() and alive(tmp_path) == []


def test_run_gives_the_environment_and_the_status(tmp_path):
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = bed("run", "--only", "aws", "--", "sh", "-c", "echo $AWS_ENDPOINT_URL; exit 7", env=env)
    assert done.returncode == 7 and done.stdout.startswith("http://127.0.0.1:"), done.stderr
    assert list(tmp_path.iterdir()) == [] and alive(tmp_path) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_survives_run(tmp_path, how):
    marker = tmp_path / "started"
    running = subprocess.Popen(["python3", str(BED / "bed.py"), "run", "--only", "aws", "--", "sh", "-c", f"touch {marker}; sleep 600"],
                               env={**os.environ, "TMPDIR": str(tmp_path)}, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        wait(marker.exists)
        assert alive(tmp_path / "kafka-privatelink-bed")
        running.send_signal(how)
        running.wait(30)
    finally:
        running.kill()  # whatever it holds ends with it
        running.wait()
    wait(lambda: alive(tmp_path) == [])
    left = [p for p in tmp_path.iterdir() if p != marker]
    assert how == signal.SIGKILL or left == []


@pytest.mark.parametrize("kill", [True, False])
def test_a_bed_ends_with_a_process(tmp_path, kill):
    tests = subprocess.Popen(["sleep", "600"])
    try:
        info = start("--only", "aws", "--dir", tmp_path / "b", "--ends-with", tests.pid)
        assert answers(info) and len(alive(tmp_path)) == 2
        if not kill:
            assert bed("stop", "--dir", tmp_path / "b").returncode == 0
    finally:
        tests.kill()
        tests.wait()
    wait(lambda: alive(tmp_path) == [] and not (tmp_path / "b").exists())


def test_seed(tmp_path):
    info = start("--only", "aws", "--dir", tmp_path / "b")
    try:
        seeded = bed("seed", "--dir", tmp_path / "b", "--name", "20")
        assert f"export AWS_ENDPOINT_URL={info['aws_endpoint']}" in seeded.stdout, seeded.stderr
        world = json.loads((tmp_path / "b" / "world-20" / "world.json").read_text())
        held = json.load(urllib.request.urlopen(
            f"{info['aws_endpoint']}/__inventory?account={world['provider']['account']}&region={world['region']}"))
        brokers = {i["tags"]["kafka-node-id"]: (name, held["subnets"][i["subnet"]]["zone"]) for name, i in held["instances"].items()}
        assert brokers == {str(n): (world["vpc"]["brokers"][str(n)], f"usw2-az{n}") for n in (1, 2, 3)}
        assert held["vpcs"][world["vpc"]["id"]]["cidr"] == "127.20.0.0/16"
        assert bed("seed", "--dir", tmp_path / "b", "--name", "20").returncode != 0
        assert bed("seed", "--dir", tmp_path / "b").returncode == 0 and (tmp_path / "b" / "world-16" / "orders.yaml").exists()
    finally:
        bed("stop", "--dir", tmp_path / "b")


def test_seed_an_empty_account(tmp_path):
    info = start("--only", "aws", "--dir", tmp_path / "b")
    try:
        seeded = bed("seed", "--dir", tmp_path / "b", "--name", "21", "--empty")
        assert seeded.returncode == 0, seeded.stderr
        world = json.loads((tmp_path / "b" / "world-21" / "world.json").read_text())
        of = f"account={world['provider']['account']}&region={world['region']}"
        held = json.load(urllib.request.urlopen(f"{info['aws_endpoint']}/__inventory?{of}"))
        assert [vpc["cidr"] for vpc in held["vpcs"].values()] == ["172.31.0.0/16"], "AWS's default VPC alone"
        assert not any(held[kind] for kind in ("instances", "network_interfaces", "volumes", "load_balancers", "target_groups"))
        text = (tmp_path / "b" / "world-21" / "new-cluster.yaml").read_text()
        assert "cidrBlock: 127.21.64.0/18" in text and world["instance_profile"] in text and world["consumer"]["account"] in text
        settings = json.load(urllib.request.urlopen(f"{info['aws_endpoint']}/__settings?{of}"))
        assert settings["data_plane"] and settings["machines"]
    finally:
        bed("stop", "--dir", tmp_path / "b")


def test_worlds_with_a_data_plane_share_no_address(tmp_path):
    one, two = (start("--only", "aws", "--dir", tmp_path / name) for name in ("one", "two"))
    try:
        networks = []
        for info in (one, two):
            assert bed("seed", "--dir", info["dir"], "--data-plane").returncode == 0
            (world,) = (json.loads(path.read_text()) for path in Path(info["dir"]).glob("world-*/world.json"))
            held = json.load(urllib.request.urlopen(
                f"{info['aws_endpoint']}/__inventory?account={world['provider']['account']}&region={world['region']}"))
            networks += [held["vpcs"][world["vpc"]["id"]]["cidr"], world["consumer_vpc"]["cidr"]]
            example = (Path(world["example"])).read_text()
            assert f"consumerCidrs: [ {world['consumer_vpc']['cidr']} ]" in example
        assert len(set(networks)) == 4 and all(network.startswith("127.") for network in networks)
        taken = networks[0].split(".")[1]
        refused = bed("seed", "--dir", two["dir"], "--data-plane", "--name", taken)
        assert refused.returncode != 0 and "such a world already" in refused.stderr
    finally:
        for info in (one, two):
            bed("stop", "--dir", info["dir"])


@built
def test_the_control_plane(tmp_path):
    crd = tmp_path / "crd.yaml"
    crd.write_text(CRD)
    info = start("--dir", tmp_path / "b", "--crd", crd)

    def kubectl(*args, text=None):
        return subprocess.run([info["bin"] + "/kubectl", "--kubeconfig", info["kubeconfig"], *args], input=text, text=True,
                              capture_output=True, check=True).stdout
    try:
        kubectl("apply", "-f", "-", text="{apiVersion: bed.example/v1, kind: Parent, metadata: {name: p, namespace: default}}")
        uid = kubectl("get", "parent", "p", "-o", "jsonpath={.metadata.uid}")
        owner = [{"apiVersion": "bed.example/v1", "kind": "Parent", "name": "p", "uid": uid}]
        kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
            "name": "child", "namespace": "default", "ownerReferences": owner}}))
        kubectl("delete", "parent", "p")
        # At once, since the controllers found the CRD there; a CRD that comes later costs 20 or 40 s.
        wait(lambda: "child" not in kubectl("get", "configmaps", "-o", "name"), 10)
        assert kubectl("create", "token", "default").count(".") == 2
        assert kubectl("auth", "can-i", "list", "secrets", "--as=system:serviceaccount:default:default", "-q") == ""
    except subprocess.CalledProcessError as error:
        assert "can-i" in error.cmd and error.returncode == 1, error.stderr  # "no" is status 1, and the right answer
    finally:
        assert bed("stop", "--dir", tmp_path / "b").returncode == 0
    assert alive(tmp_path) == [] and not (tmp_path / "b").exists()


@built
def test_several_control_planes(tmp_path):
    one, two = (start("--only", "kube", "--dir", tmp_path / name) for name in ("one", "two"))
    assert one["server"] != two["server"] and one["aws_endpoint"] is None
    for name in ("one", "two"):
        assert bed("stop", "--dir", tmp_path / name).returncode == 0
    assert alive(tmp_path) == []
