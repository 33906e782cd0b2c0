"""The charts on a cluster: installed, upgraded, rolled back, uninstalled, and what becomes of the objects and of AWS."""
import time

import pytest
from charts import OPERATOR
from release import KIND, TIMEOUT, Release, apply, await_ready, delete, install_crds, link, looked_at
from test_health import health


@pytest.fixture(scope="module", autouse=True)
def crds(cluster):
    install_crds(cluster)


def test_the_life_of_a_release(cluster, capsys):
    world = cluster.seed()
    before = cluster.inventory(world)
    release = Release(cluster, "kpl", "life", world)
    apply(cluster, world)
    assert health(link(cluster))[0] == "Progressing"

    began = time.monotonic()
    release.install()
    waited = time.monotonic() - began
    cluster.until(lambda: looked_at(link(cluster)), "the object is looked at")
    reconciled = time.monotonic() - began
    ready = await_ready(cluster)
    with capsys.disabled():
        print(f"\nfrom the begin of helm install: --wait returned after {waited:.1f} s, the first reconcile was seen after "
              f"{reconciled:.1f} s, Ready after {time.monotonic() - began:.1f} s", flush=True)
    assert health(ready) == ("Healthy", ready["status"]["conditions"][0]["message"])
    offered = cluster.inventory(world)
    assert offered != before and len(release.pods()) == 2

    first = release.args()
    release.upgrade("--set", "replicas=3,concurrency=8,log.format=text,image.repository=operator,image.tag=next")
    assert "--concurrency=8" in release.args() and len(running(release)) == 3
    assert {pod["spec"]["containers"][0]["image"] for pod in running(release)} == {"operator:next"}
    release.rollback(1)
    assert release.args() == first
    cluster.until(lambda: len(release.pods()) == 2, "the third replica is gone")
    assert all(pod["spec"]["containers"][0]["image"] != "operator:next" for pod in release.pods())
    assert service(await_ready(cluster)) == service(ready)
    assert cluster.inventory(world) == offered

    release.uninstall()
    left = link(cluster)
    assert cluster.list("deployment,serviceaccount,role,rolebinding,poddisruptionbudget", "-n", release.namespace,
                        "-l", "app.kubernetes.io/instance=kpl") == []
    assert left["metadata"]["uid"] == ready["metadata"]["uid"] and cluster.inventory(world) == offered
    cluster.kubectl("delete", KIND, "orders", "--wait=false")
    deleted = link(cluster)
    assert health(deleted)[0] == "Progressing" and cluster.inventory(world) == offered

    release.install()
    cluster.until(lambda: link(cluster) is None, "the object is gone")
    assert cluster.inventory(world) == before
    assert not any("forbidden" in cluster.log(pod).lower() for pod in release.pods())
    release.uninstall()


def test_an_upgrade_that_does_not_become_ready_takes_nothing_away(cluster):
    world = cluster.seed()
    release = Release(cluster, "kpl", "broken-upgrade", world, replicas=1)
    release.install()
    (good,) = release.pods()
    done = cluster.run("helm", "upgrade", release.name, OPERATOR, "--namespace", release.namespace,
                       "--wait", "--timeout", "8s", "--values", release.values, "--set", "log.level=no=such=filter")
    assert done.returncode != 0
    name = good["metadata"]["name"]
    bad = cluster.until(lambda: [status for other, status in statuses(release).items() if other != name and status["restartCount"]],
                        "the new one was started again")
    assert not bad[0]["ready"] and statuses(release)[name]["ready"]
    release.rollback(1)
    cluster.until(lambda: [pod["metadata"]["name"] for pod in release.pods()] == [name], "only the good one is left")
    release.uninstall()


def test_a_pod_that_is_deleted_hands_over(cluster, capsys):
    world = cluster.seed()
    release = Release(cluster, "kpl", "hand-over", world)
    release.install()
    leader = cluster.until(release.leader, "one leads")["metadata"]["name"]
    began = time.monotonic()
    cluster.kubectl("delete", "pod", leader, "-n", release.namespace, "--wait=false")
    other = cluster.until(lambda: (pod := release.leader()) and pod["metadata"]["name"] != leader and pod, "another one leads")
    with capsys.disabled():
        print(f"\nfrom the deletion of the leader's pod to another one that leads: {time.monotonic() - began:.1f} s", flush=True)
    cluster.until(lambda: leader not in statuses(release), "the pod is gone")
    cluster.kubectl("rollout", "status", f"deployment/{release.deployment}", "-n", release.namespace, TIMEOUT)
    assert len(release.pods()) == 2 and other["metadata"]["name"] in [pod["metadata"]["name"] for pod in release.pods()]
    cluster.kubectl("rollout", "restart", f"deployment/{release.deployment}", "-n", release.namespace)
    cluster.kubectl("rollout", "status", f"deployment/{release.deployment}", "-n", release.namespace, TIMEOUT)
    assert all(pod["status"]["containerStatuses"][0]["restartCount"] == 0 for pod in running(release))
    release.uninstall()


def test_two_operators_with_namespaces_of_their_own(cluster):
    for namespace in ("team-a", "team-b"):
        cluster.kubectl("create", "namespace", namespace)
    worlds = {name: cluster.seed() for name in ("a", "b")}
    releases = {name: Release(cluster, "kpl", f"operator-{name}", world, watchNamespaces=[f"team-{name}"], replicas=1)
                for name, world in worlds.items()}
    releases["a"].install()
    for name, world in worlds.items():
        apply(cluster, world, f"team-{name}")
    await_ready(cluster, "team-a")
    assert not looked_at(link(cluster, "team-b")) and not link(cluster, "team-b")["metadata"].get("finalizers")
    releases["b"].install()
    await_ready(cluster, "team-b")
    account = f"system:serviceaccount:operator-a:{releases['a'].deployment}"
    for verb, what, namespace, may in (("patch", KIND, "team-a", True), ("patch", KIND, "team-b", False), ("list", "secrets", "team-a", False),
                                       ("get", "namespaces/kube-system", "", True), ("get", "namespaces/default", "", False),
                                       ("create", "leases.coordination.k8s.io", "operator-a", True),
                                       ("create", "leases.coordination.k8s.io", "team-a", False)):
        answer = cluster.run("kubectl", "auth", "can-i", verb, what, f"--as={account}", *(["-n", namespace] if namespace else []))
        assert answer.stdout.strip() == ("yes" if may else "no"), (verb, what, namespace, answer)
    for name in worlds:
        delete(cluster, f"team-{name}")
        assert not any("forbidden" in cluster.log(pod).lower() for pod in releases[name].pods())
        releases[name].uninstall()


def test_the_definition_outlives_its_chart(cluster):
    world = cluster.seed()
    cluster.kubectl("create", "namespace", "kept")
    apply(cluster, world, "kept")
    uid = link(cluster, "kept")["metadata"]["uid"]
    cluster.helm("uninstall", "kafka-privatelink-crds", "--namespace", "default", "--wait")
    assert link(cluster, "kept")["metadata"]["uid"] == uid
    install_crds(cluster)
    assert link(cluster, "kept")["metadata"]["uid"] == uid
    delete(cluster, "kept")


def running(release):
    return [pod for pod in release.pods() if "deletionTimestamp" not in pod["metadata"]]


def statuses(release):
    """{name: status of the container} of the pods whose node has said something."""
    return {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0] for pod in release.pods() if "containerStatuses" in pod["status"]}


def service(found):
    return found["status"]["endpointService"]["serviceName"]
