{{/*
Names and labels. In the umbrella a chart goes by a camelCase alias, so its own name is given:
(dict "root" $ "name" "voice-bridge").
*/}}

{{/* The name of everything that the chart makes: the release's, then the chart's unless the release's has it. */}}
{{- define "common.fullname" -}}
{{- $root := .root -}}
{{- if $root.Values.fullnameOverride -}}
{{- $root.Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .name $root.Values.nameOverride -}}
{{- if contains $name $root.Release.Name -}}
{{- $root.Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" $root.Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The name of what a sibling of the same release makes, by that chart's own default. */}}
{{- define "common.siblingName" -}}
{{- if contains .name .root.Release.Name -}}
{{- .root.Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .root.Release.Name .name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "common.selectorLabels" -}}
app.kubernetes.io/name: {{ default .name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "common.labels" -}}
{{ include "common.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | default .root.Chart.Version | quote }}
app.kubernetes.io/component: {{ .component | default .name }}
app.kubernetes.io/part-of: easymo-bridges
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "common.serviceAccountName" -}}
{{- $account := .root.Values.serviceAccount -}}
{{- if $account.create -}}
{{- default (include "common.fullname" .) $account.name -}}
{{- else -}}
{{- default "default" $account.name -}}
{{- end -}}
{{- end -}}

{{/* registry/repository:tag; the registry and the tag of the whole release win over the chart's own. */}}
{{- define "common.image" -}}
{{- $global := .root.Values.global | default dict -}}
{{- $image := .root.Values.image -}}
{{- $registry := $global.imageRegistry | default $image.registry -}}
{{- $tag := $global.imageTag | default $image.tag | default .root.Chart.AppVersion -}}
{{- $path := printf "%s:%s" $image.repository $tag -}}
{{- if $image.digest -}}{{- $path = printf "%s@%s" $image.repository $image.digest -}}{{- end -}}
{{- if $registry -}}{{- printf "%s/%s" (trimSuffix "/" $registry) $path -}}{{- else -}}{{- $path -}}{{- end -}}
{{- end -}}
