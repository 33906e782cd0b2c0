"""The CRD's schema as JSON Schema, for editors and for kubeconform, in the folders that its catalogue of CRDs has."""
import json

import yaml

SOURCE = "crds/kafkaprivatelinks.yaml"
FOLDER = "deploy/schemas"


def files(root, helm):
    spec = yaml.safe_load((root / SOURCE).read_text())["spec"]
    group, kind = spec["group"], spec["names"]["kind"]
    return {f"{FOLDER}/{group}/{kind.lower()}_{version['name']}.json":
            json.dumps(standalone(version["schema"]["openAPIV3Schema"], group, kind, version["name"]), indent=1) + "\n"
            for version in spec["versions"]}


def standalone(schema, group, kind, version):
    made = strict(schema)
    named = made["properties"].pop("metadata")
    made["properties"] = {"apiVersion": {"const": f"{group}/{version}"}, "kind": {"const": kind},
                          "metadata": {**named, "additionalProperties": True}, **made["properties"]}
    made["required"] = ["apiVersion", "kind", "metadata", *made.get("required", [])]
    return {"$schema": "http://json-schema.org/draft-07/schema#", **made}


def strict(schema):
    """Without what only an API server understands; a field that does not exist is a mistake, since it would be dropped."""
    made = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if "properties" in made:
        made["properties"] = {name: strict(each) for name, each in made["properties"].items()}
        made.setdefault("additionalProperties", False)
    elif isinstance(made.get("additionalProperties"), dict):
        made["additionalProperties"] = strict(made["additionalProperties"])
    if "items" in made:
        made["items"] = strict(made["items"])
    return made
