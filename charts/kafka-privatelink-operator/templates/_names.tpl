{{- define "kpl.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* Cut at 46 of 63 characters: the names of pods have 17 more. */ -}}
{{- define "kpl.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $both := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $both .Values.fullnameOverride | trunc 46 | trimSuffix "-" }}
{{- end }}

{{- /* What has no namespace carries that of the release in its name: each team may have an operator of its own. */ -}}
{{- define "kpl.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "kpl.fullname" .) }}
{{- end }}

{{- define "kpl.serviceAccountName" -}}
{{- default (ternary (include "kpl.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "kpl.leaseName" -}}
{{- default (include "kpl.fullname" .) .Values.leaderElection.leaseName }}
{{- end }}

{{- define "kpl.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kpl.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kpl.chartLabels" -}}
{{ include "kpl.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "kpl.labels" -}}
{{- merge (include "kpl.chartLabels" . | fromYaml) .Values.commonLabels | toYaml }}
{{- end }}

{{- define "kpl.image" -}}
{{- $image := .Values.image }}
{{- if $image.digest }}{{ $image.repository }}@{{ $image.digest }}
{{- else }}{{ $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end }}
{{- end }}
