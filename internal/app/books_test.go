package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

// TestWhateverHappensTheBooksBalance lets anything happen to a company in any order, each step of a workflow perhaps twice as
// after a crash. Beside it runs a model of what must stand on each account, which knows nothing of journals.
func TestWhateverHappensTheBooksBalance(t *testing.T) {
	t.Parallel()
	s := open(t, postgrestest.New(t))
	rapid.Check(t, func(r *rapid.T) {
		s.found(r)
		b := &bookkeeper{shop: s, t: r, stands: map[string]int64{}}
		happenings := map[string]func(){
			"payment": b.payment, "late payment": b.latePayment, "refund": b.refund, "receipt": b.receipt, "settlement": b.settlement,
			"manual entry": b.manualEntry, "reversal": b.reversal, "receipt account": b.receiptAccount, "closing": b.closing, "days": b.days,
		}
		names := make([]string, 0, len(happenings))
		for name := range happenings {
			names = append(names, name)
		}
		slices.Sort(names)
		for range rapid.IntRange(1, 12).Draw(r, "how much") {
			happenings[rapid.SampledFrom(names).Draw(r, "what")]()
			b.check()
		}
		b.trialBalance()
		b.reasons()
		_, err := s.store.VerifyJournal(t.Context(), s.company.ID, nil)
		require.NoError(r, err)
	})
}

// bookkeeper makes things happen and knows what must come of it.
type bookkeeper struct {
	*shop
	t *rapid.T

	stands   map[string]int64 // minor units per account and currency
	entries  int64            // how many there must be
	closed   time.Time        // the last day of the closed period
	receipts string           // the receipt account, 1029 when empty
	paid     []paid
	invoices int
	checked  int64 // how many entries there were at the last check
}

// paid is a captured payment: where it stands, and what is left of it to be refunded.
type paid struct {
	payment          payment.Payment
	invoice          invoice.Invoice
	account, counter string
	left             int64
}

func (b *bookkeeper) amount(most int64) money.Amount {
	currency := rapid.SampledFrom([]money.Currency{money.CHF, money.EUR}).Draw(b.t, "currency")
	return money.FromMinor(rapid.Int64Range(1, most).Draw(b.t, "amount"), currency)
}

// move is what one more entry must change.
func (b *bookkeeper) move(debited, credited string, amount money.Amount) {
	b.entries++
	b.stands[debited+" "+string(amount.Currency())] += amount.Minor()
	b.stands[credited+" "+string(amount.Currency())] -= amount.Minor()
}

// retried does a step once, or once more as after a crash.
func (b *bookkeeper) retried(step func() error) {
	for range rapid.IntRange(1, 2).Draw(b.t, "tries") {
		require.NoError(b.t, step())
	}
}

func (b *bookkeeper) receiptsOn() string {
	if b.receipts == "" {
		return ledger.SystemBank
	}
	return b.receipts
}

func (b *bookkeeper) newInvoice() invoice.Invoice {
	b.invoices++
	amount := b.amount(100_000)
	inv := invoice.Invoice{
		ID: id.New(id.Invoice), CompanyID: b.company.ID, Number: "R-" + strconv.Itoa(b.invoices), Status: invoice.Open, Amount: amount,
		AmountPaid: money.Zero(amount.Currency()), AmountRefunded: money.Zero(amount.Currency()), Customer: invoice.Customer{Name: "Anna Muster", Language: "de"},
		DueDate: calendar.Day(b.now), PaymentServiceIDs: []string{b.service}, CreatedAt: b.now, IssuedAt: b.now,
	}
	b.in(b.t, func(tx *postgres.Tx) error { return tx.InsertInvoice(b.ctx, inv) })
	return inv
}

func (b *bookkeeper) pay(inv invoice.Invoice, counter string) {
	p := payment.New(payment.Payment{
		ID: id.New(id.Payment), CompanyID: b.company.ID, InvoiceID: inv.ID, PaymentServiceID: b.service, OrderID: id.NewOrder(),
		Method: payment.Card, Amount: inv.Amount, NotificationSecret: id.NewSecret(),
	}, b.now)
	require.NoError(b.t, p.Become(payment.Redirected, b.now, ""))
	require.NoError(b.t, p.Become(payment.Authorized, b.now, ""))
	b.in(b.t, func(tx *postgres.Tx) error {
		_, err := tx.InsertPayment(b.ctx, p)
		return err
	})
	b.retried(func() error {
		ref := activities.PaymentRef{CompanyID: b.company.ID, PaymentID: p.ID}
		booked, err := b.collection.BookReceipt(b.ctx, collection.Receipt{PaymentRef: ref, CaptureID: "c_" + p.ID})
		assert.Equal(b.t, b.receiptsOn(), booked.Account)
		return err
	})
	b.move(b.receiptsOn(), counter, inv.Amount)
	b.paid = append(b.paid, paid{p, inv, b.receiptsOn(), counter, inv.Amount.Minor()})
}

func (b *bookkeeper) payment() { b.pay(b.newInvoice(), ledger.Receivables) }

// latePayment is one for an invoice that is paid already.
func (b *bookkeeper) latePayment() {
	if len(b.paid) > 0 {
		b.pay(b.paid[rapid.IntRange(0, len(b.paid)-1).Draw(b.t, "again")].invoice, ledger.Prepayments)
	}
}

func (b *bookkeeper) refund() {
	if len(b.paid) == 0 {
		return
	}
	p := &b.paid[rapid.IntRange(0, len(b.paid)-1).Draw(b.t, "of")]
	amount := money.FromMinor(rapid.Int64Range(1, p.left+1).Draw(b.t, "amount"), p.payment.Amount.Currency())
	ref := activities.RefundRef{CompanyID: b.company.ID, RefundID: id.New(id.Refund)}
	_, err := b.refunding.RecordRefundRequest(b.ctx, contract.RequestRefund{
		CompanyID: ref.CompanyID, RefundID: ref.RefundID, PaymentID: p.payment.ID, OrderID: id.NewOrder(), Amount: amount, Reason: "Returned",
	})
	if amount.Minor() > p.left {
		require.Equal(b.t, problem.RefundExceedsPayment, problem.CodeOf(err))
		return
	}
	require.NoError(b.t, err)
	b.retried(func() error {
		_, err := b.refunding.BookRefund(b.ctx, refunding.GiveBack{RefundRef: ref, State: refund.Captured})
		return err
	})
	p.left -= amount.Minor()
	b.move(p.counter, p.account, amount) // of its receipt, wherever receipts are booked by now
}

func (b *bookkeeper) receipt() {
	inv := b.newInvoice()
	in := collection.OtherReceipt{
		InvoiceRef: activities.InvoiceRef{CompanyID: b.company.ID, InvoiceID: inv.ID},
		RecordReceipt: contract.RecordReceipt{
			ReceiptID: id.New(id.Receipt),
			Amount:    money.FromMinor(rapid.Int64Range(1, inv.Amount.Minor()).Draw(b.t, "received"), inv.Amount.Currency()),
			Day:       calendar.Day(b.now).AddDate(0, 0, -rapid.IntRange(0, 60).Draw(b.t, "days ago")), Account: ledger.Bank, By: b.keyID,
		},
	}
	b.retried(func() error {
		_, err := b.collection.RecordReceipt(b.ctx, in)
		return err
	})
	b.move(ledger.Bank, ledger.Receivables, in.Amount)
}

// settlement is a payout that clears the receipt account.
func (b *bookkeeper) settlement() {
	gross := b.amount(100_000)
	fee := money.FromMinor(gross.Minor()/50+1, gross.Currency())
	e := ledger.Entry{
		CompanyID: b.company.ID, Date: calendar.Day(b.now).AddDate(0, 0, -rapid.IntRange(0, 60).Draw(b.t, "days ago")), Text: "Payout",
		Source: ledger.Source{Kind: ledger.FromSettlement, ID: id.New(id.Settlement)},
		Lines: []ledger.Line{
			ledger.Debit(ledger.Bank, gross), ledger.Debit(ledger.ChargesOnBank, fee), ledger.Credit(b.receiptsOn(), gross.Add(fee)),
		},
	}
	b.retried(func() error {
		return b.store.InCompany(b.ctx, b.company.ID, func(tx *postgres.Tx) error {
			_, err := tx.Append(b.ctx, e)
			return err
		})
	})
	b.move(ledger.Bank, b.receiptsOn(), gross)
	b.entries-- // one entry for both
	b.move(ledger.ChargesOnBank, b.receiptsOn(), fee)
}

func (b *bookkeeper) manualEntry() {
	amount := b.amount(100_000)
	accounts := rapid.SliceOfN(rapid.SampledFrom([]string{"1000", ledger.Bank, ledger.SystemBank, ledger.Receivables, ledger.ChargesOnBank}), 2, 2).Draw(b.t, "accounts")
	off := money.FromMinor(rapid.SampledFrom([]int64{0, 0, 0, 1}).Draw(b.t, "off"), amount.Currency())
	day := calendar.Day(b.now).AddDate(0, 0, -rapid.IntRange(0, 60).Draw(b.t, "days ago"))
	body := fmt.Sprintf(`{"date":"%s","text":"By hand","currency":"%s","lines":[{"account":"%s","debit":"%s"},{"account":"%s","credit":"%s"}]}`,
		day.Format(time.DateOnly), amount.Currency(), accounts[0], amount.Value(), accounts[1], amount.Add(off).Value())
	switch answer := b.call("POST", "/manual-entries", body); {
	case !off.IsZero():
		assert.Contains(b.t, answer.Body.String(), "entry-not-balanced")
	case !day.After(b.closed):
		assert.Contains(b.t, answer.Body.String(), "period-closed")
	default:
		require.Equal(b.t, http.StatusCreated, answer.Code, answer.Body)
		b.move(accounts[0], accounts[1], amount)
	}
}

func (b *bookkeeper) reversal() {
	entries := b.journal()
	if len(entries) == 0 {
		return
	}
	e := entries[rapid.IntRange(0, len(entries)-1).Draw(b.t, "reversed")]
	answer := b.call("POST", "/journal/"+e.ID+"/reverse", `{}`)
	switch {
	case e.ReversedBy != "":
		assert.Contains(b.t, answer.Body.String(), "entry-reversed")
	case e.Source.Kind != ledger.FromManual:
		assert.Contains(b.t, answer.Body.String(), "entry-not-reversible")
	default:
		require.Equal(b.t, http.StatusCreated, answer.Code, answer.Body)
		b.move(e.Lines[1].Account, e.Lines[0].Account, e.Lines[0].Debit)
	}
}

func (b *bookkeeper) receiptAccount() {
	b.receipts = rapid.SampledFrom([]string{ledger.SystemBank, ledger.Bank, "1010"}).Draw(b.t, "account")
	answer := b.call("PATCH", "/settings", `{"receipt_account":"`+b.receipts+`"}`)
	require.Equal(b.t, http.StatusOK, answer.Code, answer.Body)
}

func (b *bookkeeper) closing() {
	b.closed = calendar.Day(b.now).AddDate(0, 0, -rapid.IntRange(1, 60).Draw(b.t, "closed days ago"))
	answer := b.call("PATCH", "/settings", `{"books_closed_until":"`+b.closed.Format(time.DateOnly)+`"}`)
	require.Equal(b.t, http.StatusOK, answer.Code, answer.Body)
}

func (b *bookkeeper) days() { b.now = b.now.AddDate(0, 0, rapid.IntRange(1, 20).Draw(b.t, "days")) }

// check holds the books against the model.
func (b *bookkeeper) check() {
	var entries []ledger.Entry
	var turnovers []ledger.Turnover
	b.in(b.t, func(tx *postgres.Tx) (err error) {
		if turnovers, err = tx.Turnovers(b.ctx, time.Time{}, time.Time{}); err != nil {
			return err
		}
		entries, _, err = tx.Journal(b.ctx, listing.Journal{Limit: 200})
		return err
	})
	for _, total := range ledger.Totals(turnovers) {
		assert.True(b.t, total.Balance().IsZero(), "%s", total.Balance())
	}
	stands := map[string]int64{}
	for _, t := range turnovers {
		stands[t.Account+" "+string(t.Debit.Currency())] = t.Balance().Minor()
	}
	for account, minor := range b.stands {
		assert.Equal(b.t, minor, stands[account], account)
	}
	require.Len(b.t, entries, int(b.entries), "everything is booked once")
	if b.entries > b.checked {
		assert.True(b.t, entries[b.entries-1].Date.After(b.closed), "nothing is booked in a closed period")
	}
	b.checked = b.entries
}

// trialBalance holds what the API says of the books against the model.
func (b *bookkeeper) trialBalance() {
	var trial struct {
		Accounts []struct{ Number, Currency, Balance string }
		Totals   []struct{ Currency, Difference string }
	}
	require.NoError(b.t, json.Unmarshal(b.call("GET", "/trial-balance", "").Body.Bytes(), &trial))
	for _, total := range trial.Totals {
		assert.Equal(b.t, "0.00", total.Difference, total.Currency)
	}
	for _, account := range trial.Accounts {
		balance, err := money.Parse(account.Balance, money.Currency(account.Currency))
		require.NoError(b.t, err)
		assert.Equal(b.t, b.stands[account.Number+" "+account.Currency], balance.Minor(), account.Number)
	}
}

// reasons holds what each invoice says that it is paid against the entries that it gives as reasons.
func (b *bookkeeper) reasons() {
	var list struct{ Data []struct{ ID string } }
	require.NoError(b.t, json.Unmarshal(b.call("GET", "/invoices?limit=200", "").Body.Bytes(), &list))
	require.Len(b.t, list.Data, b.invoices)
	for _, item := range list.Data {
		var inv struct {
			Currency   money.Currency
			AmountPaid string `json:"amount_paid"`
			Reasons    []struct{ Amount string }
		}
		require.NoError(b.t, json.Unmarshal(b.call("GET", "/invoices/"+item.ID+"/timeline", "").Body.Bytes(), &inv))
		sum := money.Zero(inv.Currency)
		for _, reason := range inv.Reasons {
			amount, err := money.Parse(reason.Amount, inv.Currency)
			require.NoError(b.t, err)
			sum = sum.Add(amount)
		}
		assert.Equal(b.t, inv.AmountPaid, sum.Value())
	}
}

// journal reads all entries.
func (b *bookkeeper) journal() (entries []ledger.Entry) {
	b.in(b.t, func(tx *postgres.Tx) (err error) {
		entries, _, err = tx.Journal(b.ctx, listing.Journal{Limit: 200})
		return err
	})
	return entries
}
