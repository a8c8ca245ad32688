package checks

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/quittance/quittance/internal/config"
)

// examples are secrets as an installation has them.
var examples = map[string]string{
	"database_url": "postgres://quittance_app:password@db.example.ch/quittance?sslmode=verify-full", "master_key": "key", "smtp_url": "smtps://user:password@smtp.example.ch",
	"admin_key": "0f63b1a7c2984e5d8b7a6c1d2e9f405837ac", "operator_key": "7c1de93fa5b20864c19e7d3ba80f5264", "operator_client_secret": "secret", "temporal_api_key": "key", "old_master_key": "key",
}

// starts fails when a process would not start with the variables. Files of secrets are looked for among the examples, by name.
func starts(t *testing.T, part string, environment map[string]string) {
	t.Helper()
	for name, path := range environment {
		if secret, isFile := strings.CutSuffix(name, "_FILE"); isFile {
			value, known := examples[strings.TrimPrefix(strings.ToLower(filepath.Base(path)), "quittance_")]
			require.True(t, known, "%s: %s", part, path)
			delete(environment, name)
			environment[secret] = value
		}
	}
	cfg, err := config.Parse(environment)
	require.NoError(t, err, part)
	require.NoError(t, map[string]func() error{
		"api": cfg.ForAPI, "worker": cfg.ForWorker, "codec": cfg.ForCodec, "console": cfg.ForConsole, "migrate": cfg.ForCommand, "promote": cfg.ForCommand,
	}[part](), part)
}

func TestEveryProcessStartsWithTheSettingsOfTheChart(t *testing.T) {
	t.Parallel()
	for _, values := range []map[string]any{{"settings": map[string]any{"QUITTANCE_TRUSTED_PROXIES": "10.0.0.0/8"}}, everything} {
		objects := render(t, values)
		for part, pod := range podsOf(objects) {
			environment := maps.Clone(objects["ConfigMap pay"].(*corev1.ConfigMap).Data)
			for _, variable := range pod.Containers[0].Env {
				if variable.ValueFrom == nil {
					environment[variable.Name] = variable.Value
				}
			}
			if part == "migrate" {
				environment["QUITTANCE_MIGRATION_DATABASE_URL"] = strings.Replace(examples["database_url"], "quittance_app", "quittance", 1)
			}
			starts(t, part, environment)
		}
	}
}

func TestEveryProcessStartsWithTheSettingsOfTheComposeFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for from, to := range map[string]string{"compose.yaml": "compose.yaml", "quittance.env.example": "quittance.env", "migrate.env.example": "migrate.env"} {
		content, err := os.ReadFile("../compose/" + from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, to), content, 0o600))
	}
	options, err := cli.NewProjectOptions([]string{folder + "/compose.yaml"}, cli.WithProfiles([]string{"codec", "console"}),
		cli.WithEnv([]string{"QUITTANCE_CONSOLE_URL=https://console.example.ch", "QUITTANCE_TRUSTED_PROXIES=172.16.0.0/12"}))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	for name, service := range project.Services {
		environment := map[string]string{}
		for variable, value := range service.Environment {
			environment[variable] = *value
		}
		starts(t, name, environment)
	}
}
