package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// variables explains each environment variable: what it is, and a value that would do.
var variables = map[string]struct{ is, example string }{
	"QUITTANCE_DATABASE_URL":            {"the Postgres database of Quittance, as the role of the processes", "postgres://quittance_app:secret@127.0.0.1:5432/quittance"},
	"QUITTANCE_MIGRATION_DATABASE_URL":  {"the same database for migrate, as the owner of the schema", "postgres://quittance:secret@127.0.0.1:5432/quittance"},
	"QUITTANCE_PUBLIC_URL":              {"the address at which payers and Saferpay reach the API", "https://pay.example.ch"},
	"QUITTANCE_TIME_SCALE":              {"how many times faster than real time a local stack waits, a whole number from 1", "1"},
	"QUITTANCE_API_ADDRESS":             {"the host and port on which the API listens", "127.0.0.1:8080"},
	"QUITTANCE_ADMIN_KEY":               {"the key that may create companies, kept secret", "the output of: openssl rand -hex 32"},
	"QUITTANCE_API_METRICS_ADDRESS":     {"the host and port on which the API answers /readyz and /metrics, which are not for the public", "127.0.0.1:8083"},
	"QUITTANCE_CONSOLE_METRICS_ADDRESS": {"the host and port on which a console apart from the API answers /readyz and /metrics", "127.0.0.1:8084"},
	"QUITTANCE_ALLOW_UNSAFE":            {"the names of rules that the settings may break, separated by commas, of " + strings.Join(ruleNames(), ", "), "temporal_plaintext"},
	"QUITTANCE_SECURITY_CONTACT":        {"where who finds a weakness reports it, for /.well-known/security.txt", "mailto:security@example.ch"},
	"QUITTANCE_TRUSTED_PROXIES":         {"the CIDR prefixes of the proxies in front of the API, separated by commas", "10.0.0.0/8,fd00::/8"},
	"QUITTANCE_LIMIT_CALLS":             {"how many REST calls one key may make in a minute, a whole number from 1", "6000"},
	"QUITTANCE_LIMIT_PAGES":             {"how many pages one address may open in a minute, a whole number from 1", "600"},
	"QUITTANCE_LIMIT_NOTIFICATIONS":     {"how many notifications one address may send in a minute, a whole number from 1", "60000"},
	"QUITTANCE_CONSOLE_URL":             {"the address at which people reach the console", "https://console.example.ch"},
	"QUITTANCE_CONSOLE_ADDRESS":         {"the host and port on which a console apart from the API listens", "127.0.0.1:8082"},
	"QUITTANCE_API_URL":                 {"the address at which a console apart from the API reaches it, without /v1", "http://127.0.0.1:8080"},
	"QUITTANCE_WORKER_ADDRESS":          {"the host and port on which the worker answers health checks and metrics", "127.0.0.1:8081"},
	"QUITTANCE_DEPLOYMENT_NAME":         {"the name of the worker deployment in Temporal", "quittance"},
	"QUITTANCE_BUILD_ID":                {"the version of the worker's code in Temporal, empty for an unversioned worker", "2026-03-01.1"},
	"QUITTANCE_TEMPORAL_ADDRESS":        {"the host and port of the Temporal frontend", "127.0.0.1:7233"},
	"QUITTANCE_TEMPORAL_NAMESPACE":      {"the Temporal namespace", "default"},
	"QUITTANCE_TEMPORAL_API_KEY":        {"the API key of Temporal Cloud, kept secret", "the key that Temporal Cloud showed once"},
	"QUITTANCE_TEMPORAL_TLS":            {"whether to speak TLS to Temporal, true or false", "true"},
	"QUITTANCE_TEMPORAL_TLS_CERT":       {"the path of the client certificate for Temporal, in PEM", "/etc/quittance/temporal.pem"},
	"QUITTANCE_TEMPORAL_TLS_KEY":        {"the path of the key of the client certificate for Temporal, in PEM", "/etc/quittance/temporal.key"},
	"QUITTANCE_TEMPORAL_TLS_CA":         {"the path of the certificates of the authorities that may vouch for Temporal, in PEM, empty for those of the system", "/etc/quittance/temporal-ca.pem"},
	"QUITTANCE_SAFERPAY_TEST_URL":       {"the Saferpay JSON API for payment services in test", "https://test.saferpay.com/api"},
	"QUITTANCE_SAFERPAY_LIVE_URL":       {"the Saferpay JSON API for live payment services", "https://www.saferpay.com/api"},
	"QUITTANCE_SMTP_URL":                {"the mail server", "smtps://user:password@mail.example.ch:465"},
	"QUITTANCE_MAIL_FROM":               {"the address from which mail is sent", "Quittance <billing@example.ch>"},
	"QUITTANCE_TEST_TO_ACQUIRER":        {"whether mail about payment services in test is addressed to Worldline/SIX and not to the company, for a local stack only, whose mail goes nowhere, true or false", "false"},
	"QUITTANCE_OPERATORS_EMAIL":         {"the address to which those who run Quittance get mail about what only they can settle, empty for none", "operators@example.ch"},
	"QUITTANCE_WEBHOOKS_LOOPBACK":       {"whether webhooks may go to this machine, for a local stack only, true or false", "false"},
	"QUITTANCE_MASTER_KEY":              {"the key set that wraps the keys of credentials and workflow payloads (or name a file with it in QUITTANCE_MASTER_KEY_FILE, or a key elsewhere in QUITTANCE_MASTER_KEY_URI)", "the output of: quittance admin generate-key"},
	"QUITTANCE_MASTER_KEY_URI":          {"the URI of a master key that never leaves a key management system", "hcvault://vault.example.ch:8200/transit/keys/quittance"},
	"QUITTANCE_OLD_MASTER_KEY":          {"the master key of before, a key set or a URI, until quittance admin rotate-keys has run", "the old value of QUITTANCE_MASTER_KEY"},
	"QUITTANCE_CODEC_ADDRESS":           {"the host and port on which the codec server listens", "127.0.0.1:8234"},
	"QUITTANCE_OPERATOR_KEY":            {"the key with which operators sign in to read payloads, kept secret", "the output of: openssl rand -hex 32"},
	"QUITTANCE_OPERATOR_ISSUER":         {"the OpenID Connect provider at which operators sign in, as it names itself", "https://login.example.ch"},
	"QUITTANCE_OPERATOR_CLIENT_ID":      {"the client that Quittance is at the operators' provider", "quittance-operators"},
	"QUITTANCE_OPERATOR_CLIENT_SECRET":  {"the secret of that client, empty for a public one", "the secret that the provider showed"},
	"QUITTANCE_OPERATOR_CLAIM":          {"the claim that says who is an operator", "groups"},
	"QUITTANCE_OPERATOR_VALUE":          {"the value of that claim that operators have", "quittance-operators"},
	"QUITTANCE_TEMPORAL_WEB_URL":        {"the address of Temporal Web", "https://temporal.example.ch"},
	"QUITTANCE_LOG_FORMAT":              {"the form of log lines, text or json", "json"},
	"QUITTANCE_LOG_LEVEL":               {"the least important log lines to write: debug, info, warn or error", "info"},
}

// typedFields names the variable behind each field of Config that is not text, the only ones that can fail to parse.
var typedFields = map[string]string{
	"TimeScale":      "QUITTANCE_TIME_SCALE",
	"Calls":          "QUITTANCE_LIMIT_CALLS",
	"Pages":          "QUITTANCE_LIMIT_PAGES",
	"Notifications":  "QUITTANCE_LIMIT_NOTIFICATIONS",
	"TLS":            "QUITTANCE_TEMPORAL_TLS",
	"Level":          "QUITTANCE_LOG_LEVEL",
	"Loopback":       "QUITTANCE_WEBHOOKS_LOOPBACK",
	"TestToAcquirer": "QUITTANCE_TEST_TO_ACQUIRER",
}

// need is the sentence about a variable that is not set, or nil when value is not empty.
func need(name, value string) error {
	if value != "" {
		return nil
	}
	return fmt.Errorf("%s is not set: it is %s, for example %s", name, variables[name].is, variables[name].example)
}

// wrong is the sentence about a variable whose value is of no use. It never repeats the value, which may be a secret.
func wrong(name, problem string) error {
	return fmt.Errorf("%s %s: it is %s, for example %s", name, problem, variables[name].is, variables[name].example)
}

// check looks at the values that are set; empty ones are the question of need.
func (c Config) check() error {
	return errors.Join(
		checkURL("QUITTANCE_DATABASE_URL", c.DatabaseURL.Reveal(), "postgres", "postgresql"),
		checkURL("QUITTANCE_MIGRATION_DATABASE_URL", c.MigrationDatabaseURL.Reveal(), "postgres", "postgresql"),
		checkURL("QUITTANCE_PUBLIC_URL", c.PublicURL, "https", "http"),
		checkURL("QUITTANCE_SAFERPAY_TEST_URL", c.Saferpay.TestURL, "https", "http"),
		checkURL("QUITTANCE_SAFERPAY_LIVE_URL", c.Saferpay.LiveURL, "https", "http"),
		checkURL("QUITTANCE_SMTP_URL", c.Mail.SMTPURL.Reveal(), "smtp", "smtps"),
		checkURL("QUITTANCE_CONSOLE_URL", c.Console.URL, "https", "http"),
		checkURL("QUITTANCE_API_URL", c.Console.APIURL, "https", "http"),
		checkURL("QUITTANCE_TEMPORAL_WEB_URL", c.Codec.TemporalWebURL, "https", "http"),
		c.Operators.check(),
		checkAddress("QUITTANCE_API_ADDRESS", c.API.Address),
		checkAddress("QUITTANCE_API_METRICS_ADDRESS", cmp.Or(c.API.MetricsAddress, anyAddress)),
		checkAddress("QUITTANCE_CONSOLE_METRICS_ADDRESS", cmp.Or(c.Console.MetricsAddress, anyAddress)),
		checkAddress("QUITTANCE_CODEC_ADDRESS", c.Codec.Address),
		checkAddress("QUITTANCE_CONSOLE_ADDRESS", c.Console.Address),
		checkAddress("QUITTANCE_WORKER_ADDRESS", c.Worker.Address),
		checkAddress("QUITTANCE_TEMPORAL_ADDRESS", c.Temporal.Address),
		c.API.checkTrustedProxies(),
		c.API.checkSecurityContact(),
		c.API.Limits.check(),
		checkMailAddress("QUITTANCE_MAIL_FROM", c.Mail.From),
		checkMailAddress("QUITTANCE_OPERATORS_EMAIL", c.Mail.Operators),
		c.checkLogFormat(),
		c.Temporal.checkCertificate(),
		c.checkTimeScale(),
		c.Mail.checkTestToAcquirer(),
		c.checkAllowUnsafe(),
	)
}

func (o Operators) check() error {
	if o == (Operators{}) {
		return nil
	}
	return errors.Join(
		checkURL("QUITTANCE_OPERATOR_ISSUER", o.Issuer, "https", "http"),
		need("QUITTANCE_OPERATOR_ISSUER", o.Issuer),
		need("QUITTANCE_OPERATOR_CLIENT_ID", o.ClientID),
		need("QUITTANCE_OPERATOR_CLAIM", o.Claim),
		need("QUITTANCE_OPERATOR_VALUE", o.Value),
	)
}

func (a API) checkTrustedProxies() error {
	for _, prefix := range a.TrustedProxies {
		if _, err := netip.ParsePrefix(prefix); err != nil {
			return wrong("QUITTANCE_TRUSTED_PROXIES", "holds something that is no CIDR prefix")
		}
	}
	return nil
}

func (a API) checkSecurityContact() error {
	if a.SecurityContact == "" {
		return nil
	}
	if u, err := url.Parse(a.SecurityContact); err != nil || u.Scheme != "mailto" && u.Scheme != "https" {
		return wrong("QUITTANCE_SECURITY_CONTACT", "begins with neither mailto: nor https:")
	}
	return nil
}

func (l Limits) check() error {
	for name, limit := range map[string]uint32{
		"QUITTANCE_LIMIT_CALLS": l.Calls, "QUITTANCE_LIMIT_PAGES": l.Pages, "QUITTANCE_LIMIT_NOTIFICATIONS": l.Notifications,
	} {
		if limit < 1 {
			return wrong(name, "is less than 1")
		}
	}
	return nil
}

func checkURL(name, value string, schemes ...string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	// Postgres on a socket has its folder in the query: postgres:///quittance?host=/run/postgresql.
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.Hostname() == "" && !u.Query().Has("host") {
		return wrong(name, fmt.Sprintf("is not a URL that starts with %s://", schemes[0]))
	}
	return nil
}

// anyAddress stands for one that needs not be set.
const anyAddress = "127.0.0.1:0"

func checkAddress(name, value string) error {
	if _, port, err := net.SplitHostPort(value); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err == nil {
			return nil
		}
	}
	return wrong(name, "is not a host and port")
}

func checkMailAddress(name, value string) error {
	if value == "" {
		return nil
	}
	if _, err := mail.ParseAddress(value); err != nil {
		return wrong(name, "is not a mail address")
	}
	return nil
}

func (c Config) checkLogFormat() error {
	if c.Log.Format == "text" || c.Log.Format == "json" {
		return nil
	}
	return wrong("QUITTANCE_LOG_FORMAT", "is neither text nor json")
}

func (t Temporal) checkCertificate() error {
	switch {
	case t.TLSCert != "" && t.TLSKey == "":
		return wrong("QUITTANCE_TEMPORAL_TLS_CERT", "is set without QUITTANCE_TEMPORAL_TLS_KEY")
	case t.TLSKey != "" && t.TLSCert == "":
		return wrong("QUITTANCE_TEMPORAL_TLS_KEY", "is set without QUITTANCE_TEMPORAL_TLS_CERT")
	default:
		return nil
	}
}

// checkTimeScale keeps a scale that was set for a local stack from shortening the deadlines of real payments: it is
// only taken together with a Temporal server on the same machine.
func (c Config) checkTimeScale() error {
	if c.TimeScale < 1 {
		return wrong("QUITTANCE_TIME_SCALE", "is less than 1")
	}
	host, _, _ := net.SplitHostPort(c.Temporal.Address)
	if c.TimeScale > 1 && !onThisMachine(host) {
		return wrong("QUITTANCE_TIME_SCALE", "is more than 1, but QUITTANCE_TEMPORAL_ADDRESS is not on this machine")
	}
	return nil
}

func onThisMachine(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// checkTestToAcquirer keeps what is only tried out from reaching people at Worldline/SIX.
func (m Mail) checkTestToAcquirer() error {
	if !m.TestToAcquirer || m.SMTPURL.Reveal() == "" {
		return nil
	}
	if server, err := url.Parse(m.SMTPURL.Reveal()); err == nil && onThisMachine(server.Hostname()) {
		return nil
	}
	return wrong("QUITTANCE_TEST_TO_ACQUIRER", "is true, but QUITTANCE_SMTP_URL is not on this machine")
}
