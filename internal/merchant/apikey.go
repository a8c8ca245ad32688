package merchant

import (
	"crypto/sha256"
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
}

// The scopes of an API key.
const (
	ScopeRead  = "read"
	ScopeWrite = "write"
)

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
