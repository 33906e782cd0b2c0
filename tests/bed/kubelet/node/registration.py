"""What a node says of itself, and what a scheduler would say: every pod that has no node gets this one."""
from datetime import datetime, timezone

from .api import GONE, Refused

CONFLICT = 409


def register(client, name):
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {
        "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": "bed"}}}
    try:
        client.call("POST", "/api/v1/nodes", node)
    except Refused as refused:
        if refused.status != CONFLICT:  # else it is there from a former run
            raise
    size = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    client.call("PATCH", f"/api/v1/nodes/{name}/status", {"status": {
        "capacity": size, "allocatable": size, "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "a stand-in",
                        "lastHeartbeatTime": now(), "lastTransitionTime": now()}]}}, "application/strategic-merge-patch+json")
    # New nodes are tainted until a controller that the bed does not run sees them ready.
    client.call("PATCH", f"/api/v1/nodes/{name}", {"spec": {"taints": None}}, "application/merge-patch+json")


def bind(client, pod, node):
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name, "uid": pod["metadata"]["uid"]},
               "target": {"apiVersion": "v1", "kind": "Node", "name": node}}
    try:
        client.call("POST", f"/api/v1/namespaces/{namespace}/pods/{name}/binding", binding)
    except Refused as refused:
        # It went, or was bound in the meantime by an earlier look at it.
        if refused.status not in (GONE, CONFLICT):
            raise


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
