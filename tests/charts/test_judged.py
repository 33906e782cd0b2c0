"""What others' tools say of the chart: helm lint, kubeconform, kube-score. `make check` runs these too."""
import json
import os
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from charts import CRDS, OPERATOR, ROOT, VALUES, rendered, run, values_named
from bedlib import judges

KUBERNETES = ("1.31.0", "1.37.0")  # the oldest that we promise, and the one of the bed
NOT_KUBERNETES_OWN = "ServiceMonitor,PrometheusRule"
OURS = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
# Where the defaults are not of kube-score's opinion; nothing else is left out, and with hardened.yaml nothing at all.
OF_ANOTHER_OPINION = {
    "--ignore-container-cpu-limit": "a CPU limit would only slow a deletion",
    "--ignore-test=container-image-pull-policy": "a tag is not moved: no registry is needed to start again",
    "--ignore-test=pod-networkpolicy": "off by default: whether the ports of the API server are these, only the user knows",
}
CRITICAL = 1
by_values = pytest.mark.parametrize("values", VALUES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")


@by_values
def test_helm_lint(values):
    done = run("helm", "lint", "--strict", OPERATOR, "--values", values)
    assert done.returncode == 0, done.stdout + done.stderr


def test_helm_lint_of_the_crds():
    done = run("helm", "lint", "--strict", CRDS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", params=KUBERNETES)
def schemas(request, tmp_path_factory):
    """A folder of Kubernetes's schemas for kubeconform, made of those that kubernetes_validate brings."""
    folder = tmp_path_factory.mktemp("schemas")
    brought = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{request.param}-local-strict"
    definitions = json.loads(_inside((brought / "_definitions.json").read_text()))["$defs"]
    kinds = {(each["kind"], each["apiVersion"]) for values in VALUES for each in yaml.safe_load_all(rendered(OPERATOR, "--values", values)) if each}
    for kind, version in kinds:
        group, _, number = version.rpartition("/")
        name = "-".join(part for part in (kind.lower(), group.partition(".")[0], number) if part) + ".json"
        if kind not in NOT_KUBERNETES_OWN.split(","):
            whole = {**json.loads(_inside((brought / name).read_text())), "$defs": definitions}
            (folder / name).write_text(json.dumps(whole))
    return request.param, f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"


def _inside(text):
    return text.replace('"/api/_definitions.json#/', '"#/')


def conforms(text, *args):
    return subprocess.run([judges.program("kubeconform"), "-strict", "-summary", *args, "-"], input=text, text=True, capture_output=True, check=False)


@by_values
def test_kubeconform(values, schemas):
    version, folder = schemas
    text = rendered(OPERATOR, "--values", values)
    args = ("-kubernetes-version", version, "-schema-location", folder, "-skip", NOT_KUBERNETES_OWN)
    done = conforms(text, *args)
    assert done.returncode == 0 and "Errors: 0" in done.stdout, done.stdout
    assert conforms(text.replace("  replicas: ", "  replcas: ", 1), *args).returncode != 0


@pytest.mark.parametrize("path", sorted([*(ROOT / "examples").glob("*.yaml"), ROOT / "deploy/argocd/orders.yaml"]), ids=lambda path: path.name)
def test_kubeconform_with_our_schema(path):
    text, args = path.read_text(), ("-schema-location", f"{ROOT}/deploy/schemas/{OURS}")
    done = conforms(text, *args)
    assert done.returncode == 0, done.stdout
    for misspelt in (text.replace("brokerPort:", "brokersPort:", 1), text.replace("subnets:", "subNets:", 1), text.replace("region:", "regoin:", 1)):
        assert misspelt != text and conforms(misspelt, *args).returncode != 0


@by_values
def test_kube_score(values):
    given = yaml.safe_load(values.read_text()) or {}
    ignored = [] if values == values_named("hardened") else list(OF_ANOTHER_OPINION)
    if given.get("replicas") == 1:
        ignored.append("--ignore-test=deployment-replicas")  # said by the user
    assert _critical(values, ignored) == []


def test_kube_score_finds_what_the_defaults_leave_out():
    # So an opinion that nobody needs any more is seen here.
    found = _critical(values_named("defaults"), [])
    assert sorted(check for check, _ in found) == ["Container Image Pull Policy", "Container Resources", "Pod NetworkPolicy"], found


def _critical(values, ignored):
    done = subprocess.run([judges.program("kube-score"), "score", "--output-format=json", *ignored, "-"], text=True,
                          input=rendered(OPERATOR, "--values", values), capture_output=True, check=False, env={**os.environ, "HOME": "/"})
    objects = json.loads(done.stdout)
    assert objects, done.stderr
    return [(check["check"]["name"], f"{each['object_name']}: {comment['summary']}") for each in objects for check in each["checks"] or []
            if check["grade"] == CRITICAL and not check["skipped"] for comment in check["comments"] or [{"summary": ""}]]
