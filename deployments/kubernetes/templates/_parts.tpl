{{- define "quittance.image" -}}
{{ .Values.image.repository }}:{{ include "quittance.version" . }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- define "quittance.version" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "quittance.labels" -}}
app.kubernetes.io/name: quittance
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The pod that every part has; .root is the release, .part its name, .needs the keys of the secret that it gets, .secret is one of its own, .resources what it may take, .port where it listens, .health where it says how it is. */}}
{{- define "quittance.pod" -}}
metadata:
  labels:
    {{- include "quittance.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .part }}
    app.kubernetes.io/version: {{ include "quittance.version" .root | quote }}
{{- $files := list }}
{{- range get . "needs" | default list }}
{{- if has . $.root.Values.secretKeys }}{{ $files = append $files . }}{{ end }}
{{- end }}
spec:
  serviceAccountName: {{ .root.Release.Name }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ get . "grace" | default 30 }}
  {{- with get . "restart" }}
  restartPolicy: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: {{ .part }}
      image: {{ include "quittance.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: {{ .args | toJson }}
      envFrom:
        - configMapRef: {name: {{ .root.Release.Name }}}
        {{- with get . "secret" }}
        - secretRef: {name: {{ . }}}
        {{- end }}
      {{- if or .root.Values.versioning.enabled $files }}
      env:
        {{- if .root.Values.versioning.enabled }}
        - {name: QUITTANCE_DEPLOYMENT_NAME, value: {{ .root.Values.versioning.deploymentName | quote }}}
        - {name: QUITTANCE_BUILD_ID, value: {{ include "quittance.version" .root | quote }}}
        {{- end }}
        {{- range $files }}
        {{- if hasPrefix "QUITTANCE_" . }}
        - {name: {{ . }}_FILE, value: /etc/quittance/secrets/{{ . }}}
        {{- else }}
        - {name: {{ . }}, valueFrom: {secretKeyRef: {name: {{ $.root.Values.existingSecret }}, key: {{ . }}}}}
        {{- end }}
        {{- end }}
      {{- end }}
      {{- if get . "port" }}
      ports:
        - {name: http, containerPort: {{ .port }}}
        {{- if get . "health" }}
        - {name: health, containerPort: {{ .health }}}
        {{- end }}
      {{- end }}
      {{- if get . "probes" }}
      {{- $health := ternary "health" "http" (hasKey . "health") }}
      startupProbe:
        httpGet: {path: /readyz, port: {{ $health }}}
        periodSeconds: 2
        failureThreshold: 60
      readinessProbe:
        httpGet: {path: /readyz, port: {{ $health }}}
        periodSeconds: 5
      livenessProbe:
        httpGet: {path: /healthz, port: {{ $health }}}
        periodSeconds: 10
        failureThreshold: 6
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      resources:
        {{- toYaml .resources | nindent 8 }}
      {{- $temporal := and .root.Values.temporalClientCertificate (get . "temporal") }}
      {{- if $files }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        - {name: secrets, mountPath: /etc/quittance/secrets, readOnly: true}
      {{- if $temporal }}
        - {name: temporal-client, mountPath: /etc/quittance/temporal, readOnly: true}
      {{- end }}
  volumes:
    - {name: tmp, emptyDir: {sizeLimit: 2Gi}} # large settlement files, while they are imported
    - name: secrets # its files change with the secret, and what runs takes them up
      secret:
        secretName: {{ .root.Values.existingSecret }}
        defaultMode: 0440
        items:
          {{- range $files }}
          {{- if hasPrefix "QUITTANCE_" . }}
          - {key: {{ . }}, path: {{ . }}}
          {{- end }}
          {{- end }}
      {{- if $temporal }}
    - name: temporal-client
      secret: {secretName: {{ .root.Values.temporalClientCertificate }}, defaultMode: 0440}
      {{- end }}
      {{- end }}
{{- end }}

{{/* What opens the data keys: every part that reaches the database does. */}}
{{- define "quittance.storage" -}}
QUITTANCE_DATABASE_URL QUITTANCE_MASTER_KEY QUITTANCE_OLD_MASTER_KEY VAULT_TOKEN
{{- end }}
