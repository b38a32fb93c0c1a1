{{- define "learning.name" -}}
{{ printf "%s-%s" .release .process | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select the pods of one process; they never change. */}}
{{- define "learning.selector" -}}
app.kubernetes.io/name: learning-service
app.kubernetes.io/instance: {{ .release }}
app.kubernetes.io/component: {{ .process }}
{{- end }}

{{- define "learning.labels" -}}
{{ include "learning.selector" . }}
app.kubernetes.io/version: {{ .top.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .top.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .top.Chart.Name .top.Chart.Version }}
{{- end }}

{{- define "learning.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .top.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* A setting as its process reads it: lists and objects are JSON. */}}
{{- define "learning.value" -}}
{{- if or (kindIs "slice" .) (kindIs "map" .) -}}
{{ . | toJson }}
{{- else if kindIs "float64" . -}}
{{ . | int64 }}
{{- else -}}
{{ . }}
{{- end -}}
{{- end }}

{{- define "learning.pod" -}}
automountServiceAccountToken: false
serviceAccountName: {{ include "learning.name" . }}
{{- with .top.Values.images.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "learning.container" -}}
image: {{ include "learning.image" . | quote }}
imagePullPolicy: {{ .top.Values.images.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities: {drop: [ALL]}
env:
  - {name: ENVIRONMENT, value: production}
  {{- range .secret.keys }}
  - {name: {{ . }}_FILE, value: /run/secrets/learning/{{ . }}}
  {{- end }}
volumeMounts:
  - {name: secrets, mountPath: /run/secrets/learning, readOnly: true}
  - {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "learning.volumes" -}}
- name: secrets
  secret:
    secretName: {{ .secret.name }}
    defaultMode: 0440
    items:
      {{- range .secret.keys }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
- name: tmp
  emptyDir: {sizeLimit: {{ .tmpSize }}}
{{- end }}

{{- define "learning.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "learning.selector" . | nindent 8 }}
{{- with .values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}
