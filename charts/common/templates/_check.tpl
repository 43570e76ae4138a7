{{/* A `helm test` hook that asks the service itself, with the service's own image: /readyz must answer 200. */}}
{{- define "common.check" -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "common.fullname" . }}-check
  labels:
    app.kubernetes.io/name: {{ .name }}-check
    app.kubernetes.io/instance: {{ .root.Release.Name }}
    app.kubernetes.io/part-of: easymo-bridges
    app.kubernetes.io/managed-by: {{ .root.Release.Service }}
    bridges.easymo.dev/check: helm-test
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext:
    {{- include "common.podSecurityContext" . | nindent 4 }}
  containers:
    - name: check
      image: {{ include "common.image" . | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      securityContext:
        {{- include "common.containerSecurityContext" . | nindent 8 }}
      command: [node, --input-type=module, --eval]
      args:
        - |
          const url = "http://{{ include "common.fullname" . }}:{{ .root.Values.service.port }}/readyz";
          const answer = await fetch(url);
          console.log(url, answer.status, await answer.text());
          process.exit(answer.ok ? 0 : 1);
      resources:
        requests: {cpu: 10m, memory: 64Mi}
        limits: {memory: 128Mi}
{{- end -}}
