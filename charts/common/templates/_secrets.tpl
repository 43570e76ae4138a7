{{/*
Secrets. Keys are the names of the services' environment variables. They come from `existingSecret` (the chart's, else
the release's); else from the secret that the umbrella makes, or the chart when it is installed alone.
*/}}

{{- define "common.secretName" -}}
{{- $global := .root.Values.global | default dict -}}
{{- .root.Values.existingSecret | default $global.existingSecret | default (printf "%s-secrets" .root.Release.Name) -}}
{{- end -}}

{{/* Whether the chart makes its secret itself: installed alone, and none was named. */}}
{{- define "common.ownsSecret" -}}
{{- $global := .root.Values.global | default dict -}}
{{- if not (or .root.Values.existingSecret $global.existingSecret $global.umbrella) -}}true{{- end -}}
{{- end -}}

{{/* Environment from the secret: `variables` must be there, `optional` may be. */}}
{{- define "common.secretEnv" -}}
{{- $secret := include "common.secretName" . -}}
{{- $lines := list -}}
{{- range .variables -}}
{{- $lines = append $lines (printf "- name: %s\n  valueFrom:\n    secretKeyRef:\n      name: %s\n      key: %s" . $secret .) -}}
{{- end -}}
{{- range .optional -}}
{{- $lines = append $lines (printf "- name: %s\n  valueFrom:\n    secretKeyRef:\n      name: %s\n      key: %s\n      optional: true" . $secret .) -}}
{{- end -}}
{{- join "\n" $lines -}}
{{- end -}}

{{/*
A Secret whose values are given in `given`, were made by an earlier installation, or are made now, once, for the names in
`made`. Nothing has a default that somebody could know.
*/}}
{{- define "common.secret" -}}
{{- $name := include "common.secretName" . -}}
{{- $known := (lookup "v1" "Secret" .root.Release.Namespace $name).data | default dict -}}
{{- $data := dict -}}
{{- range $key, $value := .given -}}
{{- if $value -}}{{- $_ := set $data $key ($value | toString | b64enc) -}}{{- end -}}
{{- end -}}
{{- range .made -}}
{{- if not (hasKey $data .) -}}
{{- $_ := set $data . (get $known . | default (randAlphaNum 48 | b64enc)) -}}
{{- end -}}
{{- end -}}
{{- if not (hasKey $data "SIP_INGRESS_TOKENS") -}}
{{- if .sipTenants -}}
{{- $pairs := list -}}
{{- range .sipTenants -}}{{- $pairs = append $pairs (printf "%s=%s" . (randAlphaNum 40)) -}}{{- end -}}
{{- $_ := set $data "SIP_INGRESS_TOKENS" (get $known "SIP_INGRESS_TOKENS" | default (join "," $pairs | b64enc)) -}}
{{- end -}}
{{- end -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ $name }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
type: Opaque
data:
  {{- toYaml $data | nindent 2 }}
{{- end -}}
