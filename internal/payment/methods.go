package payment

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// Method is what the payer chose on the online document. Its value is the same in the form, the API and the database.
type Method string

// The methods; table says everything about them.
const (
	Card  Method = "card" // Visa and Mastercard, which share one payment page
	TWINT Method = "twint"
)

// Brand is a payment method as Saferpay counts them.
type Brand struct {
	Saferpay string // its value of PaymentMethods (Saferpay JSON API 1.53, PaymentPage/Initialize)
	Name     string // as people write it
}

// traits are what the product knows about a method. Every field is set; what a method does not have is none, noCondition,
// noWallet or no.
type traits struct {
	method     Method
	label      words // on the payer's button
	word       words // within a sentence: "pay by card"
	brands     []Brand
	currencies []money.Currency // that the acquirer can contract for it

	captureWindow time.Duration // how long an authorization lasts
	refundDelay   time.Duration // how long after the capture Saferpay takes no refund
	refundWindow  time.Duration // how long after the capture Saferpay takes refunds
	decidesLater  answer        // whether the provider may answer PENDING and decide after the payer has left

	// liabilityCondition is the Saferpay Condition that asks for liability shift. A method without one knows no liability shift.
	liabilityCondition string
	walletOf           Method // the method that pays behind this one; nothing reads it yet, as no method is a wallet
}

// table lists the methods in the order in which a payer sees them. The windows are those of the Saferpay integration guide,
// and the conditions those of Saferpay JSON API 1.53, PaymentPage/Initialize. How to add one: docs/adding-a-payment-method.md.
var table = complete([]traits{
	{
		method:             Card,
		label:              everywhere("Visa / Mastercard"),
		word:               words{"de": "Karte", "fr": "carte", "it": "carta", "en": "card"},
		brands:             []Brand{{Saferpay: "VISA", Name: "Visa"}, {Saferpay: "MASTERCARD", Name: "Mastercard"}},
		currencies:         []money.Currency{money.CHF, money.EUR, money.USD, money.GBP},
		captureWindow:      10 * day, // about
		refundDelay:        none,
		refundWindow:       none,
		decidesLater:       no,
		liabilityCondition: "THREE_DS_AUTHENTICATION_SUCCESSFUL_OR_ATTEMPTED",
		walletOf:           noWallet,
	},
	{
		method:             TWINT,
		label:              everywhere("TWINT"),
		word:               everywhere("TWINT"),
		brands:             []Brand{{Saferpay: "TWINT", Name: "TWINT"}},
		currencies:         []money.Currency{money.CHF},
		captureWindow:      7 * day,
		refundDelay:        2 * time.Hour,
		refundWindow:       none,
		decidesLater:       yes,
		liabilityCondition: noCondition,
		walletOf:           noWallet,
	},
})

const day = 24 * time.Hour

// What a method does not have is said, because a field that is not set is a mistake.
const (
	none               = time.Duration(-1)
	noCondition        = "NONE" // Saferpay's own word
	noWallet    Method = "none"
)

type answer string

const (
	yes answer = "yes"
	no  answer = "no"
)

// words say the same in every language of invoice.Languages.
type words map[string]string

// everywhere returns the words of a name that is the same in every language.
func everywhere(name string) words { return words{"de": name, "fr": name, "it": name, "en": name} }

// complete returns the table. It panics when a field of a method is not set: no program starts with a gap.
func complete(table []traits) []traits {
	for _, t := range table {
		fields := reflect.ValueOf(t)
		for i := range fields.NumField() {
			if fields.Field(i).IsZero() {
				panic(fmt.Sprintf("payment: %s of the method %q is not set", fields.Type().Field(i).Name, t.method))
			}
		}
	}
	return table
}

// Methods lists the methods in the order in which a payer sees them.
var Methods = func() (list []Method) {
	for _, t := range table {
		list = append(list, t.method)
	}
	return list
}()

// Known reports whether there is such a method.
func (m Method) Known() bool { return slices.Contains(Methods, m) }

// traits returns the row of m. It panics for an unknown method: to guess its rules could lose money.
func (m Method) traits() traits {
	i := slices.Index(Methods, m)
	if i < 0 {
		panic(fmt.Sprintf("payment: there is no method %q", m))
	}
	return table[i]
}

// Label returns what a payer reads on the button of m, in a language of invoice.Languages.
func (m Method) Label(language string) string { return m.traits().label[language] }

// Word returns what m is called within a sentence, in a language of invoice.Languages.
func (m Method) Word(language string) string { return m.traits().word[language] }

// Brands returns the Saferpay payment methods behind m.
func (m Method) Brands() []Brand { return m.traits().brands }

// SaferpayNames returns Saferpay's names of the payment methods behind m; none for an unknown method.
func (m Method) SaferpayNames() (names []string) {
	if !m.Known() {
		return nil
	}
	for _, b := range m.Brands() {
		names = append(names, b.Saferpay)
	}
	return names
}

// Takes reports whether m can be contracted for the currency.
func (m Method) Takes(currency money.Currency) bool {
	return slices.Contains(m.traits().currencies, currency)
}

// CaptureWindow returns how long after the authorization the money can be captured.
func (m Method) CaptureWindow() time.Duration { return m.traits().captureWindow }

// RefundDelay returns how long after the capture Saferpay takes no refund; 0 when it takes one at once.
func (m Method) RefundDelay() time.Duration { return max(m.traits().refundDelay, 0) }

// Refundable reports whether a payment that was captured then can still be refunded at that time.
func (m Method) Refundable(capturedAt, at time.Time) bool {
	window := m.traits().refundWindow
	return window == none || at.Sub(capturedAt) <= window
}

// DecidesLater reports whether the provider may decide after the payer has left the payment page.
func (m Method) DecidesLater() bool { return m.traits().decidesLater == yes }

// LiabilityCondition returns the Saferpay Condition that asks for liability shift; empty for a method that knows no liability
// shift (Saferpay JSON API 1.53, Liability).
func (m Method) LiabilityCondition() string {
	if c := m.traits().liabilityCondition; c != noCondition {
		return c
	}
	return ""
}
