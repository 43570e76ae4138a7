{{/*
The Deployment of a service. Beside root and name it takes
  env           YAML list: what is this service's own
  volumes, volumeMounts, strategy, podAnnotations, lifecycle    YAML, optional
  graceSeconds  terminationGracePeriodSeconds
  routing       whether the routing document is mounted
  scaled        whether a scaler owns the number of replicas
*/}}
{{- define "common.deployment" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "common.fullname" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  {{- if not .scaled }}
  replicas: {{ $values.replicaCount }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    {{- .strategy | default "rollingUpdate: {maxSurge: 1, maxUnavailable: 0}" | nindent 4 }}
  selector:
    matchLabels:
      {{- include "common.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "common.labels" . | nindent 8 }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- $annotations := mergeOverwrite (fromYaml (default "{}" .podAnnotations)) (default dict $values.podAnnotations) }}
      {{- with $annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "common.podSpec" . | nindent 6 }}
{{- end -}}

{{- define "common.podSpec" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ include "common.serviceAccountName" . }}
automountServiceAccountToken: {{ .serviceAccountToken | default false }}
enableServiceLinks: false
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
terminationGracePeriodSeconds: {{ .graceSeconds | default 35 }}
securityContext:
  {{- include "common.podSecurityContext" . | nindent 2 }}
containers:
  - name: {{ .name }}
    image: {{ include "common.image" . | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    securityContext:
      {{- include "common.containerSecurityContext" . | nindent 6 }}
    ports:
      - {name: http, containerPort: {{ $values.service.port }}, protocol: TCP}
    env:
      {{- include "common.env" . | nindent 6 }}
    {{- with .lifecycle }}
    lifecycle:
      {{- . | nindent 6 }}
    {{- end }}
    {{- include "common.probes" . | nindent 4 }}
    resources:
      {{- toYaml $values.resources | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      {{- if .routing }}
      - {name: routing, mountPath: /etc/easymo/routing, readOnly: true}
      {{- end }}
      {{- with .volumeMounts }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- with $values.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  {{- if .routing }}
  - name: routing
    configMap:
      name: {{ include "common.routing.configMapName" . }}
      # A pod waits for the document rather than start without one.
      items: [{key: routing.yaml, path: routing.yaml}]
  {{- end }}
  {{- with .volumes }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with $values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- if $values.topologySpreadConstraints }}
  {{- toYaml $values.topologySpreadConstraints | nindent 2 }}
  {{- else }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "common.selectorLabels" . | nindent 8 }}
  {{- end }}
{{- end -}}

{{/* Pod Security "restricted". */}}
{{- define "common.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "common.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "common.env" -}}
{{- $values := .root.Values -}}
- name: PORT
  value: {{ $values.service.port | quote }}
- name: LOG_LEVEL
  value: {{ $values.logLevel | quote }}
{{- with $values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- if .routing }}
- name: ROUTING_FILE
  value: /etc/easymo/routing/routing.yaml
{{- end }}
{{ .env }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
Alive is the process's own affair; ready asks what it needs. A start may wait for its neighbours, so that a release
comes up in whatever order.
*/}}
{{- define "common.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 1
  timeoutSeconds: 5
  failureThreshold: 120
  # Who never began has nothing to drain.
  terminationGracePeriodSeconds: 10
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}
