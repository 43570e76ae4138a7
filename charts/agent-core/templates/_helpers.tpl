{{/* What is called agent-core in the release. */}}
{{- define "agent-core.fullname" -}}
{{- include "common.fullname" (dict "root" . "name" "agent-core") -}}
{{- end -}}

{{/* The environment that is this service's own. */}}
{{- define "agent-core.env" -}}
{{- $pairs := list }}
{{- range $tenant, $code := .Values.momoMerchants }}{{ $pairs = append $pairs (printf "%s=%s" $tenant $code) }}{{ end }}
{{- $queues := list }}
{{- range $queue, $number := .Values.transferQueues }}{{ $queues = append $queues (printf "%s=%s" $queue $number) }}{{ end }}
{{- $service := dict "root" . "name" "agent-core" }}
{{- $external := eq .Values.database.mode "external" }}
{{ include "common.plainEnv" (dict
  "DATABASE_URL" (ternary "" "pglite:/var/lib/easymo/data" $external)
  "PAYMENT_LINK_BASE_URL" .Values.paymentLinkBaseUrl
  "MOMO_DEFAULT_MERCHANT" .Values.momoDefaultMerchant
  "MOMO_MERCHANTS" (join "," $pairs)
  "TRANSFER_QUEUES" (join "," $queues)) }}
{{ include "common.secretEnv" (merge (dict
  "variables" (ternary (list "AGENT_CORE_JWT_SECRET" "DATABASE_URL") (list "AGENT_CORE_JWT_SECRET") $external)) $service) }}
{{- end -}}
