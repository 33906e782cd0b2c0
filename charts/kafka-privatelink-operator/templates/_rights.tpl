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
- apiGroups: [ "" ]
  resources: [ configmaps ] # NAME-advertised-listeners, one for each object
  verbs: [ get, create, patch ]
{{- with .Values.verification.secretNames }}
- apiGroups: [ "" ]
  resources: [ secrets ] # what Kafka is asked with
  resourceNames: {{- toYaml . | nindent 4 }}
  verbs: [ get ]
{{- end }}
{{- end }}

{{- define "kpl.subjects" -}}
- kind: ServiceAccount
  name: {{ include "kpl.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
