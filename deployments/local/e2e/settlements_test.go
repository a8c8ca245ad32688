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
	"github.com/quittance/quittance/internal/testing/mrxtest"
)

// settlement, payout and balance are what tests look at in the API's answers.
type (
	settlement struct {
		ID        string   `json:"id"`
		Status    string   `json:"status"`
		Payouts   []payout `json:"payouts"`
		Unmatched []payout `json:"unmatched"`
	}
	payout struct {
		ID       string `json:"id"`
		State    string `json:"state"`
		Gross    string `json:"gross"`
		Fee      string `json:"fee"`
		Net      string `json:"net"`
		Payments []struct {
			ID string `json:"id"`
		} `json:"payments"`
		SeenIn []struct {
			Known bool `json:"known"`
		} `json:"seen_in"`
	}
	balance struct {
		Currency string `json:"currency"`
		Amount   string `json:"amount"`
	}
)

// imports sends a settlement file.
func (c *company) imports(contentType, file string) answer {
	c.t.Helper()
	return send(c.t, "POST", c.stack.APIURL()+"/v1/settlements", []byte(file),
		http.Header{"Authorization": {"Bearer " + c.key}, "Content-Type": {contentType}})
}

// balances returns what stands on an account.
func (c *company) balances(account string) []balance {
	c.t.Helper()
	var shown struct{ Balances []balance }
	c.call("GET", "/accounts/"+account, nil).gives(200, &shown)
	return shown.Balances
}

// paidInvoice makes an invoice of that number over that amount, which is paid by card, and returns its payment.
func (c *company) paidInvoice(number, amount string) payment {
	c.t.Helper()
	order := newInvoice(amount)
	order["number"] = number
	inv := invoice{company: c}
	c.call("POST", "/invoices", order).gives(201, &inv)
	c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
	inv.payNow("card").pay(visa)
	return inv.becomes("paid").Payments[0]
}

func TestPayoutsOfTheAcquirerCloseTheReceiptAccount(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	first, second := c.paidInvoice("2026-1", "108.00"), c.paidInvoice("2026-2", "50.00")
	var standing struct {
		Balances []struct{ Account, Balance, Total string }
		Data     []struct {
			PaymentID      string `json:"payment_id"`
			ExpectedPayout string `json:"expected_payout"`
			Overdue        bool
		}
	}
	c.call("GET", "/reconciliation", nil).gives(200, &standing)
	require.Len(t, standing.Data, 2)
	assert.Equal(t, []any{"158.00", "158.00"}, []any{standing.Balances[0].Balance, standing.Balances[0].Total})
	assert.False(t, standing.Data[0].Overdue)

	// The acquirer tells of the first payment, its bank of the second: only by an amount.
	today := calendar.Day(time.Now()).Format(time.DateOnly)
	list := "payout_reference,payout_date,type,order_id,currency,gross,fee,net\n" +
		fmt.Sprintf("WL-0001,%s,payment,%s,CHF,108.00,2.30,105.70\n", today, first.Saferpay.OrderID)
	var imported settlement
	c.imports("text/csv", list).gives(201, &imported)
	assert.Equal(t, "complete", imported.Status)
	require.Len(t, imported.Payouts, 1)
	assert.Equal(t, []string{"booked", "108.00", "2.30", "105.70"},
		[]string{imported.Payouts[0].State, imported.Payouts[0].Gross, imported.Payouts[0].Fee, imported.Payouts[0].Net})

	statement := func(entries string) string {
		return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>STM-` + c.id + `</MsgId><CreDtTm>2026-11-24T05:00:00Z</CreDtTm></GrpHdr>
<Stmt><Id>1</Id><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct>
` + strings.ReplaceAll(entries, "TODAY", today) + `
</Stmt></BkToCstmrStmt></Document>`
	}
	const entries = `<Ntry><Amt Ccy="CHF">105.70</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>TODAY</Dt></BookgDt><AddtlNtryInf>WORLDLINE WL-0001</AddtlNtryInf></Ntry>
<Ntry><Amt Ccy="CHF">48.85</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>TODAY</Dt></BookgDt><AddtlNtryInf>WORLDLINE WL-0002</AddtlNtryInf></Ntry>`
	c.imports("application/xml", statement(entries)).gives(201, &imported)
	assert.Equal(t, "needs_confirmation", imported.Status)
	require.Len(t, imported.Payouts, 2)
	assert.True(t, imported.Payouts[0].SeenIn[1].Known, "the acquirer told of it before")
	proposed := imported.Payouts[1]
	assert.Equal(t, []string{"proposed", "1.15", second.ID}, []string{proposed.State, proposed.Fee, proposed.Payments[0].ID})
	c.call("POST", "/payouts/"+proposed.ID+"/confirm", nil).gives(200, &proposed)
	assert.Equal(t, "booked", proposed.State)

	closed := func() {
		t.Helper()
		assert.Equal(t, []balance{{"CHF", "0.00"}}, c.balances("1029"), "nothing is left on the receipt account")
		assert.Equal(t, []balance{{"CHF", "3.45"}}, c.balances("6940"))
		assert.Equal(t, []balance{{"CHF", "154.55"}}, c.balances("1020"))
		c.requireBooksAgree()
	}
	closed()
	c.imports("text/csv", list).gives(200, nil)
	c.imports("application/xml", statement(entries)).gives(200, nil)
	c.imports("application/xml", statement(entries+"\n")).gives(201, &imported)
	assert.Equal(t, "complete", imported.Status)
	closed()

	for _, broken := range []struct{ contentType, file, line string }{
		{"text/csv", strings.Replace(list, "105.70", "105.71", 1), "line 2"},
		{"application/xml", statement(entries)[:400], "line 4"},
		{"application/xml", statement(strings.Replace(entries, "48.85", "-48.85", 1)), "line 5"},
		{"application/xml", strings.Replace(statement(entries), "<Document", "<!DOCTYPE D [<!ENTITY a \"b\">]>\n<Document", 1), "line 2"},
	} {
		refused := c.imports(broken.contentType, broken.file)
		var problem struct {
			Type   string
			Errors []struct{ Field, Message string }
		}
		refused.gives(422, &problem)
		assert.Equal(t, "urn:quittance:problem:settlement-file-refused", problem.Type)
		require.NotEmpty(t, problem.Errors)
		assert.Equal(t, broken.line, problem.Errors[0].Field, "%s", refused.body)
		assert.NotEmpty(t, problem.Errors[0].Message)
	}
	closed()
}

func TestReconciliationFileOfTheAcquirerClosesTheReceiptAccount(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	first, second := c.paidInvoice("2026-1", "108.00"), c.paidInvoice("2026-2", "50.00")
	var known struct {
		Card          string
		Authorization string `json:"authorization_code"`
	}
	c.call("GET", "/payments/"+second.ID, nil).gives(200, &known)
	today := calendar.Day(time.Now()).Format(time.DateOnly)
	notice := mrxtest.Notice{ID: "MN-" + c.id, Accounts: []mrxtest.Account{{Payments: []mrxtest.Payment{{
		Number: "P-" + c.id, Date: today,
		Transactions: []mrxtest.Transaction{
			{ID: "T-1", Gross: "108", Fee: "2.30", Order: first.Saferpay.OrderID, Day: today},
			{ID: "T-2", Gross: "50", Fee: "1.15", Auth: known.Authorization, Card: known.Card, Day: today},
		},
		Adjustments: []mrxtest.Adjustment{{Type: "12", Text: "Monatsgebühr", Net: "-5"}},
	}}}}}
	var imported settlement
	c.imports("application/xml", notice.String()).gives(201, &imported)
	require.Len(t, imported.Payouts, 1)
	assert.Equal(t, []string{"complete", "booked", "158.00", "8.45", "149.55"},
		[]string{imported.Status, imported.Payouts[0].State, imported.Payouts[0].Gross, imported.Payouts[0].Fee, imported.Payouts[0].Net})
	c.imports("application/xml", notice.String()).gives(200, &imported)
	assert.Equal(t, []balance{{"CHF", "0.00"}}, c.balances("1029"))
	assert.Equal(t, []balance{{"CHF", "149.55"}}, c.balances("1020"))
}
