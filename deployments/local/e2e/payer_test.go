package e2e

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/invariants"
	"github.com/quittance/quittance/deployments/local/stack"
)

// Means of payment that the simulator knows: Saferpay's test cards, and TWINT.
const (
	visa         = "9010003150000001" // paid without a challenge
	challenged   = "9010004950000001" // paid after a 3-D Secure challenge
	declinedCard = "9030403153150009" // refused by the issuer
	twint        = "twint"
)

// paymentPage is the page at Saferpay that a payer was sent to.
type paymentPage struct {
	t       *testing.T
	stack   *stack.Stack
	url     string
	payment string // the id of the payment that it is for
}

// transaction is what Saferpay's own books say.
type transaction = invariants.Transaction

// pressPayNow presses "Pay now" on the online document.
func (inv invoice) pressPayNow(method string) answer {
	inv.company.t.Helper()
	return send(inv.company.t, "POST", inv.OnlineDocumentURL+"/pay", []byte(url.Values{"method": {method}}.Encode()),
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
}

// payNow presses "Pay now" and is sent on to a payment page.
func (inv invoice) payNow(method string) paymentPage {
	c := inv.company
	c.t.Helper()
	pressed := inv.pressPayNow(method)
	pressed.gives(http.StatusSeeOther, nil)
	return paymentPage{t: c.t, stack: c.stack, url: pressed.header.Get("Location"), payment: inv.now().Payments[0].ID}
}

// pay is a payer who pays and returns to the shop.
func (p paymentPage) pay(means string) {
	p.t.Helper()
	p.act(object{"means": means})
}

// payAndClose is a payer who pays and closes the tab.
func (p paymentPage) payAndClose(means string) {
	p.t.Helper()
	p.act(object{"means": means, "return": false})
}

// abort is a payer who changes their mind.
func (p paymentPage) abort() {
	p.t.Helper()
	p.act(object{"action": "abort"})
}

func (p paymentPage) act(payer object) {
	p.t.Helper()
	payer["redirect_url"] = p.url
	var came struct {
		ReturnError  string `json:"return_error"`
		ReturnStatus int    `json:"return_status"`
	}
	send(p.t, "POST", p.stack.SimulatorURL()+"/_sim/pay", payer, nil).gives(200, &came)
	require.Empty(p.t, came.ReturnError)
	if payer["return"] != false {
		require.Equal(p.t, http.StatusOK, came.ReturnStatus)
	}
}

// asserts is how often Saferpay was asked what became of the payment.
func (p paymentPage) asserts() int {
	p.t.Helper()
	return saferpayCalls(p.t, p.stack)["PaymentPage/Assert/"+path.Base(p.url)]
}

func saferpayCalls(t *testing.T, s *stack.Stack) map[string]int {
	t.Helper()
	var calls map[string]int
	send(t, "GET", s.SimulatorURL()+"/_sim/calls", nil, nil).gives(200, &calls)
	return calls
}

// saferpayTransactions returns all of Saferpay's books.
func saferpayTransactions(t *testing.T, s *stack.Stack) []transaction {
	t.Helper()
	var all []transaction
	send(t, "GET", s.SimulatorURL()+"/_sim/transactions", nil, nil).gives(200, &all)
	return all
}

// rewrite changes what Saferpay's books say of a transaction.
func rewrite(t *testing.T, s *stack.Stack, transaction string, to object) {
	t.Helper()
	send(t, "PATCH", s.SimulatorURL()+"/_sim/transactions/"+transaction, to, nil).gives(204, nil)
}

// transactions returns what Saferpay's books say of the invoice's payments.
func (inv invoice) transactions() []transaction {
	c := inv.company
	c.t.Helper()
	payments := inv.now().Payments
	return slices.DeleteFunc(saferpayTransactions(c.t, c.stack), func(t transaction) bool {
		return !slices.ContainsFunc(payments, func(p payment) bool { return p.Saferpay.OrderID == t.OrderID })
	})
}

// requireCollectedOnce waits until the invoice is paid and holds our books against Saferpay's: one capture, one journal
// entry over the whole amount, and no authorization left hanging.
func (inv invoice) requireCollectedOnce(amount string) invoice {
	c := inv.company
	c.t.Helper()
	paid := inv.becomes("paid")
	assert.Equal(c.t, amount, paid.AmountPaid)
	assert.Equal(c.t, "0.00", paid.AmountDue)
	captured := 0
	for _, t := range inv.transactions() {
		captured += t.Captures
		assert.Contains(c.t, []string{"CAPTURED", "CANCELED"}, t.Status)
	}
	assert.Equal(c.t, 1, captured, "money is moved once")
	assert.Equal(c.t, []journalEntry{{Lines: []journalLine{
		{Account: "1029", Debit: amount, Credit: "0.00", Currency: "CHF"},
		{Account: "1100", Debit: "0.00", Credit: amount, Currency: "CHF"},
	}}}, c.journal(inv))
	return paid
}

// longLivedPages lets the payment pages that are opened from now on live for a day, and not for an hour, before the time scale
// shortens it. It is for tests that have a stack of their own.
func longLivedPages(t *testing.T, s *stack.Stack) {
	t.Helper()
	send(t, "PUT", s.SimulatorURL()+"/_sim/settings", object{"page_life_ms": (24 * time.Hour).Milliseconds()}, nil).gives(200, nil)
}

// armFault makes the next call of an operation go wrong. It is for tests that are not parallel, or have a stack of their own.
func armFault(t *testing.T, s *stack.Stack, fault object) {
	t.Helper()
	send(t, "POST", s.SimulatorURL()+"/_sim/faults", fault, nil).gives(201, nil)
}

// chooseNotifications decides how the simulator notifies, until the end of the test. It is for tests that are not
// parallel, or have a stack of their own.
func chooseNotifications(t *testing.T, s *stack.Stack, mode string) {
	t.Helper()
	choose := func(mode string) {
		send(t, "POST", s.SimulatorURL()+"/_sim/notifications", object{"mode": mode}, nil).gives(200, nil)
	}
	choose(mode)
	t.Cleanup(func() { choose("normal") })
}
