package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/invoice"
)

// toldCredit is a credit as a bank's file tells it.
type toldCredit struct{ amount, reference, bankRef, on string }

// transaction is the TxDtls of a credit.
func (c toldCredit) transaction() string {
	refs := ""
	if c.bankRef != "" {
		refs = "<Refs><AcctSvcrRef>" + c.bankRef + "</AcctSvcrRef></Refs>"
	}
	return fmt.Sprintf(`<TxDtls>%s<Amt Ccy="CHF">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties><Dbtr><Pty><Nm>Marie Favre</Nm></Pty></Dbtr></RltdPties>
<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>%s</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>`, refs, c.amount, c.reference)
}

// entry is the credit as an entry of its own.
func (c toldCredit) entry() string {
	on := c.on
	if on == "" {
		on = "2026-11-20"
	}
	return fmt.Sprintf(`<Ntry><Amt Ccy="CHF">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt><NtryDtls>%s</NtryDtls></Ntry>`,
		c.amount, on, c.transaction())
}

// files counts the messages that were made, so that no two files are the same.
var files atomic.Int64

// bankFile is a camt.053 or camt.054 with those credits.
func bankFile(message, iban string, credits ...toldCredit) string {
	entries := make([]string, len(credits))
	for i, c := range credits {
		entries[i] = c.entry()
	}
	root, kind := "BkToCstmrDbtCdtNtfctn", "Ntfctn"
	if strings.HasPrefix(message, "camt.053") {
		root, kind = "BkToCstmrStmt", "Stmt"
	}
	return fmt.Sprintf(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:%[1]s"><%[2]s><GrpHdr><MsgId>M-%[3]d</MsgId></GrpHdr>
<%[4]s><Id>N-%[3]d</Id><Acct><Id><IBAN>%[5]s</IBAN></Id></Acct>
%[6]s
</%[4]s></%[2]s></Document>`, message, root, files.Add(1), kind, iban, strings.Join(entries, "\n"))
}

const (
	notice    = "camt.054.001.08"
	statement = "camt.053.001.08"
	bankIBAN  = "CH9300762011623852957"
)

// payee is a company with a bank account for invoices.
func payee(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.call("POST", "/bank-accounts", w.key, forInvoices(object{"iban": bankIBAN, "account": "1010"})).json(http.StatusCreated)
	return w
}

// reference returns the payment reference of an invoice.
func (w *world) reference(inv invoice.Invoice) string {
	w.Helper()
	return w.call("GET", "/invoices/"+inv.ID, w.key, nil).json(http.StatusOK)["payment_reference"].(string)
}

// receive imports a file and returns its receipts as they stand afterwards.
func (w *world) receive(file string) []map[string]any {
	w.Helper()
	imported := w.importFile("application/xml", file)
	require.Contains(w, []int{http.StatusCreated, http.StatusOK}, imported.Code, imported.Body.String())
	return w.receiptsOf(imported.json(imported.Code)["id"].(string))
}

func (w *world) receiptsOf(settlementID string) (receipts []map[string]any) {
	w.Helper()
	for _, r := range w.call("GET", "/settlements/"+settlementID, w.key, nil).json(http.StatusOK)["receipts"].([]any) {
		receipts = append(receipts, r.(map[string]any))
	}
	return receipts
}

func states(receipts []map[string]any) (states []any) {
	for _, r := range receipts {
		states = append(states, r["state"])
	}
	return states
}

// shows requires what the invoice says of itself.
func (w *world) shows(inv invoice.Invoice, status, paid string, receipts int) {
	w.Helper()
	shown := w.call("GET", "/invoices/"+inv.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(w, []any{status, paid}, []any{shown["status"], shown["amount_paid"]})
	assert.Len(w, shown["receipts"], receipts)
}

func (w *world) exceptionOf(r map[string]any) map[string]any {
	w.Helper()
	return w.call("GET", "/exceptions/"+r["exception_id"].(string), w.key, nil).json(http.StatusOK)
}

func (w *world) decides(r map[string]any, choice string) {
	w.Helper()
	w.call("POST", "/exceptions/"+r["exception_id"].(string)+"/resolve", w.key, object{"choice": choice, "note": "Looked at."}).json(http.StatusOK)
}

func TestMoneyThatComesByBankIsBookedOnceWhoeverTellsIt(t *testing.T) {
	t.Parallel()
	w := payee(t)
	inv := w.newInvoice(invoice.Open)
	paid := toldCredit{amount: "1234.50", reference: w.reference(inv), bankRef: "BANK-1"}
	file := bankFile(notice, bankIBAN, paid)
	receipts := w.receive(file)
	require.Len(t, receipts, 1)
	r := receipts[0]
	assert.Equal(t, []any{"booked", inv.ID, "1234.50", "CHF", "2026-11-20", bankIBAN, "1010"},
		[]any{r["state"], r["invoice_id"], r["amount"], r["currency"], r["date"], r["iban"], r["account"]})
	w.shows(inv, "paid", "1234.50", 1)
	assert.Equal(t, francs("1234.50"), w.balance("1010"), "on the account of the bank account, not on 1029")

	unnamed := paid
	unnamed.bankRef = ""
	for _, again := range []string{file, file, bankFile(notice, bankIBAN, paid), bankFile(statement, bankIBAN, unnamed), bankFile(statement, bankIBAN, paid)} {
		known := w.receive(again)
		require.Len(t, known, 1)
		assert.Equal(t, r["id"], known[0]["id"])
	}
	w.shows(inv, "paid", "1234.50", 1)
	assert.Equal(t, francs("1234.50"), w.balance("1010"))
	assert.Empty(t, w.call("GET", "/exceptions?open=true", w.key, nil).json(http.StatusOK)["data"])
	listed := w.call("GET", "/settlements", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, listed, 4, "three of them were the same file")
	assert.Equal(t, map[string]any{"booked": 1.0}, listed[0].(map[string]any)["receipts"])
}

func TestTwoPaymentsAlikeAreTwoHoweverOftenTheyAreTold(t *testing.T) {
	t.Parallel()
	w := payee(t)
	inv := w.newInvoice(invoice.Open)
	half := toldCredit{amount: "600.00", reference: w.reference(inv)}
	assert.Equal(t, []any{"booked", "booked"}, states(w.receive(bankFile(notice, bankIBAN, half, half))))
	named, other := half, half
	named.bankRef, other.bankRef = "BANK-1", "BANK-2"
	w.receive(bankFile(statement, bankIBAN, other, named))
	w.receive(bankFile(notice, bankIBAN, named))
	w.receive(bankFile(notice, bankIBAN, half))
	w.shows(inv, "partially_paid", "1200.00", 2)
	third := half
	third.bankRef = "BANK-3"
	assert.Equal(t, []any{"asked"}, states(w.receive(bankFile(notice, bankIBAN, third))), "the bank says that it is another one")
	w.shows(inv, "paid", "1234.50", 3)
	assert.Equal(t, francs("1800.00"), w.balance("1010"))
	assert.Equal(t, francs("-565.50"), w.balance("2030"))
}

func TestWhatIsTooMuchIsParkedAndAPersonDecides(t *testing.T) {
	t.Parallel()
	w := payee(t)
	for status, c := range map[invoice.Status]struct{ after, paid, parked, says string }{
		invoice.Open:      {"paid", "1234.50", "65.50", "CHF 65.50 more than was due"},
		invoice.Paid:      {"paid", "1234.50", "1300.00", "nothing was due any more"},
		invoice.Cancelled: {"cancelled", "0.00", "1300.00", "is cancelled"},
	} {
		for _, choice := range []string{"keep", "given_back"} {
			inv := w.newInvoice(status)
			before := w.balance("2030")
			r := w.receive(bankFile(notice, bankIBAN, toldCredit{amount: "1300.00", reference: w.reference(inv)}))[0]
			assert.Equal(t, []any{"asked", c.parked}, []any{r["state"], r["parked"]}, status)
			shown := w.call("GET", "/invoices/"+inv.ID, w.key, nil).json(http.StatusOK)
			assert.Equal(t, []any{c.after, c.paid}, []any{shown["status"], shown["amount_paid"]})
			e := w.exceptionOf(r)
			assert.Equal(t, []any{"receipt_excess", "open", []any{"keep", "given_back"}, r["id"]}, []any{e["kind"], e["status"], e["choices"], e["subject"]})
			assert.Contains(t, e["detail"], c.says)
			listed := w.call("GET", "/exceptions?open=true", w.key, nil).json(http.StatusOK)["data"].([]any)
			assert.Equal(t, []any{inv.Number, "1300.00"}, []any{listed[0].(map[string]any)["invoice_number"], listed[0].(map[string]any)["amount"]})

			w.decides(r, choice)
			w.decides(r, choice)
			r = w.receiptsOf(r["seen_in"].([]any)[0].(string))[0]
			assert.Equal(t, "booked", r["state"])
			if choice == "keep" {
				assert.Equal(t, c.parked, r["parked"])
			} else {
				assert.NotContains(t, r, "parked")
				assert.Equal(t, before, w.balance("2030"), "what went back stands there no more")
			}
		}
	}
	// Of each of the six, 1300.00 came, and three times all that was too much went back.
	assert.Equal(t, [][]any{francs("5134.50"), francs("-2665.50")}, [][]any{w.balance("1010"), w.balance("2030")})
}

func TestWhatIsMissingIsStillDueUnlessTheCompanyLetsItPass(t *testing.T) {
	t.Parallel()
	w := payee(t)
	inv := w.newInvoice(invoice.Open)
	assert.Equal(t, []any{"booked"}, states(w.receive(bankFile(notice, bankIBAN, toldCredit{amount: "1234.00", reference: w.reference(inv)}))))
	w.shows(inv, "partially_paid", "1234.00", 1)
	for _, wrong := range []string{"-1.00", "100.01", "0.001", "x"} {
		w.call("PATCH", "/settings", w.key, object{"payment_tolerance": wrong}).problem(http.StatusUnprocessableEntity, "validation-failed")
	}
	set := w.call("PATCH", "/settings", w.key, `{"payment_tolerance":"0.50"}`).json(http.StatusOK)
	assert.Equal(t, "0.50", set["payment_tolerance"])
	for amount, status := range map[string]string{"1234.00": "paid", "1233.99": "partially_paid"} {
		inv := w.newInvoice(invoice.Open)
		w.receive(bankFile(notice, bankIBAN, toldCredit{amount: amount, reference: w.reference(inv)}))
		paid := "1234.50"
		if status != "paid" {
			paid = amount
		}
		w.shows(inv, status, paid, 1)
	}
	assert.Equal(t, francs("0.50"), w.balance("3805"))
	w.call("DELETE", "/accounts/3805", w.key, nil).problem(http.StatusConflict, "account-in-use")
}

// mistyped is the reference with another digit at the end of its number.
func mistyped(reference string) string {
	last := reference[len(reference)-1]
	return reference[:len(reference)-1] + string('0'+(last-'0'+3)%10)
}

func TestWrongDigitIsProposedAndAPersonConfirms(t *testing.T) {
	t.Parallel()
	w := payee(t)
	mine, others := w.newInvoice(invoice.Open), w.newInvoice(invoice.Open)
	r := w.receive(bankFile(notice, bankIBAN, toldCredit{amount: "1234.50", reference: mistyped(w.reference(mine))}))[0]
	assert.Equal(t, []any{"asked", mine.ID}, []any{r["state"], r["invoice_id"]})
	w.shows(mine, "open", "0.00", 0)
	e := w.exceptionOf(r)
	assert.Equal(t, []any{"receipt_unclear", []any{"book", "not_ours"}}, []any{e["kind"], e["choices"]})
	assert.Contains(t, e["detail"], mine.Number)
	w.decides(r, "book")
	assert.Equal(t, []any{"booked"}, states(w.receiptsOf(r["seen_in"].([]any)[0].(string))))
	w.shows(mine, "paid", "1234.50", 1)

	wrong := toldCredit{amount: "1234.50", reference: mistyped(w.reference(others))}
	r = w.receive(bankFile(notice, bankIBAN, wrong))[0]
	w.decides(r, "not_ours")
	assert.Equal(t, []any{"skipped"}, states(w.receive(bankFile(statement, bankIBAN, wrong))), "nobody is asked again")
	w.shows(others, "open", "0.00", 0)
	assert.Empty(t, w.call("GET", "/exceptions?open=true", w.key, nil).json(http.StatusOK)["data"])
}

// The bank makes statements under the ordinary IBAN of an account that has a QR-IBAN too.
func TestQRReferenceIsBookedUnderWhicheverNumberTheStatementIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("POST", "/bank-accounts", w.key, forInvoices(object{"account": "1010"})).json(http.StatusCreated)
	inv := w.newInvoice(invoice.Open)
	qrr := w.reference(inv)
	assert.Len(t, qrr, 27)
	r := w.receive(bankFile(statement, bankIBAN, toldCredit{amount: "1234.50", reference: qrr}))[0]
	assert.Equal(t, []any{"booked", "1010"}, []any{r["state"], r["account"]})

	// A bill of before, when the company had another account.
	earlier := payee(t)
	inv = earlier.newInvoice(invoice.Open)
	scor := earlier.reference(inv)
	for _, account := range earlier.call("GET", "/bank-accounts", earlier.key, nil).json(http.StatusOK)["data"].([]any) {
		earlier.call("DELETE", "/bank-accounts/"+account.(map[string]any)["id"].(string), earlier.key, nil)
	}
	assert.NotContains(t, earlier.call("GET", "/invoices/"+inv.ID, earlier.key, nil).json(http.StatusOK), "payment_reference")
	r = earlier.receive(bankFile(statement, bankIBAN, toldCredit{amount: "1234.50", reference: scor}))[0]
	assert.Equal(t, "asked", r["state"], "nothing says that the account is the company's")
	earlier.decides(r, "book")
	earlier.shows(inv, "paid", "1234.50", 1)
}

func TestStatementOfABankAccountNeedsNoPayoutIBAN(t *testing.T) {
	t.Parallel()
	w := payee(t)
	w.call("PATCH", "/settings", w.key, `{"payout_ibans":["LI21088100002324013AA"]}`).json(http.StatusOK)
	inv := w.newInvoice(invoice.Open)
	assert.Equal(t, []any{"booked"}, states(w.receive(bankFile(statement, bankIBAN, toldCredit{amount: "1234.50", reference: w.reference(inv)}))))
	refused := w.importFile("application/xml", bankFile(statement, "CH5604835012345678009"))
	assert.Equal(t, []string{"line 2"}, refused.problem(http.StatusUnprocessableEntity, "settlement-file-refused"))
}

// What is on record is booked later when nothing could begin it.
func TestImportIsAnsweredAlthoughNothingCanBeBookedYet(t *testing.T) {
	t.Parallel()
	w := payee(t)
	inv := w.newInvoice(invoice.Open)
	file := bankFile(notice, bankIBAN, toldCredit{amount: "1234.50", reference: w.reference(inv)})
	w.commands.err = assert.AnError
	assert.Equal(t, []any{"waiting"}, states(w.receive(file)))
	w.shows(inv, "open", "0.00", 0)
	w.commands.err = nil
	assert.Equal(t, []any{"booked"}, states(w.receive(file)), "the same file takes up what was left")
	w.shows(inv, "paid", "1234.50", 1)
}

func TestReceiptByBankIsVoidedAsAnyOther(t *testing.T) {
	t.Parallel()
	w := payee(t)
	inv := w.newInvoice(invoice.Open)
	file := bankFile(notice, bankIBAN, toldCredit{amount: "1300.00", reference: w.reference(inv)})
	r := w.receive(file)[0]
	w.call("POST", "/receipts/"+r["id"].(string)+"/void", w.key, `{"reason":"Another customer's"}`).json(http.StatusOK)
	w.shows(inv, "open", "0.00", 1)
	assert.Equal(t, [][]any{francs("0.00"), francs("0.00")}, [][]any{w.balance("1010"), w.balance("2030")})
	assert.Empty(t, w.call("GET", "/exceptions?open=true", w.key, nil).json(http.StatusOK)["data"], "nothing is to be decided about it any more")
	w.receive(file)
	w.shows(inv, "open", "0.00", 1)
}

func TestManyCreditsOfOneFileAreTakenIn(t *testing.T) {
	t.Parallel()
	w := payee(t)
	var credits []toldCredit
	var invoices []invoice.Invoice
	for range 50 {
		inv := w.newInvoice(invoice.Open)
		invoices, credits = append(invoices, inv), append(credits, toldCredit{amount: "1234.50", reference: w.reference(inv)})
	}
	for i := range 6000 { // of customers of another program
		credits = append(credits, toldCredit{amount: "10.00", reference: fmt.Sprintf("RF18%020d", i)})
	}
	collective := "<Ntry><Amt Ccy=\"CHF\">2469.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-21</Dt></BookgDt>" +
		"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>VCOM</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>" +
		credits[0].transaction() + credits[1].transaction() + "</NtryDtls></Ntry>\n</Ntfctn>"
	receipts := w.receive(strings.Replace(bankFile(notice, bankIBAN, credits...), "</Ntfctn>", collective, 1))
	require.Len(t, receipts, 52)
	assert.Equal(t, francs("64194.00"), w.balance("1010"), "of two, the second payment is parked")
	w.shows(invoices[0], "paid", "1234.50", 1)
	w.shows(invoices[49], "paid", "1234.50", 1)
}

// Whatever is told, how often and in which order, what stands on the bank's account is what really came.
func TestBooksSayWhatCameHoweverItIsTold(t *testing.T) {
	t.Parallel()
	w := payee(t)
	rapid.Check(t, func(r *rapid.T) {
		w := w.during(t)
		inv := w.newInvoice(invoice.Open)
		before := bankBalance(w)
		reference := w.reference(inv)
		var came []toldCredit
		for i := range rapid.IntRange(1, 4).Draw(r, "payments") {
			came = append(came, toldCredit{
				amount: rapid.SampledFrom([]string{"1234.50", "600.00"}).Draw(r, "amount"), reference: reference,
				bankRef: fmt.Sprint("BANK-", i), on: rapid.SampledFrom([]string{"2026-11-18", "2026-11-19"}).Draw(r, "day"),
			})
		}
		sum := 0
		for _, c := range came {
			minor := 0
			_, err := fmt.Sscan(strings.Replace(c.amount, ".", "", 1), &minor)
			require.NoError(r, err)
			sum += minor
		}
		names := rapid.SampledFrom([][]string{{notice}, {statement}, {notice, statement}, {}}).Draw(r, "who names")
		for i := range rapid.IntRange(1, 3).Draw(r, "times") {
			message := rapid.SampledFrom([]string{notice, statement}).Draw(r, "message")
			told := rapid.Permutation(came).Draw(r, fmt.Sprint("order ", i))
			for j := range told {
				if !strings.Contains(strings.Join(names, " "), message) {
					told[j].bankRef = ""
				}
			}
			w.receive(bankFile(message, bankIBAN, told...))
		}
		require.Equal(r, sum, bankBalance(w)-before)
	})
}

// bankBalance returns what stands on the bank's account, in hundredths.
func bankBalance(w *world) (minor int) {
	for _, b := range w.balance("1010") {
		_, err := fmt.Sscan(strings.Replace(b.(map[string]any)["amount"].(string), ".", "", 1), &minor)
		require.NoError(w, err)
	}
	return minor
}
