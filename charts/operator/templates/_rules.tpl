{{/*
What the operator may do, and why. Each list has its reasons in charts/src/operator-rbac.test.ts, which compares.
*/}}

{{/* Where Agents and Channels are: read them, keep their status, hold a Channel until its provider let go. */}}
{{- define "operator.rules.resources" -}}
- apiGroups: [bridges.easymo.dev]
  resources: [agents]
  verbs: [get, list, watch]
- apiGroups: [bridges.easymo.dev]
  resources: [channels]
  verbs: [get, list, watch, patch]
- apiGroups: [bridges.easymo.dev]
  resources: [agents/status, channels/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch]
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

{{/* Where the release is: its routing document, its pods, its topics, who leads. */}}
{{- define "operator.rules.release" -}}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ include "operator.routingConfigMap" . }}]
  verbs: [get, create, patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "operator.fullname" . }}]
  verbs: [get, update]
{{- if include "operator.kafkaCluster" . }}
- apiGroups: [kafka.strimzi.io]
  resources: [kafkatopics]
  verbs: [get, list, watch]
{{- end }}
{{- end -}}
