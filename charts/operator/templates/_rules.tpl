{{/*
What the operator may do, and nothing else. Each has its reason in charts/src/testing/operator-rights.ts, with which the charts' tests
compare what is rendered.
*/}}

{{/* Where Agents and Channels are. */}}
{{- define "operator.rules.resources" -}}
- apiGroups: [bridges.easymo.dev]
  resources: [agents]
  verbs: [list, watch]
- apiGroups: [bridges.easymo.dev]
  resources: [channels]
  verbs: [get, list, watch, patch]
- apiGroups: [bridges.easymo.dev]
  resources: [agents/status, channels/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [secrets]
  {{- with .Values.credentialsSecrets }}
  resourceNames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  verbs: [get]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* Where the release is. */}}
{{- define "operator.rules.release" -}}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ include "operator.routingConfigMap" . }}]
  verbs: [list, watch, create, patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, patch]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "operator.lease" . }}]
  verbs: [get, update]
{{- if include "operator.kafkaCluster" . }}
- apiGroups: [kafka.strimzi.io]
  resources: [kafkatopics]
  verbs: [list, watch]
{{- end }}
{{- end -}}
