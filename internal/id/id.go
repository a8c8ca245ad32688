// Package id makes the identifiers of Quittance: a prefix that names the kind of thing, then a UUIDv7 in base32, so that
// ids sort by the time they were made and can't be mistaken for one another. Their form is that of TypeID 0.3
// (https://github.com/jetify-com/typeid/tree/main/spec).
package id

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
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
	ConsoleSession = "ses"
	BankAccount    = "bac"
	JournalExport  = "jex"
	SourceFile     = "sfl"
	Columns        = "col"
	Dispute        = "dsp"
	Customer       = "cus"
	SecurityNotice = "sno"
)

// New returns a fresh id such as "inv_01jd3v0s4xf8wt6k5q9x2m7h3e". Ids made by one process sort in the order in which they
// were made, also within a millisecond. It panics on a prefix that is not one.
func New(prefix string) string { return NewSeed().ID(prefix) }

// Valid reports whether s is a well-formed id of that prefix. It doesn't ask of what version the UUID is.
func Valid(prefix, s string) bool {
	text, found := strings.CutPrefix(s, prefix+"_")
	if !found || len(text) != textLength {
		return false
	}
	padded, err := crockford.DecodeString(leadingZeros + text)
	if err != nil || len(padded) != padding+len(Seed{}) { // base32 skips line breaks
		return false
	}
	return Seed(padded[padding:]).ID(prefix) == s // a number of more than 128 bits does not come back
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

// NewSecret returns 160 random bits, safe in a URL: the secret of a notification URL and the like.
func NewSecret() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return strings.TrimRight(base64.URLEncoding.EncodeToString(b), "=")
}

// Seed makes ids that are the same whenever they are asked for, one per prefix.
type Seed [16]byte

// NewSeed returns a fresh seed, a UUIDv7 (RFC 9562, 5.7).
func NewSeed() Seed { return Seed(uuid.Must(uuid.NewV7())) }

// Earliest returns an id of that prefix that sorts before all that are made from t on, and behind those that were made before.
func Earliest(prefix string, t time.Time) string {
	var s Seed
	var millis [8]byte
	binary.BigEndian.PutUint64(millis[:], uint64(max(t.UnixMilli(), 0)))
	copy(s[:], millis[2:]) // a UUIDv7 begins with 48 bits of them (RFC 9562, 5.7)
	return s.ID(prefix)
}

// ID returns the seed's id with that prefix. It panics on a prefix that is not lower-case letters.
func (s Seed) ID(prefix string) string {
	if !isPrefix(prefix) {
		panic("id: " + strconv.Quote(prefix) + " is not a prefix of ids")
	}
	padded := append(make([]byte, padding), s[:]...)
	return prefix + "_" + crockford.EncodeToString(padded)[len(leadingZeros):]
}

// The text of a seed is its 128 bits as one number in base32, which takes 26 digits. Package base32 takes 5 whole bytes for
// 8 digits, so 4 zero bytes are put in front of the 16, and the 6 zero digits that they give are left out.
const (
	padding      = 4 // bytes
	leadingZeros = "000000"
	textLength   = 26 // digits
)

// crockford is Crockford's base32 in lower case. Its digits are in the order of ASCII, so that ids sort like their seeds.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func isPrefix(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < 'a' || r > 'z' })
}
