"""The two charts: where they are, and what Helm makes of them."""
import subprocess
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OPERATOR = ROOT / "charts" / "kafka-privatelink-operator"
CRDS = ROOT / "charts" / "kafka-privatelink-crds"
VALUES = sorted([*(HERE / "values").glob("*.yaml"), *(ROOT / "deploy" / "kustomize" / "values").glob("*.yaml")])
RELEASE, NAMESPACE = "kpl", "kpl-system"

sys.path[:0] = [str(ROOT / "tests" / "bed"), str(ROOT / "deploy")]
from bedlib import programs  # noqa: E402


def run(program, *args):
    return subprocess.run([str(programs.require() / program), *map(str, args)], text=True, capture_output=True, check=False)


def rendered(chart, *args):
    """The text that Helm renders, or its refusal as an AssertionError."""
    done = run("helm", "template", RELEASE, chart, "--namespace", NAMESPACE, *args)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(values):
    return [each for each in yaml.safe_load_all(rendered(OPERATOR, "--values", values)) if each]


def one(found, kind, name=None):
    matching = [each for each in found if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    assert len(matching) == 1, [(each["kind"], each["metadata"]["name"]) for each in found]
    return matching[0]


def values_named(name):
    return HERE / "values" / f"{name}.yaml"
