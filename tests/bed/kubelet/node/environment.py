"""The environment and the command line of a container."""
import base64
import re

REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
KEYED = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


def environment(client, pod, container, image, address, api_server):
    """The variables of the image, of Kubernetes and of the container, the later winning."""
    host, _, port = api_server.rpartition(":")
    env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **image.env, "HOSTNAME": pod["metadata"]["name"],
           "KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "KUBERNETES_SERVICE_PORT_HTTPS": port,
           "KUBERNETES_PORT": f"tcp://{host}:{port}"}
    for each in container.get("env", []):
        value = _from(client, pod, each["valueFrom"], address) if "valueFrom" in each else expanded(each.get("value", ""), env)
        if value is not None:
            env[each["name"]] = value
    return env


def command(container, image, env):
    if "command" in container:
        words = [*container["command"], *container.get("args", [])]
        return [expanded(word, env) for word in words]
    args = [expanded(word, env) for word in container["args"]] if "args" in container else image.command
    return [*image.entrypoint, *args]


def expanded(text, env):
    """$(NAME) is the variable's value if there is one; $$ is a dollar."""
    return REFERENCE.sub(lambda match: "$" if match[0] == "$$" else env.get(match[1], match[0]), text)


def field(pod, path, address=""):
    keyed = KEYED.fullmatch(path)
    if keyed:
        return pod["metadata"].get(keyed[1], {}).get(keyed[2], "")
    if path == "status.podIP":
        return address
    value = pod
    for part in path.split("."):
        value = value[part]
    return value


def _from(client, pod, source, address):
    ((kind, value),) = source.items()
    if kind == "fieldRef":
        return field(pod, value["fieldPath"], address)
    where = {"configMapKeyRef": "configmaps", "secretKeyRef": "secrets"}[kind]
    found = client.call("GET", f"/api/v1/namespaces/{pod['metadata']['namespace']}/{where}/{value['name']}")
    held = found.get("data", {}).get(value["key"])
    if held is None and not value.get("optional"):
        raise KeyError(f"{where} {value['name']} has no key {value['key']}")
    return base64.b64decode(held).decode() if held is not None and where == "secrets" else held
