package checks

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/validation"
)

func with(values map[string]any, more map[string]any) map[string]any {
	all := map[string]any{}
	for _, m := range []map[string]any{values, more} {
		for name, value := range m {
			all[name] = value
		}
	}
	return all
}

func TestEverythingThatBelongsToAVersionOfTheWorkerOutlivesAnUpgrade(t *testing.T) {
	t.Parallel()
	for _, values := range []map[string]any{nil, everything} {
		kept := 0
		for name, object := range render(t, values) {
			if !strings.Contains(name, "pay-worker-") {
				continue
			}
			kept++
			head, err := meta.Accessor(object)
			require.NoError(t, err, name)
			assert.Equal(t, "keep", head.GetAnnotations()["helm.sh/resource-policy"], name)
			assert.Equal(t, "worker", head.GetLabels()["app.kubernetes.io/component"], "%s: it is taken away by its labels", name)
			assert.NotEmpty(t, head.GetLabels()["app.kubernetes.io/version"], name)
		}
		assert.Equal(t, 3, kept, "the deployment, its budget and its scaling")
	}
}

func TestARollbackBringsBackSettingsAndMakesTheOldVersionTheCurrentOne(t *testing.T) {
	t.Parallel()
	objects := render(t, everything)
	assert.Contains(t, objects["ConfigMap pay"].(*corev1.ConfigMap).Annotations["helm.sh/hook"], "pre-rollback")
	assert.Contains(t, objects["ServiceAccount pay"].(*corev1.ServiceAccount).Annotations["helm.sh/hook"], "pre-rollback")
	promote := objects["Job pay-promote"].(*batchv1.Job)
	assert.Contains(t, promote.Annotations["helm.sh/hook"], "post-rollback")
	assert.Equal(t, []string{"admin", "promote", "--wait=4m", "--percent=100"}, promote.Spec.Template.Spec.Containers[0].Args)
	assert.NotContains(t, objects["Job pay-migrate"].(*batchv1.Job).Annotations["helm.sh/hook"], "rollback", "the schema only goes forward")
}

func TestAPartOfTheWorkflowsGoesToTheNewVersionFirst(t *testing.T) {
	t.Parallel()
	for _, percent := range []any{10, float64(10), "10"} {
		objects := render(t, map[string]any{"versioning": map[string]any{"percent": percent}})
		assert.Contains(t, objects["Job pay-promote"].(*batchv1.Job).Spec.Template.Spec.Containers[0].Args, "--percent=10")
	}
}

func TestAChangeOfSettingsStartsNewPods(t *testing.T) {
	t.Parallel()
	annotations := func(values map[string]any) map[string]map[string]string {
		all := map[string]map[string]string{}
		for name, object := range render(t, with(everything, values)) {
			if o, ok := object.(*appsv1.Deployment); ok {
				all[name] = o.Spec.Template.Annotations
			}
		}
		require.Len(t, all, 4)
		return all
	}
	before := annotations(nil)
	assert.Equal(t, before, annotations(map[string]any{"worker": map[string]any{"replicas": 7}}), "nothing of theirs changes")
	changed := annotations(map[string]any{"settings": map[string]any{"QUITTANCE_TRUSTED_PROXIES": "10.0.0.0/8", "QUITTANCE_LIMIT_CALLS": 60000000}})
	restarted := annotations(map[string]any{"restartedFor": 20261129})
	for name := range before {
		assert.NotEqual(t, before[name]["quittance/settings"], changed[name]["quittance/settings"], name)
		assert.NotEqual(t, before[name], restarted[name], name)
	}
}

func TestSettingsAreStringsHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given any
		want  string
	}{{60000000, "60000000"}, {float64(60000000), "60000000"}, {int64(1), "1"}, {true, "true"}, {"01", "01"}, {0.5, "0.5"}, {`a "b": {{c}}`, `a "b": {{c}}`}, {"", ""}} {
		settings := render(t, map[string]any{"settings": map[string]any{"QUITTANCE_X": c.given}})["ConfigMap pay"].(*corev1.ConfigMap).Data
		assert.Equal(t, c.want, settings["QUITTANCE_X"])
	}
}

func TestATagThatYAMLWouldMisreadIsRefused(t *testing.T) {
	t.Parallel()
	_, err := rendered(t, map[string]any{"image": map[string]any{"tag": 1.1}})
	assert.ErrorContains(t, err, "image.tag must be in quotes")
}

func TestVersionsOfAnyKindBecomeNamesAndLabels(t *testing.T) {
	t.Parallel()
	long := "feature-" + strings.Repeat("very-", 22) + "long"
	seen := map[string]string{}
	for _, tag := range []string{"1.0.0", "2026-11-29.1", "v1.0.0_RC1", "main", long, long + "er", strings.Repeat("a", 128), "20261129", "1e3", "true"} {
		for _, image := range []map[string]any{{"tag": tag}, {"tag": tag, "digest": digest}} {
			values := with(everything, map[string]any{"image": image})
			var build, name string
			for object, o := range render(t, values) {
				head, err := meta.Accessor(o)
				require.NoError(t, err)
				assert.Empty(t, validation.IsDNS1123Label(head.GetName()), object)
				for _, value := range head.GetLabels() {
					assert.Empty(t, validation.IsValidLabelValue(value), "%s: %s", object, value)
				}
				deployment, ok := o.(*appsv1.Deployment)
				if !ok {
					continue
				}
				for _, value := range deployment.Spec.Template.Labels {
					assert.Empty(t, validation.IsValidLabelValue(value), "%s: %s", object, value)
				}
				assert.Subset(t, deployment.Spec.Template.Labels, deployment.Spec.Selector.MatchLabels, object)
				if deployment.Spec.Template.Labels["app.kubernetes.io/component"] == "worker" {
					name = deployment.Name
					for _, variable := range deployment.Spec.Template.Spec.Containers[0].Env {
						if variable.Name == "QUITTANCE_BUILD_ID" {
							build = variable.Value
						}
					}
				}
			}
			assert.True(t, strings.HasPrefix(build, tag), build)
			assert.Empty(t, seen[name], "%s and %s have the same name", build, seen[name])
			seen[name] = build
		}
	}
}

// Numbers, truth values and wildcards are names, too.
func TestNamesMayLookLikeAnythingElse(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"20261129", "1e3", "true", "null", "0x1f"} {
		for _, controller := range []bool{false, true} {
			objects := renderAs(t, odd, with(everything, map[string]any{
				"image": map[string]any{"tag": odd, "pullSecrets": []string{odd}}, "existingSecret": odd, "migrationSecret": odd, "temporalClientCertificate": odd, "certificateAuthorities": odd,
				"ingress":    map[string]any{"enabled": true, "host": "*.example.ch", "tlsSecret": odd},
				"worker":     map[string]any{"autoscaling": map[string]any{"keda": map[string]any{"enabled": true, "authoritiesSecret": odd}}},
				"versioning": map[string]any{"controller": map[string]any{"enabled": controller}}, "serviceMonitor": map[string]any{"enabled": true},
				"networkPolicy": map[string]any{"internal": []map[string]any{{"cidr": "::/0", "ports": []int{5432}}}},
			}))
			for part, pod := range podsOf(objects) {
				assert.Equal(t, odd, pod.ServiceAccountName, part)
				assert.Equal(t, odd, pod.ImagePullSecrets[0].Name, part)
			}
			assert.Contains(t, objects, "ConfigMap "+odd)
			assert.Equal(t, "*.example.ch", objects["Ingress "+odd+"-api"].(*networkingv1.Ingress).Spec.Rules[0].Host)
		}
	}
}

func TestAnIngressNeedsToKnowItsProxies(t *testing.T) {
	t.Parallel()
	for _, values := range []map[string]any{
		{"ingress": map[string]any{"enabled": true}},
		{"console": map[string]any{"enabled": true, "ingress": map[string]any{"enabled": true}}},
	} {
		_, err := rendered(t, values)
		assert.ErrorContains(t, err, "QUITTANCE_TRUSTED_PROXIES is needed")
	}
}

// inSource returns the seconds of a constant in a Go file of the product.
func inSource(t *testing.T, file, constant string) int64 {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	found := regexp.MustCompile(constant + ` += (\d+) \* time.Second`).FindSubmatch(content)
	require.NotNil(t, found, constant)
	seconds, err := strconv.ParseInt(string(found[1]), 10, 64)
	require.NoError(t, err)
	return seconds
}

func TestAWorkerIsGivenTheTimeThatItsLastCallsTake(t *testing.T) {
	t.Parallel()
	grace := *render(t, nil)["Deployment pay-worker-1-0-0"].(*appsv1.Deployment).Spec.Template.Spec.TerminationGracePeriodSeconds
	call, stop, drain := inSource(t, "../../internal/saferpay/client.go", "requestTimeout"), inSource(t, "../../worker/worker.go", "shutdown"), inSource(t, "../../internal/app/serve.go", "drain")
	assert.Greater(t, stop, call, "a call of Saferpay that began is finished")
	assert.GreaterOrEqual(t, grace, stop+drain+10, "before Kubernetes kills the process")
}

func TestPodsAreSpread(t *testing.T) {
	t.Parallel()
	objects := render(t, everything)
	for _, name := range []string{"Deployment pay-api", "Deployment pay-console", "Deployment pay-worker-1-2-0-7173b809ca12"} {
		deployment := objects[name].(*appsv1.Deployment)
		constraints := deployment.Spec.Template.Spec.TopologySpreadConstraints
		require.Len(t, constraints, 2, name)
		for _, c := range constraints {
			assert.Equal(t, corev1.ScheduleAnyway, c.WhenUnsatisfiable)
			assert.Subset(t, deployment.Spec.Template.Labels, c.LabelSelector.MatchLabels, name)
			assert.Equal(t, deployment.Spec.Selector.MatchLabels, c.LabelSelector.MatchLabels, name)
		}
	}
}

func TestPullSecretsAndAuthoritiesReachEveryPod(t *testing.T) {
	t.Parallel()
	values := with(everything, map[string]any{
		"image": map[string]any{"tag": "1.2.0", "pullSecrets": []string{"registry"}}, "certificateAuthorities": "our-authorities",
	})
	pods := podsOf(render(t, values))
	require.Len(t, pods, 6)
	for part, pod := range pods {
		assert.Equal(t, []corev1.LocalObjectReference{{Name: "registry"}}, pod.ImagePullSecrets, part)
		assert.Contains(t, pod.Containers[0].VolumeMounts, corev1.VolumeMount{Name: "authorities", MountPath: "/etc/quittance/authorities", ReadOnly: true}, part)
		assert.Contains(t, pod.Containers[0].Env, corev1.EnvVar{Name: "SSL_CERT_DIR", Value: "/etc/ssl/certs:/etc/quittance/authorities"}, part)
		mounted := map[string]bool{}
		for _, volume := range pod.Volumes {
			mounted[volume.Name] = true
		}
		for _, mount := range pod.Containers[0].VolumeMounts {
			assert.True(t, mounted[mount.Name], "%s: %s", part, mount.Name)
		}
	}
}

func TestKEDAShowsTemporalWhatTheWorkersShow(t *testing.T) {
	t.Parallel()
	keda := map[string]any{"autoscaling": map[string]any{"keda": map[string]any{"enabled": true, "backlog": 50, "authoritiesSecret": "our-ca"}}}
	objects := render(t, with(everything, map[string]any{"worker": keda}))
	scaled := objects["ScaledObject pay-worker-1-2-0-7173b809ca12"].(*scaledObject)
	require.Len(t, scaled.Spec.Triggers, 3)
	shown := map[string]string{}
	for _, ref := range objects["TriggerAuthentication pay-temporal"].(*triggerAuthentication).Spec.SecretTargetRef {
		shown[ref.Parameter] = ref.Name + "/" + ref.Key
	}
	assert.Equal(t, map[string]string{
		"apiKey": "quittance/QUITTANCE_TEMPORAL_API_KEY", "cert": "temporal-client/tls.crt", "key": "temporal-client/tls.key", "ca": "our-ca/ca.crt",
	}, shown)
	for _, trigger := range scaled.Spec.Triggers {
		assert.Equal(t, "pay-temporal", trigger.AuthenticationRef.Name)
		assert.Equal(t, "temporal-frontend.temporal", trigger.Metadata["tlsServerName"])
		assert.Equal(t, "50", trigger.Metadata["targetQueueSize"])
	}
	plain := render(t, map[string]any{"worker": map[string]any{"autoscaling": map[string]any{"keda": map[string]any{"enabled": true}}}})
	assert.NotContains(t, plain, "TriggerAuthentication pay-temporal")
	assert.Nil(t, plain["ScaledObject pay-worker-1-0-0"].(*scaledObject).Spec.Triggers[0].AuthenticationRef)
}

func TestPrometheusFindsThePodsByTheirHealth(t *testing.T) {
	t.Parallel()
	objects := render(t, with(everything, map[string]any{"serviceMonitor": map[string]any{"enabled": true, "labels": map[string]any{"release": "prometheus"}}}))
	monitor, service := objects["ServiceMonitor pay"].(*serviceMonitor), objects["Service pay-metrics"].(*corev1.Service)
	assert.Subset(t, service.Labels, monitor.Spec.Selector.MatchLabels)
	assert.Equal(t, "prometheus", monitor.Labels["release"])
	assert.Equal(t, service.Spec.Ports[0].Name, monitor.Spec.Endpoints[0].Port)
	for _, part := range []string{"api", "worker", "console"} {
		var named []string
		for _, port := range podsOf(objects)[part].Containers[0].Ports {
			named = append(named, port.Name)
		}
		assert.Contains(t, named, service.Spec.Ports[0].TargetPort.String(), part)
	}
}

func TestTheTemporalWorkerControllerTakesTheVersionsInHand(t *testing.T) {
	t.Parallel()
	objects := render(t, with(everything, map[string]any{"versioning": map[string]any{"controller": map[string]any{"enabled": true}}}))
	worker, temporal := objects["WorkerDeployment pay-worker"].(*workerDeployment), objects["Connection pay-temporal"].(*connection)
	assert.Equal(t, temporal.Name, worker.Spec.WorkerOptions.ConnectionRef.Name)
	assert.Equal(t, "quittance", worker.Spec.WorkerOptions.TemporalNamespace)
	assert.Equal(t, "AllAtOnce", worker.Spec.Rollout.Strategy)
	assert.Equal(t, "Gate", worker.Spec.Rollout.Gate.WorkflowType)
	assert.Equal(t, "temporal-frontend.temporal:7233", temporal.Spec.HostPort)
	assert.Equal(t, "QUITTANCE_TEMPORAL_API_KEY", temporal.Spec.APIKeySecretRef.Key)
	for _, variable := range worker.Spec.Template.Spec.Containers[0].Env {
		assert.NotContains(t, []string{"QUITTANCE_BUILD_ID", "QUITTANCE_DEPLOYMENT_NAME"}, variable.Name, "the controller says which version it is")
	}
	for name := range objects {
		assert.NotContains(t, name, "pay-promote", "the controller routes")
		assert.NotContains(t, name, "Autoscaler pay-worker")
	}
}
