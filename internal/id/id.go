// Package id makes the identifiers of Quittance: a prefix that names the kind of thing, then a UUIDv7 in base32
// (a TypeID), so that ids sort by the time they were made and can't be mistaken for one another.
package id

import (
	"crypto/rand"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"go.jetify.com/typeid/v2"
)

// The prefixes, one per kind of thing.
const (
	Company        = "cmp"
	APIKey         = "key"
	PaymentService = "psv"
	Invoice        = "inv"
	Payment        = "pay"
	Refund         = "ref"
	Receipt        = "rcp"
	JournalEntry   = "jre"
	Event          = "evt"
	Exception      = "exc"
	ManualEntry    = "man"
	Settlement     = "set"
	AuditEntry     = "aud"
	Document       = "doc"
	Endpoint       = "whe"
	Payout         = "pyo"
	Email          = "eml"
)

// New returns a fresh id such as "inv_01jd3v0s4xf8wt6k5q9x2m7h3e". Ids made by one process sort in the order in which they
// were made, also within a millisecond. It panics on a prefix that is not one.
func New(prefix string) string { return NewSeed().ID(prefix) }

// Valid tells whether s is a well-formed id of that prefix.
func Valid(prefix, s string) bool {
	t, err := typeid.Parse(s)
	return err == nil && t.Prefix() == prefix
}

// NewOrder returns a fresh Saferpay OrderId: 18 characters of A–Z and 2–7, starting with "Q". Saferpay allows 80, but
// PostFinance Pay keeps 18 alphanumerics and TWINT 50, so one that survives everywhere is short and plain.
func NewOrder() string { return ("Q" + rand.Text())[:18] }

// orders matches what NewOrder makes.
var orders = regexp.MustCompile(`\bQ[A-Z2-7]{17}\b`)

// Orders returns the OrderIds of NewOrder that stand anywhere in the texts, each once, in the order in which they appear.
func Orders(texts ...string) []string {
	var found []string
	for _, order := range orders.FindAllString(strings.Join(texts, "\n"), -1) {
		if !slices.Contains(found, order) {
			found = append(found, order)
		}
	}
	return found
}

// NewSecret returns 160 random bits, safe in a URL: the token of an online document, the secret of a notification URL.
func NewSecret() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return strings.TrimRight(base64.URLEncoding.EncodeToString(b), "=")
}

// Seed makes ids that are the same whenever they are asked for, one per prefix.
type Seed [16]byte

// NewSeed returns a fresh seed.
func NewSeed() Seed { return Seed(uuid.Must(uuid.NewV7())) }

// ID returns the seed's id with that prefix. It panics on a prefix that is not one.
func (s Seed) ID(prefix string) string {
	t, err := typeid.FromBytes(prefix, s[:])
	if err != nil {
		panic(err)
	}
	return t.String()
}
