"""deploy/: that it is made from the chart, and that its examples fit it."""
import json
import subprocess
import sys

import jsonschema
import pytest
import yaml
from charts import OPERATOR, ROOT, run
from bedlib import programs
from generators import kustomize

EXAMPLES = ("argocd/application.yaml", "flux/helmrelease.yaml")


def test_generated_files_are_as_they_would_be_made():
    done = subprocess.run([sys.executable, str(ROOT / "deploy" / "generate.py"), "--check"], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("overlay", kustomize.OVERLAYS)
def test_an_overlay_is_the_chart_with_its_values(overlay):
    done = run("kubectl", "kustomize", ROOT / "deploy" / "kustomize" / "overlays" / overlay)
    assert done.returncode == 0, done.stderr
    built = {(each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each
             for each in yaml.safe_load_all(done.stdout)}
    namespace = built.pop(("Namespace", "", kustomize.NAMESPACE))
    assert namespace["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    crd = built.pop(("CustomResourceDefinition", "", "kafkaprivatelinks.kafka-privatelink.io"))
    assert crd == yaml.safe_load((ROOT / "crds" / "kafkaprivatelinks.yaml").read_text())
    assert built == kustomize.render(ROOT, str(programs.require() / "helm"), f"deploy/kustomize/values/{overlay}.yaml")


def test_the_values_in_examples_are_values_of_the_chart():
    schema = json.loads((OPERATOR / "values.schema.json").read_text())
    found = []
    for path in EXAMPLES:
        for each in yaml.safe_load_all((ROOT / "deploy" / path).read_text()):
            spec = each["spec"]
            values = spec.get("values") or spec.get("source", {}).get("helm", {}).get("valuesObject")
            chart = spec.get("source", {}).get("path") or spec.get("chart", {}).get("spec", {}).get("chart")
            if chart and chart.startswith("charts/"):
                assert (ROOT / chart / "Chart.yaml").exists()
            if values:
                jsonschema.validate(values, schema)
                found.append(path)
    assert found == list(EXAMPLES)


def test_no_example_prunes_a_service_unasked():
    applications = {each["metadata"]["name"]: each["spec"]["syncPolicy"]
                    for each in yaml.safe_load_all((ROOT / "deploy/argocd/application.yaml").read_text())}
    assert "prune" not in applications["kafka-privatelink-crds"]["automated"]
    assert "Prune=confirm" in applications["kafka-privatelinks"]["syncOptions"]
    link = yaml.safe_load((ROOT / "deploy/argocd/orders.yaml").read_text())
    assert link["metadata"]["annotations"] == {"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=confirm"}
    flux = list(yaml.safe_load_all((ROOT / "deploy/flux/helmrelease.yaml").read_text()))
    (objects,) = [each["spec"] for each in flux if each["kind"] == "Kustomization"]
    assert objects["commonMetadata"]["annotations"] == {"kustomize.toolkit.fluxcd.io/prune": "disabled"}
