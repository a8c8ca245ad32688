package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/invariants"
	"github.com/quittance/quittance/deployments/local/stack"
)

// everyKind are the ways in which one call of Saferpay goes wrong: lost before or after it was done, not answered, answered by
// somebody else, and answered with an error that says no for good, to come back later, or that nobody knows.
var everyKind = []object{
	{"kind": "http_500_before"},
	{"kind": "http_500_after"},
	{"kind": "reset_before"},
	{"kind": "reset_after"},
	{"kind": "html_502"},
	{"kind": "slow", "delay_ms": 200},
	{"kind": "hang", "delay_ms": 200},
	{"kind": "error", "error": "ACTION_NOT_SUPPORTED"},
	{"kind": "error", "error": "RETRY_LATER"},
	{"kind": "error", "error": "COMMUNICATION_FAILED"},
	{"kind": "error", "error": "COMMUNICATION_TIMEOUT"},
	{"kind": "error", "error": "INTERNAL_ERROR"},
	{"kind": "error", "error": "UNEXPECTED_ERROR_BY_ACQUIRER"},
}

// armEach makes the next calls of an operation go wrong, each in another way.
func armEach(t *testing.T, s *stack.Stack, operation string, kinds ...object) {
	t.Helper()
	for _, kind := range kinds {
		fault := object{"operation": operation, "times": 1}
		for name, value := range kind {
			fault[name] = value
		}
		armFault(t, s, fault)
	}
}

func (w *paths) arm(t *testing.T, operation string, kinds ...object) {
	t.Helper()
	armEach(t, w.stack, operation, kinds...)
}

func (w *paths) disarm(t *testing.T) {
	t.Helper()
	send(t, "DELETE", w.stack.SimulatorURL()+"/_sim/faults", nil, nil).gives(204, nil)
}

// meet lets the operations go wrong in every way while play goes on, and requires that each of these faults was met: each is
// the answer to one call.
func (w *paths) meet(t *testing.T, play func(), operations ...string) {
	t.Helper()
	before, armed := saferpayCalls(t, w.stack), map[string]int{}
	for _, operation := range operations {
		w.arm(t, operation, everyKind...)
		armed[operation] += len(everyKind)
	}
	play()
	after := saferpayCalls(t, w.stack)
	for operation, faults := range armed {
		assert.GreaterOrEqual(t, after[operation]-before[operation], faults, "each kind of fault of %s is met", operation)
		w.played += faults
	}
}

// faults lets every operation go wrong in every way, and holds the books against each other after each group. A group that
// fails ends it, since its faults may be left.
func (w *paths) faults(t *testing.T) {
	t.Helper()
	c, slow := w.company(t, "require"), w.company(t, "require") // everything takes its time with the acquirer of the second one
	var paid, more []attempt
	var pending []refund
	for _, group := range []struct {
		what string
		play func(*testing.T)
	}{
		{"Opening pages, asking, capturing and releasing go wrong", func(t *testing.T) { t.Helper(); paid = w.failToCollect(t, c) }},
		{"Inquiring after lost captures and releases goes wrong", func(t *testing.T) { t.Helper(); w.failToInquire(t, c) }},
		{"Asking about captures that are left open goes wrong", func(t *testing.T) { t.Helper(); more = w.failToConfirm(t, slow) }},
		{"Refunds are left open", func(t *testing.T) { t.Helper(); pending = w.leaveRefundsOpen(t, slow, more) }},
		{"Refunding and capturing refunds go wrong", func(t *testing.T) { t.Helper(); w.failToRefund(t, c, paid) }},
		{"Inquiring after lost refunds goes wrong", func(t *testing.T) { t.Helper(); w.failToFindRefunds(t, c, paid) }},
		{"Asking about refunds that were left open goes wrong", func(t *testing.T) { t.Helper(); w.endRefunds(t, slow, pending) }},
		{"Looking at the terminal goes wrong", func(t *testing.T) { t.Helper(); w.failToConnect(t) }},
	} {
		if !t.Run(group.what, group.play) {
			return
		}
	}
}

// What happens to an invoice while its payer is on the payment page.
const (
	collect  = "captured"  // nothing: its money is taken
	withdraw = "cancelled" // it is cancelled: its money is given back
)

// pages opens as many payment pages as there are kinds of faults. A payer whom no page is opened for presses again.
func (w *paths) pages(t *testing.T, c *company, name, ends string) (all []attempt) {
	t.Helper()
	c.t = t
	for i := range everyKind {
		inv := c.issueNumbered(fmt.Sprintf("%s %s %d", name, ends, i), "108.00")
		for inv.pressPayNow("card").status != http.StatusSeeOther {
			require.Empty(t, inv.now().Payments, "a page that was opened is shown")
		}
		p := attempt{inv: inv, page: inv.payNow("card"), ends: ends}
		if ends == withdraw {
			p.inv.cancel()
			p.why = "invoice_cancelled"
		}
		all = append(all, p)
	}
	return all
}

// pay lets the payers pay, who all close the tab.
func pay(all []attempt) {
	for _, p := range all {
		p.page.payAndClose(visa)
	}
}

// failToCollect lets everything go wrong between a payer who wants to pay and a receipt, or money that is given back.
func (w *paths) failToCollect(t *testing.T, c *company) (paid []attempt) {
	t.Helper()
	var released []attempt
	w.meet(t, func() { paid = w.pages(t, c, "Every fault", collect) }, "PaymentPage/Initialize")
	released = w.pages(t, c, "Every fault", withdraw)
	w.meet(t, func() {
		pay(slices.Concat(paid, released))
		endAll(t, c, slices.Concat(paid, released))
	}, "PaymentPage/Assert", "Transaction/Capture", "Transaction/Cancel")
	return paid
}

// failToInquire loses the answers to captures and releases, so that Inquire has to say what became of them, and lets that go
// wrong too.
func (w *paths) failToInquire(t *testing.T, c *company) {
	t.Helper()
	taken, released := w.pages(t, c, "Inquire", collect), w.pages(t, c, "Inquire", withdraw)
	for _, operation := range []string{"Transaction/Capture", "Transaction/Cancel"} {
		armFault(t, w.stack, object{"operation": operation, "kind": "http_500_after", "times": 1000})
	}
	all := slices.Concat(taken, released)
	pay(all)
	for _, p := range all {
		await(t, patience, p.inv.transactions, func(at []transaction) bool {
			return len(at) == 1 && slices.Contains([]string{"CAPTURED", "CANCELED"}, at[0].Status)
		})
	}
	w.disarm(t)
	w.meet(t, func() { endAll(t, c, all) }, "Transaction/Inquire", "Transaction/Inquire")
}

// failToConfirm has the acquirer leave every capture open for a moment, and lets asking about it go wrong.
func (w *paths) failToConfirm(t *testing.T, c *company) []attempt {
	t.Helper()
	all := w.pages(t, c, "AssertCapture", collect)
	armFault(t, w.stack, object{"operation": "Transaction/Capture", "kind": "pending", "times": len(all), "delay_ms": 300})
	w.meet(t, func() {
		pay(all)
		endAll(t, c, all)
	}, "Transaction/AssertCapture")
	return all
}

// giveBack asks for a part of each payment back.
func giveBack(t *testing.T, c *company, paid []attempt, reason string) (refunds []refund) {
	t.Helper()
	c.t = t
	for _, p := range paid {
		refunds = append(refunds, c.refund(p.page.payment, object{"amount": "8.00", "reason": reason}))
	}
	return refunds
}

// leaveRefundsOpen has the acquirer decide later on the refunds of all those payments.
func (w *paths) leaveRefundsOpen(t *testing.T, c *company, paid []attempt) []refund {
	t.Helper()
	armFault(t, w.stack, object{"operation": "Transaction/Refund", "kind": "pending", "times": len(paid), "delay_ms": 1000})
	refunds := giveBack(t, c, paid, "Left open")
	for _, r := range refunds {
		r.becomes(c, "pending")
	}
	w.arm(t, "Transaction/AssertRefund", everyKind...)
	return refunds
}

// endRefunds waits for the refunds that were left open: they are asked about after a day.
func (w *paths) endRefunds(t *testing.T, c *company, refunds []refund) {
	t.Helper()
	w.endAllRefunds(t, c, refunds, 0)
	assert.GreaterOrEqual(t, saferpayCalls(t, w.stack)["Transaction/AssertRefund"], len(everyKind), "each kind of fault is met")
	w.played += len(everyKind)
}

// failToRefund lets asking for refunds go wrong, and capturing them. The one that Saferpay refuses for good has failed.
func (w *paths) failToRefund(t *testing.T, c *company, paid []attempt) {
	t.Helper()
	w.meet(t, func() {
		refunds := giveBack(t, c, append(slices.Clone(paid), paid[0]), "Every fault")
		w.endAllRefunds(t, c, refunds, 1)
	}, "Transaction/Refund", "Transaction/Capture")
}

// failToFindRefunds loses the answers to refunds, so that Inquire has to say what became of them, and lets that go wrong too.
func (w *paths) failToFindRefunds(t *testing.T, c *company, paid []attempt) {
	t.Helper()
	armFault(t, w.stack, object{"operation": "Transaction/Refund", "kind": "http_500_after", "times": len(paid)})
	w.meet(t, func() { w.endAllRefunds(t, c, giveBack(t, c, paid, "Lost"), 0) }, "Transaction/Inquire")
}

// endAllRefunds waits until all refunds are at an end, so many of them without success. Of a refund that nobody can be sure of
// a person looks it up at Saferpay and lets it be tried again.
func (w *paths) endAllRefunds(t *testing.T, c *company, refunds []refund, failures int) {
	t.Helper()
	c.t = t
	for _, r := range refunds {
		ended := await(t, patience, func() refund {
			w.decide(c, r)
			return r.now(c)
		}, func(now refund) bool { return now.State == "captured" || now.State == "failed" })
		if ended.State == "failed" {
			failures--
		}
	}
	assert.Zero(t, failures, "refunds that failed")
	c.requireBooksAgree()
}

// decide is a person who sees in the Backoffice that Saferpay never got the refund, or that all is well there again.
func (w *paths) decide(c *company, r refund) {
	c.t.Helper()
	var doubts struct{ Data []exception }
	c.call("GET", "/exceptions?open=true&kind=refund_unclear&subject="+r.ID, nil).gives(200, &doubts)
	if len(doubts.Data) > 0 {
		var unclear givenBack
		c.call("GET", "/refunds/"+r.ID, nil).gives(200, &unclear)
		require.Empty(c.t, invariants.Of(saferpayTransactions(c.t, w.stack), unclear.Saferpay), "Saferpay gave the money back, so there is no doubt")
	}
	c.decideAny(r.ID, "try_again")
}

// failToConnect lets looking at the terminal go wrong while a company enters its credentials again and again: they are saved,
// or refused and stay as they were.
func (w *paths) failToConnect(t *testing.T) {
	t.Helper()
	c := w.company(t, "require")
	c.t = t
	var list struct{ Data []paymentService }
	c.call("GET", "/payment-services", nil).gives(200, &list)
	service := list.Data[0]
	w.meet(t, func() {
		for range len(everyKind) + 2 { // an account that is refused at the licence is not asked for its terminal
			entered := c.call("PUT", "/payment-services/"+service.ID+"/credentials", verifiedAccount)
			assert.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable, http.StatusUnprocessableEntity}, entered.status, "%s", entered.body)
			assert.Equal(t, "active", c.paymentService(service.ID).Status)
		}
	}, "rest/license", "rest/terminals")
}
