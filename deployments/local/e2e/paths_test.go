package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/deployments/local/stack"
)

// paths are the ways that payments and refunds go on one stack, many at a time.
type paths struct {
	stack     *stack.Stack
	companies []*company
	played    int // how many combinations
	left      int // how many payers left their page, which dies
}

// attempt is one combination under way: an invoice, and the page on which its payer pays.
type attempt struct {
	inv  invoice
	page paymentPage
	ends string // the state in which the payment must end
	why  string // and the name of its failure
}

// TestEveryPathEndsWithBooksThatAgree plays every combination of notification and payer, every test card, every TWINT amount
// and every fault of every operation on a stack of its own, and holds our books against Saferpay's after each group. An hour
// passes in a second here, and a payment page lives for ten. Faults and notifications are set for the whole simulator, so one
// group follows the other; within a group everything happens at once.
func TestEveryPathEndsWithBooksThatAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: make test-deep plays every fault of every operation")
	}
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 3600
	w := &paths{stack: startStack(t, options)}
	w.arm(t, "Transaction/Inquire", everyKind...) // for the pages that die
	ended := w.notifications(t)
	w.cards(t)
	w.twintAmounts(t)
	t.Run("Every notification and every payer, while looking back at dead pages goes wrong", ended)
	w.played += len(everyKind)
	requireNotPolled(t, w.stack, w.left+len(everyKind))
	longLivedPages(t, w.stack) // payers wait until as many pages are open as there are faults
	w.faults(t)
	requireNoStrangers(t, w.stack, w.on(t))
	t.Logf("%d combinations were played", w.played)
}

// on lets the companies report to the test.
func (w *paths) on(t *testing.T) []*company {
	t.Helper()
	for _, c := range w.companies {
		c.t = t
	}
	return w.companies
}

// company makes a company with a policy for payments without liability shift.
func (w *paths) company(t *testing.T, liability string) *company {
	t.Helper()
	c := newMerchant(t, w.stack)
	c.call("PATCH", "/settings", object{"liability_shift": liability}).gives(200, nil)
	w.companies = append(w.companies, c)
	return c
}

// open issues an invoice whose number is the name of the combination, and sends its payer to a payment page.
func (w *paths) open(c *company, number, amount, method string) attempt {
	w.played++
	inv := c.issueNumbered(number, amount)
	return attempt{inv: inv, page: inv.payNow(method), ends: "captured"}
}

// issueNumbered makes and issues an invoice over that amount in CHF with a number of its own.
func (c *company) issueNumbered(number, amount string) invoice {
	c.t.Helper()
	body := newInvoice(amount)
	body["number"] = number
	inv := invoice{company: c}
	c.call("POST", "/invoices", body).gives(201, &inv)
	c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
	return inv
}

// end waits until the payment has ended as it must.
func (p attempt) end(t *testing.T) {
	t.Helper()
	p.inv.company.t = t
	got := await(t, patience, func() payment { return p.inv.paymentNow(p.page.payment) }, func(now payment) bool {
		return slices.Contains([]string{"captured", "failed", "aborted", "expired", "cancelled"}, now.State)
	})
	assert.Equal(t, p.ends, got.State, p.inv.Number)
	assert.Equal(t, p.why, got.Failure.Name, p.inv.Number)
}

// endAll waits for all of the paths and holds the books of their company against Saferpay's.
func endAll(t *testing.T, c *company, all []attempt) {
	t.Helper()
	for _, p := range all {
		p.end(t)
	}
	c.t = t
	c.requireBooksAgree()
}

var notificationModes = []object{
	{"mode": "none"}, {"mode": "normal"}, {"mode": "twice"}, {"mode": "late", "delay_ms": 300}, {"mode": "before_return"},
}

// payer is what somebody does on a payment page, and how that must end.
type payer struct {
	does, method string
	act          object
	ends, why    string
}

// payers are all of them, by every method.
func payers() (all []payer) {
	for method, means := range map[string]string{"card": visa, "twint": twint} {
		for _, returns := range []bool{true, false} {
			all = append(all,
				payer{"pays", method, object{"means": means, "return": returns}, "captured", ""},
				payer{"aborts", method, object{"action": "abort", "return": returns}, "aborted", "TRANSACTION_ABORTED"})
		}
		all = append(all, payer{"leaves", method, object{"action": "close", "return": false}, "expired", ""})
	}
	return append(all,
		payer{"is declined", "card", object{"means": declinedCard, "return": true}, "failed", "GENERAL_DECLINED"},
		payer{"is declined", "card", object{"means": declinedCard, "return": false}, "failed", "GENERAL_DECLINED"})
}

// notifications starts every payer under every mode of notification and returns what waits for their ends: whoever nobody
// hears of is found by one look before the page dies.
func (w *paths) notifications(t *testing.T) (ended func(*testing.T)) {
	t.Helper()
	c := w.company(t, "require")
	var all []attempt
	for _, mode := range notificationModes {
		send(t, "POST", w.stack.SimulatorURL()+"/_sim/notifications", mode, nil).gives(200, nil)
		for _, payer := range payers() {
			p := w.open(c, fmt.Sprintf("%s %s %s return=%v", mode["mode"], payer.method, payer.does, payer.act["return"]), "108.00", payer.method)
			if p.ends, p.why = payer.ends, payer.why; p.ends == "expired" {
				w.left++
			}
			p.page.act(payer.act)
			all = append(all, p)
		}
	}
	send(t, "POST", w.stack.SimulatorURL()+"/_sim/notifications", object{"mode": "normal"}, nil).gives(200, nil)
	return func(t *testing.T) { t.Helper(); endAll(t, c, all) }
}

// How payments with test cards and amounts fail.
const (
	declined  = "TRANSACTION_DECLINED"
	noShift   = "liability_shift_missing"
	condition = "CONDITION_NOT_SATISFIED"
)

// testCards are Saferpay's test cards: how a payment fails when the company requires the liability shift, and when it only
// prefers it; empty when it is captured.
var testCards = []struct{ number, what, require, prefer string }{
	{"9010003150000001", "Visa, frictionless", "", ""},
	{"9010003750000005", "Visa, no liability shift", condition, ""},
	{"9010004950000001", "Visa, challenge", "", ""},
	{"9010004250000008", "Visa, challenge attempted", "", ""},
	{"9010004350000007", "Visa, challenge failed", "3DS_AUTHENTICATION_FAILED", "3DS_AUTHENTICATION_FAILED"},
	{"9010004150000009", "Visa, 3-D Secure failed", condition, ""},
	{"9010403104000000", "Visa, in dollars", "", ""},
	{"9010403153150003", "Visa, general decline", "CARD_CHECK_FAILED", "CARD_CHECK_FAILED"},
	{"9010100000020013", "Visa, partial approval", declined, declined},
	{"9010103204160007", "Visa, soft decline", "PAYER_AUTHENTICATION_REQUIRED", "PAYER_AUTHENTICATION_REQUIRED"},
	{"9030003150000007", "Mastercard, frictionless", "", ""},
	{"9030003750000001", "Mastercard, no liability shift", condition, ""},
	{"9030004950000007", "Mastercard, challenge", "", ""},
	{"9030004350000003", "Mastercard, challenge failed", "3DS_AUTHENTICATION_FAILED", "3DS_AUTHENTICATION_FAILED"},
	{"9030004150000005", "Mastercard, 3-D Secure failed", condition, ""},
	{"9030403153150009", "Mastercard, general decline", "GENERAL_DECLINED", "GENERAL_DECLINED"},
	{"9030100000021017", "Mastercard, partial approval", declined, declined},
	{"9030103204160003", "Mastercard, soft decline", "PAYER_AUTHENTICATION_REQUIRED", "PAYER_AUTHENTICATION_REQUIRED"},
}

// With these cards the last two digits of the amount decide.
var (
	cardsByAmount = []string{"9010403153900001", "9030403153900007"}
	amountCodes   = []struct{ code, require, prefer string }{
		{"00", "", ""},
		{"01", noShift, ""},
		{"03", declined, declined},
		{"04", declined, declined},
		{"05", declined, declined},
		{"09", declined, declined},
		{"12", declined, declined},
		{"14", declined, declined},
		{"30", declined, declined},
		{"33", declined, declined},
		{"34", declined, declined},
		{"43", declined, declined},
		{"51", declined, declined},
		{"62", declined, declined},
	}
)

func (w *paths) cards(t *testing.T) {
	t.Helper()
	for _, liability := range []string{"require", "prefer"} {
		t.Run("Every test card of a company that would "+liability+" the liability shift", func(t *testing.T) {
			c := w.company(t, liability)
			var all []attempt
			pay := func(number, amount, card, require, prefer string) {
				p := w.open(c, number, amount, "card")
				p.why = require
				if liability == "prefer" {
					p.why = prefer
				}
				switch p.why {
				case "":
				case noShift:
					p.ends = "cancelled"
				default:
					p.ends = "failed"
				}
				p.page.pay(card)
				all = append(all, p)
			}
			for _, card := range testCards {
				pay(card.what, "108.00", card.number, card.require, card.prefer)
			}
			for _, card := range cardsByAmount {
				for _, amount := range amountCodes {
					pay(card+" "+amount.code, "108."+amount.code, card, amount.require, amount.prefer)
				}
			}
			endAll(t, c, all)
		})
	}
}

// twintAmounts pays the amounts that decide how a TWINT payment ends. The provider's delays of up to ten minutes take a second
// here.
func (w *paths) twintAmounts(t *testing.T) {
	t.Helper()
	t.Run("Every TWINT amount", func(t *testing.T) {
		c := w.company(t, "require")
		var all []attempt
		for amount, why := range map[string]string{
			"66.11": "", "66.12": "", "66.13": "", "66.14": "", "66.15": "", "66.51": declined, "66.61": declined,
		} {
			for _, returns := range []bool{true, false} {
				p := w.open(c, fmt.Sprintf("TWINT %s return=%v", amount, returns), amount, "twint")
				if p.why = why; why != "" {
					p.ends = "failed"
				}
				p.page.act(object{"means": twint, "return": returns})
				all = append(all, p)
			}
		}
		endAll(t, c, all)
	})
}
