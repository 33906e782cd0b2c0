"""Argo CD's health script as the patch of its ConfigMap that it is given by."""

SOURCE = "deploy/argocd/health.lua"
TARGET = "deploy/argocd/argocd-cm.yaml"
HEAD = """\
# Made by `make generate` from health.lua: kubectl patch configmap argocd-cm -n argocd --patch-file argocd-cm.yaml
data:
  resource.customizations.health.kafka-privatelink.io_KafkaPrivateLink: |
"""


def files(root, helm):
    script = (root / SOURCE).read_text()
    return {TARGET: HEAD + "".join(f"    {line}".rstrip() + "\n" for line in script.splitlines())}
