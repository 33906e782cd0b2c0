"""Argo CD's health script, run by a real Lua interpreter on the object in each phase."""
import lupa
import pytest
import yaml
from charts import ROOT

SCRIPT = (ROOT / "deploy" / "argocd" / "health.lua").read_text()
DELETED = "2026-11-25T20:00:00Z"


def health(link):
    """(status, message), as Argo CD gets it: the object is the global `obj`, and what is returned is the health."""
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    lua.globals().obj = lua.table_from(link, recursive=True)
    found = lua.execute(SCRIPT)
    return found.status, found.message


def link(conditions=None, generation=2, observed=2, mode="Manage", deleted=None):
    made = {"metadata": {"name": "orders", "generation": generation}, "spec": {"mode": mode}}
    if deleted:
        made["metadata"]["deletionTimestamp"] = deleted
    if conditions is not None:
        made["status"] = {"observedGeneration": observed, "conditions": [
            {"type": kind, "status": status, "reason": reason, "message": message} for kind, status, reason, message in conditions]}
    return made


READY = ("Ready", "True", "Available", "consumers connect to vpce-svc-1")
NOT_READY = ("Ready", "False", "Provisioning", "the load balancer provisions")
UNKNOWN = ("Ready", "Unknown", "Reconciling", "not looked at yet")
RECONCILING = ("Reconciling", "True", "Progressing", "3 steps to go")
STALLED = ("Stalled", "True", "Denied", "ec2:CreateSubnet is not allowed")
LEAVING = ("Ready", "False", "Deleting", "until vpce-1 is gone")
PHASES = {
    "no status": (link(), "Progressing", "the operator has not looked at it yet"),
    "the status by default": ({**link(), "status": {"observedGeneration": -1}}, "Progressing", "not looked at it yet"),
    "begun": (link([UNKNOWN, RECONCILING]), "Progressing", "Progressing: 3 steps to go"),
    "provisions": (link([NOT_READY, ("Reconciling", "True", "Provisioning", "until the load balancer is active")]),
                   "Progressing", "Provisioning: until the load balancer is active"),
    "ready": (link([READY]), "Healthy", "consumers connect to vpce-svc-1"),
    "ready and changing": (link([READY, RECONCILING]), "Progressing", "Progressing: 3 steps to go"),
    "changed just now": (link([READY], generation=3), "Progressing", "latest change"),
    "stalled": (link([NOT_READY, STALLED]), "Degraded", "Denied: ec2:CreateSubnet is not allowed"),
    "stalled while it works": (link([READY, STALLED]), "Degraded", "Denied"),
    "not ready, and nothing said why": (link([NOT_READY]), "Progressing", "the load balancer provisions"),
    "observed, all there": (link([READY], mode="Observe"), "Healthy", "consumers connect"),
    "observed, nothing there": (link([NOT_READY], mode="Observe"), "Healthy", "only observed: the load balancer provisions"),
    "observed, not looked at": (link([], mode="Observe"), "Progressing", "has not said"),
    "deleted": (link([LEAVING, ("Reconciling", "True", "Deleting", "until vpce-1 is gone")], deleted=DELETED),
                "Progressing", "deleting: until vpce-1 is gone"),
    "deleted, a person is needed": (link([LEAVING, ("Stalled", "True", "DeletionProtected", "until protection is off")], deleted=DELETED),
                                    "Progressing", "deleting: until protection is off"),
    "deleted before it was looked at": (link(deleted=DELETED), "Progressing", "deleting"),
}


@pytest.mark.parametrize("phase", PHASES)
def test_phase(phase):
    made, status, message = PHASES[phase]
    assert health(made)[0] == status and message in health(made)[1], health(made)


def test_argo_cd_is_given_this_script():
    patch = yaml.safe_load((ROOT / "deploy" / "argocd" / "argocd-cm.yaml").read_text())
    assert patch["data"] == {"resource.customizations.health.kafka-privatelink.io_KafkaPrivateLink": SCRIPT}
