{{/*
Network policies: only the arrows of the architecture picture. Beside root and name it takes
  from   YAML list of peers that may call the service's port (siblings by `common.peer`)
  open   true for a service that the world calls
  to     list of what it calls: kafka redis postgres internet, or the name of a sibling
*/}}
{{- define "common.networkPolicy" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $policy := $values.networkPolicy -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "common.fullname" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "common.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports:
        - {port: http, protocol: TCP}
      {{- if not (and .open (not $policy.ingressFrom)) }}
      from:
        {{- range .from }}
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: {{ . }}
              app.kubernetes.io/instance: {{ $root.Release.Name }}
        {{- end }}
        - podSelector:
            matchLabels:
              app.kubernetes.io/instance: {{ $root.Release.Name }}
              bridges.easymo.dev/check: helm-test
        {{- with $policy.metricsFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with $policy.ingressFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
  egress:
    - ports:
        - {port: 53, protocol: UDP}
        - {port: 53, protocol: TCP}
    {{- range .to }}
    {{- if eq . "kafka" }}
    - ports:
        {{- range $policy.kafkaPorts }}
        - {port: {{ . }}, protocol: TCP}
        {{- end }}
    {{- else if eq . "redis" }}
    - ports:
        {{- range $policy.redisPorts }}
        - {port: {{ . }}, protocol: TCP}
        {{- end }}
    {{- else if eq . "postgres" }}
    - ports:
        {{- range $policy.postgresPorts }}
        - {port: {{ . }}, protocol: TCP}
        {{- end }}
    {{- else if eq . "internet" }}
    - ports:
        {{- range $policy.internetPorts }}
        - {port: {{ . }}, protocol: TCP}
        {{- end }}
    {{- else }}
    - to:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: {{ . }}
              app.kubernetes.io/instance: {{ $root.Release.Name }}
    {{- end }}
    {{- end }}
    {{- with $policy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
