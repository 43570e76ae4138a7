{{/* What is called sip-ingress in the release. */}}
{{- define "sip-ingress.fullname" -}}
{{- include "common.fullname" (dict "root" . "name" "sip-ingress") -}}
{{- end -}}

{{/* The environment that is this service's own. */}}
{{- define "sip-ingress.env" -}}
{{- $service := dict "root" . "name" "sip-ingress" }}
{{ include "common.kafka.env" $service }}
{{ include "common.redis.env" $service }}
{{ include "common.plainEnv" (dict
  "PUBLIC_URL" (include "common.publicUrl" $service)
  "SIP_RATE_PER_SECOND" .Values.ratePerSecond
  "SIP_DEFAULT_COUNTRY" .Values.defaultCountry
  "OPENAI_BASE_URL" .Values.model.baseUrl
  "OPENAI_REALTIME_MODEL" .Values.model.name) }}
{{ include "common.secretEnv" (merge (dict
  "variables" (list "SIP_INGRESS_TOKENS")
  "optional" (list "OPENAI_API_KEY" "OPENAI_WEBHOOK_SECRET")) $service) }}
{{- end -}}
