"""Kustomize's base and overlays, taken apart from what the chart renders.

Each overlay is the chart rendered with its own values. What all renderings have in common, by kind and name, is the base, in
the state of the first; an overlay adds the objects that only it has, and patches those that differ in it. A test puts
them together again by `kubectl kustomize` and compares with the chart.
"""
import subprocess

import yaml

CHART = "charts/kafka-privatelink-operator"
FOLDER = "deploy/kustomize"
OVERLAYS = ("cluster-wide", "namespaced", "local")
NAME = NAMESPACE = "kafka-privatelink"
RELEASE = "kafka-privatelink-operator"
MADE = "# Made by `make generate` from charts/kafka-privatelink-operator. To change it, change the chart.\n"
FOREIGN_LABELS = ("app.kubernetes.io/managed-by", "helm.sh/chart")  # they would say that Helm manages it


def files(root, helm):
    rendered = {overlay: render(root, helm, f"{FOLDER}/values/{overlay}.yaml") for overlay in OVERLAYS}
    first = rendered[OVERLAYS[0]]
    common = [key for key in first if all(key in objects for objects in rendered.values())]
    made = {f"{FOLDER}/base/{file_name(key)}": dump(first[key]) for key in common}
    made[f"{FOLDER}/base/kustomization.yaml"] = dump(kustomization(
        ["../../../crds", "namespace.yaml", *(file_name(key) for key in common)]))
    for overlay, objects in rendered.items():
        own = [key for key in objects if key not in common]
        folder = f"{FOLDER}/overlays/{overlay}"
        made.update({f"{folder}/{file_name(key)}": dump(objects[key]) for key in own})
        patches = [patch(key, operations) for key in common if (operations := difference(first[key], objects[key]))]
        made[f"{folder}/kustomization.yaml"] = dump(kustomization(["../../base", *(file_name(key) for key in own)], patches))
    return made


def render(root, helm, values):
    """The chart's objects by (kind, namespace, name), as a plain `kubectl apply` should see them."""
    text = subprocess.run([helm, "template", RELEASE, str(root / CHART), "--namespace", NAMESPACE, "--values", str(root / values)],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    objects = {}
    for each in filter(None, yaml.safe_load_all(text)):
        for label in FOREIGN_LABELS:
            each["metadata"]["labels"].pop(label)
        objects[(each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"])] = each
    return objects


def difference(old, new, path=""):
    """The JSON patch from one object to another. A list that differs is replaced as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        operations = [{"op": "remove", "path": f"{path}/{escaped(key)}"} for key in old if key not in new]
        for key, value in new.items():
            below = f"{path}/{escaped(key)}"
            operations += difference(old[key], value, below) if key in old else [{"op": "add", "path": below, "value": value}]
        return operations
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and all(isinstance(each, dict) for each in old + new):
        return [operation for index, pair in enumerate(zip(old, new)) for operation in difference(*pair, f"{path}/{index}")]
    return [] if old == new else [{"op": "replace", "path": path, "value": new}]


def escaped(key):
    return key.replace("~", "~0").replace("/", "~1")


def patch(key, operations):
    kind, _, name = key
    return {"target": {"kind": kind, "name": name}, "patch": yaml.safe_dump(operations, sort_keys=False, width=1000)}


def kustomization(resources, patches=()):
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources,
            **({"patches": list(patches)} if patches else {})}


def file_name(key):
    kind, namespace, name = key
    short = name.removeprefix(f"{NAMESPACE}:").removeprefix(RELEASE).lstrip("-:")
    elsewhere = namespace if namespace not in ("", NAMESPACE) else ""
    return "-".join(part for part in (kind.lower(), short, elsewhere) if part) + ".yaml"


class Dumper(yaml.SafeDumper):
    """Patches as blocks, lists not indented: as people write it."""


Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar(
    "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None))


def dump(value):
    return MADE + yaml.dump(value, Dumper=Dumper, sort_keys=False, width=1000)
