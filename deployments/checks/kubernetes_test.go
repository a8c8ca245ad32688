package checks

import (
	"maps"
	"slices"
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
	"apps/v1 Deployment":                     func() any { return &appsv1.Deployment{} },
	"autoscaling/v2 HorizontalPodAutoscaler": func() any { return &autoscalingv2.HorizontalPodAutoscaler{} },
	"batch/v1 Job":                           func() any { return &batchv1.Job{} },
	"v1 ConfigMap":                           func() any { return &corev1.ConfigMap{} },
	"v1 Service":                             func() any { return &corev1.Service{} },
	"v1 ServiceAccount":                      func() any { return &corev1.ServiceAccount{} },
	"networking.k8s.io/v1 Ingress":           func() any { return &networkingv1.Ingress{} },
	"networking.k8s.io/v1 NetworkPolicy":     func() any { return &networkingv1.NetworkPolicy{} },
	"policy/v1 PodDisruptionBudget":          func() any { return &policyv1.PodDisruptionBudget{} },
	"keda.sh/v1alpha1 ScaledObject":          func() any { return &scaledObject{} },
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
			Type     string
			Metadata map[string]string
		}
	}
}

// render returns the objects of the chart with these values, by kind and name; a field that its type doesn't have is a failure.
func render(t *testing.T, values map[string]any) map[string]any {
	t.Helper()
	chart, err := loader.Load("../kubernetes")
	require.NoError(t, err)
	require.NoError(t, chart.Validate())
	all, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: "pay", Namespace: "quittance"}, chartutil.DefaultCapabilities)
	require.NoError(t, err)
	files, err := engine.Engine{Strict: true}.Render(chart, all)
	require.NoError(t, err)
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

var everything = map[string]any{
	"codec":                     map[string]any{"enabled": true},
	"console":                   map[string]any{"enabled": true, "ingress": map[string]any{"enabled": true}},
	"ingress":                   map[string]any{"enabled": true},
	"temporalClientCertificate": "temporal-client",
	"worker":                    map[string]any{"autoscaling": map[string]any{"keda": map[string]any{"enabled": true}}},
	"image":                     map[string]any{"tag": "1.2.0"},
}

func TestTheChartIsWhatKubernetesReads(t *testing.T) {
	t.Parallel()
	assert.ElementsMatch(t, []string{
		"ConfigMap pay", "Deployment pay-api", "Deployment pay-worker-1-0-0", "HorizontalPodAutoscaler pay-api", "HorizontalPodAutoscaler pay-worker-1-0-0",
		"Job pay-migrate", "Job pay-promote", "NetworkPolicy pay", "NetworkPolicy pay-worker", "PodDisruptionBudget pay-api",
		"PodDisruptionBudget pay-worker-1-0-0", "Service pay-api", "ServiceAccount pay",
	}, slices.Collect(maps.Keys(render(t, nil))))
	assert.Subset(t, slices.Collect(maps.Keys(render(t, everything))), []string{
		"Deployment pay-codec", "Deployment pay-worker-1-2-0", "Ingress pay-api", "Deployment pay-console", "Ingress pay-console", "Service pay-console", "ScaledObject pay-worker-1-2-0", "Service pay-codec",
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
			assert.Equal(t, "quittance:1.2.0", container.Image, name)
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
	worker := render(t, everything)["Deployment pay-worker-1-2-0"].(*appsv1.Deployment)
	assert.Equal(t, "keep", worker.Annotations["helm.sh/resource-policy"])
	assert.Equal(t, "1.2.0", worker.Spec.Selector.MatchLabels["app.kubernetes.io/version"])
	assert.Contains(t, worker.Spec.Template.Spec.Containers[0].Env, corev1.EnvVar{Name: "QUITTANCE_BUILD_ID", Value: "1.2.0"})
	assert.Greater(t, *worker.Spec.Template.Spec.TerminationGracePeriodSeconds, int64(110), "a call of Saferpay may take 100 s")
}
