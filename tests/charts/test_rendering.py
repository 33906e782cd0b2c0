"""What the chart renders with every values file, against Kubernetes's own schemas and against what it has to be."""
import re
import subprocess
import tomllib

import kubernetes_validate
import pytest
import yaml
from conftest import operator_binary
from charts import CRDS, NAMESPACE, OPERATOR, RELEASE, ROOT, VALUES, objects, one, rendered, run, values_named

KUBERNETES = ("1.31", "1.37")  # the oldest that we promise, and the one of the bed
NOT_KUBERNETES_OWN = {"ServiceMonitor", "PrometheusRule"}
by_values = pytest.mark.parametrize("values", VALUES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")


@by_values
@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_knows_every_field(values, version):
    for each in objects(values):
        if each["kind"] not in NOT_KUBERNETES_OWN:
            kubernetes_validate.validate(each, version, strict=True)


@by_values
def test_every_object_has_its_place_and_labels(values):
    for each in objects(values):
        cluster_wide = each["kind"].startswith("Cluster")
        assert ("namespace" in each["metadata"]) != cluster_wide, each["metadata"]
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == RELEASE and labels["app.kubernetes.io/managed-by"] == "Helm"
        if cluster_wide:  # else two releases of one name would fight for it
            assert each["metadata"]["name"].startswith(f"{NAMESPACE}:")


@by_values
def test_selectors_find_the_pods(values):
    found = objects(values)
    spec = one(found, "Deployment")["spec"]
    labels = spec["template"]["metadata"]["labels"]
    selectors = [spec["selector"]["matchLabels"]]
    for each in found:
        if each["kind"] == "PodDisruptionBudget":
            selectors.append(each["spec"]["selector"]["matchLabels"])
        elif each["kind"] == "NetworkPolicy":
            selectors.append(each["spec"]["podSelector"]["matchLabels"])
        elif each["kind"] == "Service":
            selectors.append(each["spec"]["selector"])
            monitor = one(found, "ServiceMonitor")["spec"]
            assert monitor["selector"]["matchLabels"].items() <= each["metadata"]["labels"].items()
            assert monitor["endpoints"][0]["port"] in [port["name"] for port in each["spec"]["ports"]]
    assert all(selector.items() <= labels.items() for selector in selectors), (selectors, labels)


@by_values
def test_the_restricted_standard_accepts_the_pod(values):
    pod = one(objects(values), "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod)
    allowed = {"name", "configMap", "csi", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
    assert all(set(volume) <= allowed for volume in pod.get("volumes", []))
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert all("hostPort" not in port for port in container["ports"])


def test_the_pod_with_the_defaults():
    spec = one(objects(values_named("defaults")), "Deployment")["spec"]
    assert spec["replicas"] == 2
    pod = spec["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == 90 and pod["serviceAccountName"] == "kpl-kafka-privatelink-operator"
    spread = {each["topologyKey"]: each for each in pod["topologySpreadConstraints"]}
    assert set(spread) == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    assert all(each["whenUnsatisfiable"] == "ScheduleAnyway" and
               each["labelSelector"]["matchLabels"] == spec["selector"]["matchLabels"] for each in spread.values())
    (container,) = pod["containers"]
    assert container["image"] == f"kafka-privatelink-operator:{crate_version()}"
    assert container["resources"] == {
        "requests": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "64Mi"},
        "limits": {"memory": "128Mi", "ephemeral-storage": "256Mi"}}
    probes = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {name: (get["path"], get["port"]) for name, get in probes.items()} == {
        "startupProbe": ("/livez", "admin"), "livenessProbe": ("/livez", "admin"), "readinessProbe": ("/readyz", "admin")}
    assert "env" not in container and "volumes" not in pod


def test_the_command_line():
    (container,) = one(objects(values_named("everything")), "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [
        "run", "--cluster-id=arn:aws:eks:us-west-2:111122223333:cluster/a:", "--default-tags=stage=prod,team=data platform",
        "--policy=/etc/kafka-privatelink/policy.yaml", "--resync=1h30m", "--full-resync=1h",
        "--broker-absence-grace=5m", "--concurrency=64", "--aws-rate-limits=off",
        "--admin-address=[::]:9000", "--leader-election=enabled",
        "--lease-name=the-lease", "--lease-duration=30s", "--lease-renew-deadline=20s", "--lease-retry-period=5s",
        "--log-format=text", "--log-level=info,kafka_privatelink=debug"]
    assert {each["name"]: each.get("value") for each in container["env"]} == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_EC2": "https://ec2.example.com",
        "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": "https://elb.example.com",
        "AWS_ENDPOINT_URL_STS": "https://sts.example.com", "AWS_ACCESS_KEY_ID": None, "NODE": None}
    (single,) = one(objects(values_named("single")), "Deployment")["spec"]["template"]["spec"]["containers"]
    assert "--leader-election=disabled" in single["args"] and not any("--lease" in each for each in single["args"])


@by_values
def test_the_operator_knows_every_flag(values):
    flags = set(re.findall(r"^ +(--[a-z-]+)", subprocess.run([operator_binary(), "run", "--help"], text=True, capture_output=True, check=True).stdout, re.M))
    (container,) = one(objects(values), "Deployment")["spec"]["template"]["spec"]["containers"]
    assert {arg.partition("=")[0] for arg in container["args"][1:]} <= flags


def test_the_operator_takes_the_policy(tmp_path):
    found = objects(values_named("everything"))
    pod = one(found, "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (flag,) = [arg for arg in container["args"] if arg.startswith("--policy=")]
    (mount,) = [mount for mount in container["volumeMounts"] if flag.startswith(f"--policy={mount['mountPath']}/")]
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == mount["name"]]
    (name, text), = one(found, "ConfigMap", volume["configMap"]["name"])["data"].items()
    assert flag.endswith(f"/{name}") and "subPath" not in mount
    file = tmp_path / name
    file.write_text(text)
    # There is no cluster to go to: the policy is read before that is found out.
    done = subprocess.run([operator_binary(), "run", "--admin-address=127.0.0.1:0", f"--policy={file}"], text=True, capture_output=True,
                          env={"KUBECONFIG": str(tmp_path / "none")}, timeout=60)
    assert done.returncode == 1 and '"rules":2' in done.stderr and "Kubernetes" in done.stderr, done


def test_the_network_lets_kafka_be_asked_where_its_ports_are_named():
    def out(values):
        ports = [port for rule in one(objects(values_named(values)), "NetworkPolicy")["spec"]["egress"] for port in rule["ports"]]
        return [(port["port"], port.get("endPort")) for port in ports if port["port"] not in (53, 80)]
    assert out("hardened") == [(443, None), (6443, None)]
    assert out("everything") == [(443, None), (9092, 9142)]


def test_web_identity():
    found = objects(values_named("namespaced"))
    assert one(found, "ServiceAccount")["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/kafka-privatelink",
        "eks.amazonaws.com/sts-regional-endpoints": "true"}
    (container,) = one(found, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert {"name": "AWS_REGION", "value": "us-west-2"} in container["env"]


def test_two_that_work_at_once_are_refused():
    for values in ("replicas=2,updateStrategy.type=Recreate", "replicas=1"):
        done = run("helm", "template", RELEASE, OPERATOR, "--set", f"leaderElection.enabled=false,{values}")
        assert done.returncode != 0 and "would work at the same time" in done.stderr


def test_the_crd_is_ours_byte_for_byte():
    ours = (ROOT / "crds" / "kafkaprivatelinks.yaml").read_text()
    text = rendered(CRDS)
    crd = yaml.safe_load(text)
    assert crd["metadata"].pop("annotations") == {"helm.sh/resource-policy": "keep"}
    assert crd["metadata"].pop("labels")["app.kubernetes.io/managed-by"] == "Helm"
    assert crd == yaml.safe_load(ours)
    head, body = ours.split("spec:\n", 1)
    assert text.endswith("\nspec:\n" + body) or text.endswith("\nspec:\n" + body + "\n")
    assert text.split("  labels:\n")[0].endswith(head)


def test_charts_are_released_with_the_operator():
    for chart in (OPERATOR, CRDS):
        about = yaml.safe_load((chart / "Chart.yaml").read_text())
        assert about["version"] == about["appVersion"] == crate_version()


def crate_version():
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
