package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/workflows/contract"
)

// bankReceipt is what tests look at of money that came by bank.
type bankReceipt struct {
	ID          string `json:"id"`
	State       string `json:"state"`
	InvoiceID   string `json:"invoice_id"`
	Parked      string `json:"parked"`
	ExceptionID string `json:"exception_id"`
}

// reference returns the reference with which the invoice is paid by bank.
func (inv invoice) reference() string {
	inv.company.t.Helper()
	var shown struct {
		Reference string `json:"payment_reference"`
	}
	inv.company.call("GET", "/invoices/"+inv.ID, nil).gives(200, &shown)
	require.NotEmpty(inv.company.t, shown.Reference)
	return shown.Reference
}

// credit is an entry of a bank's file about money that came with a reference.
func credit(amount, reference, bankRef string) string {
	if bankRef != "" {
		bankRef = "<AcctSvcrRef>" + bankRef + "</AcctSvcrRef>"
	}
	return fmt.Sprintf(`<Ntry><Amt Ccy="CHF">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt>%s
<NtryDtls><TxDtls><Amt Ccy="CHF">%[1]s</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties><Dbtr><Pty><Nm>Marie Favre</Nm></Pty></Dbtr></RltdPties>
<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>%[4]s</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry>`,
		amount, calendar.Day(time.Now()).Format(time.DateOnly), bankRef, reference)
}

// told imports a camt.053 or camt.054 with those entries, and returns its receipts once none waits any more.
func (c *company) told(format string, entries ...string) []bankReceipt {
	c.t.Helper()
	root, kind := "BkToCstmrDbtCdtNtfctn", "Ntfctn"
	if format == "camt.053" {
		root, kind = "BkToCstmrStmt", "Stmt"
	}
	return c.receives(fmt.Sprintf(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:%s.001.08"><%[2]s><GrpHdr><MsgId>M-%[5]d</MsgId></GrpHdr>
<%[3]s><Id>1</Id><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct>%[4]s</%[3]s></%[2]s></Document>`,
		format, root, kind, strings.Join(entries, ""), time.Now().UnixNano()))
}

func (c *company) receives(file string) []bankReceipt {
	c.t.Helper()
	answer := c.imports("application/xml", file)
	require.Contains(c.t, []int{http.StatusCreated, http.StatusOK}, answer.status, string(answer.body))
	var imported settlement
	answer.gives(answer.status, &imported)
	return await(c.t, patience, func() []bankReceipt {
		var now struct{ Receipts []bankReceipt }
		c.call("GET", "/settlements/"+imported.ID, nil).gives(200, &now)
		return now.Receipts
	}, func(receipts []bankReceipt) bool {
		for _, r := range receipts {
			if r.State == "waiting" {
				return false
			}
		}
		return true
	})
}

// newPayee is a merchant with a bank account for invoices.
func newPayee(t *testing.T) *company {
	t.Helper()
	c := newMerchant(t, shared)
	c.call("POST", "/bank-accounts", object{
		"iban": "CH9300762011623852957", "account": "1010", "currency": "CHF", "use_for_invoices": true,
		"holder": object{"name": "Demo SA", "postcode": "1003", "city": "Lausanne", "country": "CH"},
	}).gives(201, nil)
	return c
}

func TestPaymentByBankReleasesThePayerAndIsBookedOnce(t *testing.T) {
	t.Parallel()
	c := newPayee(t)
	inv := c.issue("108.00")
	page := inv.payNow("card")
	paid := credit("108.00", inv.reference(), "B-1")
	first := c.told("camt.054", paid)
	require.Len(t, first, 1)
	assert.Equal(t, []string{"booked", inv.ID}, []string{first[0].State, first[0].InvoiceID})
	assert.Equal(t, "paid", inv.now().Status)
	page.pay(visa)
	inv.paymentBecomes(page.payment, "cancelled")
	for _, at := range inv.transactions() {
		assert.Equal(t, "CANCELED", at.Status)
		assert.Zero(t, at.Captures)
	}

	file := `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>SAME</MsgId></GrpHdr>
<Ntfctn><Id>1</Id><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct>` + paid + `</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`
	for range 3 {
		assert.Equal(t, first, c.receives(file))
	}
	assert.Equal(t, first, c.told("camt.053", credit("108.00", inv.reference(), "")), "the statement names it otherwise")
	assert.Len(t, c.journal(inv), 1)
	assert.Equal(t, []balance{{"CHF", "108.00"}}, c.balances("1010"))
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-by-a-bank-receipt-then-late-money-released")
}

func TestWhatDoesNotFitIsDecidedByAPerson(t *testing.T) {
	t.Parallel()
	c := newPayee(t)
	c.call("PATCH", "/settings", object{"payment_tolerance": "0.10"}).gives(200, nil)
	made := make([]invoice, 6)
	for i := range made {
		order := newInvoice("108.00")
		order["number"] = fmt.Sprint("2026-", i)
		made[i].company = c
		c.call("POST", "/invoices", order).gives(201, &made[i])
		c.call("POST", "/invoices/"+made[i].ID+"/issue", nil).gives(200, &made[i])
	}
	tooMuch, paidAgain, tooLittle, almost, wrong, cancelled := made[0], made[1], made[2], made[3], made[4], made[5]
	paidAgain.payNow("card").pay(visa)
	paidAgain.becomes("paid")
	c.call("POST", "/invoices/"+cancelled.ID+"/cancel", nil).gives(200, nil)
	mistyped := []byte(wrong.reference())
	mistyped[len(mistyped)-1] = '0' + (mistyped[len(mistyped)-1]-'0'+3)%10
	receipts := c.told("camt.054",
		credit("150.00", tooMuch.reference(), "B-1"), credit("108.00", paidAgain.reference(), "B-2"), credit("100.00", tooLittle.reference(), "B-3"),
		credit("107.95", almost.reference(), "B-4"), credit("108.00", string(mistyped), "B-5"), credit("108.00", cancelled.reference(), "B-6"))
	require.Len(t, receipts, 6)
	of := map[string]bankReceipt{}
	for _, r := range receipts {
		of[r.InvoiceID] = r
	}
	for inv, want := range map[*invoice][]string{
		&tooMuch: {"paid", "108.00", "asked", "42.00"}, &paidAgain: {"paid", "108.00", "asked", "108.00"}, &tooLittle: {"partially_paid", "100.00", "booked", ""},
		&almost: {"paid", "108.00", "booked", ""}, &wrong: {"open", "0.00", "asked", ""}, &cancelled: {"cancelled", "0.00", "asked", "108.00"},
	} {
		now := inv.now()
		assert.Equal(t, want, []string{now.Status, now.AmountPaid, of[inv.ID].State, of[inv.ID].Parked})
	}
	assert.Equal(t, [][]balance{{{"CHF", "573.95"}}, {{"CHF", "-258.00"}}, {{"CHF", "0.05"}}},
		[][]balance{c.balances("1010"), c.balances("2030"), c.balances("3805")})

	resolve := func(inv invoice, choice string) {
		t.Helper()
		c.call("POST", "/exceptions/"+of[inv.ID].ExceptionID+"/resolve", object{"choice": choice, "note": "Looked at."}).gives(200, nil)
	}
	resolve(tooMuch, "keep")
	resolve(cancelled, "given_back")
	resolve(paidAgain, "given_back")
	resolve(wrong, "book")
	wrong.becomes("paid")
	assert.Equal(t, [][]balance{{{"CHF", "465.95"}}, {{"CHF", "-42.00"}}}, [][]balance{c.balances("1010"), c.balances("2030")})
	var open struct{ Data []object }
	c.call("GET", "/exceptions?open=true", nil).gives(200, &open)
	assert.Empty(t, open.Data)
	keepHistory(t, shared, contract.InvoicePaymentID(tooMuch.ID), "invoice-paid-by-a-bank-receipt")
	keepHistory(t, shared, contract.InvoicePaymentID(paidAgain.ID), "invoice-paid-again-by-a-bank-receipt")
	keepHistory(t, shared, contract.InvoicePaymentID(cancelled.ID), "invoice-cancelled-and-paid-by-a-bank-receipt")
	keepHistory(t, shared, contract.BankReceiptsID(of[wrong.ID].ExceptionID), "bank-receipts-booked")
}
