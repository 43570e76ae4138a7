{{/* <release>-realtime-simulator, unless the values name it. */}}
{{- define "realtime-simulator.fullname" -}}
{{- include "common.fullname" (dict "root" . "name" "realtime-simulator") -}}
{{- end -}}

{{/* The environment that is this service's own. */}}
{{- define "realtime-simulator.env" -}}
{{ include "common.plainEnv" (dict
  "SIMULATOR_THINK_MS" .Values.simulator.thinkMs
  "SIMULATOR_SESSION_SECONDS" .Values.simulator.sessionSeconds) }}
{{- end -}}
