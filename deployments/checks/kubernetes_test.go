package checks

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// kinds are the objects that the chart may hold, as Kubernetes reads them.
var kinds = map[string]func() any{
	"apps/v1 Deployment":                      func() any { return &appsv1.Deployment{} },
	"autoscaling/v2 HorizontalPodAutoscaler":  func() any { return &autoscalingv2.HorizontalPodAutoscaler{} },
	"batch/v1 Job":                            func() any { return &batchv1.Job{} },
	"v1 ConfigMap":                            func() any { return &corev1.ConfigMap{} },
	"v1 Service":                              func() any { return &corev1.Service{} },
	"v1 ServiceAccount":                       func() any { return &corev1.ServiceAccount{} },
	"networking.k8s.io/v1 Ingress":            func() any { return &networkingv1.Ingress{} },
	"networking.k8s.io/v1 NetworkPolicy":      func() any { return &networkingv1.NetworkPolicy{} },
	"policy/v1 PodDisruptionBudget":           func() any { return &policyv1.PodDisruptionBudget{} },
	"keda.sh/v1alpha1 ScaledObject":           func() any { return &scaledObject{} },
	"keda.sh/v1alpha1 TriggerAuthentication":  func() any { return &triggerAuthentication{} },
	"temporal.io/v1alpha1 WorkerDeployment":   func() any { return &workerDeployment{} },
	"temporal.io/v1alpha1 Connection":         func() any { return &connection{} },
	"monitoring.coreos.com/v1 ServiceMonitor": func() any { return &serviceMonitor{} },
}

// scaledObject is as much of KEDA's type as the chart uses (KEDA 2.17, scaling deployments).
type scaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScaleTargetRef  struct{ Name string }
		MinReplicaCount int32
		MaxReplicaCount int32
		Triggers        []struct {
			Type              string
			Metadata          map[string]string
			AuthenticationRef *struct{ Name string }
		}
	}
}

// triggerAuthentication is as much of KEDA's type as the chart uses.
type triggerAuthentication struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		SecretTargetRef []struct{ Parameter, Name, Key string }
	}
}

// workerDeployment and connection are as much of the Temporal Worker Controller's types as the chart uses (1.7).
type workerDeployment struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Replicas      int32
		WorkerOptions struct {
			ConnectionRef     struct{ Name string }
			TemporalNamespace string
		}
		Rollout struct {
			Strategy string
			Steps    []struct {
				RampPercentage int
				PauseDuration  string
			}
			Gate *struct{ WorkflowType string }
		}
		Sunset   struct{ ScaledownDelay, DeleteDelay string }
		Template corev1.PodTemplateSpec
	}
}

type connection struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		HostPort           string
		APIKeySecretRef    *corev1.SecretKeySelector
		MutualTLSSecretRef *struct{ Name string }
	}
}

// serviceMonitor is as much of the Prometheus Operator's type as the chart uses.
type serviceMonitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Selector        metav1.LabelSelector
		PodTargetLabels []string
		Endpoints       []struct{ Port, Path, Interval string }
	}
}

// render returns the objects of the chart with these values, by kind and name; a field that its type doesn't have is a failure.
func render(t *testing.T, values map[string]any) map[string]any {
	t.Helper()
	return renderAs(t, "pay", values)
}

// renderAs is render for a release of that name.
func renderAs(t *testing.T, release string, values map[string]any) map[string]any {
	t.Helper()
	files, err := renderedAs(t, release, values)
	require.NoError(t, err)
	return decoded(t, files)
}

// rendered returns the files of the chart with these values, or why they are refused.
func rendered(t *testing.T, values map[string]any) (map[string]string, error) {
	t.Helper()
	return renderedAs(t, "pay", values)
}

func renderedAs(t *testing.T, release string, values map[string]any) (map[string]string, error) {
	t.Helper()
	chart, err := loader.Load("../kubernetes")
	require.NoError(t, err)
	require.NoError(t, chart.Validate())
	all, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: release, Namespace: "quittance"}, chartutil.DefaultCapabilities)
	require.NoError(t, err)
	return engine.Engine{Strict: true}.Render(chart, all)
}

func decoded(t *testing.T, files map[string]string) map[string]any {
	t.Helper()
	objects := map[string]any{}
	for name, file := range files {
		for document := range strings.SplitSeq("\n"+file, "\n---\n") {
			var head metav1.PartialObjectMetadata
			require.NoError(t, yaml.Unmarshal([]byte(document), &head), "%s:\n%s", name, document)
			if head.Kind == "" {
				continue
			}
			known := kinds[head.APIVersion+" "+head.Kind]
			require.NotNil(t, known, "%s holds an object of a kind that the test doesn't know: %s %s", name, head.APIVersion, head.Kind)
			object := known()
			require.NoError(t, yaml.UnmarshalStrict([]byte(document), object), "%s:\n%s", name, document)
			objects[head.Kind+" "+head.Name] = object
		}
	}
	return objects
}

const digest = "sha256:7173b809ca12ec5dee4506cd86be934c4596dd234ee82c0662eac04a8c2c71dc"

// secretsOf names the pods whose process reads each secret.
var secretsOf = map[string][]string{
	"QUITTANCE_DATABASE_URL":           {"api", "worker", "codec", "migrate", "promote"},
	"QUITTANCE_MASTER_KEY":             {"api", "worker", "codec", "migrate", "promote"},
	"QUITTANCE_OLD_MASTER_KEY":         {"api", "worker", "codec", "migrate", "promote"},
	"VAULT_TOKEN":                      {"api", "worker", "codec", "migrate", "promote"},
	"QUITTANCE_TEMPORAL_API_KEY":       {"api", "worker", "migrate", "promote"},
	"QUITTANCE_ADMIN_KEY":              {"api"},
	"QUITTANCE_OPERATOR_KEY":           {"api", "codec"},
	"QUITTANCE_OPERATOR_CLIENT_SECRET": {"api"},
	"QUITTANCE_SMTP_URL":               {"worker"},
}

// podsOf returns the pods among the objects, by the name of their container.
func podsOf(objects map[string]any) map[string]corev1.PodSpec {
	pods := map[string]corev1.PodSpec{}
	for _, object := range objects {
		switch o := object.(type) {
		case *appsv1.Deployment:
			pods[o.Spec.Template.Spec.Containers[0].Name] = o.Spec.Template.Spec
		case *batchv1.Job:
			pods[o.Spec.Template.Spec.Containers[0].Name] = o.Spec.Template.Spec
		}
	}
	return pods
}

var everything = map[string]any{
	"codec":                     map[string]any{"enabled": true},
	"console":                   map[string]any{"enabled": true, "ingress": map[string]any{"enabled": true}},
	"ingress":                   map[string]any{"enabled": true},
	"temporalClientCertificate": "temporal-client",
	"worker":                    map[string]any{"autoscaling": map[string]any{"keda": map[string]any{"enabled": true}}},
	"image":                     map[string]any{"tag": "1.2.0", "digest": digest},
	"settings": map[string]any{
		"QUITTANCE_TRUSTED_PROXIES": "10.0.0.0/8",
		"QUITTANCE_OPERATOR_ISSUER": "https://login.example.ch", "QUITTANCE_OPERATOR_CLIENT_ID": "quittance", "QUITTANCE_OPERATOR_CLAIM": "groups", "QUITTANCE_OPERATOR_VALUE": "operations",
	},
	"secretKeys": slices.Collect(maps.Keys(secretsOf)),
}

func TestTheChartIsWhatKubernetesReads(t *testing.T) {
	t.Parallel()
	assert.ElementsMatch(t, []string{
		"ConfigMap pay", "Deployment pay-api", "Deployment pay-worker-1-0-0", "HorizontalPodAutoscaler pay-api", "HorizontalPodAutoscaler pay-worker-1-0-0",
		"Job pay-migrate", "Job pay-promote", "NetworkPolicy pay", "NetworkPolicy pay-worker", "PodDisruptionBudget pay-api",
		"PodDisruptionBudget pay-worker-1-0-0", "Service pay-api", "ServiceAccount pay",
	}, slices.Collect(maps.Keys(render(t, nil))))
	assert.Subset(t, slices.Collect(maps.Keys(render(t, everything))), []string{
		"Deployment pay-codec", "Deployment pay-worker-1-2-0-7173b809ca12", "Ingress pay-api", "Deployment pay-console", "Ingress pay-console", "Service pay-console", "ScaledObject pay-worker-1-2-0-7173b809ca12", "Service pay-codec",
	})
}

func TestPodsHaveNoRightsThatTheyDontNeed(t *testing.T) {
	t.Parallel()
	pods := 0
	for name, object := range render(t, everything) {
		var pod corev1.PodSpec
		switch o := object.(type) {
		case *appsv1.Deployment:
			pod = o.Spec.Template.Spec
			assert.Subset(t, o.Spec.Template.Labels, o.Spec.Selector.MatchLabels, name)
		case *batchv1.Job:
			pod = o.Spec.Template.Spec
			assert.Equal(t, corev1.RestartPolicyNever, pod.RestartPolicy, name)
		default:
			continue
		}
		pods++
		assert.False(t, *pod.AutomountServiceAccountToken, name)
		assert.True(t, *pod.SecurityContext.RunAsNonRoot, name)
		assert.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type, name)
		for _, container := range pod.Containers {
			assert.True(t, *container.SecurityContext.ReadOnlyRootFilesystem, name)
			assert.False(t, *container.SecurityContext.AllowPrivilegeEscalation, name)
			assert.Equal(t, []corev1.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop, name)
			assert.NotEmpty(t, container.Resources.Limits.Memory().String(), name)
			assert.Equal(t, "quittance:1.2.0@"+digest, container.Image, name)
		}
	}
	assert.Equal(t, 6, pods)
}

func TestOnlyTheJobThatMigratesIsTheOwnerOfTheSchema(t *testing.T) {
	t.Parallel()
	for name, object := range render(t, everything) {
		var containers []corev1.Container
		switch o := object.(type) {
		case *appsv1.Deployment:
			containers = o.Spec.Template.Spec.Containers
		case *batchv1.Job:
			containers = o.Spec.Template.Spec.Containers
		}
		for _, container := range containers {
			owns := slices.ContainsFunc(container.EnvFrom, func(from corev1.EnvFromSource) bool {
				return from.SecretRef != nil && from.SecretRef.Name == "quittance-migration"
			})
			assert.Equal(t, name == "Job pay-migrate", owns, name)
		}
	}
}

func TestEachPodGetsOnlyTheSecretsThatItsProcessReads(t *testing.T) {
	t.Parallel()
	for part, pod := range podsOf(render(t, everything)) {
		var got, files []string
		container := pod.Containers[0]
		for _, source := range container.EnvFrom {
			assert.True(t, source.SecretRef == nil || source.SecretRef.Name == "quittance-migration", "%s: no secret is given as a whole", part)
		}
		for _, volume := range pod.Volumes {
			if volume.Name != "secrets" {
				continue
			}
			require.NotEmpty(t, volume.Secret.Items, "%s: without a list it would be all of them", part)
			for _, item := range volume.Secret.Items {
				got, files = append(got, item.Key), append(files, "/etc/quittance/secrets/"+item.Path)
			}
		}
		for _, variable := range container.Env {
			if variable.ValueFrom != nil {
				got = append(got, variable.ValueFrom.SecretKeyRef.Key)
				continue
			}
			if strings.HasSuffix(variable.Name, "_FILE") {
				assert.Contains(t, files, variable.Value, "%s: %s", part, variable.Name)
			}
		}
		var want []string
		for secret, parts := range secretsOf {
			if slices.Contains(parts, part) {
				want = append(want, secret)
			}
		}
		assert.ElementsMatch(t, want, got, part)
		assert.Equal(t, slices.Contains([]string{"api", "worker", "migrate", "promote"}, part), slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == "temporal-client" }), "%s: only who talks to Temporal has its certificate", part)
	}
}

func TestHealthIsAskedAndMetricsAreReadWhereThePublicDoesNotCome(t *testing.T) {
	t.Parallel()
	objects := render(t, everything)
	settings := objects["ConfigMap pay"].(*corev1.ConfigMap).Data
	for part, address := range map[string]string{"api": "QUITTANCE_API_METRICS_ADDRESS", "console": "QUITTANCE_CONSOLE_METRICS_ADDRESS"} {
		container := podsOf(objects)[part].Containers[0]
		for _, probe := range []*corev1.Probe{container.StartupProbe, container.ReadinessProbe, container.LivenessProbe} {
			assert.Equal(t, "health", probe.HTTPGet.Port.String(), part)
		}
		require.Equal(t, "health", container.Ports[1].Name)
		assert.Equal(t, "0.0.0.0:"+strconv.Itoa(int(container.Ports[1].ContainerPort)), settings[address])
		for _, port := range objects["Service pay-"+part].(*corev1.Service).Spec.Ports {
			assert.Equal(t, "http", port.TargetPort.String(), "the service leads to the public port alone")
		}
	}
	policy := objects["NetworkPolicy pay"].(*networkingv1.NetworkPolicy).Spec
	portsFor := func(rule networkingv1.NetworkPolicyIngressRule) (ports []string) {
		for _, port := range rule.Ports {
			ports = append(ports, port.Port.String())
		}
		return ports
	}
	assert.Equal(t, []string{"8080", "8082", "8234"}, portsFor(policy.Ingress[0]), "from the ingress")
	assert.Equal(t, []string{"8081", "8083", "8084"}, portsFor(policy.Ingress[1]), "from the monitoring")
}

func TestNamesAreAskedOfTheClusterAlone(t *testing.T) {
	t.Parallel()
	for name, object := range render(t, everything) {
		policy, ok := object.(*networkingv1.NetworkPolicy)
		if !ok {
			continue
		}
		for _, rule := range policy.Spec.Egress {
			require.NotEmpty(t, rule.To, "%s: nothing goes everywhere", name)
			for _, port := range rule.Ports {
				if port.Port.IntValue() != 53 {
					continue
				}
				require.Len(t, rule.To, 1)
				assert.Equal(t, map[string]string{"kubernetes.io/metadata.name": "kube-system"}, rule.To[0].NamespaceSelector.MatchLabels)
				assert.Equal(t, map[string]string{"k8s-app": "kube-dns"}, rule.To[0].PodSelector.MatchLabels)
			}
		}
	}
	cached := render(t, map[string]any{"networkPolicy": map[string]any{"dns": map[string]any{"addresses": []string{"169.254.20.10/32"}}}})
	assert.Equal(t, "169.254.20.10/32", cached["NetworkPolicy pay"].(*networkingv1.NetworkPolicy).Spec.Egress[0].To[1].IPBlock.CIDR)
}

func TestAConsoleApartHasNoSecret(t *testing.T) {
	t.Parallel()
	pod := render(t, everything)["Deployment pay-console"].(*appsv1.Deployment).Spec.Template.Spec
	assert.Empty(t, pod.Volumes)
	for _, source := range pod.Containers[0].EnvFrom {
		assert.Nil(t, source.SecretRef)
	}
}

func TestWorkersOfAnOldVersionOutliveAnUpgrade(t *testing.T) {
	t.Parallel()
	worker := render(t, everything)["Deployment pay-worker-1-2-0-7173b809ca12"].(*appsv1.Deployment)
	assert.Equal(t, "keep", worker.Annotations["helm.sh/resource-policy"])
	assert.Equal(t, "1.2.0-7173b809ca12", worker.Spec.Selector.MatchLabels["app.kubernetes.io/version"], "a tag may come to mean another image")
	assert.Contains(t, worker.Spec.Template.Spec.Containers[0].Env, corev1.EnvVar{Name: "QUITTANCE_BUILD_ID", Value: "1.2.0-7173b809ca12"})
}
