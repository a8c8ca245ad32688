package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

// decisions are the persons of a company who look into the Saferpay Backoffice, and decide.
type decisions struct{ *company }

// undecided is a payment with which nothing goes on before somebody decides.
type undecided struct {
	invoice
	page  paymentPage
	about exception
}

// TestWhatPersonsDecideIsCarriedOut plays the decisions on every exception of a payment and of a refund. Half a day passes in a
// second here, so that what failed is tried again every half second at most. No notification is ever sent.
func TestWhatPersonsDecideIsCarriedOut(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 43200
	s := startStack(t, options)
	chooseNotifications(t, s, "none")
	for _, group := range []struct {
		what string
		play func(decisions)
	}{
		{"Captures that Saferpay refuses", decisions.captures},
		{"Releases that Saferpay refuses", decisions.releases},
		{"Questions that Saferpay refuses to answer", decisions.questions},
		{"Answers about other money than was asked for", decisions.mismatches},
		{"Providers that don't decide", decisions.overdue},
		{"A capture that the acquirer leaves open and then declines", decisions.declined},
		{"Refunds in doubt", decisions.refunds},
	} {
		if !t.Run(group.what, func(t *testing.T) { group.play(decisions{newMerchant(t, s)}) }) {
			return // its faults may be left
		}
	}
}

// refuse has Saferpay say no to an operation for good, until the returned function is called.
func (d decisions) refuse(operation, name string) (again func()) {
	d.t.Helper()
	armFault(d.t, d.stack, object{"operation": operation, "kind": "error", "error": name, "times": 1_000_000})
	return func() {
		d.t.Helper()
		send(d.t, "DELETE", d.stack.SimulatorURL()+"/_sim/faults", nil, nil).gives(204, nil)
	}
}

// exceptionOf waits until there is an open exception of that kind about the subject.
func (d decisions) exceptionOf(subject, kind string) exception {
	d.t.Helper()
	return await(d.t, patience, func() exception {
		open := d.open(subject)
		if i := slices.IndexFunc(open, func(e exception) bool { return e.Kind == kind }); i >= 0 {
			return open[i]
		}
		return exception{}
	}, func(e exception) bool { return e.ID != "" })
}

// decide takes a decision, in a moment in which nothing is being tried again. A sweep, which comes every few seconds here, may see
// before that what the person saw, so that nothing is left to decide.
func (d decisions) decide(e exception, choice string) {
	d.t.Helper()
	await(d.t, patience, func() string {
		decided := d.call("POST", "/exceptions/"+e.ID+"/resolve", object{"choice": choice, "note": "Looked up in the Backoffice."})
		require.Contains(d.t, []int{http.StatusOK, http.StatusConflict}, decided.status, "%s", decided.body)
		if now := d.exceptionNow(e.ID); now.Choice == choice || now.Choice == "cleared_up" {
			return ""
		}
		return string(decided.body)
	}, func(refused string) bool { return refused == "" })
}

// paidBut has a payer pay by a method, and come back, and waits for the exception that follows.
func (d decisions) paidBut(number, method, kind string) undecided {
	d.t.Helper()
	inv := d.issueNumbered(number, "108.00")
	page := inv.payNow(method)
	page.pay(meansOf[method])
	return undecided{inv, page, d.exceptionOf(page.payment, kind)}
}

var meansOf = map[string]string{"card": visa, "twint": twint}

// backoffice is what somebody does with the money of the payment at Saferpay.
func (u undecided) backoffice(to object) {
	u.company.t.Helper()
	rewrite(u.company.t, u.page.stack, u.paymentNow(u.page.payment).Saferpay.TransactionID, to)
}

// ends waits for the end of the payment, and checks why it came.
func (u undecided) ends(why string) {
	t := u.company.t
	t.Helper()
	ended := await(t, patience, func() payment { return u.paymentNow(u.page.payment) }, func(p payment) bool {
		return slices.Contains([]string{"failed", "cancelled"}, p.State)
	})
	assert.Equal(t, why, ended.Failure.Name)
	assert.Empty(t, u.company.journal(u.invoice))
}

// keep cancels what is still to be paid, and keeps the history.
func (u undecided) keep(path string) {
	u.company.t.Helper()
	if u.now().Status == "open" { // the payment may be ending at this moment
		await(u.company.t, patience, func() int { return u.company.call("POST", "/invoices/"+u.ID+"/cancel", nil).status },
			func(status int) bool { return status == http.StatusOK })
	}
	keepHistory(u.company.t, u.company.stack, contract.InvoicePaymentID(u.ID), path)
	u.company.nothingOpen(u.page.payment)
}

func (d decisions) captures() {
	again := d.refuse("Transaction/Capture", "ACTION_NOT_SUPPORTED")

	over := d.paidBut("Given up", "card", "capture_unclear")
	d.decide(over.about, "it_did_not")
	over.ends("given_up")
	over.keep("invoice-capture-given-up")

	overlooked := d.paidBut("Captured, which a person overlooked", "card", "capture_unclear")
	overlooked.backoffice(object{"status": "CAPTURED"})
	d.decide(overlooked.about, "it_did_not")
	overlooked.requireCollectedOnce("108.00")
	overlooked.keep("invoice-paid-although-given-up")

	warned := d.paidBut("Warned of", "twint", "capture_unclear")
	gone := d.paidBut("Cancelled in the Backoffice", "card", "capture_unclear")
	gone.backoffice(object{"status": "CANCELED"})

	two := d.issueNumbered("Two payers", "108.00")
	card, other := two.payNow("card"), two.payNow("twint")
	card.pay(visa)
	first := undecided{two, card, d.exceptionOf(card.payment, "capture_unclear")}
	other.pay(twint)
	d.exceptionOf(warned.page.payment, "capture_deadline")
	second := undecided{two, other, d.exceptionOf(other.payment, "capture_deadline")}
	d.decide(first.about, "it_did_not")
	first.backoffice(object{"status": "CANCELED"})
	d.exceptionOf(other.payment, "capture_unclear")

	again()
	gone.ends("authorization_cancelled")
	gone.keep("invoice-authorization-cancelled-elsewhere")
	warned.requireCollectedOnce("108.00")
	warned.keep("invoice-paid-after-a-warning")
	second.requireCollectedOnce("108.00")
	second.keep("invoice-paid-behind-a-stuck-capture")
}

func (d decisions) releases() {
	again := d.refuse("Transaction/Cancel", "ACTION_NOT_SUPPORTED")
	withdrawn := func(number string) undecided {
		inv := d.issueNumbered(number, "108.00")
		page := inv.payNow("card")
		inv.cancel()
		page.pay(visa)
		return undecided{inv, page, d.exceptionOf(page.payment, "release_unclear")}
	}
	over := withdrawn("Cancelled in the Backoffice")
	over.backoffice(object{"status": "CANCELED"})
	d.decide(over.about, "it_did_not")
	over.ends("given_up")
	over.keep("invoice-release-given-up")

	taken, late := withdrawn("Captured in the Backoffice"), withdrawn("Given back late")
	taken.backoffice(object{"status": "CAPTURED"})
	again()
	d.decide(d.exceptionOf(taken.page.payment, "double_payment"), "keep")
	taken.paymentBecomes(taken.page.payment, "captured")
	assert.Equal(d.t, []journalEntry{{Lines: []journalLine{
		{Account: "1029", Debit: "108.00", Credit: "0.00", Currency: "CHF"}, {Account: "2030", Debit: "0.00", Credit: "108.00", Currency: "CHF"},
	}}}, d.journal(taken.invoice))
	taken.keep("invoice-late-money-kept-as-a-prepayment")
	late.ends("invoice_cancelled")
	late.keep("invoice-released-in-the-end")
	d.requireBooksAgree()
}

func (d decisions) questions() {
	again := d.refuse("PaymentPage/Assert", "ACTION_NOT_SUPPORTED")
	inv := d.issueNumbered("Aborted", "108.00")
	page := inv.payNow("card")
	page.abort()
	over := undecided{inv, page, d.exceptionOf(page.payment, "outcome_unclear")}
	d.decide(over.about, "it_did_not")
	over.ends("given_up")
	over.keep("invoice-outcome-given-up")

	overlooked := d.paidBut("Authorized, which a person overlooked", "card", "outcome_unclear")
	d.decide(overlooked.about, "it_did_not")
	overlooked.ends("given_up")
	for _, at := range overlooked.transactions() {
		assert.Equal(d.t, "CANCELED", at.Status, "no money is left hanging")
	}
	overlooked.keep("invoice-released-before-it-was-given-up")

	paid := d.paidBut("Paid", "card", "outcome_unclear")
	again()
	paid.requireCollectedOnce("108.00")
	paid.keep("invoice-paid-after-an-unclear-outcome")
	d.requireBooksAgree()
}

func (d decisions) mismatches() {
	authorized := d.closed("Authorized", "card", object{"amount": "50.00"})
	authorized.ends("amount_mismatch")
	d.decide(d.exceptionOf(authorized.page.payment, "answer_mismatch"), "acknowledge")
	authorized.keep("invoice-other-amount-released")

	captured := d.closed("Captured", "card", object{"amount": "50.00", "status": "CAPTURED"})
	d.decide(d.exceptionOf(captured.page.payment, "answer_mismatch"), "it_did_not")
	captured.ends("given_up")
	captured.keep("invoice-other-amount-captured")
}

// closed is a payer who pays by a method and closes the tab, after which the money becomes something else at Saferpay, and a
// payer comes back.
func (d decisions) closed(number, method string, to object) undecided {
	d.t.Helper()
	inv := d.issueNumbered(number, "108.00")
	page := inv.payNow(method)
	page.payAndClose(meansOf[method])
	order, all := inv.paymentNow(page.payment).Saferpay.OrderID, saferpayTransactions(d.t, d.stack)
	rewrite(d.t, d.stack, all[slices.IndexFunc(all, func(at transaction) bool { return at.OrderID == order })].ID, to)
	inv.payerReturns(page)
	return undecided{invoice: inv, page: page}
}

// payerReturns is a payer who comes back from the payment page.
func (inv invoice) payerReturns(page paymentPage) {
	inv.company.t.Helper()
	send(inv.company.t, "GET", inv.OnlineDocumentURL+"/return?payment="+page.payment, nil, nil).gives(200, nil)
}

func (d decisions) overdue() {
	pending := object{"status": "PENDING"}
	never, late := d.closed("Never decided", "twint", pending), d.closed("Decided late", "twint", pending)
	never.about, late.about = d.exceptionOf(never.page.payment, "pending_overdue"), d.exceptionOf(late.page.payment, "pending_overdue")
	d.decide(never.about, "it_did_not")
	never.ends("given_up")
	never.keep("invoice-pending-given-up")
	late.backoffice(object{"status": "AUTHORIZED"})
	d.decide(late.about, "try_again")
	late.requireCollectedOnce("108.00")
	late.keep("invoice-paid-after-a-provider-was-overdue")
}

func (d decisions) declined() {
	armFault(d.t, d.stack, object{"operation": "Transaction/Capture", "kind": "pending", "times": 1, "delay_ms": 3_600_000})
	declined := d.paidBut("Declined", "card", "capture_unclear")
	declined.backoffice(object{"status": "AUTHORIZED"})
	declined.requireCollectedOnce("108.00")
	declined.keep("invoice-capture-declined-then-made-anew")
	d.requireBooksAgree()
}

func (d decisions) refunds() {
	inv := d.issueNumbered("Refunded", "108.00")
	inv.payNow("card").pay(visa)
	paid := inv.becomes("paid").Payments[0].ID
	for _, c := range []struct {
		kind string
		gone func() (again func())
	}{
		{"refund_not_taken", func() func() { return d.refuse("Transaction/Refund", "RETRY_LATER") }},
		{"refund_stuck", func() func() { return d.refuse("Transaction/Capture", "ACTION_NOT_SUPPORTED") }},
		{"refund_unclear", func() func() {
			armFault(d.t, d.stack, object{"operation": "Transaction/Refund", "kind": "http_500_before", "times": 2})
			return func() {}
		}},
		{"outcome_unclear", func() func() {
			armFault(d.t, d.stack, object{"operation": "Transaction/Refund", "kind": "http_500_after", "times": 2})
			return d.refuse("Transaction/Inquire", "ACTION_NOT_SUPPORTED")
		}},
	} {
		again := c.gone()
		for choice, want := range map[string]string{"it_happened": "recorded", "it_did_not": "failed"} {
			r := d.refund(paid, object{"amount": "8.00", "reason": c.kind + " " + choice})
			d.decide(d.exceptionOf(r.ID, c.kind), choice)
			r.becomes(d.company, want)
			keepHistory(d.t, d.stack, contract.RefundID(r.ID), "refund-"+c.kind+"-"+choice)
			d.nothingOpen(r.ID)
		}
		again()
	}
	assert.Len(d.t, d.journal(inv), 1+4, "the receipt, and what was given back by hand")
}
