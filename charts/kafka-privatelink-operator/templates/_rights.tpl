{{- /* In each watched namespace, or in all. */ -}}
{{- define "kpl.objectRules" -}}
- apiGroups: [ kafka-privatelink.io ]
  resources: [ kafkaprivatelinks ]
  verbs: [ get, list, watch, patch ] # patch: the finalizer
- apiGroups: [ kafka-privatelink.io ]
  resources: [ kafkaprivatelinks/status ]
  verbs: [ patch ]
- apiGroups: [ events.k8s.io ]
  resources: [ events ]
  verbs: [ create, patch ]
{{- end }}

{{- define "kpl.subjects" -}}
- kind: ServiceAccount
  name: {{ include "kpl.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
