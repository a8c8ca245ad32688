package config

import (
	"bufio"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// public is an installation that is safe, and that others reach.
func public() map[string]string {
	environment := complete()
	maps.Copy(environment, map[string]string{
		"QUITTANCE_DATABASE_URL": "postgres://quittance_app:pg-password@db.example.ch/quittance?sslmode=verify-full", "QUITTANCE_MIGRATION_DATABASE_URL": "postgres://quittance:pg-password@db.example.ch/quittance?sslmode=verify-full",
		"QUITTANCE_TEMPORAL_ADDRESS": "temporal.example.ch:7233", "QUITTANCE_TEMPORAL_TLS": "true", "QUITTANCE_API_ADDRESS": "0.0.0.0:8080", "QUITTANCE_API_METRICS_ADDRESS": "0.0.0.0:8083",
		"QUITTANCE_CONSOLE_URL": "https://console.example.ch", "QUITTANCE_API_URL": "http://api:8080", "QUITTANCE_CONSOLE_METRICS_ADDRESS": "0.0.0.0:8084",
		"QUITTANCE_OPERATOR_KEY": "7c1de93fa5b20864c19e7d3ba80f5264", "QUITTANCE_TEMPORAL_WEB_URL": "https://temporal-web.example.ch",
	})
	return environment
}

// sayings are what each process says of the settings.
func sayings(t *testing.T, environment map[string]string) map[process]error {
	t.Helper()
	cfg, err := Parse(environment)
	require.NoError(t, err)
	return map[process]error{api: cfg.ForAPI(), worker: cfg.ForWorker(), console: cfg.ForConsole(), codec: cfg.ForCodec(), command: cfg.ForCommand()}
}

func TestASafeInstallationStarts(t *testing.T) {
	t.Parallel()
	for process, err := range sayings(t, public()) {
		require.NoError(t, err, process)
	}
}

// breaches has a setting that breaks each rule.
var breaches = map[string]struct{ variable, value, sentence string }{
	"weak_admin_key":            {"QUITTANCE_ADMIN_KEY", "qk_admin_local", "QUITTANCE_ADMIN_KEY is short, repeats itself, or is an example"},
	"weak_operator_key":         {"QUITTANCE_OPERATOR_KEY", "qk_operator_local", "QUITTANCE_OPERATOR_KEY is short"},
	"http_public_url":           {"QUITTANCE_PUBLIC_URL", "http://pay.example.ch", "QUITTANCE_PUBLIC_URL starts with http://"},
	"http_console_url":          {"QUITTANCE_CONSOLE_URL", "http://console.example.ch", "QUITTANCE_CONSOLE_URL starts with http://"},
	"http_operator_issuer":      {"QUITTANCE_OPERATOR_ISSUER", "http://login.example.ch", "QUITTANCE_OPERATOR_ISSUER starts with http://"},
	"http_temporal_web_url":     {"QUITTANCE_TEMPORAL_WEB_URL", "http://temporal.example.ch", "QUITTANCE_TEMPORAL_WEB_URL starts with http://"},
	"webhooks_loopback":         {"QUITTANCE_WEBHOOKS_LOOPBACK", "true", "QUITTANCE_WEBHOOKS_LOOPBACK lets companies reach"},
	"foreign_saferpay_url":      {"QUITTANCE_SAFERPAY_LIVE_URL", "https://www.saferpay.com.evil.example/api", "is not Saferpay's own address"},
	"temporal_plaintext":        {"QUITTANCE_TEMPORAL_TLS", "false", "QUITTANCE_TEMPORAL_ADDRESS is reached without TLS"},
	"database_unverified":       {"QUITTANCE_DATABASE_URL", "postgres://u:p@db.example.ch/quittance?sslmode=require", "QUITTANCE_DATABASE_URL reaches another machine without sslmode=verify-full"},
	"owner_database_unverified": {"QUITTANCE_MIGRATION_DATABASE_URL", "postgres://u:p@db.example.ch/quittance", "QUITTANCE_MIGRATION_DATABASE_URL reaches another machine without"},
	"smtp_plaintext":            {"QUITTANCE_SMTP_URL", "smtp://mail.example.ch:587", "QUITTANCE_SMTP_URL sends mail without TLS"},
	"trusted_proxies":           {"QUITTANCE_TRUSTED_PROXIES", "", "QUITTANCE_TRUSTED_PROXIES names none: everybody is one client then"},
	"public_metrics":            {"QUITTANCE_API_METRICS_ADDRESS", "", "QUITTANCE_API_METRICS_ADDRESS is the API's own address"},
	"public_console_metrics":    {"QUITTANCE_CONSOLE_METRICS_ADDRESS", "", "QUITTANCE_CONSOLE_METRICS_ADDRESS is the console's own address"},
	"time_scale":                {"QUITTANCE_TIME_SCALE", "86400", "QUITTANCE_TIME_SCALE shortens the deadlines of real payments"},
}

func TestAnUnsafeSettingDoesNotStartUnlessItIsAllowedByName(t *testing.T) {
	t.Parallel()
	for _, r := range rules {
		if r.name == databaseOwner {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			breach, known := breaches[r.name]
			require.True(t, known, "every rule has its breach here")
			environment := public()
			environment[breach.variable] = breach.value
			switch r.name {
			case "time_scale": // it is refused beside a Temporal elsewhere anyway
				environment["QUITTANCE_TEMPORAL_ADDRESS"] = "127.0.0.1:7233"
			case "http_operator_issuer":
				environment["QUITTANCE_OPERATOR_CLIENT_ID"], environment["QUITTANCE_OPERATOR_CLAIM"], environment["QUITTANCE_OPERATOR_VALUE"] = "quittance", "groups", "operations"
			}
			for process, err := range sayings(t, environment) {
				if !slices.Contains(r.of, process) {
					require.NoError(t, err, "%s has nothing to do with it", process)
					continue
				}
				require.ErrorContains(t, err, breach.sentence, process)
				assert.Contains(t, err.Error(), "add "+r.name+" to QUITTANCE_ALLOW_UNSAFE", process)
				assert.NotContains(t, err.Error(), "\n", "%s: one rule is broken, so there is one sentence", process)
			}
			environment["QUITTANCE_ALLOW_UNSAFE"] = "database_owner, " + r.name
			for process, err := range sayings(t, environment) {
				require.NoError(t, err, process)
			}
		})
	}
}

func TestEverythingUnsafeIsToldAtOnce(t *testing.T) {
	t.Parallel()
	environment := public()
	delete(environment, "QUITTANCE_MASTER_KEY")
	for _, breach := range breaches {
		if breach.variable != "QUITTANCE_OPERATOR_ISSUER" && breach.variable != "QUITTANCE_TIME_SCALE" {
			environment[breach.variable] = breach.value
		}
	}
	err := sayings(t, environment)[api]
	require.ErrorContains(t, err, "QUITTANCE_MASTER_KEY is not set")
	for _, name := range []string{
		"weak_admin_key", "weak_operator_key", "http_public_url", "http_console_url", "webhooks_loopback", "foreign_saferpay_url", "temporal_plaintext", "database_unverified", "public_metrics",
	} {
		assert.Contains(t, err.Error(), "add "+name+" to QUITTANCE_ALLOW_UNSAFE")
	}
	assert.Len(t, strings.Split(err.Error(), "\n"), 10)
}

func TestALocalStackMayBeAsItLikes(t *testing.T) {
	t.Parallel()
	environment := complete()
	for _, breach := range breaches {
		if breach.variable != "QUITTANCE_OPERATOR_ISSUER" {
			environment[breach.variable] = breach.value
		}
	}
	maps.Copy(environment, map[string]string{
		"QUITTANCE_PUBLIC_URL": "http://127.0.0.1:8080", "QUITTANCE_CONSOLE_URL": "http://localhost:8082", "QUITTANCE_TEMPORAL_WEB_URL": "http://[::1]:8233", "QUITTANCE_API_URL": "http://127.0.0.1:8080",
	})
	for process, err := range sayings(t, environment) {
		require.NoError(t, err, process)
	}
	for variable, value := range map[string]string{ // each opens it to others
		"QUITTANCE_API_ADDRESS": ":8080", "QUITTANCE_WORKER_ADDRESS": "10.0.0.7:8081", "QUITTANCE_CODEC_ADDRESS": "[::]:8234", "QUITTANCE_CONSOLE_ADDRESS": "0.0.0.0:8082",
		"QUITTANCE_API_METRICS_ADDRESS": "0.0.0.0:8083", "QUITTANCE_PUBLIC_URL": "http://192.168.1.4:8080", "QUITTANCE_CONSOLE_URL": "http://console.localdomain",
	} {
		changed := maps.Clone(environment)
		changed[variable] = value
		assert.ErrorContains(t, sayings(t, changed)[api], "weak_admin_key", variable)
	}
}

func TestWhatQuittanceReachesOnThisMachineNeedsNoEncryption(t *testing.T) {
	t.Parallel()
	for variable, values := range map[string][]string{
		"QUITTANCE_DATABASE_URL": {"postgres://u:p@127.0.0.1:5432/quittance", "postgres://u:p@localhost/quittance?sslmode=disable", "postgres:///quittance?host=/run/postgresql", "postgres://u:p@db.example.ch/quittance?host=::1"},
		"QUITTANCE_SMTP_URL":     {"smtp://127.0.0.1:1025", "smtp://mail.example.ch:587?tls=required"},
	} {
		for _, value := range values {
			environment := public()
			environment[variable] = value
			for process, err := range sayings(t, environment) {
				require.NoError(t, err, "%s: %s", process, value)
			}
		}
	}
	environment := public()
	environment["QUITTANCE_TEMPORAL_TLS"], environment["QUITTANCE_TEMPORAL_ADDRESS"] = "false", "127.0.0.1:7233"
	require.NoError(t, sayings(t, environment)[worker])

	environment = public()
	environment["QUITTANCE_DATABASE_URL"] = "postgres://u:p@localhost/quittance?host=db.example.ch" // the host of the query is the one that counts
	require.ErrorContains(t, sayings(t, environment)[worker], "database_unverified")
}

func TestAnAddressIsNoSaferForTheWayInWhichItIsWritten(t *testing.T) {
	t.Parallel()
	environment := public()
	environment["QUITTANCE_PUBLIC_URL"] = "HTTP://pay.example.ch"
	require.ErrorContains(t, sayings(t, environment)[worker], "http_public_url")
	environment = public()
	environment["QUITTANCE_PUBLIC_URL"], environment["QUITTANCE_CONSOLE_URL"], environment["QUITTANCE_TEMPORAL_WEB_URL"], environment["QUITTANCE_TRUSTED_PROXIES"] = "HTTPS://pay.example.ch", "", "", ""
	require.ErrorContains(t, sayings(t, environment)[api], "trusted_proxies")
}

func TestAProxyIsTrustedByItsAddressAndNotEverybody(t *testing.T) {
	t.Parallel()
	for _, everybody := range []string{"0.0.0.0/0", "10.0.0.0/8,::/0"} {
		environment := public()
		environment["QUITTANCE_TRUSTED_PROXIES"] = everybody
		require.ErrorContains(t, sayings(t, environment)[api], "QUITTANCE_TRUSTED_PROXIES trusts every address")
	}
}

func TestOnlyRandomKeysAreTaken(t *testing.T) {
	t.Parallel()
	for _, weak := range []string{
		"qk_admin_local", "qk_operator_local", "qk_test_demo", "0f63b1a7c2984e5d8b7a6c1d2e9f405", // 31
		strings.Repeat("a", 64), strings.Repeat("ab", 32), strings.Repeat("0123456789abcdef", 4), strings.Repeat("changeme", 8),
		"abcdefghijklmnopqrstuvwxyz123456", "passwordpasswordpassword12345678", "the output of: openssl rand -hex 32", "00000000000000000000000000000000000000000000000001",
	} {
		assert.True(t, guessable(weak), weak)
	}
	for _, strong := range []string{
		adminKey, "7c1de93fa5b20864c19e7d3ba80f5264", "XQ2rC0n3vKfYw9pTzL5hJd8mNbGs4aEu", "d9c3f6f2-5e0b-4a86-9d0e-2a37a1c4f58b", "qk_live_5jK29dhAq0ZmX7vT4bWcR1eYsL8uPgNo",
	} {
		assert.False(t, guessable(strong), strong)
	}
}

func TestAWeakKeyIsNotTakenUpEither(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	replace(t, file, adminKey)
	environment := public()
	delete(environment, "QUITTANCE_ADMIN_KEY")
	environment["QUITTANCE_ADMIN_KEY_FILE"] = file
	cfg, err := Parse(environment)
	require.NoError(t, err)
	replace(t, file, "qk_admin_local")
	assert.Never(t, func() bool { return cfg.API.AdminKey.Reveal() != adminKey }, 2*secretFresh, 100*time.Millisecond)
	replace(t, file, environment["QUITTANCE_OPERATOR_KEY"])
	require.Eventually(t, func() bool { return cfg.API.AdminKey.Reveal() == environment["QUITTANCE_OPERATOR_KEY"] }, 10*time.Second, 20*time.Millisecond)
}

func TestNoKeyThatIsWrittenDownInTheRepositoryIsTaken(t *testing.T) {
	t.Parallel()
	assigned := regexp.MustCompile(`QUITTANCE_(?:ADMIN|OPERATOR)_KEY(?:=|: |", ")([^"\n]+)|(?:AdminKey|OperatorKey)\s*= "([^"]+)"`)
	found := 0
	for _, file := range []string{
		"../../deployments/local/stack/environment.go", "../../deployments/compose/quittance.env.example", "../../deployments/kubernetes/values.yaml", "../../docs/configuration.md", "../../README.md",
	} {
		text, err := os.Open(file)
		require.NoError(t, err)
		for lines := bufio.NewScanner(text); lines.Scan(); {
			for _, match := range assigned.FindAllStringSubmatch(lines.Text(), -1) {
				key := strings.Trim(match[1]+match[2], `'`)
				assert.True(t, guessable(key), "%s: %s", file, key)
				found++
			}
		}
		require.NoError(t, text.Close())
	}
	assert.GreaterOrEqual(t, found, 3) // two of the local stack, one of the documents
}

func TestTheOwnerOfTheSchemaRunsNoProcessThatOthersReach(t *testing.T) {
	t.Parallel()
	cfg, err := Parse(public())
	require.NoError(t, err)
	require.ErrorContains(t, cfg.RefuseDatabaseOwner(), "add database_owner to QUITTANCE_ALLOW_UNSAFE")
	cfg.AllowUnsafe = []string{"database_owner"}
	require.NoError(t, cfg.RefuseDatabaseOwner())
	cfg, err = Parse(map[string]string{"QUITTANCE_PUBLIC_URL": "http://127.0.0.1:8080"})
	require.NoError(t, err)
	require.NoError(t, cfg.RefuseDatabaseOwner(), "on one machine alone it is only warned of")
}
