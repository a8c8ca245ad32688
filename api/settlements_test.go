package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/refund"
)

const csvHeader = "payout_reference,payout_date,type,order_id,currency,gross,fee,net\n"

// captured stores a payment that was captured and booked on that day, as the worker does.
func (w *world) captured(amount money.Amount, on string) payment.Payment {
	w.Helper()
	inv := w.newInvoice(invoice.Paid, payableBy(w.service()), func(i *invoice.Invoice) { i.Amount, i.AmountPaid = amount, amount })
	p := w.newPayment(inv, payment.Redirected, payment.Authorized, payment.Captured)
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		company, err := tx.Company(w.Context())
		require.NoError(w, err)
		p.BookedAccount = company.ReceiptAccount
		require.NoError(w, tx.SavePayment(w.Context(), p))
		_, err = tx.Append(w.Context(), ledger.Receipt(occasion(inv, p.ID, p.Amount, day(on)), p.BookedAccount, ledger.Receivables))
		return err
	})
	return p
}

// service returns the active payment service of the company.
func (w *world) service() (s merchant.PaymentService) {
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		all, err := tx.PaymentServices(w.Context())
		if len(all) > 0 {
			s = all[0]
		}
		return err
	})
	if s.ID == "" {
		s = w.newService(merchant.Active)
	}
	return s
}

// givenBack stores a refund that was captured and booked on that day, as the worker does.
func (w *world) givenBack(p payment.Payment, amount money.Amount, on string) refund.Refund {
	w.Helper()
	r := refund.New(refund.Refund{
		ID: id.New(id.Refund), CompanyID: p.CompanyID, PaymentID: p.ID, InvoiceID: p.InvoiceID, OrderID: id.NewOrder(), Amount: amount, Reason: "Returned",
	}, noon)
	require.NoError(w, r.Become(refund.Captured, noon, ""))
	r.BookedAccount = p.BookedAccount
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		inv, err := tx.Invoice(w.Context(), p.InvoiceID)
		require.NoError(w, err)
		require.NoError(w, tx.InsertRefund(w.Context(), r))
		_, err = tx.Append(w.Context(), ledger.Refund(occasion(inv, p.ID, amount, day(on)), p.BookedAccount, ledger.Receivables, r.ID))
		return err
	})
	return r
}

// upload sends a settlement file.
func (w *world) importFile(contentType, file string) answer {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, "/v1/settlements", strings.NewReader(file))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+w.key)
	return w.send(r)
}

// stands returns the balance of the receipt accounts as GET /reconciliation has it, after holding its sums against the accounts.
func (w *world) stands() []string {
	w.Helper()
	var shown []string
	answer := w.call("GET", "/reconciliation?limit=200", w.key, nil).json(http.StatusOK)
	for _, b := range answer["balances"].([]any) {
		b := b.(map[string]any)
		assert.Equal(w, b["balance"], b["total"])
		sum := money.Zero(money.Currency(b["currency"].(string)))
		for _, part := range []string{"reasons", "ages"} {
			sum = money.Zero(sum.Currency())
			for _, subtotal := range b[part].([]any) {
				sum = sum.Add(money.MustParse(subtotal.(map[string]any)["amount"].(string), sum.Currency()))
			}
			assert.Equal(w, b["balance"], sum.Value(), "the sum of the %s is the balance", part)
		}
		sum = money.Zero(sum.Currency())
		for _, s := range answer["data"].([]any) {
			if s := s.(map[string]any); s["account"] == b["account"] && s["currency"] == b["currency"] {
				sum = sum.Add(money.MustParse(s["amount"].(string), sum.Currency()))
			}
		}
		assert.Equal(w, b["balance"], sum.Value(), "and so is the sum of what stands there")
		shown = append(shown, fmt.Sprint(b["account"], " ", b["currency"], " ", b["balance"]))
	}
	return shown
}

func (w *world) balance(account string) []any {
	w.Helper()
	return w.call("GET", "/accounts/"+account, w.key, nil).json(http.StatusOK)["balances"].([]any)
}

func francs(amount string) []any { return []any{map[string]any{"currency": "CHF", "amount": amount}} }

func chf(amount string) money.Amount { return money.MustParse(amount, money.CHF) }

func TestListOfTheAcquirerClosesTheReceiptAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.captured(chf("108.00"), "2026-11-18"), w.captured(chf("50.00"), "2026-11-18")
	r := w.givenBack(a, chf("20.00"), "2026-11-19")
	file := csvHeader + "WL-20261120-01,2026-11-20,payment," + a.OrderID + ",CHF,108.00,2.30,105.70\n" +
		"WL-20261120-01,2026-11-20,payment," + b.OrderID + ",CHF,50.00,1.15,48.85\n" +
		"WL-20261120-01,2026-11-20,refund," + r.OrderID + ",CHF,-20.00,0.00,-20.00\n"
	assert.Equal(t, []string{"1029 CHF 138.00"}, w.stands())

	imported := w.importFile("text/csv; charset=utf-8", file).json(http.StatusCreated)
	assert.Regexp(t, "^set_", imported["id"])
	assert.Equal(t, []any{"complete", "csv", w.keyID, []any{}}, []any{imported["status"], imported["format"], imported["imported_by"], imported["unmatched"]})
	require.Len(t, imported["payouts"], 1)
	payout := imported["payouts"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"booked", "2026-11-20", "138.00", "3.45", "134.55", "WL-20261120-01", "certain"},
		[]any{payout["state"], payout["date"], payout["gross"], payout["fee"], payout["net"], payout["reference"], payout["confidence"]})
	assert.Len(t, payout["payments"], 2)
	assert.Equal(t, map[string]any{"id": a.ID, "order_id": a.OrderID, "account": "1029", "gross": "108.00", "fee": "2.30"}, payout["payments"].([]any)[0])
	assert.Equal(t, "-20.00", payout["refunds"].([]any)[0].(map[string]any)["gross"])

	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	assert.Equal(t, [][]any{francs("134.55"), francs("3.45")}, [][]any{w.balance("1020"), w.balance("6940")})
	entries := w.call("GET", "/journal?source=settlement", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, entries, 1)
	assert.Equal(t, "Versement de l’acquéreur WL-20261120-01", entries[0].(map[string]any)["text"])
	assert.Equal(t, payout["id"], entries[0].(map[string]any)["source"].(map[string]any)["id"])
	events := w.call("GET", "/events?type=payout.booked", w.key, nil).json(http.StatusOK)["data"].([]any)
	assert.Len(t, events, 1)

	steps := w.call("GET", "/invoices/"+a.InvoiceID+"/timeline", w.key, nil).json(http.StatusOK)["steps"].([]any)
	steps = slices.DeleteFunc(steps, func(s any) bool { return s.(map[string]any)["what"] != "payout.booked" })
	require.Len(t, steps, 1)
	told := steps[0].(map[string]any)
	assert.Equal(t, []any{"Paid out on 2026-11-20: WL-20261120-01", payout["id"], payout["journal_entry_id"]}, []any{told["text"], told["payout_id"], told["entry_id"]})

	again := w.importFile("text/csv", file).json(http.StatusOK)
	assert.Equal(t, imported, again, "the same file changes nothing, and says so with 200")
	bank := credit("2026-11-21", "134.55", "WORLDLINE WL-20261120-01")
	told = w.importFile("application/xml", bank).json(http.StatusCreated)
	assert.Equal(t, []any{false, true}, known(told), "the bank tells what the acquirer told before")
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	assert.Len(t, w.call("GET", "/journal?source=settlement", w.key, nil).json(http.StatusOK)["data"], 1)
	listed := w.call("GET", "/settlements?limit=5", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, listed, 2)
	assert.Equal(t, []any{told["id"], "complete", "camt.054.001.08", map[string]any{"booked": 1.0}},
		[]any{listed[0].(map[string]any)["id"], listed[0].(map[string]any)["status"], listed[0].(map[string]any)["format"], listed[0].(map[string]any)["payouts"]})
	assert.Equal(t, told, w.call("GET", "/settlements/"+told["id"].(string), w.key, nil).json(http.StatusOK))
	assert.Len(t, w.call("GET", "/payouts?pays="+r.ID, w.key, nil).json(http.StatusOK)["data"], 1)
}

// known returns of each place where the only payout was seen whether it was known before.
func known(settlement map[string]any) (before []any) {
	for _, s := range settlement["payouts"].([]any)[0].(map[string]any)["seen_in"].([]any) {
		before = append(before, s.(map[string]any)["known"])
	}
	return before
}

// credit is a bank's notification of one credit in francs.
func credit(on, amount, text string) string {
	return fmt.Sprintf(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>M-%[1]s</MsgId></GrpHdr>
<Ntfctn><Id>N-%[1]s</Id><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct>
<Ntry><Amt Ccy="CHF">%[2]s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%[1]s</Dt></BookgDt>
<AddtlNtryInf>%[3]s</AddtlNtryInf></Ntry>
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`, on, amount, text)
}

func TestSameFileSentByManyAtOnceIsImportedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	file := csvHeader + "WL-20261120-01,2026-11-20,payment," + p.OrderID + ",CHF,108.00,2.30,105.70\n"
	codes := make(chan int, 4)
	for range cap(codes) {
		go func() { codes <- w.importFile("text/csv", file).Code }()
	}
	got := map[int]int{}
	for range cap(codes) {
		got[<-codes]++
	}
	assert.Equal(t, map[int]int{http.StatusCreated: 1, http.StatusOK: 3}, got)
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	assert.Equal(t, francs("105.70"), w.balance("1020"))
}

func TestPayoutThatIsFoundByItsAmountIsConfirmedByAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.captured(chf("108.00"), "2026-11-17"), w.captured(chf("50.00"), "2026-11-18")
	imported := w.importFile("text/xml", credit("2026-11-19", "105.70", "WORLDLINE SCHWEIZ AG")).json(http.StatusCreated)
	assert.Equal(t, []any{"needs_confirmation", "camt.054.001.08"}, []any{imported["status"], imported["format"]})
	payout := imported["payouts"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"proposed", "likely", "105.70", "2.30"}, []any{payout["state"], payout["confidence"], payout["net"], payout["fee"]})
	assert.Equal(t, []string{"1029 CHF 158.00"}, w.stands(), "nothing is booked yet")
	standing := w.call("GET", "/reconciliation", w.key, nil).json(http.StatusOK)
	first, second := standing["data"].([]any)[0].(map[string]any), standing["data"].([]any)[1].(map[string]any)
	assert.Equal(t, []any{"payment", a.ID, "108.00", "2026-11-19", true, float64(5), payout["id"]},
		[]any{first["reason"], first["payment_id"], first["amount"], first["expected_payout"], first["overdue"], first["age_days"], first["payout_id"]})
	assert.Equal(t, []any{b.ID, "2026-11-20", true}, []any{second["payment_id"], second["expected_payout"], second["overdue"]})
	assert.Len(t, standing["waiting_payouts"], 1)

	path := "/payouts/" + payout["id"].(string)
	w.call("POST", path+"/confirm", w.key, `{"items":["`+b.ID+`"]}`).problem(http.StatusUnprocessableEntity, "validation-failed")
	w.call("POST", path+"/confirm", w.key, `{"fee":"x","items":[]}`).problem(http.StatusUnprocessableEntity, "validation-failed")
	w.call("POST", path+"/confirm", w.key, map[string]any{"note": "\u0000"}).problem(http.StatusUnprocessableEntity, "validation-failed")
	refused := w.call("POST", path+"/confirm", w.key, `{"items":["`+a.ID+`"],"fee":"2.00","account":"9999"}`)
	assert.Equal(t, []string{"account"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))

	booked := w.call("POST", path+"/confirm", w.key, `{"note":"Checked in myPortal."}`).json(http.StatusOK)
	assert.Equal(t, []any{"booked", "certain", "Confirmed. Checked in myPortal."}, []any{booked["state"], booked["confidence"], booked["reason"]})
	assert.Equal(t, w.keyID, booked["timeline"].([]any)[1].(map[string]any)["by"])
	assert.Equal(t, []string{"1029 CHF 50.00"}, w.stands())
	w.call("POST", path+"/confirm", w.key, nil).problem(http.StatusConflict, "payout-decided")
	w.call("POST", path+"/dismiss", w.key, nil).problem(http.StatusConflict, "payout-decided")

	reopened := w.call("POST", path+"/reopen", w.key, `{"note":"It was the other one."}`).json(http.StatusOK)
	assert.Equal(t, "unmatched", reopened["state"])
	assert.NotContains(t, reopened, "journal_entry_id")
	assert.Equal(t, []string{"1029 CHF 158.00"}, w.stands())
	w.call("POST", path+"/reopen", w.key, nil).problem(http.StatusConflict, "payout-decided")
	w.call("POST", path+"/confirm", w.key, `{"items":["`+b.ID+`"],"fee":"1.15","account":"1099"}`).json(http.StatusOK)
	assert.Equal(t, []string{"1029 CHF 108.00"}, w.stands())
	assert.Equal(t, [][]any{francs("105.70"), francs("-56.85")}, [][]any{w.balance("1020"), w.balance("1099")})
	assert.Equal(t, path[len("/payouts/"):], w.call("GET", path, w.key, nil).json(http.StatusOK)["id"])
}

func TestPayoutThatIsNobodysIsDismissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	imported := w.importFile("application/xml", credit("2026-11-19", "999.00", "WORLDLINE")).json(http.StatusCreated)
	payout := imported["unmatched"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{}, imported["payouts"])
	assert.Len(t, w.call("GET", "/payouts?state=unmatched", w.key, nil).json(http.StatusOK)["data"], 1)
	waiting := w.call("GET", "/events?type=payout.waiting", w.key, nil).json(http.StatusOK)["data"].([]any)
	assert.Len(t, waiting, 1)
	dismissed := w.call("POST", "/payouts/"+payout["id"].(string)+"/dismiss", w.key, `{"note":"Of the shop."}`).json(http.StatusOK)
	assert.Equal(t, []any{"dismissed", "Left out of the books. Of the shop."}, []any{dismissed["state"], dismissed["reason"]})
	shown := w.call("GET", "/settlements/"+imported["id"].(string), w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{"complete", []any{}}, []any{shown["status"], shown["unmatched"]})
	assert.Len(t, shown["payouts"], 1)
}

func TestBrokenSettlementFileIsRefusedAndNothingIsBooked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	good := csvHeader + "WL-20261120-01,2026-11-20,payment," + p.OrderID + ",CHF,108.00,2.30,105.70\n"
	for name, c := range map[string]struct {
		contentType, file string
		lines             []string
	}{
		"a wrong sum, and a wrong type": {"text/csv", good + "WL-2,2026-11-20,gift,Q,CHF,1.00,0.00,2.00\nWL-2,2026-11-20,payment,Q,CHF,1.00,0.00,x\n", []string{"line 3", "line 3", "line 4"}},
		"XML that says it is CSV":       {"text/csv", credit("2026-11-20", "105.70", "WORLDLINE"), []string{"line 1"}},
		"CSV that says it is XML":       {"application/xml", good, []string{"line 1"}},
		"an entity":                     {"application/xml", `<!DOCTYPE a [<!ENTITY b "c">]>` + credit("2026-11-20", "105.70", "&b;"), []string{"line 1"}},
		"cut off":                       {"text/xml", credit("2026-11-20", "105.70", "WORLDLINE")[:400], []string{"line 5"}},
		"a negative amount":             {"text/xml", credit("2026-11-20", "-105.70", "WORLDLINE"), []string{"line 3"}},
	} {
		assert.Equal(t, c.lines, w.importFile(c.contentType, c.file).problem(http.StatusUnprocessableEntity, "settlement-file-refused"), name)
	}
	w.importFile("text/csv", strings.Repeat("x", 10<<20+1)).problem(http.StatusRequestEntityTooLarge, "body-too-large")
	w.importFile("text/csv", "").problem(http.StatusBadRequest, "malformed-request")
	w.importFile("application/json", good).problem(http.StatusBadRequest, "malformed-request")
	refused := w.importFile("application/octet-stream", good)
	refused.problem(http.StatusUnsupportedMediaType, "unsupported-media-type")
	assert.Contains(t, refused.Body.String(), "Send the body with Content-Type: application/gzip or application/xml or application/zip or text/csv or text/xml.")
	assert.Empty(t, w.call("GET", "/settlements", w.key, nil).json(http.StatusOK)["data"])
	assert.Equal(t, []string{"1029 CHF 108.00"}, w.stands())
}

func TestSamplesOfBanksAreTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"camt.053.001.04-month", "camt.053.001.08-two-accounts", "camt.054.001.04-batch", "camt.054.001.08-single"} {
		file, err := os.ReadFile("../internal/camt/testdata/" + name + ".xml")
		require.NoError(t, err)
		w.importFile("application/xml", string(file)).json(http.StatusCreated)
	}
	all := w.call("GET", "/settlements", w.key, nil).json(http.StatusOK)["data"].([]any)
	assert.Len(t, all, 4)
	assert.Equal(t, map[string]any{"not_booked": 1.0, "of_others": 2.0}, all[3].(map[string]any)["skipped"])
	assert.Equal(t, map[string]any{"unmatched": 2.0}, all[2].(map[string]any)["payouts"])
}

func TestStatementOfAnotherAccountIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Equal(t, []string{"payout_ibans.1"}, w.call("PATCH", "/settings", w.key, `{"payout_ibans":["CH9300762011623852957","CH9300762011623852958"]}`).
		problem(http.StatusUnprocessableEntity, "validation-failed"))
	w.call("PATCH", "/settings", w.key, `{"payout_ibans":["LI21088100002324013AA"],"payout_days":61}`).problem(http.StatusUnprocessableEntity, "validation-failed")
	set := w.call("PATCH", "/settings", w.key, `{"payout_ibans":["LI21088100002324013AA"],"payout_days":3}`).json(http.StatusOK)
	assert.Equal(t, []any{[]any{"LI21088100002324013AA"}, 3.0}, []any{set["payout_ibans"], set["payout_days"]})
	refused := w.importFile("application/xml", credit("2026-11-20", "105.70", "WORLDLINE"))
	assert.Equal(t, []string{"line 2"}, refused.problem(http.StatusUnprocessableEntity, "settlement-file-refused"))
	assert.Contains(t, refused.Body.String(), "the statement is of the account CH9300762011623852957, which is none of the company's payout_ibans. Nothing was booked.")
	w.call("PATCH", "/settings", w.key, `{"payout_ibans":["LI21088100002324013AA","CH9300762011623852957"]}`).json(http.StatusOK)
	w.importFile("application/xml", credit("2026-11-20", "105.70", "WORLDLINE")).json(http.StatusCreated)
}

func TestPayoutOfAClosedPeriodIsBookedOnTheFirstOpenDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-10-28")
	w.call("PATCH", "/settings", w.key, `{"books_closed_until":"2026-10-31"}`).json(http.StatusOK)
	w.importFile("text/csv", csvHeader+"WL-1,2026-10-30,payment,"+p.OrderID+",CHF,108.00,2.30,105.70\n").json(http.StatusCreated)
	entry := w.call("GET", "/journal?source=settlement", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"2026-11-01", "2026-10-30"}, []any{entry["date"], entry["value_date"]})
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
}

func TestEverythingThatStandsOnAReceiptAccountHasAReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	options := w.options()
	options.Now = func() time.Time { return day("2026-11-20").Add(9 * time.Hour) }
	w.handler = api.New(options)
	p := w.captured(chf("108.00"), "2026-11-18")
	parked := w.captured(chf("50.00"), "2026-11-19")
	parked.Parked = true
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SavePayment(w.Context(), parked) })
	w.givenBack(p, chf("8.00"), "2026-11-19")
	w.call("POST", "/invoices/"+w.newInvoice(invoice.Open).ID+"/receipts", w.key, newReceipt(`"amount":"10.00"`, `"account":"1029"`, `"date":"2026-11-19"`)).json(http.StatusCreated)
	manual := `{"date":"2026-11-19","text":"By hand","currency":"CHF","lines":[{"account":"1020","debit":"3.00"},{"account":"1029","credit":"3.00"}]}`
	w.call("POST", "/manual-entries", w.key, manual).json(http.StatusCreated)
	taken := w.call("POST", "/manual-entries", w.key, strings.ReplaceAll(manual, "3.00", "4.00")).json(http.StatusCreated)
	w.call("POST", "/journal/"+taken["id"].(string)+"/reverse", w.key, nil).json(http.StatusCreated)
	w.call("PATCH", "/settings", w.key, `{"receipt_account":"1010"}`).json(http.StatusOK)
	w.captured(money.MustParse("70.00", money.EUR), "2026-11-20")

	assert.Equal(t, []string{"1010 EUR 70.00", "1029 CHF 157.00"}, w.stands())
	answer := w.call("GET", "/reconciliation?account=1029", w.key, nil).json(http.StatusOK)
	var reasons []string
	for _, s := range answer["data"].([]any) {
		s := s.(map[string]any)
		reasons = append(reasons, fmt.Sprint(s["reason"], " ", s["amount"], " ", s["expected_payout"], " ", s["overdue"]))
	}
	assert.Equal(t, []string{
		"payment 108.00 2026-11-20 false", "parked_payment 50.00 2026-11-23 false", "refund -8.00 2026-11-23 false", "receipt 10.00 <nil> <nil>", "manual -3.00 <nil> <nil>",
	}, reasons, "what was reversed stands there no more")
	balance := answer["balances"].([]any)[0].(map[string]any)
	assert.Equal(t, false, balance["overdue"])
	assert.Equal(t, map[string]any{"reason": "payment", "amount": "108.00", "count": 1.0, "oldest": "2026-11-18"}, balance["reasons"].([]any)[2])
	only := w.call("GET", "/reconciliation?reason=refund&currency=CHF", w.key, nil).json(http.StatusOK)
	assert.Len(t, only["data"], 1)
	w.call("GET", "/reconciliation?cursor=x", w.key, nil).problem(http.StatusUnprocessableEntity, "validation-failed")
}

func TestSettlementsAreTheCompanysOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	imported := w.importFile("application/xml", credit("2026-11-19", "999.00", "WORLDLINE")).json(http.StatusCreated)
	payout := imported["unmatched"].([]any)[0].(map[string]any)["id"].(string)
	_, other := w.newCompany("Other SA", "de")
	w.call("GET", "/settlements/"+imported["id"].(string), other, nil).problem(http.StatusNotFound, "not-found")
	w.call("GET", "/payouts/"+payout, other, nil).problem(http.StatusNotFound, "not-found")
	for _, decision := range []string{"confirm", "dismiss", "reopen"} {
		w.call("POST", "/payouts/"+payout+"/"+decision, other, nil).problem(http.StatusNotFound, "not-found")
		w.call("POST", "/payouts/"+payout+"/"+decision, w.newKey(w.company.ID, merchant.ScopeRead), nil).problem(http.StatusForbidden, "forbidden")
	}
}
