{{- /* The command line: what differs from the operator's own defaults, and what decides who else may work. */ -}}
{{- define "kpl.args" -}}
- run
{{- with .Values.clusterId }}
- {{ printf "--cluster-id=%s" . | quote }}
{{- end }}
{{- with .Values.watchNamespaces }}
- {{ printf "--watch-namespace=%s" (uniq . | join ",") | quote }}
{{- end }}
{{- with .Values.defaultTags }}
{{- $tags := list }}
{{- range $key, $value := . }}
{{- $tags = append $tags (printf "%s=%s" $key $value) }}
{{- end }}
- {{ printf "--default-tags=%s" (join "," $tags) | quote }}
{{- end }}
{{- if .Values.policy.enabled }}
- --policy=/etc/kafka-privatelink/policy.yaml
{{- end }}
- --resync={{ .Values.resync }}
- --full-resync={{ .Values.fullResync }}
- --broker-absence-grace={{ .Values.brokerAbsenceGrace }}
- --concurrency={{ .Values.concurrency }}
- --aws-rate-limits={{ .Values.aws.rateLimits }}
{{- $admin := printf "%s:%v" .Values.admin.address .Values.admin.port }}
{{- if ne $admin "0.0.0.0:8080" }}
- {{ printf "--admin-address=%s" $admin | quote }}
{{- end }}
{{- with .Values.leaderElection }}
{{- if .enabled }}
- --leader-election=enabled
- --lease-name={{ include "kpl.leaseName" $ }}
- --lease-duration={{ .leaseDuration }}
- --lease-renew-deadline={{ .renewDeadline }}
- --lease-retry-period={{ .retryPeriod }}
{{- else }}
{{- if or (gt (int $.Values.replicas) 1) (ne $.Values.updateStrategy.type "Recreate") }}
{{- fail "leaderElection.enabled: false needs replicas: 1 and updateStrategy.type: Recreate, or two of them would work at the same time" }}
{{- end }}
- --leader-election=disabled
{{- end }}
{{- end }}
- --log-format={{ .Values.log.format }}
- {{ printf "--log-level=%s" .Values.log.level | quote }}
{{- end }}

{{- define "kpl.env" -}}
{{- with .Values.aws.region }}
- { name: AWS_REGION, value: {{ . | quote }} }
{{- end }}
{{- with .Values.aws.endpoints }}
{{- range $name, $url := dict "AWS_ENDPOINT_URL" .all "AWS_ENDPOINT_URL_EC2" .ec2 "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2" .elasticLoadBalancingV2 "AWS_ENDPOINT_URL_STS" .sts }}
{{- if $url }}
- { name: {{ $name }}, value: {{ $url | quote }} }
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "kpl.probes" -}}
{{- range $name, $path := dict "startup" "/livez" "liveness" "/livez" "readiness" "/readyz" }}
{{ $name }}Probe:
  httpGet: { path: {{ $path }}, port: admin, scheme: HTTP }
  {{- toYaml (get $.Values.probes $name) | nindent 2 }}
{{- end }}
{{- end }}
