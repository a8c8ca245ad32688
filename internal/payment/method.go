package payment

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// Method is what the payer chose on the online document.
type Method string

// Card stands for Visa and Mastercard, which share one payment page.
const (
	Card  Method = "card"
	TWINT Method = "twint"
)

// Methods lists the choices in the order in which a payer sees them. Every one has its row in terms.
var Methods = []Method{Card, TWINT}

// Terms are what holds for a payment method. No field of a row is left empty; see the constants for "none" and "at once".
type Terms struct {
	Label         string           // what people read, in every language
	SaferpayNames []string         // PaymentMethods of Saferpay JSON API 1.53, PaymentPage/Initialize
	Currencies    []money.Currency // in which it can be contracted; money.Currencies for all that Quittance knows
	CaptureWithin time.Duration    // how long an authorization lasts
	RefundAfter   time.Duration    // how long after its capture a payment can't be refunded; Immediately for no wait
	RefundWithin  time.Duration    // how long after its capture a payment can be refunded; NoLimit where none is known
	Decides       Decision         // when the provider says whether the payment is good
	Liability     Liability        // whether the issuer can take over the risk of fraud
	WalletOf      Method           // the method whose means it carries; NoWallet if it is none
}

// Decision is when a provider says whether a payment is good.
type Decision string

// A provider that decides later can leave a payment pending for 120 h (Saferpay JSON API 1.53, PaymentPage/Assert).
const (
	DecidesAtOnce Decision = "at once"
	DecidesLater  Decision = "later"
)

// Liability is the rule for liability shift (Saferpay JSON API 1.53, Liability).
type Liability string

// A method without liability shift is never refused for the lack of it.
const (
	LiabilityShifts   Liability = "shifts with 3-D Secure"
	NoLiabilityToMove Liability = "no shift exists"
)

const (
	// Immediately is a wait that nobody notices, NoLimit one that nobody lives to see.
	Immediately = time.Nanosecond
	NoLimit     = time.Duration(math.MaxInt64)
	// NoWallet says that a method is no wallet.
	NoWallet Method = "none"

	day = 24 * time.Hour
)

// terms is the table of payment methods. What Quittance does differently for one method than for another stands here and nowhere
// else. Sources: Saferpay integration guide (capture, TWINT), Saferpay JSON API 1.53.
var terms = map[Method]Terms{
	Card: {
		Label: "Visa / Mastercard", SaferpayNames: []string{"VISA", "MASTERCARD"}, Currencies: money.Currencies,
		CaptureWithin: 10 * day, RefundAfter: Immediately, RefundWithin: NoLimit,
		Decides: DecidesAtOnce, Liability: LiabilityShifts, WalletOf: NoWallet,
	},
	TWINT: {
		Label: "TWINT", SaferpayNames: []string{"TWINT"}, Currencies: []money.Currency{money.CHF},
		CaptureWithin: 7 * day, RefundAfter: 2 * time.Hour, RefundWithin: NoLimit,
		Decides: DecidesLater, Liability: NoLiabilityToMove, WalletOf: NoWallet,
	},
}

// Known reports whether there is such a method.
func (m Method) Known() bool { return slices.Contains(Methods, m) }

// Terms returns what holds for the method. It is empty for an unknown one, see Known.
func (m Method) Terms() Terms { return terms[m] }

// Refundable reports whether a payment that was captured then can still be refunded at that time.
func (t Terms) Refundable(capturedAt, at time.Time) bool { return at.Sub(capturedAt) <= t.RefundWithin }

// SaferpayNames returns the Saferpay payment methods behind m, none for an unknown one.
func (m Method) SaferpayNames() []string { return terms[m].SaferpayNames }

// CaptureWindows says how long authorizations last, for people: "7 days (TWINT) or 10 days (Visa / Mastercard)".
func CaptureWindows() string {
	methods := slices.Clone(Methods)
	slices.SortStableFunc(methods, func(a, b Method) int { return int(terms[a].CaptureWithin/day) - int(terms[b].CaptureWithin/day) })
	windows := make([]string, len(methods))
	for i, m := range methods {
		windows[i] = fmt.Sprintf("%d days (%s)", terms[m].CaptureWithin/day, terms[m].Label)
	}
	return strings.Join(windows, " or ")
}
