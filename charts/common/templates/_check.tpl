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
          const ask = () => fetch(url).then(async (answer) => ({ok: answer.ok, said: `${answer.status} ${await answer.text()}`}), (error) => ({ok: false, said: String(error.cause ?? error)}));
          let answer = await ask();
          // A network lets a new pod in only when it has heard of it.
          for (let tries = 1; tries < 30 && !answer.ok; tries += 1) {
            await new Promise((resolve) => setTimeout(resolve, 1000));
            answer = await ask();
          }
          console.log(url, answer.said);
          process.exit(answer.ok ? 0 : 1);
      resources:
        requests: {cpu: 10m, memory: 64Mi}
        limits: {memory: 128Mi}
{{- end -}}
