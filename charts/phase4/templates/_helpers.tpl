{{/* The tenants of the routing document, as JSON; `default` where it names none. */}}
{{- define "phase4.tenants" -}}
{{- $tenants := list -}}
{{- range .Values.routing.channels -}}{{- $tenants = append $tenants .tenant -}}{{- end -}}
{{- $tenants | uniq | default (list "default") | toJson -}}
{{- end -}}

{{- define "phase4.labels" -}}
{{- include "common.labels" (dict "root" (dict "Values" (dict "nameOverride" "") "Release" .Release "Chart" .Chart) "name" "phase4") -}}
{{- end -}}

{{/*
The name of a Channel of the values: its own, else its kind and address in the letters that names have, and for SIP, where
two addresses may come to the same letters, a hash.
*/}}
{{- define "phase4.channelName" -}}
{{- if .name -}}
{{- .name -}}
{{- else -}}
{{- $slug := printf "%s-%s" .kind .address | lower | replace "sip-sip:" "sip-" | replace "sip-sips:" "sip-" | regexFind "[a-z].*" -}}
{{- $slug = regexReplaceAll "[^a-z0-9]+" $slug "-" | trunc 200 | trimSuffix "-" -}}
{{- ternary (printf "%s-%s" $slug (sha256sum .address | trunc 8)) $slug (eq .kind "sip") -}}
{{- end -}}
{{- end -}}

{{/* What cannot work is refused before anything is installed. */}}
{{- define "phase4.validate" -}}
{{- if .Values.operator.enabled -}}
{{- if .Values.global.routing.existingConfigMap -}}
{{- fail (printf "phase4: global.routing.existingConfigMap is %s while operator.enabled is true: the operator makes the routing document; set operator.enabled=false to bring your own, or declare Agents and Channels" .Values.global.routing.existingConfigMap) -}}
{{- end -}}
{{- if and .Release.IsUpgrade (not (.Capabilities.APIVersions.Has "bridges.easymo.dev/v1alpha1")) -}}
{{- fail "phase4: the cluster does not know Agents and Channels yet, and Helm installs definitions with the first installation only: kubectl apply --server-side --force-conflicts --filename charts/operator/crds, then upgrade again (or set operator.enabled=false)" -}}
{{- end -}}
{{- end -}}
{{- $redis := .Values.global.redis -}}
{{- if and .Values.redis.enabled .Values.externalRedis.url -}}
{{- fail "phase4: externalRedis.url is set while redis.enabled is true: set redis.enabled=false to use your own Redis" -}}
{{- end -}}
{{- if and .Values.redis.enabled (or $redis.url $redis.existingSecret) -}}
{{- fail (printf "phase4: global.redis.%s is set while redis.enabled is true: set redis.enabled=false to use your own Redis" (ternary "url" "existingSecret" (ne $redis.url ""))) -}}
{{- end -}}
{{- if and .Values.externalRedis.existingSecret (ne .Values.externalRedis.existingSecret $redis.existingSecret) -}}
{{- fail (printf "phase4: externalRedis.existingSecret is %s: name it in global.redis.existingSecret instead, which alone is enough and is where every part of the release looks" .Values.externalRedis.existingSecret) -}}
{{- end -}}
{{- if not (or .Values.redis.enabled .Values.externalRedis.url $redis.url $redis.existingSecret) -}}
{{- fail "phase4: no Redis: leave redis.enabled=true, or set externalRedis.url, global.redis.url or global.redis.existingSecret" -}}
{{- end -}}
{{- if and .Values.kafkaCluster.enabled .Values.kafkaTopics.enabled (ne (int (default 3 .Values.kafkaTopics.replicas)) 1) -}}
{{- fail "phase4: kafkaCluster.enabled brings one broker: set kafkaTopics.replicas=1 and kafkaTopics.minInsyncReplicas=1" -}}
{{- end -}}
{{- end -}}
