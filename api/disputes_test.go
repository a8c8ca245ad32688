package api_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

// disputes opens a dispute of the payment. More is more of its JSON.
func (w *world) disputes(p payment.Payment, more string) map[string]any {
	w.Helper()
	return w.call("POST", "/disputes", w.key, `{"payment_id":"`+p.ID+`","reason":"Goods not received"`+more+`}`).json(http.StatusCreated)
}

// told returns the types of the events about a thing, oldest first.
func (w *world) told(subject string) (types []string) {
	w.Helper()
	for _, e := range w.call("GET", "/events?limit=200", w.key, nil).json(http.StatusOK)["data"].([]any) {
		if e := e.(map[string]any); e["subject"] == subject {
			types = append(types, e["type"].(string))
		}
	}
	slices.Reverse(types)
	return types
}

func (w *world) disputed(p payment.Payment) any {
	w.Helper()
	return w.call("GET", "/payments/"+p.ID, w.key, nil).json(http.StatusOK)["disputed"]
}

func (w *world) invoiceOf(p payment.Payment) []any {
	w.Helper()
	inv := w.call("GET", "/invoices/"+p.InvoiceID, w.key, nil).json(http.StatusOK)
	return []any{inv["status"], inv["amount_paid"], inv["amount_due"]}
}

func TestADisputeKeepsItsMoneyFromTheReceiptAccountAndFromRefunds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	d := w.disputes(p, `,"amount":"100","reference":"CB-1","respond_by":"2026-12-10","fee":"25"`)
	assert.Regexp(t, `^dsp_[0-9a-z]{26}$`, d["id"])
	assert.Equal(t, []any{"open", "100.00", "CHF", p.ID, p.InvoiceID, "CB-1", "2026-11-22", "2026-12-10", "25.00", nil},
		[]any{d["state"], d["amount"], d["currency"], d["payment_id"], d["invoice_id"], d["reference"], d["opened_on"], d["respond_by"], d["fee"], d["decided_on"]})
	assert.Equal(t, []any{francs("8.00"), francs("100.00"), "100.00"}, []any{w.balance("1029"), w.balance("1190"), w.disputed(p)})
	assert.Equal(t, []any{"paid", "108.00", "0.00"}, w.invoiceOf(p), "it stays paid while the dispute is open")
	assert.Equal(t, d, w.call("GET", "/disputes/"+d["id"].(string), w.key, nil).json(http.StatusOK))

	again := w.call("POST", "/disputes", w.key, `{"payment_id":"`+p.ID+`","reason":"The same letter","reference":"CB-1"}`).json(http.StatusOK)
	assert.Equal(t, d, again, "the same case is the same dispute")
	other := w.call("POST", "/disputes", w.key, `{"payment_id":"`+p.ID+`","reason":"x","reference":"CB-1","amount":"8.00"}`)
	other.problem(http.StatusConflict, "dispute-recorded")
	over := w.call("POST", "/disputes", w.key, `{"payment_id":"`+p.ID+`","reason":"x","amount":"8.01"}`)
	assert.Equal(t, []string{"amount"}, over.problem(http.StatusUnprocessableEntity, "dispute-exceeds-payment"))
	refused := w.call("POST", "/payments/"+p.ID+"/refunds", w.key, `{"amount":"8.01","reason":"x"}`)
	assert.Equal(t, []string{"amount"}, refused.problem(http.StatusUnprocessableEntity, "refund-exceeds-payment"))
	assert.Equal(t, "8.00", w.call("POST", "/payments/"+p.ID+"/refunds", w.key, `{"reason":"The rest"}`).json(http.StatusAccepted)["amount"])
	w.call("POST", "/disputes", w.key, `{"payment_id":"`+p.ID+`","reason":"x"}`).problem(http.StatusUnprocessableEntity, "dispute-exceeds-payment")
	assert.Equal(t, []string{"dispute.opened"}, w.told(d["id"].(string)))
	_, _, steps := w.timeline(p.InvoiceID)
	assert.Equal(t, []any{d["id"], p.ID, w.keyID}, []any{step(t, steps, "dispute.open")["dispute_id"], step(t, steps, "dispute.open")["payment_id"], step(t, steps, "dispute.open")["by"]})
}

func TestAWonDisputeGivesTheMoneyBackToTheReceiptAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	path := "/disputes/" + w.disputes(p, "")["id"].(string)
	assert.Equal(t, []any{[]any{}, francs("108.00")}, []any{nonZero(w.balance("1029")), w.balance("1190")})
	won := w.call("POST", path+"/win", w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{"won", "2026-11-22", nil}, []any{won["state"], won["decided_on"], won["claim"]})
	assert.NotEmpty(t, won["decision_entry_id"])
	assert.Equal(t, won, w.call("POST", path+"/win", w.key, `{}`).json(http.StatusOK), "won again, nothing changes")
	assert.Equal(t, []any{francs("108.00"), []any{}, "0.00"}, []any{w.balance("1029"), nonZero(w.balance("1190")), w.disputed(p)})
	assert.Equal(t, []any{"paid", "108.00", "0.00"}, w.invoiceOf(p))
	w.call("POST", path+"/lose", w.key, `{"claim":"loss"}`).problem(http.StatusConflict, "dispute-decided")
	w.call("POST", path+"/lose", w.key, `{"claim":"invoice"}`).problem(http.StatusConflict, "dispute-decided")
	w.call("PATCH", path, w.key, `{"reason":"x"}`).problem(http.StatusConflict, "dispute-decided")
	assert.Equal(t, []string{"dispute.opened", "dispute.won"}, w.told(won["id"].(string)))
	assert.Equal(t, "108.00", w.call("POST", "/payments/"+p.ID+"/refunds", w.key, `{"reason":"Goodwill"}`).json(http.StatusAccepted)["amount"], "it can be refunded again")
}

func TestALostDisputeIsALossOfTheCompany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	path := "/disputes/" + w.disputes(p, "")["id"].(string)
	lost := w.call("POST", path+"/lose", w.key, `{"claim":"loss"}`).json(http.StatusOK)
	assert.Equal(t, []any{"lost", "loss"}, []any{lost["state"], lost["claim"]})
	assert.Equal(t, []any{francs("108.00"), []any{}, "108.00"}, []any{w.balance("3805"), nonZero(w.balance("1190")), w.disputed(p)})
	assert.Equal(t, []any{"paid", "108.00", "0.00"}, w.invoiceOf(p))
	assert.Empty(t, w.commands.seen(), "no process of the invoice is asked")
	assert.Equal(t, lost, w.call("POST", path+"/lose", w.key, `{"claim":"loss"}`).json(http.StatusOK))
	w.call("POST", path+"/lose", w.key, `{"claim":"invoice"}`).problem(http.StatusConflict, "dispute-decided")
	w.call("POST", path+"/win", w.key, nil).problem(http.StatusConflict, "dispute-decided")
	w.call("POST", "/payments/"+p.ID+"/refunds", w.key, `{"reason":"x"}`).problem(http.StatusUnprocessableEntity, "refund-exceeds-payment")
}

func TestALostDisputeTakesTheInvoiceBackOnceAlsoForTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	path := "/disputes/" + w.disputes(p, `,"amount":"58.00"`)["id"].(string)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { w.call("POST", path+"/lose", w.key, `{"claim":"invoice"}`).json(http.StatusOK) })
	}
	both.Wait()
	lost := w.call("POST", path+"/lose", w.key, `{"claim":"invoice"}`).json(http.StatusOK)
	assert.Equal(t, []any{"lost", "invoice"}, []any{lost["state"], lost["claim"]})
	assert.Equal(t, []any{"partially_paid", "50.00", "58.00"}, w.invoiceOf(p))
	assert.Equal(t, []any{francs("50.00"), []any{}, francs("-50.00"), "58.00"}, []any{w.balance("1029"), nonZero(w.balance("1190")), w.balance("1100"), w.disputed(p)})
	assert.Equal(t, []string{"dispute.opened", "dispute.lost"}, w.told(lost["id"].(string)))
	_, reasons, _ := w.timeline(p.InvoiceID)
	assert.Equal(t, []any{"-58.00", "1190"}, []any{reasons[len(reasons)-1]["amount"], reasons[len(reasons)-1]["account"]}, "it says why less is paid")

	w.call("POST", "/invoices/"+p.InvoiceID+"/receipts", w.key, newReceipt(`"amount":"58.00"`)).json(http.StatusCreated)
	assert.Equal(t, []any{"paid", "108.00", "0.00"}, w.invoiceOf(p), "it is paid by other means")
}

func TestDisputesAreListedByTheirDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, c := w.captured(chf("108.00"), "2026-11-18"), w.captured(chf("50.00"), "2026-11-18"), w.captured(chf("20.00"), "2026-11-18")
	none, late, soon := w.disputes(a, ""), w.disputes(b, `,"respond_by":"2026-12-31"`), w.disputes(c, `,"respond_by":"2026-12-24"`)
	listed := func(query string) (ids []any) {
		cursor := ""
		for more := true; more; {
			page := w.call("GET", "/disputes?limit=2"+cursor+query, w.key, nil).json(http.StatusOK)
			for _, d := range page["data"].([]any) {
				ids = append(ids, d.(map[string]any)["id"])
			}
			var next string
			next, more = page["next_cursor"].(string)
			cursor = "&cursor=" + next
		}
		return ids
	}
	assert.Equal(t, []any{soon["id"], late["id"], none["id"]}, listed("&state=open&sort=respond_by"))
	assert.Equal(t, []any{soon["id"], late["id"], none["id"]}, listed(""), "the newest first")
	assert.Equal(t, []any{late["id"]}, listed("&payment_id="+b.ID))
	assert.Equal(t, []any{none["id"]}, listed("&invoice_id="+a.InvoiceID))
	changed := w.call("PATCH", "/disputes/"+none["id"].(string), w.key, `{"respond_by":"2026-12-01","reference":"CB-9"}`).json(http.StatusOK)
	assert.Equal(t, []any{"2026-12-01", "CB-9", "Goods not received"}, []any{changed["respond_by"], changed["reference"], changed["reason"]})
	assert.Equal(t, []any{none["id"], soon["id"], late["id"]}, listed("&sort=respond_by"))
	assert.Empty(t, listed("&state=won"))
}

func TestOnlyWhatIsLeftOfACapturedPaymentIsDisputed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	w.givenBack(p, chf("8.00"), "2026-11-18")
	open := w.newPayment(w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active))), payment.Redirected)
	w.call("POST", "/disputes", w.key, `{"payment_id":"`+open.ID+`","reason":"x","opened_on":"2026-11-22"}`).problem(http.StatusConflict, "payment-not-captured")
	w.call("POST", "/disputes", w.key, `{"payment_id":"`+id.New(id.Payment)+`","reason":"x"}`).problem(http.StatusNotFound, "not-found")
	for body, field := range map[string]string{
		`"reason":" "`: "reason", `"reason":"x","amount":"0.00"`: "amount", `"reason":"x","amount":"-5"`: "amount", `"reason":"x","amount":"1.234"`: "amount",
		`"reason":"x","fee":"-1"`: "fee", `"reason":"x","fee":"1.234"`: "fee", `"reason":"x","opened_on":"2026-11-23"`: "opened_on", `"reason":"x","opened_on":"2026-11-21"`: "opened_on",
		`"reason":"x","respond_by":"2026-11-21"`: "respond_by", `"reason":"x","respond_by":"2029-11-21"`: "respond_by", `"reason":"x","reference":"\u0000"`: "reference",
	} {
		refused := w.call("POST", "/disputes", w.key, `{"payment_id":"`+p.ID+`",`+body+`}`)
		assert.Equal(t, []string{field}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"), body)
	}
	assert.Equal(t, "100.00", w.disputes(p, "")["amount"], "all that is left")
	w.call("POST", "/disputes", w.key, `{"payment_id":"`+p.ID+`","reason":"x","amount":"0.01"}`).problem(http.StatusUnprocessableEntity, "dispute-exceeds-payment")

	path := "/disputes/" + w.call("GET", "/disputes", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(map[string]any)["id"].(string)
	for call, body := range map[string]string{"/win": `{"on":"2026-11-23"}`, "/lose": `{"claim":"invoice","on":"2026-11-21"}`} {
		assert.Equal(t, []string{"on"}, w.call("POST", path+call, w.key, body).problem(http.StatusUnprocessableEntity, "validation-failed"), call)
	}
	assert.Equal(t, []string{"claim"}, w.call("POST", path+"/lose", w.key, `{}`).problem(http.StatusUnprocessableEntity, "validation-failed"))
	w.call("POST", "/disputes/"+id.New(id.Dispute)+"/win", w.key, nil).problem(http.StatusNotFound, "not-found")
	w.call("POST", "/disputes/"+id.New(id.Dispute)+"/lose", w.key, `{"claim":"invoice"}`).problem(http.StatusNotFound, "not-found")
}

func TestTheClaimOfAParkedPaymentIsSetOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		p.Parked = true
		return tx.SavePayment(t.Context(), p)
	})
	path := "/disputes/" + w.disputes(p, "")["id"].(string)
	assert.Equal(t, []string{"claim"}, w.call("POST", path+"/lose", w.key, `{"claim":"invoice"}`).problem(http.StatusUnprocessableEntity, "validation-failed"))
	w.call("POST", path+"/lose", w.key, `{"claim":"loss"}`).json(http.StatusOK)
	assert.Equal(t, []any{francs("108.00"), []any{}}, []any{w.balance("2030"), nonZero(w.balance("1190"))})
}

// The letter and the acquirer's list come in any order; 1029 ends at zero and nobody is asked.
func TestTheListOfTheAcquirerTakesWhatIsDisputedWhicheverComesFirst(t *testing.T) {
	t.Parallel()
	for name, listFirst := range map[string]bool{"the letter first": false, "the list first": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a, b := w.captured(chf("108.00"), "2026-11-18"), w.captured(chf("150.00"), "2026-11-18")
			list := csvHeader + "WL-1,2026-11-20,payment," + a.OrderID + ",CHF,108.00,2.30,105.70\n" +
				"WL-1,2026-11-20,payment," + b.OrderID + ",CHF,150.00,3.00,147.00\n" +
				"WL-1,2026-11-20,chargeback," + a.OrderID + ",CHF,-108.00,25.00,-133.00\n"
			take := func() { w.importFile("text/csv", list).json(http.StatusCreated) }
			opens := func() map[string]any { return w.disputes(a, `,"reference":"CB-1","fee":"25.00"`) }
			var d map[string]any
			if listFirst {
				take()
				waiting := w.call("GET", "/payouts?state=unmatched", w.key, nil).json(http.StatusOK)["data"].([]any)
				assert.Contains(t, waiting[0].(map[string]any)["reason"], "A chargeback. Record the dispute of its payment")
				d = opens()
			} else {
				d = opens()
				take()
			}
			assert.Empty(t, w.waiting())
			assert.Equal(t, []any{[]any{}, francs("108.00"), francs("119.70"), francs("30.30")},
				[]any{nonZero(w.balance("1029")), w.balance("1190"), w.balance("1020"), w.balance("6940")})
			assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())

			won := csvHeader + "WL-2,2026-11-22,chargeback_won," + a.OrderID + ",CHF,108.00,0.00,108.00\n"
			takeWon := func() { w.importFile("text/csv", won).json(http.StatusCreated) }
			if listFirst {
				takeWon()
				assert.Len(t, w.waiting(), 1)
			}
			w.call("POST", "/disputes/"+d["id"].(string)+"/win", w.key, nil).json(http.StatusOK)
			if !listFirst {
				assert.Equal(t, []string{"1029 CHF 108.00"}, w.stands())
				takeWon()
			}
			assert.Empty(t, w.waiting())
			assert.Equal(t, []any{[]any{}, []any{}, francs("227.70")}, []any{nonZero(w.balance("1029")), nonZero(w.balance("1190")), w.balance("1020")})
			pays := w.call("GET", "/payouts?pays="+d["id"].(string), w.key, nil).json(http.StatusOK)["data"].([]any)
			assert.Len(t, pays, 1)
			assert.Len(t, pays[0].(map[string]any)["others"], 1)
		})
	}
}

// waiting returns the payouts that wait for a person.
func (w *world) waiting() []any {
	w.Helper()
	return slices.Concat(w.call("GET", "/payouts?state=unmatched", w.key, nil).json(http.StatusOK)["data"].([]any),
		w.call("GET", "/payouts?state=proposed", w.key, nil).json(http.StatusOK)["data"].([]any))
}

// nonZero returns the balances that are not 0.00.
func nonZero(balances []any) []any {
	return slices.DeleteFunc(balances, func(b any) bool { return b.(map[string]any)["amount"] == "0.00" })
}

func TestADisputeOfAnotherCompanyIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	path := "/disputes/" + w.disputes(p, "")["id"].(string)
	_, stranger := w.newCompany("Andere AG", "de")
	w.call("GET", path, stranger, nil).problem(http.StatusNotFound, "not-found")
	w.call("POST", path+"/win", stranger, nil).problem(http.StatusNotFound, "not-found")
	w.call("POST", path+"/lose", stranger, `{"claim":"loss"}`).problem(http.StatusNotFound, "not-found")
	w.call("POST", "/disputes", stranger, `{"payment_id":"`+p.ID+`","reason":"x"}`).problem(http.StatusNotFound, "not-found")
	assert.Empty(t, w.call("GET", "/disputes", stranger, nil).json(http.StatusOK)["data"])
}
