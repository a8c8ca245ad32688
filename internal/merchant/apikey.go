package merchant

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/problem"
)

// APIKey lets a program act for a company. Only the hash of the key is kept.
type APIKey struct {
	ID         string
	CompanyID  string
	Prefix     string // the first characters, to recognise it by
	Hash       []byte // SHA-256 of the whole key
	Scopes     []string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // to the minute; zero: never
	Suspended  bool      // its company is
	// AllowedAddresses are the networks from which it works; empty for all.
	AllowedAddresses []netip.Prefix
}

// The scopes of an API key. Read and write are for everything; each of the others lets a key read and write its own area, and nothing
// else.
const (
	ScopeRead     = "read"
	ScopeWrite    = "write"
	ScopeInvoices = "invoices"
	ScopeRefunds  = "refunds"
	ScopeBooks    = "books"
	ScopeServices = "services"
	ScopeWebhooks = "webhooks"
)

// Scopes lists every scope.
var Scopes = []string{ScopeRead, ScopeWrite, ScopeInvoices, ScopeRefunds, ScopeBooks, ScopeServices, ScopeWebhooks}

// MaxAllowedAddresses is how many networks a key may be bound to.
const MaxAllowedAddresses = 20

// usedWithin is the precision of LastUsedAt.
const usedWithin = time.Minute

// NewAPIKey returns a fresh key of the company, and what is kept of it. The key says its environment, to tell keys apart at
// a glance: "qk_test_mZ6hPn0V…".
func NewAPIKey(keyID, companyID string, environment Environment, scopes []string, now time.Time) (key string, kept APIKey) {
	prefix := "qk_" + string(environment) + "_"
	key = prefix + id.NewSecret()
	return key, APIKey{
		ID: keyID, CompanyID: companyID, Prefix: key[:len(prefix)+4], Hash: HashKey(key), Scopes: scopes, CreatedAt: now,
	}
}

// HashKey returns what is kept of an API key, and what it is looked up by: its SHA-256. Keys are 160 random bits, so a slow
// hash would add nothing.
func HashKey(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// Next returns a fresh key in the place of this one, with the same scopes and addresses. One that ends lets its successor live as long as
// it was meant to live itself.
func (k APIKey) Next(keyID string, now time.Time) (key string, kept APIKey) {
	key, kept = NewAPIKey(keyID, k.CompanyID, k.Environment(), k.Scopes, now)
	kept.AllowedAddresses = k.AllowedAddresses
	if !k.ExpiresAt.IsZero() {
		kept.ExpiresAt = now.Add(k.ExpiresAt.Sub(k.CreatedAt))
	}
	return key, kept
}

// ParseAllowedAddresses returns the networks that texts such as 203.0.113.7, 203.0.113.0/24 and 2001:db8::/32 name, or problem.Invalid.
func ParseAllowedAddresses(texts []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	var fields []problem.Field
	for i, text := range texts {
		network, err := netip.ParsePrefix(text)
		if address, failed := netip.ParseAddr(text); failed == nil && address.Zone() == "" {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil || network.Addr().Is4In6() {
			fields = append(fields, problem.Field{Name: fmt.Sprintf("allowed_addresses.%d", i), Message: "must be an address or a network such as 203.0.113.0/24 or 2001:db8::/32"})
			continue
		}
		networks = append(networks, network.Masked())
	}
	return networks, problem.InvalidFields(fields...)
}

// Allows reports whether the key works from the address. One that can't be read is allowed only where all are.
func (k APIKey) Allows(address string) bool {
	if len(k.AllowedAddresses) == 0 {
		return true
	}
	from, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(k.AllowedAddresses, func(network netip.Prefix) bool { return network.Contains(from.Unmap().WithZone("")) })
}

// Label names the key to people, without the key itself.
func (k APIKey) Label() string { return k.Prefix + "… (" + k.ID + ")" }

// Expired reports whether the key has ended.
func (k APIKey) Expired(now time.Time) bool { return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) }

// Environment returns the environment that the key's prefix names.
func (k APIKey) Environment() Environment {
	if len(k.Prefix) > len("qk_live_") && k.Prefix[:len("qk_live_")] == "qk_live_" {
		return Live
	}
	return Test
}

// Use notes that the key is used now, and reports whether LastUsedAt changed.
func (k *APIKey) Use(now time.Time) bool {
	if now.Sub(k.LastUsedAt) < usedWithin {
		return false
	}
	k.LastUsedAt = now
	return true
}

// End makes the key end at that time, unless it ends before. A key that has ended already is problem.Invalid.
func (k *APIKey) End(at, now time.Time) error {
	if k.Expired(now) {
		return problem.InvalidFields(problem.Field{Name: "key_id", Message: "names a key that has expired; create a new one"})
	}
	if k.ExpiresAt.IsZero() || at.Before(k.ExpiresAt) {
		k.ExpiresAt = at
	}
	return nil
}
