package checks

import (
	"os"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var secretsOfService = map[string][]string{
	"migrate": {"database_url", "master_key"},
	"api":     {"database_url", "master_key", "admin_key", "operator_key"},
	"worker":  {"database_url", "master_key", "smtp_url"},
	"codec":   {"database_url", "master_key", "operator_key"},
	"console": {}, // it has what those have who use it
}

func TestTheComposeFileIsWhatComposeReads(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for from, to := range map[string]string{"compose.yaml": "compose.yaml", "quittance.env.example": "quittance.env", "migrate.env.example": "migrate.env"} {
		content, err := os.ReadFile("../compose/" + from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(folder+"/"+to, content, 0o600))
	}
	options, err := cli.NewProjectOptions([]string{folder + "/compose.yaml"}, cli.WithProfiles([]string{"codec", "console"}),
		cli.WithEnv([]string{"QUITTANCE_IMAGE=quittance:1.2.0", "QUITTANCE_CONSOLE_URL=https://console.example.ch"}))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	require.Len(t, project.Services, 5)
	console := project.Services["console"]
	assert.Equal(t, "https://console.example.ch", *console.Environment["QUITTANCE_CONSOLE_URL"])
	for name, service := range project.Services {
		assert.Equal(t, "quittance:1.2.0", service.Image, name)
		assert.True(t, service.ReadOnly, name)
		assert.Equal(t, []string{"ALL"}, service.CapDrop, name)
		for _, port := range service.Ports {
			assert.Equal(t, "127.0.0.1", port.HostIP, name)
		}
		var secrets, files []string
		for _, secret := range service.Secrets {
			secrets, files = append(secrets, secret.Source), append(files, "/run/secrets/"+secret.Source)
		}
		assert.ElementsMatch(t, secretsOfService[name], secrets, "%s: what its process reads, and no other", name)
		var read []string
		for variable, value := range service.Environment {
			if strings.HasSuffix(variable, "_FILE") {
				read = append(read, *value)
			}
		}
		assert.ElementsMatch(t, files, read, name)
		for _, port := range service.Ports {
			assert.NotContains(t, []string{"8081", "8083", "8084"}, port.Published, "%s: health and metrics are not for the public", name)
		}
		_, owns := service.Environment["QUITTANCE_MIGRATION_DATABASE_URL"]
		assert.Equal(t, name == "migrate", owns, "%s: the owner of the schema migrates, and nobody else", name)
		if name != "migrate" && name != "console" {
			assert.Equal(t, "service_completed_successfully", service.DependsOn["migrate"].Condition, name)
		}
	}
}
