{{/* The tenants of the routing document, as JSON; `default` where it names none. */}}
{{- define "phase4.tenants" -}}
{{- $tenants := list -}}
{{- range .Values.routing.channels -}}{{- $tenants = append $tenants .tenant -}}{{- end -}}
{{- $tenants | uniq | default (list "default") | toJson -}}
{{- end -}}

{{- define "phase4.labels" -}}
{{- include "common.labels" (dict "root" (dict "Values" (dict "nameOverride" "") "Release" .Release "Chart" .Chart) "name" "phase4") -}}
{{- end -}}

{{/* What cannot work is refused before anything is installed. */}}
{{- define "phase4.validate" -}}
{{- if and .Values.redis.enabled .Values.externalRedis.url -}}
{{- fail "phase4: externalRedis.url is set while redis.enabled is true: set redis.enabled=false to use your own Redis" -}}
{{- end -}}
{{- if .Values.externalRedis.existingSecret -}}
{{- if ne .Values.externalRedis.existingSecret .Values.global.redis.existingSecret -}}
{{- fail (printf "phase4: externalRedis.existingSecret is %s: set global.redis.existingSecret to it too, where the services look for it" .Values.externalRedis.existingSecret) -}}
{{- end -}}
{{- end -}}
{{- if not (or .Values.redis.enabled .Values.externalRedis.url .Values.global.redis.url .Values.global.redis.existingSecret) -}}
{{- fail "phase4: no Redis: leave redis.enabled=true, or set externalRedis.url, global.redis.url or global.redis.existingSecret" -}}
{{- end -}}
{{- if and .Values.kafkaCluster.enabled .Values.kafkaTopics.enabled (ne (int (default 3 .Values.kafkaTopics.replicas)) 1) -}}
{{- fail "phase4: kafkaCluster.enabled brings one broker: set kafkaTopics.replicas=1 and kafkaTopics.minInsyncReplicas=1" -}}
{{- end -}}
{{- end -}}
