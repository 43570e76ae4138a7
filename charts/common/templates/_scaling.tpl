{{/*
Scaling: KEDA when keda.enabled, else a HorizontalPodAutoscaler when autoscaling.enabled; then nobody else owns the
number of replicas. At most one pod goes in a minute, so that what it holds can move or end.
*/}}

{{- define "common.scaled" -}}
{{- if or .root.Values.keda.enabled .root.Values.autoscaling.enabled -}}true{{- end -}}
{{- end -}}

{{- define "common.scalingBehavior" -}}
{{- $bounds := .root.Values.autoscaling -}}
{{- if gt (int $bounds.minReplicas) (int $bounds.maxReplicas) -}}
{{- fail (printf "%s: autoscaling.minReplicas (%v) is more than autoscaling.maxReplicas (%v)" .name $bounds.minReplicas $bounds.maxReplicas) -}}
{{- end -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - {type: Pods, value: 4, periodSeconds: 60}
scaleDown:
  stabilizationWindowSeconds: {{ .root.Values.autoscaling.scaleDownStabilizationSeconds }}
  policies:
    - {type: Pods, value: 1, periodSeconds: 60}
{{- end -}}

{{/* `metrics`: the list of an autoscaling/v2 HorizontalPodAutoscaler, as YAML. */}}
{{- define "common.horizontalPodAutoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "common.fullname" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "common.fullname" . }}
  minReplicas: {{ .root.Values.autoscaling.minReplicas }}
  maxReplicas: {{ .root.Values.autoscaling.maxReplicas }}
  metrics:
    {{- .metrics | nindent 4 }}
  behavior:
    {{- include "common.scalingBehavior" . | nindent 4 }}
{{- end -}}

{{/* `triggers`: the list of a ScaledObject, as YAML. */}}
{{- define "common.scaledObject" -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "common.fullname" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    name: {{ include "common.fullname" . }}
  minReplicaCount: {{ .root.Values.autoscaling.minReplicas }}
  maxReplicaCount: {{ .root.Values.autoscaling.maxReplicas }}
  pollingInterval: {{ .root.Values.keda.pollingIntervalSeconds }}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        {{- include "common.scalingBehavior" . | nindent 8 }}
  triggers:
    {{- .triggers | nindent 4 }}
{{- end -}}

{{/*
Scaling by how far consumers are behind; `consumers`: a list of dicts of group and topic. KEDA asks the brokers itself, as
the services do: over TLS where they do, by the same name and password.
*/}}
{{- define "common.lagScaler" -}}
{{- $target := .root.Values.autoscaling.targetLag | toString -}}
{{- if .root.Values.keda.enabled -}}
{{- $kafka := (.root.Values.global | default dict).kafka | default dict -}}
{{- $triggers := list -}}
{{- range .consumers -}}
{{- $metadata := dict
    "bootstrapServers" (include "common.kafka.brokers" $)
    "consumerGroup" .group
    "topic" .topic
    "lagThreshold" $target -}}
{{- if $kafka.ssl -}}{{- $_ := set $metadata "tls" "enable" -}}{{- end -}}
{{- $trigger := dict "type" "kafka" "metadata" $metadata -}}
{{- with $kafka.saslMechanism -}}
{{- $_ := set $metadata "sasl" (get (dict "plain" "plaintext" "scram-sha-256" "scram_sha256" "scram-sha-512" "scram_sha512") .) -}}
{{- $_ := set $trigger "authenticationRef" (dict "name" (printf "%s-kafka" (include "common.fullname" $))) -}}
{{- end -}}
{{- $triggers = append $triggers $trigger -}}
{{- end -}}
{{ include "common.scaledObject" (dict "root" .root "name" .name "triggers" (toYaml $triggers)) }}
{{- if $kafka.saslMechanism }}
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: {{ include "common.fullname" . }}-kafka
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  secretTargetRef:
    - {parameter: username, name: {{ include "common.secretName" . }}, key: KAFKA_SASL_USERNAME}
    - {parameter: password, name: {{ include "common.secretName" . }}, key: KAFKA_SASL_PASSWORD}
{{- end -}}
{{- else if .root.Values.autoscaling.enabled -}}
{{- $metrics := list -}}
{{- range .consumers -}}
{{- $metrics = append $metrics (dict "type" "External" "external" (dict
    "metric" (dict
      "name" "kafka_consumergroup_lag"
      "selector" (dict "matchLabels" (dict "consumergroup" .group "topic" .topic)))
    "target" (dict "type" "AverageValue" "averageValue" $target))) -}}
{{- end -}}
{{ include "common.horizontalPodAutoscaler" (dict "root" .root "name" .name "metrics" (toYaml $metrics)) }}
{{- end -}}
{{- end -}}
