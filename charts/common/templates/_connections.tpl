{{/*
Where the services find each other and what they stand on. Values of the chart itself win over the release's globals;
what neither says has a default that fits the umbrella.
*/}}

{{- define "common.kafka.brokers" -}}
{{- $kafka := (.root.Values.global | default dict).kafka | default dict -}}
{{- $own := .root.Values.kafka | default dict -}}
{{- if $own.bootstrapServers -}}
{{- $own.bootstrapServers -}}
{{- else if $kafka.bootstrapServers -}}
{{- $kafka.bootstrapServers -}}
{{- else if $kafka.clusterName -}}
{{- printf "%s-kafka-bootstrap:9092" $kafka.clusterName -}}
{{- else -}}
{{- fail (printf "%s: no Kafka address: set global.kafka.bootstrapServers (host:port, separated by commas), or global.kafka.clusterName for a Strimzi cluster in this namespace" .name) -}}
{{- end -}}
{{- end -}}

{{- define "common.kafka.env" -}}
{{- $kafka := (.root.Values.global | default dict).kafka | default dict -}}
- name: KAFKA_BROKERS
  value: {{ include "common.kafka.brokers" . | quote }}
- name: KAFKA_CLIENT_ID
  value: {{ include "common.fullname" . | quote }}
{{- if $kafka.ssl }}
- name: KAFKA_SSL
  value: "true"
{{- end }}
{{- with $kafka.saslMechanism }}
{{- if not (has . (list "plain" "scram-sha-256" "scram-sha-512")) -}}
{{- fail (printf "%s: global.kafka.saslMechanism is %v: it must be plain, scram-sha-256 or scram-sha-512" $.name .) -}}
{{- end }}
- name: KAFKA_SASL_MECHANISM
  value: {{ . | quote }}
{{- end }}
{{- if $kafka.saslMechanism }}
{{ include "common.secretEnv" (dict "root" .root "name" .name "variables" (list "KAFKA_SASL_USERNAME" "KAFKA_SASL_PASSWORD")) }}
{{- end }}
{{- end -}}

{{/* A URL given in the open, or the secret that holds it: the user's, else the one that the umbrella makes. */}}
{{- define "common.redis.env" -}}
{{- $redis := (.root.Values.global | default dict).redis | default dict -}}
{{- $own := .root.Values.redis | default dict -}}
{{- if not (or $own.url $own.existingSecret $redis.url $redis.existingSecret (.root.Values.global | default dict).umbrella) -}}
{{- fail (printf "%s: no Redis address: set global.redis.url (redis://… or rediss://…) or global.redis.existingSecret" .name) -}}
{{- end -}}
- name: REDIS_URL
{{- if $own.url }}
  value: {{ $own.url | quote }}
{{- else if $redis.url }}
  value: {{ $redis.url | quote }}
{{- else }}
  valueFrom:
    secretKeyRef:
      name: {{ $own.existingSecret | default $redis.existingSecret | default (printf "%s-redis-url" .root.Release.Name) }}
      key: {{ $own.existingSecretKey | default $redis.existingSecretKey | default "REDIS_URL" }}
{{- end }}
{{- end -}}

{{/* The address of a sibling in the release, unless `url` says another. */}}
{{- define "common.siblingUrl" -}}
{{- if .url -}}{{- .url -}}{{- else -}}
{{- printf "http://%s:%v" (include "common.siblingName" (dict "root" .root "name" .sibling)) .port -}}
{{- end -}}
{{- end -}}

{{- define "common.routing.configMapName" -}}
{{- $routing := (.root.Values.global | default dict).routing | default dict -}}
{{- $own := .root.Values.routing | default dict -}}
{{- $own.existingConfigMap | default $routing.existingConfigMap | default (printf "%s-routing" .root.Release.Name) -}}
{{- end -}}

{{/* The routing document of a chart that is installed alone. */}}
{{- define "common.routing.configMap" -}}
{{- if .root.Values.routing.document -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "common.routing.configMapName" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
data:
  routing.yaml: |
    {{- .root.Values.routing.document | nindent 4 }}
{{- end -}}
{{- end -}}

{{/* Where the world reaches a service: as given, else the ingress's host, else the Gateway's; empty when it does not. */}}
{{- define "common.outsideUrl" -}}
{{- $values := .root.Values -}}
{{- if $values.publicUrl -}}{{- $values.publicUrl -}}
{{- else if and $values.ingress.enabled $values.ingress.host -}}
{{- printf "%s://%s" (ternary "https" "http" $values.ingress.tls.enabled) $values.ingress.host -}}
{{- else if and $values.httpRoute.enabled $values.httpRoute.hostnames -}}
{{- printf "https://%s" (first $values.httpRoute.hostnames) -}}
{{- end -}}
{{- end -}}

{{/* The same, or the Service itself. */}}
{{- define "common.publicUrl" -}}
{{- include "common.outsideUrl" . | default (printf "http://%s:%v" (include "common.fullname" .) .root.Values.service.port) -}}
{{- end -}}

{{/* Environment with plain values: a dict of name to value, of which empty ones are left out. */}}
{{- define "common.plainEnv" -}}
{{- $lines := list -}}
{{- range $name, $value := . -}}
{{- if or $value (eq (toString $value) "0") -}}
{{- $text := $value -}}
{{- if kindIs "float64" $value -}}{{- $text = int64 $value -}}{{- end -}}
{{- $lines = append $lines (printf "- name: %s\n  value: %s" $name ($text | toString | quote)) -}}
{{- end -}}
{{- end -}}
{{- join "\n" $lines -}}
{{- end -}}
