"""The stand-in for a node itself: what a container gets, and what becomes of it."""
import http.server
import json
import signal
import sys
import threading
import uuid
from pathlib import Path

import pytest
from cluster import BED
from conftest import SHELL
from bedlib import processes

NAMESPACE = "node"
HELD = "bed.example/held"  # a finalizer: the pod stays to be looked at after its end


@pytest.fixture(scope="module", autouse=True)
def namespace(cluster):
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.until(lambda: cluster.get("serviceaccount", "default", "-n", NAMESPACE), "the namespace has its account")
    cluster.kubectl("create", "configmap", "settings", "-n", NAMESPACE, "--from-literal=greeting=hello", "--from-literal=a.txt=from a map")
    cluster.kubectl("create", "secret", "generic", "keys", "-n", NAMESPACE, "--from-literal=key=s3cret")


def start(cluster, name, script, finalizers=(), container=None, **spec):
    """A pod with one container that runs this script."""
    cluster.kubectl("create", "-f", "-", text=json.dumps({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"team": "streaming"}, "finalizers": list(finalizers)},
        "spec": {**spec, "containers": [{"name": "main", "image": SHELL, "command": ["sh", "-c", script], **(container or {})}]}}))


def pod(cluster, name):
    return cluster.get("pod", name, "-n", NAMESPACE)


def status(cluster, name):
    """Of its container; empty until the node has said something."""
    return next(iter(pod(cluster, name)["status"].get("containerStatuses", [])), {})


def until(cluster, name, condition, what):
    return cluster.until(lambda: (said := status(cluster, name)) and condition(said) and said, f"pod {name}: {what}")


def said_by(cluster, name, last="done"):
    """The lines that the container wrote, when it has written this one."""
    path = cluster.folder / "node" / "logs" / f"{NAMESPACE}_{name}_main.log"
    return cluster.until(lambda: path.exists() and last in (lines := path.read_text().splitlines()) and lines, f"{name} writes `{last}`")


def remove(cluster, name, *args):
    cluster.kubectl("delete", "pod", name, "-n", NAMESPACE, *args)


def test_environment_user_and_root_file_system(cluster):
    variables = [
        {"name": "A", "value": "1"}, {"name": "B", "value": "$(A) $$(A) $(NONE)"},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "TEAM", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['team']"}}},
        {"name": "ADDRESS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "key"}}},
        {"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "greeting"}}},
        {"name": "ABSENT", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "absent", "optional": True}}}]
    start(cluster, "environment", 'env; id -u; id -g; cat /proc/1/comm; cat "$1" && touch /written || echo "read only"; echo done; exec sleep 86400',
          container={"env": variables, "args": ["sh", "/etc/hostname"], "securityContext": {
              "runAsUser": 65532, "runAsGroup": 65533, "readOnlyRootFilesystem": True}})
    lines = said_by(cluster, "environment")
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    address = pod(cluster, "environment")["status"]["podIP"]
    host, _, port = cluster.bed["server"].removeprefix("https://").rpartition(":")
    expected = {"A": "1", "B": "1 $(A) $(NONE)", "POD": "environment", "TEAM": "streaming", "ADDRESS": address, "KEY": "s3cret",
                "GREETING": "hello", "HOSTNAME": "environment", "KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    assert {name: found.get(name) for name in expected} == expected and "ABSENT" not in found
    assert not any("KUBECONFIG" in name for name in found), "the machine's own variables are the machine's"
    assert [line for line in lines if "=" not in line and not line.startswith("touch:")] == [
        "65532", "65533", "sh", "environment", "read only", "done"]
    remove(cluster, "environment", "--now")


def test_volumes_and_the_token(cluster):
    volumes = [{"name": "map", "configMap": {"name": "settings", "items": [{"key": "a.txt", "path": "folder/b.txt"}]}},
               {"name": "secret", "secret": {"secretName": "keys"}}, {"name": "scratch", "emptyDir": {}},
               {"name": "about", "downwardAPI": {"items": [{"path": "team", "fieldRef": {"fieldPath": "metadata.labels['team']"}}]}}]
    account = "/var/run/secrets/kubernetes.io/serviceaccount"
    start(cluster, "volumes",
          f"for f in /map/folder/b.txt /secret/key /about/team {account}/namespace {account}/token; do cat $f; echo; done; "
          "touch /map/x || echo 'no write'; touch /scratch/x && echo written; echo done; exec sleep 86400",
          container={"volumeMounts": [{"name": each["name"], "mountPath": f"/{each['name']}"} for each in volumes],
                     "securityContext": {"runAsUser": 65532}}, volumes=volumes)
    lines = [line for line in said_by(cluster, "volumes") if line and not line.startswith("touch:")]
    assert lines[:4] == ["from a map", "s3cret", "streaming", NAMESPACE] and lines[5:] == ["no write", "written", "done"]
    review = json.loads(cluster.kubectl("create", "-o", "json", "-f", "-", text=json.dumps({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": lines[4]}})))["status"]
    assert review["user"]["username"] == f"system:serviceaccount:{NAMESPACE}:default"
    assert review["user"]["extra"]["authentication.kubernetes.io/pod-name"] == ["volumes"]
    remove(cluster, "volumes", "--now")


def test_a_container_that_ends_is_started_again(cluster):
    # Its volume is the same one then, its root file system is new.
    start(cluster, "restart", "[ -e /kept/ran ] && { [ -e /ran ] || echo fresh; echo done; exec sleep 86400; }; touch /kept/ran /ran; exit 3",
          container={"volumeMounts": [{"name": "kept", "mountPath": "/kept"}]}, volumes=[{"name": "kept", "emptyDir": {}}])
    said = until(cluster, "restart", lambda said: said["restartCount"] == 1 and said["ready"], "runs again")
    assert said["lastState"]["terminated"]["exitCode"] == 3 and said_by(cluster, "restart") == ["fresh", "done"]
    remove(cluster, "restart", "--now")


def test_probes(cluster):
    answers = {"/startup": 503, "/live": 200, "/ready": 503}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answers[self.path])
            self.end_headers()

        def log_message(self, *_):
            """Nothing: the test's output is for the test."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def probe(path, **more):  # of the test instead of the pod, so that the test decides
            return {"httpGet": {"host": "127.0.0.1", "port": server.server_port, "path": path}, "periodSeconds": 1, "timeoutSeconds": 30, **more}

        start(cluster, "probes", "exec sleep 86400", container={
            "startupProbe": probe("/startup", failureThreshold=100000), "livenessProbe": probe("/live", failureThreshold=2),
            "readinessProbe": probe("/ready", failureThreshold=1)}, terminationGracePeriodSeconds=1)
        said = until(cluster, "probes", lambda said: "running" in said["state"], "runs")
        assert not said["started"] and not said["ready"]
        answers["/startup"] = 200
        assert not until(cluster, "probes", lambda said: said["started"], "has started")["ready"]
        answers["/ready"] = 204
        until(cluster, "probes", lambda said: said["ready"], "is ready")
        answers["/ready"] = 404
        until(cluster, "probes", lambda said: not said["ready"], "is not ready any more")
        assert status(cluster, "probes")["restartCount"] == 0
        answers.update({"/live": 500, "/ready": 200})
        until(cluster, "probes", lambda said: said["restartCount"] > 0, "is restarted")
        answers["/live"] = 200
        said = until(cluster, "probes", lambda said: said["ready"], "is ready again")
        assert said["lastState"]["terminated"]["exitCode"] == 128 + signal.SIGKILL  # process 1 ignores what it does not handle
        remove(cluster, "probes", "--now")
        server.shutdown()


@pytest.mark.parametrize("trap, code", [("echo asked; exit 7", 7), ("echo asked", 128 + signal.SIGKILL)], ids=["leaves", "stays"])
def test_the_end_of_a_pod(cluster, trap, code):
    name = f"end-{code}"
    start(cluster, name, f"trap '{trap}' TERM; echo up; while :; do sleep 0.1; done", [HELD], terminationGracePeriodSeconds=3)
    said_by(cluster, name, "up")
    remove(cluster, name, "--wait=false")
    said = until(cluster, name, lambda said: "terminated" in said["state"], "has ended")
    assert said["state"]["terminated"]["exitCode"] == code and said_by(cluster, name, "asked") == ["up", "asked"]
    cluster.kubectl("patch", "pod", name, "-n", NAMESPACE, "--type=merge", "--patch", '{"metadata": {"finalizers": null}}')
    cluster.until(lambda: pod(cluster, name) is None, f"{name} is gone")


def test_what_it_does_not_do_it_refuses(cluster):
    start(cluster, "refused", "exec sleep 86400", initContainers=[{"name": "first", "image": SHELL}])
    waiting = until(cluster, "refused", lambda said: "waiting" in said["state"], "waits")["state"]["waiting"]
    assert waiting["reason"] == "CreateContainerConfigError" and "does not do initContainers" in waiting["message"]
    remove(cluster, "refused", "--now")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_survives_the_node(cluster, tmp_path, how):
    mark, node = uuid.uuid4().hex, f"node-{how.name.lower()}"
    (image,) = [f"{SHELL}={folder}" for name, folder in cluster.images.items() if name == SHELL]
    processes.spawn(tmp_path, "kubelet", [
        sys.executable, "-B", BED / "kubelet" / "kubelet.py", "--kubeconfig", cluster.bed["kubeconfig"], "--dir", tmp_path / "node",
        "--node", node, "--image", image], ends_with_parent=True)
    try:
        cluster.until(lambda: cluster.get("node", node), "the node is there")
        start(cluster, node, f": {mark}; trap : TERM; while :; do sleep 1; done", nodeName=node)
        until(cluster, node, lambda said: said["ready"], "is ready")
        assert naming(mark)
    finally:
        processes.stop(tmp_path, "kubelet", how)
    cluster.until(lambda: not naming(mark), "the container ended with its node")
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    remove(cluster, node, "--force", "--grace-period=0")  # nobody else would say that it is gone
    cluster.kubectl("delete", "node", node)


def naming(mark):
    """Processes of this machine that have the mark in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
    return found
