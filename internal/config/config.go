// Package config reads the settings of Quittance from the environment and says in sentences what is missing or wrong.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

const prefix = "QUITTANCE_"

// Config holds the settings of every command; variables.go explains each of them.
type Config struct {
	// DatabaseURL is the Postgres connection string; a secret because it carries the password.
	DatabaseURL Secret `env:"DATABASE_URL"`
	// MigrationDatabaseURL is the same database for "migrate" alone, as the owner of the schema. Load makes it DatabaseURL when it is not
	// set; the processes then run as the owner.
	MigrationDatabaseURL Secret `env:"MIGRATION_DATABASE_URL"`
	// PublicURL is the base, without a trailing slash, of all links that payers and Saferpay follow.
	PublicURL string `env:"PUBLIC_URL"`
	// TimeScale divides every business-day wait and deadline; 1 except in a local stack.
	TimeScale int64 `env:"TIME_SCALE" envDefault:"1"`
	// AllowUnsafe names the rules of unsafe.go that these settings may break.
	AllowUnsafe []string `env:"ALLOW_UNSAFE"`

	API       API
	Console   Console
	Operators Operators `envPrefix:"OPERATOR_"`
	Worker    Worker
	Temporal  Temporal `envPrefix:"TEMPORAL_"`
	Saferpay  Saferpay `envPrefix:"SAFERPAY_"`
	Mail      Mail
	Webhooks  Webhooks `envPrefix:"WEBHOOKS_"`
	Secrets   Secrets
	Codec     Codec
	Log       Log `envPrefix:"LOG_"`
}

// API holds the settings of the API server.
type API struct {
	// Address is the host:port to listen on.
	Address string `env:"API_ADDRESS" envDefault:"127.0.0.1:8080"`
	// MetricsAddress is the host:port for /readyz and /metrics, which are not for the public. Load makes it Address when it is not set.
	MetricsAddress string `env:"API_METRICS_ADDRESS"`
	// AdminKey is the bearer key of the calls that create companies and their keys.
	AdminKey Secret `env:"ADMIN_KEY"`
	// TrustedProxies are the CIDR prefixes of the proxies in front, whose X-Forwarded-For names the client. Rate limits count
	// by client. Without this, all clients behind a proxy count as one.
	TrustedProxies []string `env:"TRUSTED_PROXIES"`
	// SecurityContact is where who finds a weakness reports it, https: or mailto:; empty when that is said elsewhere.
	SecurityContact string `env:"SECURITY_CONTACT"`
	// Limits are how many requests are answered within a minute: REST calls of a key, pages and notifications of an address.
	Limits Limits `envPrefix:"LIMIT_"`
}

// Limits are numbers of requests a minute, from 1.
type Limits struct {
	Calls         uint32 `env:"CALLS" envDefault:"6000"`
	Pages         uint32 `env:"PAGES" envDefault:"600"`
	Notifications uint32 `env:"NOTIFICATIONS" envDefault:"60000"`
}

// Console holds the settings of the console: where people reach it, and how it runs apart from the API.
type Console struct {
	// URL is the base, without a trailing slash, at which people reach the console; Load makes it PublicURL when it is not set.
	URL string `env:"CONSOLE_URL"`
	// Address is the host:port on which a console apart from the API listens.
	Address string `env:"CONSOLE_ADDRESS" envDefault:"127.0.0.1:8082"`
	// MetricsAddress is the host:port on which it answers /readyz and /metrics; Load makes it Address when it is not set.
	MetricsAddress string `env:"CONSOLE_METRICS_ADDRESS"`
	// APIURL is the base, without /v1, at which such a console reaches the API.
	APIURL string `env:"API_URL"`
}

// Operators holds where operators sign in by OpenID Connect: whoever has Value in Claim is one. All but the secret or nothing.
type Operators struct {
	Issuer       string `env:"ISSUER"`
	ClientID     string `env:"CLIENT_ID"`
	ClientSecret Secret `env:"CLIENT_SECRET"`
	Claim        string `env:"CLAIM"`
	Value        string `env:"VALUE"`
}

// Worker holds the settings of the Temporal worker.
type Worker struct {
	// Address is the host:port on which the worker answers /healthz, /readyz and /metrics.
	Address string `env:"WORKER_ADDRESS" envDefault:"127.0.0.1:8081"`
	// DeploymentName and BuildID identify the worker's code to Temporal; without a BuildID the worker is unversioned. Load takes what the
	// Temporal Worker Controller says when they are not set.
	DeploymentName string `env:"DEPLOYMENT_NAME" envDefault:"quittance"`
	BuildID        string `env:"BUILD_ID"`
}

// Temporal says how to reach the cluster.
type Temporal struct {
	// Address is the host:port of the frontend, without a scheme.
	Address   string `env:"ADDRESS" envDefault:"127.0.0.1:7233"`
	Namespace string `env:"NAMESPACE" envDefault:"default"`
	// APIKey authenticates to Temporal Cloud, always over TLS.
	APIKey Secret `env:"API_KEY"`
	TLS    bool   `env:"TLS"`
	// TLSCert and TLSKey are the paths of a PEM client certificate and its key; both or neither.
	TLSCert string `env:"TLS_CERT"`
	TLSKey  string `env:"TLS_KEY"`
	// TLSCA is the path of the PEM certificates of the authorities that may vouch for the cluster, and no others; those of the system
	// when it is empty.
	TLSCA string `env:"TLS_CA"`
}

// Encrypted reports whether connections to the cluster are encrypted.
func (t Temporal) Encrypted() bool {
	return t.TLS || t.APIKey.IsSet() || t.TLSCert != "" || t.TLSCA != ""
}

// Saferpay holds the base URLs of the JSON API for the two environments of a payment service.
type Saferpay struct {
	TestURL string `env:"TEST_URL" envDefault:"https://test.saferpay.com/api"`
	LiveURL string `env:"LIVE_URL" envDefault:"https://www.saferpay.com/api"`
}

// The addresses of Saferpay itself, JSON API 1.53.
const (
	saferpayTest = "https://test.saferpay.com/api"
	saferpayLive = "https://www.saferpay.com/api"
)

// Mail says how mail leaves.
type Mail struct {
	// SMTPURL is smtp:// or smtps:// with optional credentials; a secret because of them.
	SMTPURL Secret `env:"SMTP_URL"`
	// From is the sender's address, with or without a display name.
	From string `env:"MAIL_FROM"`
	// TestToAcquirer also lets mails about payment services in test go to Worldline/SIX, and not to the company's contact in their
	// place. Only a local stack wants that, whose mail goes nowhere: it is refused unless the mail server is on this machine.
	TestToAcquirer bool `env:"TEST_TO_ACQUIRER"`
	// Operators is the address of those who run Quittance. They get mail about what only they can settle; empty for no mail.
	Operators string `env:"OPERATORS_EMAIL"`
}

// Webhooks says where messages about events may go.
type Webhooks struct {
	// Loopback also lets them go to this machine, without TLS. Only a local stack wants that.
	Loopback bool `env:"LOOPBACK"`
}

// Secrets says which key wraps the data keys, which seal credentials and Temporal payloads.
type Secrets struct {
	// MasterKey is a Tink AEAD key set in JSON, base64 encoded, or the URI of a key in a key management system. Load makes it
	// MasterKeyURI when that is set. Processes read it once, when they start: see docs/security.md for how it is replaced.
	MasterKey    Secret `env:"MASTER_KEY"`
	MasterKeyURI string `env:"MASTER_KEY_URI"`
	// OldMasterKey was the MasterKey before. It opens the data keys until MasterKey wraps them.
	OldMasterKey Secret `env:"OLD_MASTER_KEY"`
}

// Codec holds the settings of the codec server, which decrypts payloads for operators.
type Codec struct {
	// Address is the host:port to listen on.
	Address string `env:"CODEC_ADDRESS" envDefault:"127.0.0.1:8234"`
	// OperatorKey is what operators sign in with.
	OperatorKey Secret `env:"OPERATOR_KEY"`
	// TemporalWebURL is the base URL of Temporal Web, on the same site as the codec server.
	TemporalWebURL string `env:"TEMPORAL_WEB_URL"`
}

// Log says how log lines look and which are written.
type Log struct {
	// Format is "text" or "json".
	Format string     `env:"FORMAT" envDefault:"text"`
	Level  slog.Level `env:"LEVEL" envDefault:"info"`
}

// Load reads the settings from the environment of the process. Whether the settings that a command cannot do without
// are there is the question of ForAPI, ForWorker and the like.
//
// The error holds one sentence per variable whose value is of no use, each on its own line.
func Load() (Config, error) { return Parse(env.ToMap(os.Environ())) }

// Parse reads the settings from the given variables, for a program that runs several parts with settings of their own.
// The error is that of Load.
func Parse(environment map[string]string) (Config, error) {
	// The parser would take a name that ends where a group of settings begins, such as QUITTANCE_, for the whole group.
	environment = maps.Clone(environment)
	for ours, controllers := range map[string]string{"QUITTANCE_DEPLOYMENT_NAME": "TEMPORAL_DEPLOYMENT_NAME", "QUITTANCE_BUILD_ID": "TEMPORAL_WORKER_BUILD_ID"} {
		if value := environment[controllers]; value != "" && environment[ours] == "" {
			environment[ours] = value
		}
	}
	maps.DeleteFunc(environment, func(name, _ string) bool { return strings.HasSuffix(name, "_") })
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: environment, Prefix: prefix})
	if err != nil {
		return Config{}, explain(err)
	}
	if err := cfg.readFiles(environment); err != nil {
		return Config{}, err
	}
	for i, name := range cfg.AllowUnsafe {
		cfg.AllowUnsafe[i] = strings.TrimSpace(name)
	}
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	cfg.Console.APIURL = strings.TrimRight(cfg.Console.APIURL, "/")
	cfg.Console.URL = strings.TrimRight(cfg.Console.URL, "/")
	cfg.Saferpay.TestURL = strings.TrimRight(cfg.Saferpay.TestURL, "/")
	cfg.Saferpay.LiveURL = strings.TrimRight(cfg.Saferpay.LiveURL, "/")
	if err := cfg.check(); err != nil {
		return Config{}, err
	}
	cfg.Console.URL = cmp.Or(cfg.Console.URL, cfg.PublicURL)
	cfg.API.MetricsAddress = cmp.Or(cfg.API.MetricsAddress, cfg.API.Address)
	cfg.Console.MetricsAddress = cmp.Or(cfg.Console.MetricsAddress, cfg.Console.Address)
	cfg.MigrationDatabaseURL = cmp.Or(cfg.MigrationDatabaseURL, cfg.DatabaseURL)
	if uri := cfg.Secrets.MasterKeyURI; uri != "" {
		if cfg.Secrets.MasterKey.IsSet() {
			return Config{}, wrong("QUITTANCE_MASTER_KEY_URI", "is set, and so is QUITTANCE_MASTER_KEY or QUITTANCE_MASTER_KEY_FILE: set only one of them")
		}
		cfg.Secrets.MasterKey = NewSecret(uri)
	}
	cfg.refuseWeakChanges()
	return cfg, nil
}

// secrets are the settings that can also come from a file, each named by the variable and _FILE.
func (c *Config) secrets() map[string]*Secret {
	return map[string]*Secret{
		"QUITTANCE_DATABASE_URL":           &c.DatabaseURL,
		"QUITTANCE_MIGRATION_DATABASE_URL": &c.MigrationDatabaseURL,
		"QUITTANCE_ADMIN_KEY":              &c.API.AdminKey,
		"QUITTANCE_OPERATOR_CLIENT_SECRET": &c.Operators.ClientSecret,
		"QUITTANCE_TEMPORAL_API_KEY":       &c.Temporal.APIKey,
		"QUITTANCE_SMTP_URL":               &c.Mail.SMTPURL,
		"QUITTANCE_MASTER_KEY":             &c.Secrets.MasterKey,
		"QUITTANCE_OLD_MASTER_KEY":         &c.Secrets.OldMasterKey,
		"QUITTANCE_OPERATOR_KEY":           &c.Codec.OperatorKey,
	}
}

// readFiles reads the secrets that the environment has in files.
func (c *Config) readFiles(environment map[string]string) error {
	var sentences []error
	secrets := c.secrets()
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		path := environment[name+"_FILE"]
		if path == "" {
			continue
		}
		if secrets[name].IsSet() {
			sentences = append(sentences, fmt.Errorf("%s and %s_FILE are both set: set only one of them", name, name))
			continue
		}
		secret, err := secretFromFile(name, path)
		if err != nil {
			sentences = append(sentences, wrong(name, fmt.Sprintf("cannot be read from the file that %s_FILE names (%v)", name, err)))
			continue
		}
		*secrets[name] = secret
	}
	return errors.Join(sentences...)
}

// explain turns the parser's errors, which name Go fields, into sentences that name variables. The parser's own text is
// left out because it repeats the value.
func explain(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	var sentences []error
	for _, one := range all.Errors {
		var parsing env.ParseError
		if !errors.As(one, &parsing) {
			sentences = append(sentences, one)
			continue
		}
		name := typedFields[parsing.Name]
		sentences = append(sentences, wrong(name, "cannot be read"))
	}
	return errors.Join(sentences...)
}

// ForAPI returns one sentence per variable that the API server needs and that is not set, and one per rule that the settings break, or
// nil. So do the others below, each for its process.
func (c Config) ForAPI() error {
	return errors.Join(
		c.needsStorage(),
		need("QUITTANCE_PUBLIC_URL", c.PublicURL),
		need("QUITTANCE_ADMIN_KEY", c.API.AdminKey.Reveal()),
		c.refuseUnsafe(api),
	)
}

// ForConsole is for a console apart from the API. It needs no secret: it has what those have who use it.
func (c Config) ForConsole() error {
	return errors.Join(
		need("QUITTANCE_API_URL", c.Console.APIURL),
		need("QUITTANCE_CONSOLE_URL", c.Console.URL),
		c.refuseUnsafe(console),
	)
}

// ForWorker is for the worker.
func (c Config) ForWorker() error {
	return errors.Join(
		c.needsStorage(),
		need("QUITTANCE_PUBLIC_URL", c.PublicURL),
		need("QUITTANCE_SMTP_URL", c.Mail.SMTPURL.Reveal()),
		need("QUITTANCE_MAIL_FROM", c.Mail.From),
		c.refuseUnsafe(worker),
	)
}

// ForCodec is for the codec server.
func (c Config) ForCodec() error {
	return errors.Join(
		c.needsStorage(),
		need("QUITTANCE_OPERATOR_KEY", c.Codec.OperatorKey.Reveal()),
		need("QUITTANCE_TEMPORAL_WEB_URL", c.Codec.TemporalWebURL),
		c.refuseUnsafe(codec),
	)
}

// ForCommand is for migrate and for what operators do by hand.
func (c Config) ForCommand() error {
	return errors.Join(c.needsStorage(), c.refuseUnsafe(command))
}

// needsStorage has the master key, too, because every connection to Temporal encrypts its payloads.
func (c Config) needsStorage() error {
	return errors.Join(
		need("QUITTANCE_DATABASE_URL", c.DatabaseURL.Reveal()),
		need("QUITTANCE_MASTER_KEY", c.Secrets.MasterKey.Reveal()),
	)
}
