{{/* What is called voice-bridge in the release. */}}
{{- define "voice-bridge.fullname" -}}
{{- include "common.fullname" (dict "root" . "name" "voice-bridge") -}}
{{- end -}}

{{/* The environment that is this service's own. */}}
{{- define "voice-bridge.env" -}}
{{- $service := dict "root" . "name" "voice-bridge" }}
{{ include "common.kafka.env" $service }}
{{ include "common.redis.env" $service }}
{{ include "common.plainEnv" (dict
  "AGENT_CORE_URL" (include "common.siblingUrl" (dict "root" . "sibling" "agent-core" "port" 4000 "url" .Values.agentCore.url))
  "PUBLIC_URL" (include "common.publicUrl" $service)
  "TWILIO_ACCOUNT_SID" .Values.twilio.accountSid
  "TWILIO_API_URL" .Values.twilio.apiUrl
  "OPENAI_BASE_URL" .Values.model.baseUrl
  "OPENAI_REALTIME_URL" .Values.model.realtimeUrl
  "OPENAI_REALTIME_MODEL" .Values.model.name
  "MODEL_SESSION_MAX_SECONDS" .Values.model.sessionMaxSeconds
  "MAX_CALLS" .Values.maxCalls
  "DRAIN_SECONDS" .Values.drainSeconds
  "CALL_IDLE_SECONDS" .Values.callIdleSeconds
  "MEDIA_SAMPLE_SECONDS" .Values.mediaSampleSeconds
  "SPOOL_DIR" "/var/lib/easymo/spool") }}
{{ include "common.secretEnv" (merge (dict
  "variables" (list "AGENT_CORE_JWT_SECRET" "VOICE_API_TOKEN")
  "optional" (list "OPENAI_API_KEY" "TWILIO_AUTH_TOKEN" "TWILIO_MORE_AUTH_TOKENS" "TWILIO_MEDIA_AUTH_TOKEN")) $service) }}
{{- end -}}

{{/* Live calls get their time: the pod's grace is longer than the drain, and a shorter one is refused. */}}
{{- define "voice-bridge.graceSeconds" -}}
{{- $drain := int .Values.drainSeconds -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds -}}
{{- add $drain 60 -}}
{{- else if lt (int .Values.terminationGracePeriodSeconds) (int (add $drain 30)) -}}
{{- fail (printf "voice-bridge: terminationGracePeriodSeconds (%d) would cut calls that drainSeconds (%d) lets go on: it must be at least drainSeconds + 30, or null" (int .Values.terminationGracePeriodSeconds) $drain) -}}
{{- else -}}
{{- int .Values.terminationGracePeriodSeconds -}}
{{- end -}}
{{- end -}}
