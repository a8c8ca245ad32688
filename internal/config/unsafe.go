package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// process is what reads the settings; command is everything that ends by itself.
type process string

const (
	api     process = "api"
	console process = "console"
	worker  process = "worker"
	codec   process = "codec"
	command process = "command"
)

// rule is something without which an installation that others reach is not safe. A process that breaks one doesn't start, unless
// QUITTANCE_ALLOW_UNSAFE names it.
type rule struct {
	name   string
	of     []process
	broken func(Config) string // a sentence without its full stop, or "" for settings that keep the rule
}

// databaseOwner is the rule that is checked once the database answers, see RefuseDatabaseOwner.
const databaseOwner = "database_owner"

// rules hold wherever the installation is reached from outside this machine. What Quittance itself reaches on this machine, such as
// a proxy beside it, needs no encryption on the way.
var rules = []rule{
	{"weak_admin_key", []process{api}, func(c Config) string { return weakKey("QUITTANCE_ADMIN_KEY", c.API.AdminKey) }},
	{"weak_operator_key", []process{api, codec}, func(c Config) string { return weakKey("QUITTANCE_OPERATOR_KEY", c.Codec.OperatorKey) }},
	{"http_public_url", []process{api, worker}, func(c Config) string { return cleartext("QUITTANCE_PUBLIC_URL", c.PublicURL) }},
	{"http_console_url", []process{api, console}, func(c Config) string {
		return when(c.Console.URL != c.PublicURL, cleartext("QUITTANCE_CONSOLE_URL", c.Console.URL))
	}},
	{"http_operator_issuer", []process{api}, func(c Config) string { return cleartext("QUITTANCE_OPERATOR_ISSUER", c.Operators.Issuer) }},
	{"http_temporal_web_url", []process{codec}, func(c Config) string { return cleartext("QUITTANCE_TEMPORAL_WEB_URL", c.Codec.TemporalWebURL) }},
	{"webhooks_loopback", []process{api, worker}, func(c Config) string {
		return when(c.Webhooks.Loopback, "QUITTANCE_WEBHOOKS_LOOPBACK lets companies reach what listens on this machine")
	}},
	{"foreign_saferpay_url", []process{api, worker}, func(c Config) string {
		return when(c.Saferpay != Saferpay{TestURL: saferpayTest, LiveURL: saferpayLive},
			"QUITTANCE_SAFERPAY_TEST_URL or QUITTANCE_SAFERPAY_LIVE_URL is not Saferpay's own address ("+saferpayTest+" and "+saferpayLive+"), and whoever is there gets the passwords and says what was paid")
	}},
	{"temporal_plaintext", []process{api, worker, command}, func(c Config) string {
		host, _, _ := net.SplitHostPort(c.Temporal.Address)
		return when(!c.Temporal.Encrypted() && !onThisMachine(host),
			"QUITTANCE_TEMPORAL_ADDRESS is reached without TLS (QUITTANCE_TEMPORAL_TLS=true), and who is on the way can change what workflows are told")
	}},
	{"database_unverified", []process{api, worker, codec, command}, func(c Config) string {
		return unverified("QUITTANCE_DATABASE_URL", c.DatabaseURL)
	}},
	{"owner_database_unverified", []process{command}, func(c Config) string {
		return unverified("QUITTANCE_MIGRATION_DATABASE_URL", c.MigrationDatabaseURL)
	}},
	{databaseOwner, nil, nil},
	{"smtp_plaintext", []process{worker}, func(c Config) string {
		u, err := url.Parse(c.Mail.SMTPURL.Reveal())
		return when(err == nil && u.Scheme == "smtp" && u.Query().Get("tls") != "required" && !onThisMachine(u.Hostname()),
			"QUITTANCE_SMTP_URL sends mail without TLS when the server doesn't offer it (smtps://…, or smtp://…?tls=required)")
	}},
	{"trusted_proxies", []process{api, console, codec}, func(c Config) string { return c.mistakenProxies() }},
	{"public_metrics", []process{api}, func(c Config) string {
		return when(c.API.MetricsAddress == c.API.Address, "QUITTANCE_API_METRICS_ADDRESS is the API's own address, and whoever reaches it reads /metrics")
	}},
	{"public_console_metrics", []process{console}, func(c Config) string {
		return when(c.Console.MetricsAddress == c.Console.Address, "QUITTANCE_CONSOLE_METRICS_ADDRESS is the console's own address, and whoever reaches it reads /metrics")
	}},
	{"time_scale", []process{api, worker}, func(c Config) string {
		return when(c.TimeScale > 1, "QUITTANCE_TIME_SCALE shortens the deadlines of real payments")
	}},
}

// ruleNames are what QUITTANCE_ALLOW_UNSAFE may hold.
func ruleNames() (names []string) {
	for _, r := range rules {
		names = append(names, r.name)
	}
	return names
}

func (c Config) checkAllowUnsafe() error {
	known := ruleNames()
	for _, name := range c.AllowUnsafe {
		if !slices.Contains(known, name) {
			return wrong("QUITTANCE_ALLOW_UNSAFE", "holds a name that no rule has")
		}
	}
	return nil
}

func (c Config) allows(name string) bool { return slices.Contains(c.AllowUnsafe, name) }

// refuseUnsafe returns a sentence per rule that the settings of the process break, each with how it is allowed, or nil.
func (c Config) refuseUnsafe(p process) error {
	if !c.reached() {
		return nil
	}
	var sentences []error
	for _, r := range rules {
		if slices.Contains(r.of, p) {
			sentences = append(sentences, c.refuse(r.name, r.broken(c)))
		}
	}
	return errors.Join(sentences...)
}

// RefuseDatabaseOwner returns a sentence when processes may not run as the owner of the database's schema, which this one is, or nil.
func (c Config) RefuseDatabaseOwner() error {
	if !c.reached() {
		return nil
	}
	return c.refuse(databaseOwner, "the role of QUITTANCE_DATABASE_URL may change the schema, so whoever takes over a process may rewrite the books (let migrate alone be the owner, by QUITTANCE_MIGRATION_DATABASE_URL)")
}

func (c Config) refuse(name, sentence string) error {
	if sentence == "" || c.allows(name) {
		return nil
	}
	return fmt.Errorf("unsafe: %s; add %s to QUITTANCE_ALLOW_UNSAFE to start in spite of it", sentence, name)
}

// reached reports whether anybody outside this machine reaches the installation: an address on which it listens, or one at which
// people reach it, is elsewhere.
func (c Config) reached() bool {
	for _, address := range []string{c.API.Address, c.API.MetricsAddress, c.Console.Address, c.Console.MetricsAddress, c.Worker.Address, c.Codec.Address} {
		if host, _, err := net.SplitHostPort(address); err == nil && !onThisMachine(host) {
			return true
		}
	}
	for _, address := range []string{c.PublicURL, c.Console.URL, c.Codec.TemporalWebURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || !onThisMachine(u.Hostname())) {
			return true
		}
	}
	return false
}

func when(broken bool, sentence string) string {
	if broken {
		return sentence
	}
	return ""
}

// schemeOf returns the address's scheme in lower case, however it is written.
func schemeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme
}

func cleartext(name, address string) string {
	return when(schemeOf(address) == "http", name+" starts with http://, and who is on the way reads and changes what people see and type")
}

// unverified says of a database on another machine that what answers there need not be the database.
func unverified(name string, secret Secret) string {
	u, err := url.Parse(secret.Reveal())
	if err != nil || !secret.IsSet() {
		return ""
	}
	host := u.Hostname()
	if u.Query().Has("host") { // as Postgres's own URLs
		host = u.Query().Get("host")
	}
	local := onThisMachine(host) || strings.HasPrefix(host, "/") // a folder with a socket
	return when(!local && u.Query().Get("sslmode") != "verify-full",
		name+" reaches another machine without sslmode=verify-full, and anybody on the way can be the database")
}

// mistakenProxies says what is wrong with the proxies by which addresses of clients are known. Quittance itself speaks no TLS: where
// people come by https, a proxy is in front.
func (c Config) mistakenProxies() string {
	for _, text := range c.API.TrustedProxies {
		if prefix, err := netip.ParsePrefix(text); err == nil && prefix.Bits() == 0 {
			return "QUITTANCE_TRUSTED_PROXIES trusts every address, and anybody can pretend to be somebody else"
		}
	}
	for _, people := range [][2]string{{"QUITTANCE_PUBLIC_URL", c.PublicURL}, {"QUITTANCE_CONSOLE_URL", c.Console.URL}, {"QUITTANCE_TEMPORAL_WEB_URL", c.Codec.TemporalWebURL}} {
		if schemeOf(people[1]) == "https" && len(c.API.TrustedProxies) == 0 {
			return people[0] + " starts with https://, so a proxy is in front, but QUITTANCE_TRUSTED_PROXIES names none: everybody is one client then, and one can use up the limits of all"
		}
	}
	return ""
}

// refuseWeakChanges has keys in files stay what they were when what is put in their place breaks the rule about them.
func (c Config) refuseWeakChanges() {
	for name, secret := range map[string]Secret{"weak_admin_key": c.API.AdminKey, "weak_operator_key": c.Codec.OperatorKey} {
		if secret.file != nil && c.reached() && !c.allows(name) {
			secret.file.refuse = guessable
		}
	}
}

const (
	leastKey      = 32 // characters
	leastDistinct = 8  // of them; one of 32 random hexadecimal digits has fewer once in ten million
)

// weakKey says of a key that is set that somebody could guess it.
func weakKey(name string, secret Secret) string {
	key := secret.Reveal()
	return when(key != "" && guessable(key), name+" is short, repeats itself, or is an example (openssl rand -hex 32 makes one that is not)")
}

// guessable reports whether the key is no random one of 32 characters or more: too short, with few characters, or with a pattern. Examples
// in documents have spaces, and those of the local stack are short.
func guessable(key string) bool {
	distinct, triples, neighbours := map[byte]bool{}, map[string]bool{}, 0
	for i := range len(key) {
		distinct[key[i]] = true
		if i+3 <= len(key) {
			triples[key[i:i+3]] = true
		}
		if i > 0 && max(key[i], key[i-1])-min(key[i], key[i-1]) <= 1 {
			neighbours++
		}
	}
	return len(key) < leastKey || len(distinct) < leastDistinct || strings.ContainsAny(key, " \t") ||
		4*len(triples) < 3*(len(key)-2) || // it says the same again
		3*neighbours > 2*len(key) // abcdef, 123456
}
