{{/* What is called broker-orchestrator in the release. */}}
{{- define "broker-orchestrator.fullname" -}}
{{- include "common.fullname" (dict "root" . "name" "broker-orchestrator") -}}
{{- end -}}

{{/* The environment that is this service's own. */}}
{{- define "broker-orchestrator.env" -}}
{{- $service := dict "root" . "name" "broker-orchestrator" }}
{{- $voice := .Values.voiceBridge }}
{{ include "common.kafka.env" $service }}
{{ include "common.redis.env" $service }}
{{ include "common.plainEnv" (dict
  "AGENT_CORE_URL" (include "common.siblingUrl" (dict "root" . "sibling" "agent-core" "port" 4000 "url" .Values.agentCore.url))
  "WALLET_SERVICE_URL" .Values.walletUrl
  "BUYER_SERVICE_URL" .Values.buyerUrl
  "RANKING_SERVICE_URL" .Values.rankingUrl
  "VOICE_BRIDGE_URL" (ternary (include "common.siblingUrl" (dict "root" . "sibling" "voice-bridge" "port" 4100 "url" $voice.url)) "" $voice.enabled)
  "OPENAI_BASE_URL" .Values.model.baseUrl
  "OPENAI_TEXT_MODEL" .Values.model.textModel) }}
{{ include "common.secretEnv" (merge (dict
  "variables" (list "AGENT_CORE_JWT_SECRET")
  "optional" (list "OPENAI_API_KEY" "VOICE_API_TOKEN")) $service) }}
{{- end -}}
