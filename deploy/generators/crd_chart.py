"""The CRD chart's one template: the CRD as it is, with labels and the annotation that lets it outlive the release."""

SOURCE = "crds/kafkaprivatelinks.yaml"
TARGET = "charts/kafka-privatelink-crds/templates/kafkaprivatelinks.yaml"
HEAD = "metadata:\n  name: kafkaprivatelinks.kafka-privatelink.io\n"
ADDED = """\
  labels:
    app.kubernetes.io/name: {{ .Chart.Name }}
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    app.kubernetes.io/managed-by: {{ .Release.Service }}
    helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
  annotations:
    helm.sh/resource-policy: keep
"""


def files(root, helm):
    crd = (root / SOURCE).read_text()
    if crd.count(HEAD) != 1:
        raise SystemExit(f"{SOURCE}: its metadata is not what is expected here")
    if "{{" in crd:
        raise SystemExit(f"{SOURCE}: Helm would take {{{{ for a template's action")
    return {TARGET: crd.replace(HEAD, HEAD + ADDED)}
