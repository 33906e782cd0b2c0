"""The volumes of a pod, as folders of the node. They are written once: tokens and ConfigMaps are not refreshed."""
import base64

from .api import GONE, Refused
from .environment import field

MODE = 0o644


class Unsupported(Exception):
    """The pod asks for something that this stand-in does not do."""


def prepare(client, pod, folder):
    """Makes every volume in `folder`; returns {name: (path, whether it is read-only)}."""
    made = {}
    for volume in pod["spec"].get("volumes", []):
        path = folder / volume["name"]
        path.mkdir(parents=True, exist_ok=True)
        if "emptyDir" in volume:
            path.chmod(0o777)
            made[volume["name"]] = (path, False)
            continue
        made[volume["name"]] = (path, True)
        if "projected" in volume:
            sources, mode = volume["projected"]["sources"], volume["projected"].get("defaultMode", MODE)
        else:
            sources, mode = [{kind: value for kind, value in volume.items() if kind != "name"}], None
        for source in sources:
            for name, (content, own_mode) in _files(client, pod, source, mode).items():
                target = path / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                target.chmod(own_mode)
    return made


def _files(client, pod, source, mode):
    ((kind, value),) = source.items()
    mode = mode if mode is not None else value.get("defaultMode", MODE)
    if kind == "configMap":
        found = _data(client, pod, "configmaps", value["name"], value.get("optional"))
        held = {**{name: text.encode() for name, text in found.get("data", {}).items()},
                **{name: base64.b64decode(text) for name, text in found.get("binaryData", {}).items()}}
        return _chosen(held, value, mode)
    if kind == "secret":
        found = _data(client, pod, "secrets", value.get("secretName") or value["name"], value.get("optional"))
        return _chosen({name: base64.b64decode(text) for name, text in found.get("data", {}).items()}, value, mode)
    if kind == "downwardAPI":
        return {item["path"]: (field(pod, item["fieldRef"]["fieldPath"]).encode(), item.get("mode", mode)) for item in value["items"]}
    if kind == "serviceAccountToken":
        return {value["path"]: (_token(client, pod, value).encode(), mode)}
    raise Unsupported(f"volumes of kind {kind}")


def _chosen(held, value, mode):
    if "items" not in value:
        return {name: (content, mode) for name, content in held.items()}
    return {item["path"]: (held[item["key"]], item.get("mode", mode)) for item in value["items"]
            if item["key"] in held or not value.get("optional")}


def _data(client, pod, kind, name, optional):
    try:
        return client.call("GET", f"/api/v1/namespaces/{pod['metadata']['namespace']}/{kind}/{name}")
    except Refused as refused:
        if refused.status == GONE and optional:
            return {}
        raise


def _token(client, pod, value):
    metadata = pod["metadata"]
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {
        "audiences": [value["audience"]] if value.get("audience") else [], "expirationSeconds": value.get("expirationSeconds", 3600),
        "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}}}
    account = pod["spec"]["serviceAccountName"]
    return client.call("POST", f"/api/v1/namespaces/{metadata['namespace']}/serviceaccounts/{account}/token", asked)["status"]["token"]
