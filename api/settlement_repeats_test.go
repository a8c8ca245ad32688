package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
)

// sold stores a payment of that brand that was captured and booked on that day.
func (w *world) sold(brand, amount, on string) string {
	w.Helper()
	p := w.captured(chf(amount), on)
	p.Brand = brand
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SavePayment(w.Context(), p) })
	return p.OrderID
}

// entriesOf is a bank's message of that kind about those entries.
func entriesOf(message string, entries ...string) string {
	root, kind := "BkToCstmrStmt", "Stmt"
	if strings.HasPrefix(message, "camt.054") {
		root, kind = "BkToCstmrDbtCdtNtfctn", "Ntfctn"
	}
	return fmt.Sprintf(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:%s"><%[2]s><GrpHdr><MsgId>M</MsgId></GrpHdr>
<%[3]s><Id>1</Id><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct>%[4]s</%[3]s></%[2]s></Document>`, message, root, kind, strings.Join(entries, "\n"))
}

// moved is an entry over that amount, signed.
func moved(on, amount, reversal, text string) string {
	sign, unsigned := "CRDT", amount
	if strings.HasPrefix(amount, "-") {
		sign, unsigned = "DBIT", amount[1:]
	}
	return fmt.Sprintf(`<Ntry><Amt Ccy="CHF">%s</Amt><CdtDbtInd>%s</CdtDbtInd>%s<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt>
<AddtlNtryInf>%s</AddtlNtryInf></Ntry>`, unsigned, sign, reversal, on, text)
}

func TestSecondPayoutIsShownAndTheFirstKeepsItsReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.captured(chf("108.00"), "2026-11-18").OrderID
	row := func(reference string) string {
		return csvHeader + reference + ",2026-11-20,payment," + order + ",CHF,108.00,2.30,105.70\n"
	}
	w.importFile("text/csv", row("WL-0001")).json(http.StatusCreated)
	second := w.importFile("text/csv", row("WL-0002")).json(http.StatusCreated)
	assert.Equal(t, []any{"needs_confirmation", []any{}}, []any{second["status"], second["payouts"]})
	require.Len(t, second["unmatched"], 1)
	shown := second["unmatched"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"unmatched", "WL-0002", "105.70"}, []any{shown["state"], shown["reference"], shown["net"]})
	assert.Contains(t, shown["reason"], "See payout WL-0001 (pyo_")
	first := w.call("GET", "/payouts?state=booked", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, first, 1)
	assert.Equal(t, "WL-0001", first[0].(map[string]any)["reference"])
	assert.Equal(t, francs("105.70"), w.balance("1020"))
	assert.Len(t, w.call("GET", "/reconciliation", w.key, nil).json(http.StatusOK)["waiting_payouts"], 1)
	again := w.importFile("text/csv", row("WL-0002")+"\n").json(http.StatusCreated)
	assert.Len(t, again["unmatched"].([]any)[0].(map[string]any)["seen_in"], 2, "told again, it is known")
}

func TestWhatTheBankTakesBackWithoutAReferenceIsOnePayout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.captured(chf("108.00"), "2026-11-16").OrderID
	came := moved("2026-11-18", "105.70", "", "WORLDLINE "+order)
	back := moved("2026-11-19", "-105.70", "<RvslInd>true</RvslInd>", "WORLDLINE "+order)
	w.importFile("application/xml", entriesOf("camt.054.001.08", back)).json(http.StatusCreated)
	w.importFile("application/xml", entriesOf("camt.054.001.08", came)).json(http.StatusCreated)
	proposed := w.call("GET", "/payouts?state=proposed", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, proposed, 1, "it was told first, and has found what it takes back")
	id := proposed[0].(map[string]any)["id"].(string)
	w.importFile("text/csv", csvHeader+"OTHER,2026-11-20,payment,TILL-1,CHF,1.00,0.00,1.00\n").json(http.StatusCreated)
	w.call("POST", "/payouts/"+id+"/confirm", w.key, nil).json(http.StatusOK)
	told := w.importFile("application/xml", entriesOf("camt.053.001.08", came, back)).json(http.StatusCreated)
	assert.Len(t, told["payouts"], 2)
	assert.Equal(t, []any{"complete", []any{}}, []any{told["status"], told["unmatched"]})
	assert.Equal(t, francs("0.00"), w.balance("1020"))
	assert.Equal(t, []string{"1029 CHF 108.00"}, w.stands())
}

func TestPayoutsByBrandAndDayAreBookedByWhatTheBankSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gross := map[string]money.Amount{}
	for i, brand := range []string{"VISA", "MASTERCARD", "TWINT", "VISA", "MASTERCARD", "TWINT", "VISA", "MASTERCARD", "TWINT"} {
		amount := fmt.Sprintf("%d.00", 20+10*(i/3))
		w.sold(brand, amount, "2026-11-18")
		if sum, ok := gross[brand]; ok {
			gross[brand] = sum.Add(chf(amount))
		} else {
			gross[brand] = chf(amount)
		}
	}
	var entries []string
	for brand, name := range map[string]string{"VISA": "VISA", "MASTERCARD": "ECAMC", "TWINT": "TWINT"} {
		entries = append(entries, moved("2026-11-20", gross[brand].Sub(chf("1.20")).Value(), "",
			fmt.Sprintf("WORLDLINE SCHWEIZ AG %s/ %s/NR.54321/KOM. 1.20/DAT.18.11.2026/BUCHLADEN/THUN", name, gross[brand].Value())))
	}
	told := w.importFile("application/xml", entriesOf("camt.053.001.08", entries...)).json(http.StatusCreated)
	require.Len(t, told["payouts"], 3, "%v", told["unmatched"])
	for _, p := range told["payouts"].([]any) {
		p := p.(map[string]any)
		line := p["lines"].([]any)[0].(map[string]any)
		assert.Equal(t, []any{"booked", "certain", "90.00", "1.20", 3, "2026-11-18"}, []any{p["state"], p["confidence"], p["gross"], p["fee"], len(p["payments"].([]any)), line["sales_date"]})
		assert.Contains(t, []any{"VISA", "ECAMC", "TWINT"}, line["brand"])
	}
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	other := w.importFile("application/xml", entriesOf("camt.053.001.08", moved("2026-11-20", "49.00", "", "WORLDLINE VISA/ 50.00/NR.54321/KOM. 1.00/DAT.18.11.2026/X"))).json(http.StatusCreated)
	shown := other["unmatched"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"1.00", []any{}}, []any{shown["fee"], shown["candidates"]})
	assert.Contains(t, shown["reason"], "The bank says that this pays sales of VISA of 2026-11-18: CHF 50.00 less a fee of CHF 1.00.")
}

// Banks tell the sum of a collective credit on the statement, and its transactions by camt.054.
func TestTheSumOfACollectiveCreditForBillsAsksNobody(t *testing.T) {
	t.Parallel()
	w := payee(t)
	inv, other := w.newInvoice(invoice.Open), w.newInvoice(invoice.Open)
	entry := func(before, code, after string) string {
		return fmt.Sprintf(`<Ntry>%s<Amt Ccy="CHF">2469.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>%s</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>%s</NtryDtls></Ntry>`, before, code, after)
	}
	transactions := toldCredit{amount: "1234.50", reference: w.reference(inv)}.transaction() + toldCredit{amount: "1234.50", reference: w.reference(other)}.transaction()
	w.importFile("application/xml", entriesOf("camt.054.001.08", entry("", "VCOM", transactions))).json(http.StatusCreated)
	for _, sum := range []string{entry("", "VCOM", ""), entry("<NtryRef>CH4431999123000889012</NtryRef>", "ATXN", "")} {
		told := w.importFile("application/xml", entriesOf("camt.053.001.08", sum)).json(http.StatusCreated)
		assert.Equal(t, []any{"complete", 1.0}, []any{told["status"], told["skipped"].(map[string]any)["of_others"]})
		assert.Empty(t, payouts(told))
	}
	assert.Equal(t, francs("2469.00"), w.balance("1010"))
	w.shows(inv, "paid", "1234.50", 1)
	w.shows(other, "paid", "1234.50", 1)
}
