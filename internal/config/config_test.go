package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const adminKey = "0f63b1a7c2984e5d8b7a6c1d2e9f405837ac"

// complete holds what every command needs.
func complete() map[string]string {
	return map[string]string{
		"QUITTANCE_DATABASE_URL":        "postgres://quittance:pg-password@127.0.0.1:5432/quittance",
		"QUITTANCE_PUBLIC_URL":          "https://pay.example.ch/",
		"QUITTANCE_ADMIN_KEY":           adminKey,
		"QUITTANCE_MASTER_KEY":          "master-key",
		"QUITTANCE_SMTP_URL":            "smtps://user:smtp-password@mail.example.ch:465",
		"QUITTANCE_MAIL_FROM":           "Quittance <billing@example.ch>",
		"QUITTANCE_TRUSTED_PROXIES":     "10.0.0.0/8",
		"QUITTANCE_API_METRICS_ADDRESS": "127.0.0.1:8083",
	}
}

func TestACompleteEnvironmentIsEnoughForEveryCommand(t *testing.T) {
	t.Parallel()
	cfg, err := Parse(complete())
	require.NoError(t, err)
	require.NoError(t, cfg.ForAPI())
	require.NoError(t, cfg.ForWorker())
	require.NoError(t, cfg.ForCommand())

	assert.Equal(t, "https://pay.example.ch", cfg.PublicURL, "without the trailing slash")
	assert.Equal(t, "127.0.0.1:8080", cfg.API.Address)
	assert.Equal(t, "127.0.0.1:8081", cfg.Worker.Address)
	assert.Equal(t, Temporal{Address: "127.0.0.1:7233", Namespace: "default"}, cfg.Temporal)
	assert.Equal(t, Saferpay{TestURL: "https://test.saferpay.com/api", LiveURL: "https://www.saferpay.com/api"}, cfg.Saferpay)
	assert.Equal(t, int64(1), cfg.TimeScale)
	assert.Equal(t, Log{Format: "text", Level: slog.LevelInfo}, cfg.Log)
	assert.Equal(t, adminKey, cfg.API.AdminKey.Reveal())
}

func TestLoadReadsTheEnvironmentOfTheProcess(t *testing.T) {
	t.Setenv("QUITTANCE_TEMPORAL_NAMESPACE", "payments")
	cfg, err := Load()
	require.NoError(t, err)
	assert.Equal(t, "payments", cfg.Temporal.Namespace)
}

func TestEachCommandNamesEveryVariableThatItMisses(t *testing.T) {
	t.Parallel()
	cfg, err := Parse(nil)
	require.NoError(t, err)
	tests := map[string]struct {
		err   error
		names []string
	}{
		"api":     {cfg.ForAPI(), []string{"QUITTANCE_DATABASE_URL", "QUITTANCE_MASTER_KEY", "QUITTANCE_PUBLIC_URL", "QUITTANCE_ADMIN_KEY"}},
		"worker":  {cfg.ForWorker(), []string{"QUITTANCE_DATABASE_URL", "QUITTANCE_MASTER_KEY", "QUITTANCE_PUBLIC_URL", "QUITTANCE_SMTP_URL", "QUITTANCE_MAIL_FROM"}},
		"console": {cfg.ForConsole(), []string{"QUITTANCE_API_URL", "QUITTANCE_CONSOLE_URL"}},
		"migrate": {cfg.ForCommand(), []string{"QUITTANCE_DATABASE_URL", "QUITTANCE_MASTER_KEY"}},
	}
	for command, test := range tests {
		sentences := strings.Split(test.err.Error(), "\n")
		require.Len(t, sentences, len(test.names), command)
		for i, name := range test.names {
			assert.Contains(t, sentences[i], name+" is not set: it is the ", command)
			assert.Contains(t, sentences[i], ", for example ", command)
		}
	}
}

func TestAWrongValueGivesOneSentenceThatNamesTheVariableAndHidesTheValue(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ value, sentence string }{
		"QUITTANCE_DATABASE_URL":      {"mysql://root:hunter2@db/quittance", "is not a URL that starts with postgres://"},
		"QUITTANCE_PUBLIC_URL":        {"pay.hunter2.ch", "is not a URL that starts with https://"},
		"QUITTANCE_SAFERPAY_TEST_URL": {"hunter2", "is not a URL that starts with https://"},
		"QUITTANCE_TRUSTED_PROXIES":   {"10.0.0.0/8,hunter2", "is no CIDR prefix"},
		"QUITTANCE_SAFERPAY_LIVE_URL": {"ftp://hunter2/api", "is not a URL that starts with https://"},
		"QUITTANCE_SMTP_URL":          {"hunter2:25", "is not a URL that starts with smtp://"},
		"QUITTANCE_MAIL_FROM":         {"hunter2", "is not a mail address"},
		"QUITTANCE_OPERATORS_EMAIL":   {"hunter2", "is not a mail address"},
		"QUITTANCE_SECURITY_CONTACT":  {"hunter2", "begins with neither mailto: nor https:"},
		"QUITTANCE_API_ADDRESS":       {"hunter2", "is not a host and port"},
		"QUITTANCE_CONSOLE_ADDRESS":   {"hunter2", "is not a host and port"},
		"QUITTANCE_CONSOLE_URL":       {"hunter2", "is not a URL that starts with https://"},
		"QUITTANCE_API_URL":           {"hunter2", "is not a URL that starts with https://"},
		"QUITTANCE_WORKER_ADDRESS":    {"hunter2:", "is not a host and port"},
		"QUITTANCE_TEMPORAL_ADDRESS":  {"http://hunter2", "is not a host and port"},
		"QUITTANCE_TEMPORAL_TLS":      {"hunter2", "cannot be read: it is whether to speak TLS to Temporal, true or false"},
		"QUITTANCE_TIME_SCALE":        {"hunter2", "cannot be read: it is how many times faster"},
		"QUITTANCE_WEBHOOKS_LOOPBACK": {"hunter2", "cannot be read: it is whether webhooks may go to this machine"},
		"QUITTANCE_TEST_TO_ACQUIRER":  {"true", "is true, but QUITTANCE_SMTP_URL is not on this machine: it is whether mail about payment services in test"},
		"QUITTANCE_LOG_LEVEL":         {"hunter2", "cannot be read: it is the least important log lines to write"},
		"QUITTANCE_LOG_FORMAT":        {"hunter2", "is neither text nor json"},
		"QUITTANCE_MASTER_KEY_URI":    {"hcvault://hunter2", "is set, and so is QUITTANCE_MASTER_KEY"},
		"QUITTANCE_ADMIN_KEY_FILE":    {"/no/such/file", "are both set"},
		"QUITTANCE_OPERATOR_KEY_FILE": {"/no/such/file", "cannot be read from the file that QUITTANCE_OPERATOR_KEY_FILE names"},
		"QUITTANCE_ALLOW_UNSAFE":      {"hunter2", "holds a name that no rule has: it is the names of rules that the settings may break"},
		"QUITTANCE_MASTER_KEY_FILE":   {"/no/such/file", "are both set"},
		"QUITTANCE_TEMPORAL_TLS_CERT": {"hunter2.pem", "is set without QUITTANCE_TEMPORAL_TLS_KEY"},
		"QUITTANCE_TEMPORAL_TLS_KEY":  {"hunter2.key", "is set without QUITTANCE_TEMPORAL_TLS_CERT"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environment := complete()
			environment[name] = test.value
			_, err := Parse(environment)
			require.ErrorContains(t, err, test.sentence)
			assert.Contains(t, err.Error(), name)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.NotContains(t, err.Error(), "\n", "one variable is wrong, so there is one sentence")
		})
	}
}

func TestOperatorsHaveAWholeProviderOrNone(t *testing.T) {
	t.Parallel()
	environment := map[string]string{
		"QUITTANCE_OPERATOR_ISSUER": "https://login.example.ch", "QUITTANCE_OPERATOR_CLIENT_ID": "quittance",
		"QUITTANCE_OPERATOR_CLAIM": "groups", "QUITTANCE_OPERATOR_VALUE": "operations",
	}
	cfg, err := Parse(environment)
	require.NoError(t, err)
	assert.Equal(t, Operators{Issuer: "https://login.example.ch", ClientID: "quittance", Claim: "groups", Value: "operations"}, cfg.Operators)
	for name := range environment {
		part := maps.Clone(environment)
		delete(part, name)
		_, err := Parse(part)
		require.ErrorContains(t, err, name+" is not set")
	}
}

func TestPeopleReachTheConsoleWherePayersReachThePagesUnlessItIsElsewhere(t *testing.T) {
	t.Parallel()
	cfg, err := Parse(complete())
	require.NoError(t, err)
	assert.Equal(t, "https://pay.example.ch", cfg.Console.URL)
	cfg, err = Parse(map[string]string{
		"QUITTANCE_CONSOLE_URL": "https://console.example.ch/", "QUITTANCE_API_URL": "http://127.0.0.1:8080/", "QUITTANCE_TRUSTED_PROXIES": "10.0.0.0/8", "QUITTANCE_CONSOLE_METRICS_ADDRESS": "127.0.0.1:8084",
	})
	require.NoError(t, err)
	assert.Equal(t, "https://console.example.ch", cfg.Console.URL)
	assert.Equal(t, "http://127.0.0.1:8080", cfg.Console.APIURL)
	require.NoError(t, cfg.ForConsole())
}

func TestEveryWrongVariableIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Parse(map[string]string{"QUITTANCE_LOG_LEVEL": "loud", "QUITTANCE_TIME_SCALE": "1.5"})
	require.ErrorContains(t, err, "QUITTANCE_LOG_LEVEL")
	require.ErrorContains(t, err, "QUITTANCE_TIME_SCALE")
}

func TestTimeRunsFasterOnlyBesideALocalTemporal(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{"127.0.0.1:7233": true, "localhost:7233": true, "[::1]:7233": true, "temporal.example.ch:7233": false, "10.0.0.7:7233": false} {
		_, err := Parse(map[string]string{"QUITTANCE_TIME_SCALE": "86400", "QUITTANCE_TEMPORAL_ADDRESS": address})
		if ok {
			require.NoError(t, err, address)
		} else {
			require.ErrorContains(t, err, "QUITTANCE_TIME_SCALE is more than 1, but QUITTANCE_TEMPORAL_ADDRESS is not on this machine", address)
		}
	}
	_, err := Parse(map[string]string{"QUITTANCE_TIME_SCALE": "0"})
	require.ErrorContains(t, err, "QUITTANCE_TIME_SCALE is less than 1")
}

func TestTheMasterKeyCanComeFromAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("key-from-file\n"), 0o600))
	cfg, err := Parse(map[string]string{"QUITTANCE_MASTER_KEY_FILE": file})
	require.NoError(t, err)
	assert.Equal(t, "key-from-file", cfg.Secrets.MasterKey.Reveal())

	_, err = Parse(map[string]string{"QUITTANCE_MASTER_KEY_FILE": file + ".missing"})
	require.ErrorContains(t, err, "QUITTANCE_MASTER_KEY cannot be read from the file that QUITTANCE_MASTER_KEY_FILE names")
}

func TestSecretsArePrintedNowhere(t *testing.T) {
	t.Parallel()
	cfg, err := Parse(complete())
	require.NoError(t, err)
	var text, structured bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("settings", "config", cfg, "key", cfg.API.AdminKey)
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("settings", "config", cfg, "key", cfg.API.AdminKey)
	document, err := json.Marshal(cfg)
	require.NoError(t, err)
	printed := []string{text.String(), structured.String(), string(document)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		printed = append(printed, fmt.Sprintf(verb, cfg), fmt.Sprintf(verb, cfg.API.AdminKey))
	}
	for _, line := range printed {
		for _, secret := range []string{"pg-password", adminKey, "master-key", "smtp-password", fmt.Sprintf("%x", adminKey)} {
			assert.NotContains(t, line, secret)
		}
		assert.Contains(t, line, redacted)
	}
}

func TestEveryVariableIsExplainedWithAnExample(t *testing.T) {
	t.Parallel()
	params, err := env.GetFieldParamsWithOptions(&Config{}, env.Options{Prefix: prefix})
	require.NoError(t, err)
	var names []string
	for _, param := range params {
		names = append(names, param.Key)
	}
	assert.ElementsMatch(t, names, slices.Collect(maps.Keys(variables)))
	for name, v := range variables {
		assert.NotEmpty(t, v.is, name)
		assert.NotEmpty(t, v.example, name)
	}
}

func FuzzNoEnvironmentBreaksLoading(f *testing.F) {
	f.Add("QUITTANCE_DATABASE_URL", "postgres://u:p@h/d")
	f.Add("QUITTANCE_TIME_SCALE", "-1")
	f.Add("QUITTANCE_SMTP_URL", "smtp://[::1")
	f.Fuzz(func(t *testing.T, name, value string) {
		if strings.HasSuffix(name, "_FILE") {
			t.Skip("would read files")
		}
		cfg, err := Parse(map[string]string{name: value})
		if err == nil {
			_ = cfg.ForAPI()
			assert.GreaterOrEqual(t, cfg.TimeScale, int64(1))
			return
		}
		assert.Contains(t, err.Error(), "QUITTANCE_")
	})
}

func TestTheTemporalWorkerControllerSaysWhichVersionAWorkerIs(t *testing.T) {
	t.Parallel()
	theirs := map[string]string{"TEMPORAL_DEPLOYMENT_NAME": "quittance/pay-worker", "TEMPORAL_WORKER_BUILD_ID": "1-2-0-abcd"}
	cfg, err := Parse(theirs)
	require.NoError(t, err)
	assert.Equal(t, []string{"quittance/pay-worker", "1-2-0-abcd"}, []string{cfg.Worker.DeploymentName, cfg.Worker.BuildID})
	theirs["QUITTANCE_BUILD_ID"] = "ours"
	cfg, err = Parse(theirs)
	require.NoError(t, err)
	assert.Equal(t, "ours", cfg.Worker.BuildID)
}
