// Package qrbill makes the Swiss QR-bill: its references, the text of its code, and the code itself. What it makes follows both versions
// of the Implementation Guidelines QR-bill that are in force: 2.3 (until November 2027) and 2.4 (since November 2026), which keeps
// QR-IBANs and QR references for francs.
package qrbill

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/runenames"

	"github.com/quittance/quittance/internal/iban"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// MaxPayload is the size of the largest payload, in bytes of UTF-8: 997 characters fit into a code of version 25.
const MaxPayload = 997

// The longest values, in characters.
const (
	maxName, maxStreet, maxHouseNumber, maxPostcode, maxCity = 70, 70, 16, 16, 35

	maxAdditional  = 140 // the message and the billing information together
	maxAlternative = 100
	alternatives   = 2
)

// Address is a structured address, type S. Street and house number may be empty; the country is an ISO 3166 code of two letters.
type Address struct {
	Name, Street, HouseNumber, Postcode, City, Country string
}

// Bill is what a payer needs to pay by bank.
type Bill struct {
	Account            string // an IBAN or QR-IBAN of Switzerland or Liechtenstein, with or without blanks
	Creditor           Address
	Amount             *decimal.Decimal // in major units; nil: the payer writes it
	Currency           money.Currency   // CHF or EUR
	Debtor             *Address         // nil: the payer writes it
	Reference          Reference
	Message            string   // for people
	BillingInformation string   // for programs, such as "//S1/10/2026-0042"
	AlternativeSchemes []string // at most two
}

// IsQRIBAN reports whether the account, with or without blanks, takes payments with QR references only: its institution is one of
// 30000 to 31999.
func IsQRIBAN(account string) bool {
	account = compact(account)
	return ours(account) && (account[4:6] == "30" || account[4:6] == "31")
}

// ours reports whether s is an IBAN of Switzerland or Liechtenstein.
func ours(s string) bool {
	return len(s) == 21 && (strings.HasPrefix(s, "CH") || strings.HasPrefix(s, "LI")) && iban.Valid(s)
}

// GroupedAccount returns an IBAN as it is printed: in fours.
func GroupedAccount(account string) string { return groups(compact(account), 4) }

// Payload returns the text of the bill's code: 31 lines, and up to three more for billing information and alternative schemes. Texts are
// written as Clean returns them. The error is a problem.Error that names each field that a bill cannot carry as it is.
func (b Bill) Payload() (string, error) {
	c := &checks{}
	account := compact(b.Account)
	c.account(account, b.Currency, b.Reference)
	lines := []string{"SPC", "0200", "1", account}
	lines = append(lines, c.address("creditor", b.Creditor)...)
	lines = append(lines, make([]string, 7)...) // the ultimate creditor, which is for future use
	lines = append(lines, c.amount(b.Amount), string(b.Currency))
	if b.Debtor != nil {
		lines = append(lines, c.address("debtor", *b.Debtor)...)
	} else {
		lines = append(lines, make([]string, 7)...)
	}
	message, billing := c.text("message", b.Message, 0, maxAdditional), c.text("billing_information", b.BillingInformation, 0, maxAdditional)
	if n := utf8.RuneCountInString(message) + utf8.RuneCountInString(billing); n > maxAdditional && len(c.faults) == 0 {
		c.refuse("message", "must have at most %d characters together with the billing information; they have %d", maxAdditional, n)
	}
	lines = append(lines, string(b.Reference.Kind()), b.Reference.String(), message, "EPD")
	if billing != "" || len(b.AlternativeSchemes) > 0 {
		lines = append(lines, billing)
	}
	if len(b.AlternativeSchemes) > alternatives {
		c.refuse("alternative_schemes", "must be at most %d", alternatives)
	}
	for i, scheme := range b.AlternativeSchemes {
		lines = append(lines, c.text(fmt.Sprintf("alternative_schemes[%d]", i), scheme, 1, maxAlternative))
	}
	payload := strings.Join(lines, "\n")
	if len(payload) > MaxPayload && len(c.faults) == 0 {
		c.refuse("message", "must be shorter: the code holds %d bytes, and the bill has %d; a letter such as é counts twice", MaxPayload, len(payload))
	}
	if len(c.faults) > 0 {
		return "", problem.InvalidFields(c.faults...)
	}
	return payload, nil
}

// Check returns what keeps a bill from carrying the address; name is that of the field that holds it.
func (a Address) Check(name string) []problem.Field {
	c := &checks{}
	c.address(name, a)
	return c.faults
}

// Fitted returns the address as a bill can carry it: clean, and shortened where a part is too long. It reports false when that cannot
// be: a part that must be there is missing, or a character has no place in a bill. A debtor's address that does not fit is best left
// for the payer to write.
func (a Address) Fitted() (Address, bool) {
	for _, part := range a.parts() {
		clean, refused := Clean(*part.value)
		if refused != 0 || len(clean) < part.minimum {
			return Address{}, false
		}
		*part.value = shortened(clean, part.maximum)
	}
	return a, known(a.Country)
}

// part is a part of an address, with the numbers of characters that it may have.
type part struct {
	name             string
	value            *string
	minimum, maximum int
}

func (a *Address) parts() []part {
	return []part{
		{"name", &a.Name, 1, maxName},
		{"street", &a.Street, 0, maxStreet},
		{"house_number", &a.HouseNumber, 0, maxHouseNumber},
		{"postcode", &a.Postcode, 1, maxPostcode},
		{"city", &a.City, 1, maxCity},
	}
}

// known reports whether country is an ISO 3166 code of a country, in capital letters.
func known(country string) bool {
	if len(country) != 2 || strings.Trim(country, capitals) != "" {
		return false
	}
	region, err := language.ParseRegion(country)
	return err == nil && region.IsCountry()
}

// checks collects what is wrong with a bill.
type checks struct{ faults []problem.Field }

func (c *checks) refuse(name, format string, args ...any) {
	c.faults = append(c.faults, problem.Field{Name: name, Message: fmt.Sprintf(format, args...)})
}

func (c *checks) text(name, value string, minimum, maximum int) string {
	clean, refused := Clean(value)
	switch n := utf8.RuneCountInString(clean); {
	case refused != 0:
		c.refuse(name, "must not hold %s: a QR-bill has only Latin letters", runenames.Name(refused))
	case n > maximum:
		c.refuse(name, "must have at most %d characters on a QR-bill; it has %d", maximum, n)
	case n < minimum:
		c.refuse(name, "must not be empty on a QR-bill")
	}
	return clean
}

func (c *checks) address(name string, a Address) []string {
	lines := []string{"S"}
	for _, part := range a.parts() {
		lines = append(lines, c.text(name+"."+part.name, *part.value, part.minimum, part.maximum))
	}
	if !known(a.Country) {
		c.refuse(name+".country", "must be the code of a country, such as CH")
	}
	return append(lines, a.Country)
}

func (c *checks) amount(amount *decimal.Decimal) string {
	if amount == nil {
		return ""
	}
	if !amount.Equal(amount.Round(2)) || !amount.IsPositive() || amount.GreaterThan(decimal.New(99_999_999_999, -2)) {
		c.refuse("amount", "must be 0.01 to 999999999.99 on a QR-bill")
	}
	return amount.StringFixed(2)
}

func (c *checks) account(account string, currency money.Currency, reference Reference) {
	if currency != money.CHF && currency != money.EUR {
		c.refuse("currency", "must be CHF or EUR on a QR-bill")
	}
	switch withQR := IsQRIBAN(account); {
	case !ours(account):
		c.refuse("account", "must be an IBAN of Switzerland or Liechtenstein")
	case withQR && currency == money.EUR:
		c.refuse("account", "must not be a QR-IBAN for a bill in EUR: only CHF goes to a QR-IBAN since November 2026")
	case withQR && reference.Kind() != QRR:
		c.refuse("reference", "must be a QR reference of %d digits: the account is a QR-IBAN", qrrLength)
	case !withQR && reference.Kind() == QRR:
		c.refuse("reference", "must start with RF, or be left out: the account is not a QR-IBAN")
	}
}
