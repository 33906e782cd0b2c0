"""docs/api.md: every field of a KafkaPrivateLink, from the CRD."""
import yaml

SOURCE = "crds/kafkaprivatelinks.yaml"
TARGET = "docs/api.md"
HEAD = """\
# API reference: `{kind}`

`{group}/{version}`, short names {names}. The same text is in `kubectl explain {short}.spec --recursive`. What a field may
hold beside its type is said in the last column; the API server refuses everything else with a message that names the field.
"""


def files(root, helm):
    crd = yaml.safe_load((root / SOURCE).read_text())["spec"]
    (version,) = crd["versions"]
    names = crd["names"]
    text = HEAD.format(kind=names["kind"], group=crd["group"], version=version["name"], short=names["shortNames"][0],
                       names=", ".join(f"`{name}`" for name in names["shortNames"]))
    properties = version["schema"]["openAPIV3Schema"]["properties"]
    for part in ("spec", "status"):
        text += "".join(tables(part, properties[part]))
    return {TARGET: text}


def tables(path, schema):
    """A table for an object and, after it, one for each object within."""
    properties, required = schema.get("properties", {}), schema.get("required", [])
    yield f"\n## `{path}`\n\n"
    if schema.get("description"):
        yield words(schema["description"]) + "\n\n"
    rules = schema.get("x-kubernetes-validations", [])
    if rules:
        yield "What the API server refuses:\n\n" + "".join(f"* {rule['message']}\n" for rule in rules) + "\n"
    yield "| field | type | default | |\n|---|---|---|---|\n"
    for name, field in sorted(properties.items(), key=lambda item: (item[0] not in required, item[0])):
        default = f"`{yaml.safe_dump(field['default'], default_flow_style=True).splitlines()[0]}`" if "default" in field else ""
        must = " **required**" if name in required else ""
        yield f"| `{name}`{must} | {kind(field)} | {default} | {said(field)} |\n"
    for name, field in sorted(properties.items()):
        inner = field.get("items", field)
        if inner.get("properties"):
            yield from tables(f"{path}.{name}" + ("[]" if "items" in field else ""), inner)


def kind(field):
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return f"list of {kind(field['items'])}"
    if field["type"] == "object" and "additionalProperties" in field:
        return f"map to {kind(field['additionalProperties'])}"
    return field.get("format") if field.get("format") == "date-time" else field["type"]


def said(field):
    text = [words(field.get("description", ""))]
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        text.append(f"{low:.0f} to {high:.0f}.")
    rules = [*field.get("x-kubernetes-validations", []), *field.get("items", {}).get("x-kubernetes-validations", [])]
    if not (field.get("items", field)).get("properties"):  # those of an object are above its own table
        text += [f"Else refused: {rule['message']}." for rule in rules]
    return " ".join(part for part in text if part).replace("|", "\\|")


def words(text):
    return " ".join(text.split())
