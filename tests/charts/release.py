"""A release of the operator on the cluster, with the credentials of a seeded world."""
import json

from charts import CRDS, OPERATOR
from cluster import PATIENCE

TIMEOUT = f"--timeout={PATIENCE}s"
KIND = "kafkaprivatelinks.kafka-privatelink.io"


class Release:
    """In a namespace of its own that enforces the Pod Security Standard `restricted`."""

    def __init__(self, cluster, name, namespace, world, **more):
        self.cluster, self.name, self.namespace, self.world = cluster, name, namespace, world
        self.deployment = f"{name}-kafka-privatelink-operator"
        self.values = cluster.folder / f"{namespace}-{name}.json"
        given = world["environment"]
        self.values.write_text(json.dumps({
            "clusterId": "charts", "aws": {"region": world["region"], "endpoints": {"all": cluster.aws}},
            "extraEnv": [{"name": key, "value": given[key]} for key in
                         ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")], **more}))
        cluster.kubectl("create", "namespace", namespace)
        cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")

    def install(self):
        return self._helm("install", self.name, OPERATOR, "--wait", TIMEOUT, "--values", self.values)

    def upgrade(self, *args):
        return self._helm("upgrade", self.name, OPERATOR, "--wait", TIMEOUT, "--values", self.values, *args)

    def rollback(self, revision):
        return self._helm("rollback", self.name, revision, "--wait", TIMEOUT)

    def uninstall(self):
        self._helm("uninstall", self.name, "--wait", TIMEOUT)
        self.cluster.until(lambda: not self.pods(), "the pods are gone")

    def pods(self):
        return self.cluster.pods(self.namespace)

    def args(self):
        found = self.cluster.get("deployment", self.deployment, "-n", self.namespace)
        return found["spec"]["template"]["spec"]["containers"][0]["args"]

    def leader(self):
        """The pod that works, or None between two of them."""
        lease = self.cluster.get("lease", self.deployment, "-n", self.namespace)
        holder = ((lease or {}).get("spec") or {}).get("holderIdentity") or ""
        return next((pod for pod in self.pods() if holder.startswith(pod["metadata"]["name"] + "_")), None)

    def _helm(self, *args):
        return self.cluster.helm(*args, "--namespace", self.namespace)


def install_crds(cluster):
    cluster.helm("upgrade", "--install", "kafka-privatelink-crds", CRDS, "--wait", "--namespace", "default")
    cluster.kubectl("wait", "--for=condition=Established", f"crd/{KIND}", TIMEOUT)


def apply(cluster, world, namespace="default"):
    """Applies the world's example, in this namespace."""
    with open(world["example"]) as file:
        cluster.kubectl("apply", "-f", "-", text=file.read().replace("namespace: default", f"namespace: {namespace}"))


def link(cluster, namespace="default"):
    return cluster.get(KIND, "orders", "-n", namespace)


def await_ready(cluster, namespace="default"):
    """Until consumers can connect and nothing is left to do in AWS; returns the object."""
    for condition in ("Ready", "InSync"):
        cluster.kubectl("wait", f"--for=condition={condition}", f"{KIND}/orders", "-n", namespace, TIMEOUT)
    return link(cluster, namespace)


def delete(cluster, namespace="default"):
    cluster.kubectl("delete", KIND, "orders", "-n", namespace, TIMEOUT)


def looked_at(found):
    return found and found.get("status", {}).get("conditions")
