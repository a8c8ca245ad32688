{{- define "quittance.image" -}}
{{ .Values.image.repository }}:{{ include "quittance.tag" . }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- define "quittance.tag" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion }}
{{- if not (kindIs "string" $tag) }}{{ fail (printf "image.tag must be in quotes: as a number, YAML reads 1.10 as 1.1 (it is %v)" $tag) }}{{ end -}}
{{ $tag }}
{{- end }}

{{/* What the code is: the tag, and the beginning of the digest, because a tag may come to mean another image. */}}
{{- define "quittance.version" -}}
{{ include "quittance.tag" . }}{{ with .Values.image.digest }}-{{ . | trimPrefix "sha256:" | trunc 12 }}{{ end }}
{{- end }}

{{/* The version as a label: at most 63 characters, of which a long one's end is a hash. */}}
{{- define "quittance.versionLabel" -}}
{{- $version := include "quittance.version" . }}
{{- $plain := regexReplaceAll "[^A-Za-z0-9._-]" $version "-" }}
{{- if or (gt (len $plain) 63) (ne $plain $version) }}{{ $plain = printf "%s-%s" ($plain | trunc 50) ($version | sha256sum | trunc 8) }}{{ end -}}
{{ $plain | trimAll "._-" }}
{{- end }}

{{/* The name of what belongs to one version of the worker. Names of Deployments become labels, too. */}}
{{- define "quittance.worker" -}}
{{- $name := printf "%s-worker" .Release.Name }}
{{- if and .Values.versioning.enabled (not .Values.versioning.controller.enabled) }}
{{- $version := include "quittance.version" . }}
{{- $plain := regexReplaceAll "[^a-z0-9]+" (lower $version) "-" | trimAll "-" }}
{{- $room := sub 52 (len $name) | int }}
{{- if gt (len $plain) $room }}{{ $plain = printf "%s-%s" ($plain | trunc (sub $room 9 | int) | trimAll "-") ($version | sha256sum | trunc 8) }}{{ end }}
{{- $name = printf "%s-%s" $name $plain }}
{{- end -}}
{{ $name }}
{{- end }}

{{/* A setting as a string: whole numbers without an exponent, as 60000000 and not 6e+07. */}}
{{- define "quittance.setting" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ printf "%.0f" . | quote }}{{ else }}{{ . | toString | quote }}{{ end }}
{{- end }}

{{- define "quittance.labels" -}}
app.kubernetes.io/name: quittance
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "quittance.workerLabels" -}}
{{ include "quittance.labels" . }}
app.kubernetes.io/component: worker
app.kubernetes.io/version: {{ include "quittance.versionLabel" . | quote }}
{{- end }}

{{/* An upgrade leaves what belongs to a version of the worker. */}}
{{- define "quittance.kept" -}}
{{- if .Values.versioning.enabled -}}
annotations: {helm.sh/resource-policy: keep}
{{- end }}
{{- end }}

{{/* The pod that every part has; .root is the release, .part its name, .needs the keys of the secret that it gets, .secret is one of its own, .resources what it may take, .port where it listens, .health where it says how it is. */}}
{{- define "quittance.pod" -}}
metadata:
  labels:
    {{- include "quittance.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .part }}
    app.kubernetes.io/version: {{ include "quittance.versionLabel" .root | quote }}
  annotations:
    # A process reads settings and the master key when it starts: what changes of them starts new pods.
    quittance/settings: {{ include "quittance.settings" .root | sha256sum }}
    {{- with .root.Values.restartedFor }}
    quittance/restarted-for: {{ . | toString | quote }}
    {{- end }}
{{- $files := list }}
{{- range get . "needs" | default list }}
{{- if has . $.root.Values.secretKeys }}{{ $files = append $files . }}{{ end }}
{{- end }}
spec:
  serviceAccountName: {{ .root.Release.Name | quote }}
  automountServiceAccountToken: false
  {{- with .root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - {name: {{ . | toString | quote }}}
    {{- end }}
  {{- end }}
  {{- if get . "probes" }}
  topologySpreadConstraints: # one node, or one zone, that is gone takes only some of them with it
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "quittance.labels" $.root | nindent 10 }}
          app.kubernetes.io/component: {{ $.part }}
          {{- if eq $.part "worker" }}
          app.kubernetes.io/version: {{ include "quittance.versionLabel" $.root | quote }}
          {{- end }}
    {{- end }}
  {{- end }}
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
        - configMapRef: {name: {{ .root.Release.Name | quote }}}
        {{- with get . "secret" }}
        - secretRef: {name: {{ . | toString | quote }}}
        {{- end }}
      {{- $ours := and .root.Values.versioning.enabled (not (and .root.Values.versioning.controller.enabled (eq .part "worker"))) }}
      {{- $authorities := .root.Values.certificateAuthorities }}
      {{- if or $ours $files $authorities }}
      env:
        {{- if $authorities }}
        - {name: SSL_CERT_DIR, value: "/etc/ssl/certs:/etc/quittance/authorities"}
        {{- end }}
        {{- if $ours }}
        - {name: QUITTANCE_DEPLOYMENT_NAME, value: {{ .root.Values.versioning.deploymentName | quote }}}
        - {name: QUITTANCE_BUILD_ID, value: {{ include "quittance.version" .root | quote }}}
        {{- end }}
        {{- range $files }}
        {{- if hasPrefix "QUITTANCE_" . }}
        - {name: {{ . }}_FILE, value: /etc/quittance/secrets/{{ . }}}
        {{- else }}
        - {name: {{ . }}, valueFrom: {secretKeyRef: {name: {{ $.root.Values.existingSecret | toString | quote }}, key: {{ . }}}}}
        {{- end }}
        {{- end }}
      {{- end }}
      {{- if or (get . "port") (get . "health") }}
      ports:
        {{- with get . "port" }}
        - {name: http, containerPort: {{ . }}}
        {{- end }}
        {{- with get . "health" }}
        - {name: health, containerPort: {{ . }}}
        {{- end }}
      {{- end }}
      {{- if get . "probes" }}
      startupProbe:
        httpGet: {path: /readyz, port: health}
        periodSeconds: 2
        failureThreshold: 60
      readinessProbe:
        httpGet: {path: /readyz, port: health}
        periodSeconds: 5
      livenessProbe:
        httpGet: {path: /healthz, port: health}
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
      {{- if or $files $authorities }}
      volumeMounts:
        {{- if $files }}
        - {name: tmp, mountPath: /tmp}
        - {name: secrets, mountPath: /etc/quittance/secrets, readOnly: true}
        {{- end }}
        {{- if $temporal }}
        - {name: temporal-client, mountPath: /etc/quittance/temporal, readOnly: true}
        {{- end }}
        {{- if $authorities }}
        - {name: authorities, mountPath: /etc/quittance/authorities, readOnly: true}
        {{- end }}
  volumes:
    {{- if $files }}
    - {name: tmp, emptyDir: {sizeLimit: 2Gi}} # large settlement files, while they are imported
    - name: secrets # its files change with the secret, and what runs takes them up
      secret:
        secretName: {{ .root.Values.existingSecret | toString | quote }}
        defaultMode: 0440
        items:
          {{- range $files }}
          {{- if hasPrefix "QUITTANCE_" . }}
          - {key: {{ . }}, path: {{ . }}}
          {{- end }}
          {{- end }}
    {{- end }}
    {{- if $temporal }}
    - name: temporal-client
      secret: {secretName: {{ .root.Values.temporalClientCertificate | toString | quote }}, defaultMode: 0440}
    {{- end }}
    {{- if $authorities }}
    - name: authorities
      configMap: {name: {{ $authorities | toString | quote }}}
    {{- end }}
      {{- end }}
{{- end }}

{{/* What opens the data keys: every part that reaches the database does. */}}
{{- define "quittance.storage" -}}
QUITTANCE_DATABASE_URL QUITTANCE_MASTER_KEY QUITTANCE_OLD_MASTER_KEY VAULT_TOKEN
{{- end }}

{{/* The settings of all parts, as the ConfigMap has them. */}}
{{- define "quittance.settings" -}}
QUITTANCE_API_ADDRESS: 0.0.0.0:8080
QUITTANCE_API_METRICS_ADDRESS: 0.0.0.0:8083
QUITTANCE_WORKER_ADDRESS: 0.0.0.0:8081
QUITTANCE_CODEC_ADDRESS: 0.0.0.0:8234
QUITTANCE_LOG_FORMAT: json
{{- if .Values.console.enabled }}
QUITTANCE_CONSOLE_ADDRESS: 0.0.0.0:8082
QUITTANCE_CONSOLE_METRICS_ADDRESS: 0.0.0.0:8084
QUITTANCE_CONSOLE_URL: https://{{ .Values.console.ingress.host }}
QUITTANCE_API_URL: http://{{ .Release.Name }}-api
{{- end }}
{{- if .Values.codec.enabled }}
QUITTANCE_TEMPORAL_WEB_URL: {{ .Values.codec.temporalWebURL | quote }}
{{- end }}
{{- if .Values.temporalClientCertificate }}
QUITTANCE_TEMPORAL_TLS_CERT: /etc/quittance/temporal/tls.crt
QUITTANCE_TEMPORAL_TLS_KEY: /etc/quittance/temporal/tls.key
{{- end }}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ include "quittance.setting" $value }}
{{- end }}
{{- end }}
