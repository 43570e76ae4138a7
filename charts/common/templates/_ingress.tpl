{{/* `paths`: what the world may reach of the service. */}}
{{- define "common.ingress" -}}
{{- $root := .root -}}
{{- $ingress := $root.Values.ingress -}}
{{- if not $ingress.host -}}
{{- fail (printf "%s: ingress.host is needed when ingress.enabled" .name) -}}
{{- end -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "common.fullname" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
  {{- $annotations := mergeOverwrite (fromYaml (default "{}" .annotations)) (default dict $ingress.annotations) }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with $ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- if $ingress.tls.enabled }}
  tls:
    - hosts: [{{ $ingress.host | quote }}]
      secretName: {{ $ingress.tls.secretName | default (printf "%s-tls" (include "common.fullname" .)) }}
  {{- end }}
  rules:
    - host: {{ $ingress.host | quote }}
      http:
        paths:
          {{- range .paths }}
          - path: {{ . }}
            pathType: Prefix
            backend:
              service:
                name: {{ include "common.fullname" $ }}
                port: {name: http}
          {{- end }}
{{- end -}}

{{/* `paths` and, for sockets that stay open, `timeout`. */}}
{{- define "common.httpRoute" -}}
{{- $route := .root.Values.httpRoute -}}
{{- if not $route.parentRefs -}}
{{- fail (printf "%s: httpRoute.parentRefs is needed when httpRoute.enabled" .name) -}}
{{- end -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ include "common.fullname" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  parentRefs:
    {{- toYaml $route.parentRefs | nindent 4 }}
  {{- with $route.hostnames }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - matches:
        {{- range .paths }}
        - path: {type: PathPrefix, value: {{ . }}}
        {{- end }}
      {{- with .timeout }}
      timeouts: {request: {{ . }}}
      {{- end }}
      backendRefs:
        - name: {{ include "common.fullname" . }}
          port: {{ .root.Values.service.port }}
{{- end -}}
