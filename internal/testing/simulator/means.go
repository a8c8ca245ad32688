package simulator

import (
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

const (
	methodCard         = "CARD" // in PaymentMethods: any card
	methodVisa         = "VISA"
	methodMastercard   = "MASTERCARD"
	methodTwint        = "TWINT"
	conditionNone      = "NONE"
	conditionThreeDS   = "THREE_DS_AUTHENTICATION_SUCCESSFUL_OR_ATTEMPTED"
	conditionChallenge = "WITH_SUCCESSFUL_THREE_DS_CHALLENGE"
)

// authentication is what 3-D Secure said of a card payment (Liability.ThreeDs.AuthenticationType).
type authentication string

const (
	frictionless authentication = "FRICTIONLESS"
	challenged   authentication = "STRONG_CUSTOMER_AUTHENTICATION"
	attempted    authentication = "ATTEMPT"
	unavailable  authentication = "NONE" // or failed, and the merchant may go on without
)

// testCard is one of Saferpay's test cards: it fixes how a payment with it ends.
type testCard struct {
	number         string
	brand          string
	authentication authentication
	liabilityShift bool
	challenge      bool   // the payer has to confirm on a page of the card issuer
	refused        string // the ErrorName that every payment ends with
	byAmount       bool   // the last two digits of the amount decide
	partial        bool   // only a part of the amount is approved
	foreign        bool   // a US dollar card: the payer is charged in dollars (DCC)
}

// testCards are the published cards of Saferpay's test environment; there is no other card here, and no real one works.
var testCards = []testCard{
	{number: "9010003150000001", brand: methodVisa, authentication: frictionless, liabilityShift: true},
	{number: "9010003750000005", brand: methodVisa, authentication: unavailable},
	{number: "9010004950000001", brand: methodVisa, authentication: challenged, liabilityShift: true, challenge: true},
	{number: "9010004250000008", brand: methodVisa, authentication: attempted, liabilityShift: true, challenge: true},
	{number: "9010004350000007", brand: methodVisa, challenge: true, refused: saferpay.Name3DSAuthenticationFailed},
	{number: "9010004150000009", brand: methodVisa, authentication: unavailable, challenge: true},
	{number: "9010403104000000", brand: methodVisa, authentication: frictionless, liabilityShift: true, foreign: true},
	{number: "9010403153150003", brand: methodVisa, refused: saferpay.NameCardCheckFailed},
	{number: "9010403153900001", brand: methodVisa, authentication: frictionless, liabilityShift: true, byAmount: true},
	{number: "9010100000020013", brand: methodVisa, authentication: frictionless, liabilityShift: true, partial: true},
	{number: "9010103204160007", brand: methodVisa, refused: saferpay.NamePayerAuthenticationNeeded},
	{number: "9030003150000007", brand: methodMastercard, authentication: frictionless, liabilityShift: true},
	{number: "9030003750000001", brand: methodMastercard, authentication: unavailable},
	{number: "9030004950000007", brand: methodMastercard, authentication: challenged, liabilityShift: true, challenge: true},
	{number: "9030004350000003", brand: methodMastercard, challenge: true, refused: saferpay.Name3DSAuthenticationFailed},
	{number: "9030004150000005", brand: methodMastercard, authentication: unavailable, challenge: true},
	{number: "9030403153150009", brand: methodMastercard, refused: saferpay.NameGeneralDeclined},
	{number: "9030403153900007", brand: methodMastercard, authentication: frictionless, liabilityShift: true, byAmount: true},
	{number: "9030100000021017", brand: methodMastercard, authentication: frictionless, liabilityShift: true, partial: true},
	{number: "9030103204160003", brand: methodMastercard, refused: saferpay.NamePayerAuthenticationNeeded},
}

func findCard(number string) (testCard, bool) {
	i := slices.IndexFunc(testCards, func(c testCard) bool { return c.number == number })
	if i < 0 {
		return testCard{}, false
	}
	return testCards[i], true
}

// Amount codes of the byAmount cards: the last two digits of the amount in minor units.
const codeShiftRejected = "01" // approved, but the liability shift is rejected at authorization

var declineCodes = map[string]string{
	"03": "invalid merchant number", "04": "card invalid", "05": "authorization declined",
	"09": "processing temporarily not possible", "12": "invalid transaction", "14": "invalid card", "30": "format error",
	"33": "card expired", "34": "suspicion of manipulation", "43": "stolen card", "51": "insufficient funds", "62": "restricted card",
}

// TWINT amounts in minor units that decide how a TWINT payment ends.
var (
	twintDelays = map[int64]time.Duration{
		6611: time.Second, 6612: 10 * time.Second, 6613: time.Minute, 6614: 2 * time.Minute, 6615: 10 * time.Minute,
	}
	twintDeclines = map[int64]string{6651: "authorization declined", 6661: "authorization expired"}
)

// means is what a payment was made with, as Assert shows it later.
type means struct {
	Method         string         `json:"method"`
	Number         string         `json:"number,omitempty"` // masked
	DisplayText    string         `json:"display_text"`
	LiabilityShift bool           `json:"liability_shift"`
	Authentication authentication `json:"authentication,omitempty"`
	Foreign        bool           `json:"foreign,omitempty"`
}

// failure is why a payment came to nothing, as Assert answers it.
type failure struct {
	Name             string `json:"name"`
	ProcessorResult  string `json:"processor_result,omitempty"`
	ProcessorMessage string `json:"processor_message,omitempty"`
}

// verdict is how a payment ends: a failure, or means with what was approved, now or after a delay.
type verdict struct {
	failure *failure
	means   means
	minor   int64
	delay   time.Duration
}

func failed(name string) verdict { return verdict{failure: &failure{Name: name}} }

// refused is a payment with these means that failed.
func (m means) refused(name string) verdict { return verdict{failure: &failure{Name: name}, means: m} }

// declined is a payment with these means that the acquirer turned down.
func (m means) declined(result, message string) verdict {
	return verdict{failure: &failure{saferpay.NameTransactionDeclined, result, message}, means: m}
}

// payByTwint decides a TWINT payment of the page's amount.
func payByTwint(p *page) verdict {
	twint := means{Method: methodTwint, DisplayText: "TWINT"}
	if why, refused := twintDeclines[p.Minor]; refused {
		return twint.declined("", why)
	}
	return verdict{means: twint, minor: p.Minor, delay: twintDelays[p.Minor]}
}

// payByCard decides a payment of the page's amount with a test card.
func payByCard(p *page, card testCard) verdict {
	n := card.number
	paid := means{
		Method: card.brand, Number: n[:8] + "xxxx" + n[12:], DisplayText: "xxxx xxxx xxxx " + n[12:],
		LiabilityShift: card.liabilityShift, Authentication: card.authentication, Foreign: card.foreign,
	}
	if card.refused != "" {
		return paid.refused(card.refused)
	}
	if !card.satisfies(p.Condition) {
		return paid.refused(saferpay.NameConditionNotSatisfied)
	}
	v := verdict{minor: p.Minor, means: paid}
	if card.byAmount {
		code := fmt.Sprintf("%02d", p.Minor%100)
		if why, refused := declineCodes[code]; refused {
			return paid.declined(code, why)
		}
		v.means.LiabilityShift = code != codeShiftRejected
	}
	if card.partial {
		if !p.AllowPartial {
			return paid.declined("51", declineCodes["51"])
		}
		v.minor = (p.Minor + 1) / 2
	}
	return v
}

// satisfies reports whether 3-D Secure with this card is enough for the condition of the payment page.
func (c testCard) satisfies(condition string) bool {
	switch condition {
	case conditionThreeDS:
		return c.authentication != unavailable
	case conditionChallenge:
		return c.authentication == challenged
	default:
		return true
	}
}
