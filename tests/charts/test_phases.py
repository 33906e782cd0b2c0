"""What kstatus and Argo CD's script make of the object in each phase, on the API server; docs/gitops.md has the same table."""
import json
import re
import subprocess

import boto3
import pytest
from charts import ROOT
from release import KIND, Release, apply, await_ready, delete, install_crds, link
from test_health import health
from bedlib import judges

NAMESPACE = "phases"
ROW = re.compile(r"^\| ([a-z][^|]*) \| (\w+) \| (\w+) \|", re.M)
TABLE = {row[1].strip(): (row[2], row[3]) for row in ROW.finditer((ROOT / "docs" / "gitops.md").read_text())}


@pytest.fixture(scope="module")
def scene(cluster):
    install_crds(cluster)
    cluster.kubectl("create", "namespace", NAMESPACE)
    world = cluster.seed()
    return world, Release(cluster, "kpl", "phases-operator", world, watchNamespaces=[NAMESPACE], replicas=1, resync="1s", fullResync="2s")


def kstatus(*found):
    done = subprocess.run([judges.program("kstatus")], input="".join(map(json.dumps, found)), text=True, capture_output=True, check=True)
    return [json.loads(line)["status"] for line in done.stdout.splitlines()]


def condition(found, kind):
    return next((each for each in found.get("status", {}).get("conditions", []) if each["type"] == kind), {})


def said(cluster, kind, reason):
    """The object, once its condition is True for this reason."""
    def holds():
        found = link(cluster, NAMESPACE)
        is_so = found and condition(found, kind).get("status") == "True" and condition(found, kind)["reason"] == reason
        return is_so and found["status"]["observedGeneration"] == found["metadata"]["generation"] and found
    return cluster.until(holds, f"{kind} is True for {reason}")


def patch(cluster, spec):
    cluster.kubectl("patch", KIND, "orders", "-n", NAMESPACE, "--type=merge", "--patch", json.dumps({"spec": spec}))


def test_every_phase(cluster, scene):
    world, release = scene
    seen = {}

    def look(phase, found):
        seen[phase] = (kstatus(found)[0], health(found)[0])

    apply(cluster, world, NAMESPACE)
    look("created, no operator has seen it", link(cluster, NAMESPACE))
    cluster.setting(world, target_initial=3600)
    release.install()
    look("being made", said(cluster, "Reconciling", "HealthChecksPending"))
    cluster.setting(world, target_initial=0)
    ready = await_ready(cluster, NAMESPACE)
    look("ready", ready)

    scale(cluster, release, 0)
    patch(cluster, {"tags": {"step": "changed"}})
    look("changed, not yet observed", link(cluster, NAMESPACE))
    assert condition(link(cluster, NAMESPACE), "Ready")["status"] == "True"  # of the former generation
    scale(cluster, release, 1)
    cluster.until(lambda: (found := link(cluster, NAMESPACE)) and kstatus(found) == ["Current"] and found["status"]["observedGeneration"] == 2,
                  "the change is Current")
    look("changed and ready again", link(cluster, NAMESPACE))

    right = ready["spec"]["network"]["subnets"]
    patch(cluster, {"network": {"subnets": [{**right[0], "subnetId": "subnet-00000000000000000"}, *right[1:]]}})
    look("a person is needed", said(cluster, "Stalled", "SubnetNotFound"))
    patch(cluster, {"network": {"subnets": right}})
    await_ready(cluster, NAMESPACE)
    cluster.until(lambda: kstatus(link(cluster, NAMESPACE)) == ["Current"], "the mended object is Current")

    ec2 = consumer(cluster, world)
    vpc = world["consumer_vpc"]
    endpoint = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface", VpcId=vpc["id"], SubnetIds=list(vpc["subnets"].values()),
        ServiceName=ready["status"]["endpointService"]["serviceName"])["VpcEndpoint"]["VpcEndpointId"]
    cluster.until(lambda: [each for each in link(cluster, NAMESPACE)["status"].get("connections", []) if each["state"] == "available"], "the consumer is connected")
    assert kstatus(link(cluster, NAMESPACE)) == ["Current"]
    cluster.kubectl("delete", KIND, "orders", "-n", NAMESPACE, "--wait=false")
    waiting = cluster.until(lambda: (found := link(cluster, NAMESPACE)) and endpoint in condition(found, "Ready")["message"] and found, "it says whom it waits for")
    look("deleted, a consumer is connected", waiting)
    assert endpoint in health(waiting)[1]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    cluster.until(lambda: link(cluster, NAMESPACE) is None, "the object is gone")
    assert seen == TABLE


def scale(cluster, release, replicas):
    cluster.kubectl("scale", f"deployment/{release.deployment}", "-n", release.namespace, f"--replicas={replicas}")
    cluster.until(lambda: len(release.pods()) == replicas, f"{replicas} pods")


def consumer(cluster, world):
    who = world["consumer"]
    return boto3.client("ec2", endpoint_url=cluster.aws, region_name=world["region"], aws_access_key_id=who["access_key_id"],
                        aws_secret_access_key=who["secret_access_key"], aws_session_token=who["session_token"])


def test_two_managers_and_nothing_changes_at_rest(cluster, scene):
    world, release = scene
    manifest = open(world["example"]).read().replace("namespace: default", f"namespace: {NAMESPACE}")
    more = json.dumps({"apiVersion": "kafka-privatelink.io/v1alpha1", "kind": "KafkaPrivateLink", "metadata": {
        "name": "orders", "namespace": NAMESPACE, "labels": {"cost-center": "4711"}}, "spec": {
            "tags": {"cost-center": "4711"}, "endpointService": {"consumers": [{"accountId": "210987654321", "acceptance": "Manual"}]}}})

    def by(manager, text):
        cluster.kubectl("apply", "--server-side", f"--field-manager={manager}", "-f", "-", text=text)

    by("flux", manifest)
    by("platform", more)
    release.upgrade()
    await_ready(cluster, NAMESPACE)
    settled = at_rest(cluster, world)
    assert settled["metadata"]["generation"] == 2 and settled["spec"]["tags"] == {"cost-center": "4711"}
    assert {each["accountId"] for each in settled["spec"]["endpointService"]["consumers"]} == {world["consumer"]["account"], "210987654321"}
    events = happened(cluster)
    assert events
    for _ in range(3):
        by("flux", manifest)
        by("platform", more)
    again = at_rest(cluster, world)
    assert again["metadata"]["resourceVersion"] == settled["metadata"]["resourceVersion"], "nobody writes at rest"
    assert happened(cluster) == events
    cluster.kubectl("wait", "--for=condition=Ready", f"{KIND}/orders", "-n", NAMESPACE, "--timeout=0s")
    delete(cluster, NAMESPACE)
    release.uninstall()


LOOKS = 15  # every other one a full look: with the defaults, hours


def at_rest(cluster, world):
    """The object after so many looks at AWS that found nothing to do; none of them may have written."""
    kept = {"version": None}

    def unchanged():
        found = link(cluster, NAMESPACE)
        looks = cluster.calls(world)["calls"].get("DescribeVpcEndpointConnections", 0)
        if found["metadata"]["resourceVersion"] != kept["version"]:
            kept.update(version=found["metadata"]["resourceVersion"], since=looks)
        return looks >= kept["since"] + LOOKS and found
    return cluster.until(unchanged, f"{LOOKS} looks without a write")


def happened(cluster):
    return {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in cluster.list("events.events.k8s.io", "-n", NAMESPACE)}
