package sweep_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/sweep"
)

var (
	noon    = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	tonight = noon.Add(14 * time.Hour)
)

func chf(value string) money.Amount { return money.MustParse(value, money.CHF) }

// paid is a payment of CHF 108.00 in that state, of which our record names the transaction T1.
func paid(state payment.State) *payment.Payment {
	return &payment.Payment{
		ID: "pay_1", InvoiceID: "inv_1", OrderID: "Q1", TransactionID: "T1", Amount: chf("108.00"), State: state,
		Timeline: []payment.Step{{At: noon, State: state}},
	}
}

// unpaid is one that never got a transaction.
func unpaid(state payment.State) *payment.Payment {
	p := paid(state)
	p.TransactionID = ""
	return p
}

func returned(state refund.State) *refund.Refund {
	return &refund.Refund{
		ID: "ref_1", OrderID: "Q2", TransactionID: "T2", Amount: chf("8.00"), State: state, Timeline: []refund.Step{{At: noon, State: state}},
	}
}

// came and went are transactions of Saferpay's report.
func came(status sweep.Status, value money.Amount) sweep.Transaction {
	t := sweep.Transaction{ID: "T1", OrderID: "Q1", Status: status, Amount: value, Captured: money.Zero(value.Currency()), Method: "VISA", At: noon}
	if status == sweep.Captured {
		t.Captured = value
	}
	return t
}

func went(status sweep.Status, value money.Amount) sweep.Transaction {
	t := came(status, value)
	t.ID, t.OrderID, t.Refund = "T2", "Q2", true
	return t
}

func TestWhatSaferpayReportsIsHeldAgainstOurRecord(t *testing.T) {
	t.Parallel()
	eur := money.MustParse("108.00", money.EUR)
	const (
		none   = sweep.Agrees
		owned  = sweep.InFlight
		anew   = sweep.Overlooked
		orphan = exception.OrphanTransaction
		lost   = exception.MissingCapture
		differ = exception.AmountDiffers
		gaveUp = exception.RefundFound
	)
	unknown := sweep.Record{}
	declined := paid(payment.Failed)
	declined.TransactionID = "T0"
	begunAnew := unpaid(payment.Expired)
	begunAnew.Timeline = append([]payment.Step{{At: noon, State: payment.Aborted}, {At: noon, State: payment.Unknown}}, begunAnew.Timeline...)
	p := func(p *payment.Payment) sweep.Record { return sweep.Record{Payment: p} }
	r := func(r *refund.Refund) sweep.Record { return sweep.Record{Refund: r} }
	for name, c := range map[string]struct {
		reported sweep.Transaction
		record   sweep.Record
		want     any // a verdict, or the kind of the finding
		subject  string
		book     string
		choices  []exception.Choice
	}{
		"captured on both sides":              {came(sweep.Captured, chf("108.00")), p(paid(payment.Captured)), none, "", "", nil},
		"released on both sides":              {came(sweep.Canceled, chf("108.00")), p(paid(payment.Cancelled)), none, "", "", nil},
		"given back on both sides":            {went(sweep.Captured, chf("8.00")), r(returned(refund.Captured)), none, "", "", nil},
		"made by hand on both sides":          {went(sweep.Captured, chf("8.00")), r(returned(refund.Recorded)), none, "", "", nil},
		"a refund that did not happen":        {went(sweep.Canceled, chf("8.00")), r(returned(refund.Failed)), none, "", "", nil},
		"another company's payment":           {came(sweep.Captured, chf("108.00")), sweep.Record{Elsewhere: true}, none, "", "", nil},
		"another company's refund":            {went(sweep.Captured, chf("8.00")), sweep.Record{Elsewhere: true}, none, "", "", nil},
		"a stranger's that was released":      {came(sweep.Canceled, chf("108.00")), unknown, none, "", "", nil},
		"captured while we don't know yet":    {came(sweep.Captured, chf("108.00")), p(unpaid(payment.Redirected)), owned, "", "", nil},
		"other amount while under way":        {came(sweep.Captured, chf("1.00")), p(paid(payment.Unknown)), owned, "", "", nil},
		"authorized while we capture":         {came(sweep.Authorized, chf("108.00")), p(paid(payment.Authorized)), owned, "", "", nil},
		"refund in doubt":                     {went(sweep.Captured, chf("8.00")), r(returned(refund.Unknown)), owned, "", "", nil},
		"refund requested":                    {went(sweep.Authorized, chf("8.00")), r(returned(refund.Requested)), owned, "", "", nil},
		"a stranger's money":                  {came(sweep.Captured, chf("50.00")), unknown, orphan, "T1", "50.00", []exception.Choice{"book", "not_ours"}},
		"money for a page that expired":       {came(sweep.Captured, chf("108.00")), p(unpaid(payment.Expired)), anew, "", "", nil},
		"other money for one that failed":     {came(sweep.Captured, chf("50.00")), p(declined), anew, "", "", nil},
		"released after it was aborted":       {came(sweep.Canceled, chf("108.00")), p(unpaid(payment.Aborted)), none, "", "", nil},
		"begun anew before":                   {came(sweep.Captured, chf("108.00")), p(begunAnew), orphan, "T1", "108.00", []exception.Choice{"book", "accept"}},
		"expired and booked as found":         {came(sweep.Captured, chf("108.00")), sweep.Record{Payment: unpaid(payment.Expired), Found: chf("108.00")}, none, "", "", nil},
		"expired and booked as less":          {came(sweep.Captured, chf("108.00")), sweep.Record{Payment: unpaid(payment.Expired), Found: chf("100.00")}, differ, "T1", "8.00", []exception.Choice{"book", "accept"}},
		"money that we think we released":     {came(sweep.Captured, chf("108.00")), p(paid(payment.Cancelled)), orphan, "pay_1", "108.00", []exception.Choice{"book", "accept"}},
		"a stranger's authorization":          {came(sweep.Authorized, chf("50.00")), unknown, lost, "T1", "50.00", []exception.Choice{"capture_now", "release", "not_ours"}},
		"an authorization of an expired page": {came(sweep.Authorized, chf("108.00")), p(unpaid(payment.Expired)), anew, "", "", nil},
		"authorized after it was begun anew":  {came(sweep.Authorized, chf("108.00")), p(begunAnew), lost, "T1", "108.00", []exception.Choice{"capture_now", "release", "accept"}},
		"booked but never captured":           {came(sweep.Authorized, chf("108.00")), p(paid(payment.Captured)), lost, "pay_1", "0.00", []exception.Choice{"capture_now", "accept"}},
		"a refund booked but never captured":  {went(sweep.Authorized, chf("8.00")), r(returned(refund.Captured)), lost, "ref_1", "0.00", []exception.Choice{"capture_now", "accept"}},
		"a stranger's refund not captured":    {went(sweep.Authorized, chf("8.00")), unknown, lost, "T2", "-8.00", []exception.Choice{"capture_now", "release", "not_ours"}},
		"a refund of ours that was forgotten": {went(sweep.Authorized, chf("8.00")), p(paid(payment.Captured)), lost, "T2", "-8.00", []exception.Choice{"record", "capture_now", "release", "accept"}},
		"given up here, open at Saferpay":     {went(sweep.Authorized, chf("8.00")), r(returned(refund.Failed)), lost, "ref_1", "-8.00", []exception.Choice{"capture_now", "release", "accept"}},
		"less than we booked":                 {came(sweep.Captured, chf("100.00")), p(paid(payment.Captured)), differ, "pay_1", "-8.00", []exception.Choice{"book", "accept"}},
		"nothing of what we booked":           {came(sweep.Canceled, chf("108.00")), p(paid(payment.Captured)), differ, "pay_1", "-108.00", []exception.Choice{"book", "accept"}},
		"another currency than we booked":     {came(sweep.Captured, eur), p(paid(payment.Captured)), differ, "pay_1", "0.00", []exception.Choice{"accept"}},
		"more went back than we booked":       {went(sweep.Captured, chf("9.00")), r(returned(refund.Captured)), differ, "ref_1", "-1.00", []exception.Choice{"book", "accept"}},
		"a refund that we think failed":       {went(sweep.Captured, chf("8.00")), r(returned(refund.Failed)), gaveUp, "ref_1", "-8.00", []exception.Choice{"book", "accept"}},
		"a refund out of nowhere":             {went(sweep.Captured, chf("8.00")), unknown, gaveUp, "T2", "-8.00", []exception.Choice{"book", "not_ours"}},
		"a refund of a payment of ours":       {went(sweep.Captured, chf("8.00")), p(paid(payment.Captured)), gaveUp, "T2", "-8.00", []exception.Choice{"record", "book", "accept"}},
	} {
		verdict, finding := sweep.Judge(c.reported, c.record, tonight)
		if kind, isFinding := c.want.(exception.Kind); isFinding {
			assert.Equal(t, sweep.Disagrees, verdict, name)
			assert.Equal(t, []any{kind, c.subject, c.book, c.choices}, []any{finding.Kind, finding.Subject, finding.ToBook.Value(), finding.Choices}, name)
			assert.Contains(t, finding.Detail, c.reported.ID, name)
			for _, choice := range c.choices {
				assert.Contains(t, finding.Detail, choice, "%s: what it does is explained", name)
			}
		} else {
			assert.Equal(t, c.want, verdict, name)
		}
	}
}

func TestASecondTransactionOfAnOrderIsAStranger(t *testing.T) {
	t.Parallel()
	second := came(sweep.Captured, chf("108.00"))
	second.ID = "T9"
	verdict, finding := sweep.Judge(second, sweep.Record{Payment: paid(payment.Captured)}, tonight)
	assert.Equal(t, sweep.Disagrees, verdict)
	assert.Equal(t, []any{exception.OrphanTransaction, "T9", "pay_1", "inv_1"}, []any{finding.Kind, finding.Subject, finding.PaymentID, finding.InvoiceID})
	assert.Contains(t, finding.Detail, "pay_1, which has the same order id, has another transaction")
}

func TestWhatWasBookedWhenItWasFoundCounts(t *testing.T) {
	t.Parallel()
	fifty := chf("50.00")
	booked := sweep.Record{Found: fifty}
	verdict, _ := sweep.Judge(came(sweep.Captured, fifty), booked, tonight)
	assert.Equal(t, sweep.Agrees, verdict)
	verdict, finding := sweep.Judge(came(sweep.Canceled, fifty), booked, tonight)
	assert.Equal(t, sweep.Disagrees, verdict)
	assert.Equal(t, []any{exception.AmountDiffers, "T1", "-50.00"}, []any{finding.Kind, finding.Subject, finding.ToBook.Value()})
	corrected := sweep.Record{Payment: paid(payment.Captured), Found: chf("8.00").Neg()}
	verdict, _ = sweep.Judge(came(sweep.Captured, chf("100.00")), corrected, tonight)
	assert.Equal(t, sweep.Agrees, verdict, "the difference is booked")
}

func TestWhatMovedSinceTheReportIsLeftToTheNextNight(t *testing.T) {
	t.Parallel()
	for _, state := range []payment.State{payment.Captured, payment.Cancelled} {
		verdict, _ := sweep.Judge(came(sweep.Authorized, chf("108.00")), sweep.Record{Payment: paid(state)}, noon.Add(-time.Second))
		assert.Equal(t, sweep.Agrees, verdict, "the report may be older than %s", state)
	}
}

func TestARefundByHandIsRecognisedByItsAmount(t *testing.T) {
	t.Parallel()
	byHand := func(state refund.State) refund.Refund {
		r := *returned(state)
		r.TransactionID = ""
		return r
	}
	inTheBackoffice := went(sweep.Captured, chf("8.00"))
	inTheBackoffice.OrderID = ""
	uncaptured := went(sweep.Authorized, chf("8.00"))
	assert.True(t, sweep.Fits(uncaptured, byHand(refund.Requested)), "it is captured next")
	later, other := inTheBackoffice, inTheBackoffice
	later.At, other.Captured = noon.AddDate(1, 0, 0), chf("9.00")
	assert.True(t, sweep.Fits(inTheBackoffice, byHand(refund.Recorded)))
	assert.True(t, sweep.Fits(later, byHand(refund.Requested)), "it still waits for the merchant")
	assert.False(t, sweep.Fits(later, byHand(refund.Recorded)), "that one was made a year ago")
	assert.False(t, sweep.Fits(other, byHand(refund.Recorded)))
	assert.False(t, sweep.Fits(inTheBackoffice, byHand(refund.Failed)))
	assert.False(t, sweep.Fits(inTheBackoffice, *returned(refund.Recorded)), "it has its transaction")
	assert.False(t, sweep.Fits(came(sweep.Captured, chf("8.00")), byHand(refund.Recorded)), "that is a payment")
}

// Whatever is on either side: what is in flight is never judged, other companies' business is never shown, and when Saferpay's
// word is taken, the receipt account says afterwards what Saferpay moved.
func TestTheReceiptAccountSaysWhatSaferpayMovedOnceItsWordIsTaken(t *testing.T) {
	t.Parallel()
	statuses := []sweep.Status{sweep.Authorized, sweep.Captured, sweep.Canceled}
	rapid.Check(t, func(t *rapid.T) {
		amount := func(name string) money.Amount {
			return money.FromMinor(rapid.Int64Range(1, 300).Draw(t, name), money.CHF)
		}
		reported := came(rapid.SampledFrom(statuses).Draw(t, "status"), amount("reported"))
		reported.Refund = rapid.Bool().Draw(t, "refund")
		reported.ID = rapid.SampledFrom([]string{"T1", "T2", "T3"}).Draw(t, "id")
		record := sweep.Record{Elsewhere: rapid.Bool().Draw(t, "elsewhere")}
		if rapid.Bool().Draw(t, "found before") {
			record.Found = money.FromMinor(rapid.Int64Range(-300, 300).Draw(t, "found"), money.CHF)
		}
		if rapid.Bool().Draw(t, "known payment") {
			record.Payment = paid(rapid.SampledFrom(payment.States).Draw(t, "payment is"))
			record.Payment.Amount = amount("paid")
		}
		if rapid.Bool().Draw(t, "known refund") {
			record.Refund = returned(rapid.SampledFrom(refund.States).Draw(t, "refund is"))
			record.Refund.Amount = amount("refunded")
		}
		underWay, known, booked := false, false, money.Zero(money.CHF)
		switch p, r := record.Payment, record.Refund; {
		case !reported.Refund && p != nil:
			underWay, known = !p.State.Final(), p.TransactionID == reported.ID
			if p.State == payment.Captured && known {
				booked = p.Amount
			}
		case reported.Refund && r != nil:
			underWay, known = !r.State.Final(), r.TransactionID == reported.ID
			if (r.State == refund.Captured || r.State == refund.Recorded) && known {
				booked = r.Amount.Neg()
			}
		}

		if record.Found.Currency() != "" {
			booked = booked.Add(record.Found)
		}

		verdict, finding := sweep.Judge(reported, record, tonight)
		assert.Equal(t, underWay, verdict == sweep.InFlight)
		if underWay {
			return
		}
		if record.Elsewhere && !known {
			assert.Equal(t, sweep.Agrees, verdict)
			return
		}
		moved := money.Zero(money.CHF)
		if reported.Status == sweep.Captured || finding.Offers(exception.CaptureNow) {
			moved = reported.Amount
			if reported.Refund {
				moved = moved.Neg()
			}
		}
		if finding.Kind == exception.MissingCapture && !booked.IsZero() {
			moved = booked // how much is captured then is for the next night
		}
		after := booked
		if verdict == sweep.Disagrees || verdict == sweep.Overlooked {
			after = booked.Add(finding.ToBook)
			assert.Subset(t, exception.Findings, []exception.Kind{finding.Kind})
			assert.GreaterOrEqual(t, len(finding.Choices), 2)
		}
		assert.Equal(t, moved.Value(), after.Value())
	})
}
