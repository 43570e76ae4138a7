{{/* What is called whatsapp-bot in the release. */}}
{{- define "whatsapp-bot.fullname" -}}
{{- include "common.fullname" (dict "root" . "name" "whatsapp-bot") -}}
{{- end -}}

{{/* The environment that is this service's own. */}}
{{- define "whatsapp-bot.env" -}}
{{- $service := dict "root" . "name" "whatsapp-bot" }}
{{ include "common.kafka.env" $service }}
{{ include "common.redis.env" $service }}
{{ include "common.plainEnv" (dict
  "AGENT_CORE_URL" (include "common.siblingUrl" (dict "root" . "sibling" "agent-core" "port" 4000 "url" .Values.agentCore.url))
  "PUBLIC_URL" (include "common.publicUrl" $service)
  "GRAPH_API_URL" .Values.meta.graphApiUrl
  "OPENAI_BASE_URL" .Values.model.baseUrl
  "OPENAI_TEXT_MODEL" .Values.model.textModel
  "OPENAI_TRANSCRIPTION_MODEL" .Values.model.transcriptionModel) }}
{{ include "common.secretEnv" (merge (dict
  "variables" (list "AGENT_CORE_JWT_SECRET" "META_APP_SECRET" "META_VERIFY_TOKEN" "META_ACCESS_TOKEN")
  "optional" (list "OPENAI_API_KEY")) $service) }}
{{- end -}}
