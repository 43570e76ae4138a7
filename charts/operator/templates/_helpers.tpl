{{/* What is called operator in the release. */}}
{{- define "operator.fullname" -}}
{{- include "common.fullname" (dict "root" . "name" "operator") -}}
{{- end -}}

{{- define "operator.routingConfigMap" -}}
{{- .Values.routing.configMapName | default (printf "%s-routing" .Release.Name) -}}
{{- end -}}

{{/* By which replicas agree who leads. */}}
{{- define "operator.lease" -}}
{{- printf "%s-operator" .Release.Name -}}
{{- end -}}

{{/* Strimzi's cluster whose topics are looked after; empty when none are. */}}
{{- define "operator.kafkaCluster" -}}
{{- if .Values.topics.enabled -}}{{- ((.Values.global | default dict).kafka | default dict).clusterName | default "" -}}{{- end -}}
{{- end -}}

{{- define "operator.watchNamespace" -}}
{{- ternary "*" (.Values.watchNamespace | default .Release.Namespace) .Values.clusterWide -}}
{{- end -}}

{{/* Where the release's own Agents and Channels are. */}}
{{- define "operator.ownNamespace" -}}
{{- ternary .Release.Namespace (.Values.watchNamespace | default .Release.Namespace) .Values.clusterWide -}}
{{- end -}}

{{/*
The environment that is this service's own. `siblings`: what the umbrella knows of the release's other parts, used where
this chart's own values say nothing.
*/}}
{{- define "operator.env" -}}
{{- $values := .root.Values -}}
{{- $siblings := .siblings | default dict -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
{{ include "common.plainEnv" (dict
  "WATCH_NAMESPACE" (include "operator.watchNamespace" .root)
  "RELEASE_NAME" .root.Release.Name
  "LEASE_NAME" (include "operator.lease" .root)
  "ROUTING_CONFIGMAP" (include "operator.routingConfigMap" .root)
  "VOICE_PUBLIC_URL" ($values.publicUrls.voice | default $siblings.voicePublicUrl)
  "WHATSAPP_PUBLIC_URL" ($values.publicUrls.whatsapp | default $siblings.whatsappPublicUrl)
  "TWILIO_ACCOUNT_SID" ($values.twilio.accountSid | default $siblings.twilioAccountSid)
  "TWILIO_API_URL" ($values.twilio.apiUrl | default $siblings.twilioApiUrl)
  "GRAPH_API_URL" ($values.meta.graphApiUrl | default $siblings.graphApiUrl)
  "RESYNC_SECONDS" $values.resyncSeconds
  "PROVIDER_CHECK_SECONDS" $values.providerCheckSeconds
  "KAFKA_CLUSTER_NAME" (include "operator.kafkaCluster" .root)) }}
{{ include "common.secretEnv" (dict "root" .root "name" "operator"
  "optional" (list "TWILIO_AUTH_TOKEN" "META_ACCESS_TOKEN" "META_VERIFY_TOKEN")) }}
{{- end -}}

{{/* The umbrella renders it with what it knows of the operator's siblings; installed alone, the chart does. */}}
{{- define "operator.deployment" -}}
{{- include "common.deployment" (dict "root" .root "name" "operator"
      "env" (include "operator.env" .)
      "serviceAccountToken" true
      "graceSeconds" 35
      "strategy" "rollingUpdate: {maxSurge: 1, maxUnavailable: 0}") }}
{{- end -}}

{{/* Of what is there only while the release goes. */}}
{{- define "operator.uninstall.metadata" }}
  labels:
    app.kubernetes.io/name: operator-uninstall
    app.kubernetes.io/instance: {{ .root.Release.Name }}
    app.kubernetes.io/part-of: easymo-bridges
    app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  annotations:
    helm.sh/hook: pre-delete
    helm.sh/hook-weight: {{ .weight | quote }}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
