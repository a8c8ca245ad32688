{{- define "quittance.image" -}}
{{ .Values.image.repository }}:{{ include "quittance.version" . }}
{{- end }}

{{- define "quittance.version" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "quittance.labels" -}}
app.kubernetes.io/name: quittance
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The pod that every part has; .root is the release, .part its name, .withoutSecrets when it needs none, .secret is one of its own, .resources what it may take, .port where it listens. */}}
{{- define "quittance.pod" -}}
metadata:
  labels:
    {{- include "quittance.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .part }}
    app.kubernetes.io/version: {{ include "quittance.version" .root | quote }}
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
        {{- if not (get . "withoutSecrets") }}
        - secretRef: {name: {{ .root.Values.existingSecret }}}
        {{- end }}
        {{- with get . "secret" }}
        - secretRef: {name: {{ . }}}
        {{- end }}
      {{- if .root.Values.versioning.enabled }}
      env:
        - {name: QUITTANCE_DEPLOYMENT_NAME, value: {{ .root.Values.versioning.deploymentName | quote }}}
        - {name: QUITTANCE_BUILD_ID, value: {{ include "quittance.version" .root | quote }}}
      {{- end }}
      {{- if get . "port" }}
      ports:
        - {name: http, containerPort: {{ .port }}}
      {{- end }}
      {{- if get . "probes" }}
      startupProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 2
        failureThreshold: 60
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 5
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 10
        failureThreshold: 6
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      resources:
        {{- toYaml .resources | nindent 8 }}
      {{- if not (get . "withoutSecrets") }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
      {{- if .root.Values.temporalClientCertificate }}
        - {name: temporal-client, mountPath: /etc/quittance/temporal, readOnly: true}
      {{- end }}
      {{- end }}
  {{- if not (get . "withoutSecrets") }}
  volumes:
    - {name: tmp, emptyDir: {sizeLimit: 2Gi}} # large settlement files, while they are imported
  {{- if .root.Values.temporalClientCertificate }}
    - name: temporal-client
      secret: {secretName: {{ .root.Values.temporalClientCertificate }}}
  {{- end }}
  {{- end }}
{{- end }}
