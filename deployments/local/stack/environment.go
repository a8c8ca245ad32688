package stack

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// The keys of every local stack. They open nothing but it.
const (
	AdminKey    = "qk_admin_local"
	DemoKey     = "qk_test_demo"
	OperatorKey = "qk_operator_local"
)

const (
	namespace = "default"
	database  = "quittance"
	// ownerRole owns the database, and migrates.
	ownerRole = "quittance"
	// processesRole is what the processes run as. It may read and write rows, as in production.
	processesRole = "quittance_app"
)

// Variable is one environment variable.
type Variable struct{ Name, Value string }

// Assignments are the variables as a process takes them: "NAME=value".
func Assignments(variables []Variable) []string {
	assignments := make([]string, len(variables))
	for i, v := range variables {
		assignments[i] = v.Name + "=" + v.Value
	}
	return assignments
}

// Exports are the variables as a shell evaluates them, a line each.
func Exports(variables []Variable) string {
	var lines strings.Builder
	for _, v := range variables {
		fmt.Fprintf(&lines, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
	}
	return lines.String()
}

// Environment returns the variables with which api and worker find the parts of the stack, whether or not it is running.
// They stay the same as long as the data folder does; a new one is made and given its keys.
func Environment(options Options) ([]Variable, error) {
	data, err := openData(options.DataDir)
	if err != nil {
		return nil, err
	}
	return environment(options, data), nil
}

func environment(options Options, data dataFolder) []Variable {
	ports := options.Ports
	databaseURL := func(role string) string {
		u := url.URL{
			Scheme:   "postgres",
			User:     url.UserPassword(role, data.postgresPassword),
			Host:     address(ports.Postgres),
			Path:     "/" + database,
			RawQuery: "sslmode=disable",
		}
		return u.String()
	}
	saferpay := httpURL(ports.Simulator) + "/api"
	return []Variable{
		{"QUITTANCE_DATABASE_URL", databaseURL(processesRole)},
		{"QUITTANCE_MIGRATION_DATABASE_URL", databaseURL(ownerRole)},
		{"QUITTANCE_TEMPORAL_ADDRESS", address(ports.Temporal)},
		{"QUITTANCE_TEMPORAL_NAMESPACE", namespace},
		{"QUITTANCE_API_ADDRESS", address(ports.API)},
		{"QUITTANCE_WORKER_ADDRESS", address(ports.Worker)},
		{"QUITTANCE_PUBLIC_URL", httpURL(ports.API)},
		{"QUITTANCE_ADMIN_KEY", AdminKey},
		{"QUITTANCE_CODEC_ADDRESS", address(ports.Codec)},
		{"QUITTANCE_OPERATOR_KEY", OperatorKey},
		{"QUITTANCE_TEMPORAL_WEB_URL", httpURL(ports.TemporalWeb)},
		{"QUITTANCE_MASTER_KEY_FILE", data.masterKeyFile()},
		{"QUITTANCE_SAFERPAY_TEST_URL", saferpay},
		// A local stack never reaches the real Saferpay, whatever a payment service says.
		{"QUITTANCE_SAFERPAY_LIVE_URL", saferpay},
		{"QUITTANCE_SMTP_URL", "smtp://" + address(ports.SMTP)},
		{"QUITTANCE_MAIL_FROM", "Quittance <quittance@localhost>"},
		// Nothing leaves the mail sink, and a person sees there to whom it would have gone.
		{"QUITTANCE_TEST_TO_ACQUIRER", "true"},
		{"QUITTANCE_OPERATORS_EMAIL", "operators@localhost"},
		{"QUITTANCE_WEBHOOKS_LOOPBACK", "true"},
		// Everybody is at one address here, and a test is in a hurry.
		{"QUITTANCE_LIMIT_CALLS", "1000000"},
		{"QUITTANCE_LIMIT_PAGES", "1000000"},
		{"QUITTANCE_LIMIT_NOTIFICATIONS", "1000000"},
		{"QUITTANCE_TIME_SCALE", strconv.FormatInt(options.TimeScale, 10)},
	}
}
