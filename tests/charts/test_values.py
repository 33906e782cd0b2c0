"""The schema of the values: it knows every value, and nothing else."""
import copy
import json

import jsonschema
import pytest
import yaml
from charts import CRDS, OPERATOR, RELEASE, VALUES, run

SCHEMA = json.loads((OPERATOR / "values.schema.json").read_text())
DEFAULTS = yaml.safe_load((OPERATOR / "values.yaml").read_text())
FREE = {"commonLabels", "serviceAccount.annotations", "podAnnotations", "podLabels", "nodeSelector",
        "serviceMonitor.labels", "resources.requests", "resources.limits"}  # keys that the user invents


def paths(value, path=()):
    if isinstance(value, dict) and ".".join(path) not in FREE:
        for key, below in value.items():
            yield (*path, key)
            yield from paths(below, (*path, key))


def accepted(values):
    return jsonschema.Draft7Validator(SCHEMA).is_valid(values)


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_good_values(path):
    assert accepted(yaml.safe_load(path.read_text())) and accepted(DEFAULTS)


@pytest.mark.parametrize("path", list(paths(DEFAULTS)), ids=".".join)
def test_a_misspelt_value_is_refused(path):
    values = copy.deepcopy(DEFAULTS)
    holder = values
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1] + "x"] = holder.pop(path[-1])
    assert not accepted(values)


@pytest.mark.parametrize("wrong", [
    {"replicas": "2"}, {"resync": "10"}, {"resync": "500ms"}, {"concurrency": 0}, {"concurrency": 257}, {"clusterId": "a b"},
    {"clusterId": "x" * 64}, {"watchNamespaces": "all"}, {"aws": {"rateLimits": "on"}}, {"aws": {"roleArn": "kafka"}},
    {"aws": {"endpoints": {"all": "localhost:4566"}}}, {"commonLabels": {"a": 1}},
    {"log": {"format": "xml"}}, {"admin": {"port": 0}}, {"image": {"repository": ""}}, {"image": {"digest": "latest"}},
    {"extraEnv": [{"name": "A", "valeu": "x"}]}, {"extraVolumes": [{"name": "a", "hostPath": {"path": "/"}}]},
    {"extraVolumeMounts": [{"name": "a"}]}, {"podSecurityContext": {"runAsUsr": 1}}, {"resources": {"limit": {}}},
    {"updateStrategy": {"rollingUpdate": {"maxSurge": "x"}}}, {"podDisruptionBudget": {"maxUnavailable": "all"}},
    {"policy": {"rules": [{"vpc": ["vpc-1"]}]}}, {"policy": {"rules": [{"accounts": ["12"]}]}}, {"policy": {"rules": [{"namespaces": ["a*b"]}]}},
    {"policy": {"rules": [{"consumers": [{"principals": ["root"]}]}]}}, {"policy": {"rules": [{"verificationAddresses": ["*.internal"]}]}},
    {"verification": {"secretNames": ["a", "a"]}}, {"verification": {"secretNames": [""]}}, {"verification": {"secretNames": ["*"]}},
    {"verification": {"secretNames": "kafka-probe"}}, {"networkPolicy": {"egressPorts": [0]}},
    {"networkPolicy": {"egressPorts": [{"port": 9092}]}}, {"networkPolicy": {"egressPorts": [{"port": 9092, "endPort": 65536}]}},
], ids=json.dumps)
def test_a_wrong_value_is_refused(wrong):
    assert not accepted(wrong)


def test_every_object_of_the_schema_is_closed():
    def closed(schema, path):
        if isinstance(schema, list):
            for index, each in enumerate(schema):
                closed(each, (*path, str(index)))
        elif isinstance(schema, dict):
            kinds = schema.get("type", [])
            if "object" in ([kinds] if isinstance(kinds, str) else kinds):
                more = schema.get("additionalProperties")
                typed = isinstance(more, dict) and "type" in more
                assert more is False or typed or path[-1] == "global", path
            for key, each in schema.items():
                closed(each, (*path, key))
    closed(SCHEMA, ())


def test_helm_itself_refuses():
    for chart, value in ((OPERATOR, "resnyc=5m"), (CRDS, "keep=false")):
        done = run("helm", "template", RELEASE, chart, "--set", value)
        assert done.returncode != 0 and "additional properties" in done.stderr
