package e2e

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/money"
)

// booked is a journal entry with what ties it to its payment and to the entry before it.
type booked struct {
	journalEntry
	Sequence     int    `json:"sequence"`
	InvoiceID    string `json:"invoice_id"`
	PaymentID    string `json:"payment_id"`
	PreviousHash string `json:"previous_hash"`
	Hash         string `json:"hash"`
}

// givenBack is a refund with what ties it to its payment and to Saferpay's books.
type givenBack struct {
	refund
	PaymentID string `json:"payment_id"`
	Saferpay  struct {
		OrderID string `json:"order_id"`
	} `json:"saferpay"`
}

// books are everything that a company's books and Saferpay's say, read at one moment.
type books struct {
	t        *testing.T
	invoices []invoice
	refunds  []givenBack
	journal  []booked
	saferpay []transaction
}

// requireBooksAgree holds the company's books against Saferpay's once nothing is under way any more: what was captured is
// booked once and exactly, nothing was captured twice, nothing authorized is left hanging, an invoice is paid when its
// receipts cover it and only then, no more went back than came, and the journal balances and is unbroken.
func (c *company) requireBooksAgree() books {
	c.t.Helper()
	b := books{
		t: c.t, saferpay: saferpayTransactions(c.t, c.stack),
		invoices: all[invoice](c, "/invoices"), refunds: all[givenBack](c, "/refunds"), journal: all[booked](c, "/journal"),
	}
	require.NotEmpty(c.t, b.invoices)
	for _, listed := range b.invoices {
		listed.company = c
		b.checkInvoice(listed.now())
	}
	b.checkJournal()
	c.checkBalances()
	return b
}

// checkInvoice requires that the invoice is paid when its receipts cover it, and only then.
func (b books) checkInvoice(inv invoice) {
	var received, returned int64
	for _, p := range inv.Payments {
		came, went := b.checkPayment(inv, p)
		received, returned = received+came, returned+went
	}
	assert.Equal(b.t, received >= cents(b.t, inv.Amount), inv.Status == "paid", "%s is %s with receipts of %d", inv.Number, inv.Status, received)
	assert.Equal(b.t, received-returned, cents(b.t, inv.AmountPaid), "%s: amount paid", inv.Number)
}

// checkPayment holds one payment against its transaction, its journal entries and its refunds, and returns what came and what
// went back.
func (b books) checkPayment(inv invoice, p payment) (received, returned int64) {
	require.Contains(b.t, []string{"captured", "failed", "aborted", "expired", "cancelled"}, p.State, "%s: nothing is under way", inv.Number)
	at := b.ordered(p.Saferpay.OrderID)
	require.LessOrEqual(b.t, len(at), 1, "%s: transactions of one order", inv.Number)
	came, went := b.linesOn("1029", p.ID)
	if p.State != "captured" {
		for _, t := range at {
			assert.Equal(b.t, "CANCELED", t.Status, "%s is %s at our side, so nothing is left hanging at Saferpay", inv.Number, p.State)
			assert.Zero(b.t, t.Captures, "%s is %s at our side, so Saferpay took no money", inv.Number, p.State)
		}
		assert.Empty(b.t, came, "%s is %s, so nothing is booked", inv.Number, p.State)
		assert.Empty(b.t, went, "%s is %s, so nothing is given back", inv.Number, p.State)
		return 0, 0
	}
	require.Len(b.t, at, 1, "%s was captured", inv.Number)
	assert.Equal(b.t, "CAPTURED", at[0].Status, "%s", inv.Number)
	assert.Equal(b.t, 1, at[0].Captures, "%s: money is moved once", inv.Number)
	assert.Equal(b.t, minor{cents(b.t, p.Amount), money.CHF}, at[0].Amount, "%s: Saferpay took what we think", inv.Number)
	assert.Equal(b.t, []int64{at[0].Amount.Value}, came, "%s: what was captured is booked once", inv.Number)
	returned = b.checkRefunds(inv, p, at[0], went)
	return at[0].Amount.Value, returned
}

// checkRefunds holds what Saferpay gave back of a payment against the payment's refunds and what was booked of them.
func (b books) checkRefunds(inv invoice, p payment, paid transaction, went []int64) (returned int64) {
	var atSaferpay, ours []int64
	for _, t := range b.saferpay {
		if t.RefundOf == paid.ID {
			assert.Equal(b.t, "CAPTURED", t.Status, "%s: no refund is left hanging", inv.Number)
			assert.Equal(b.t, 1, t.Captures, "%s: a refund moves money once", inv.Number)
			atSaferpay = append(atSaferpay, t.Amount.Value)
			returned += t.Amount.Value
		}
	}
	for _, r := range b.refunds {
		if r.PaymentID == p.ID && r.State != "failed" {
			assert.Equal(b.t, "captured", r.State, "%s: the refund is through", inv.Number)
			assert.Len(b.t, b.ordered(r.Saferpay.OrderID), 1, "%s: Saferpay gave the money back once", inv.Number)
			ours = append(ours, cents(b.t, r.Amount))
		}
	}
	assert.ElementsMatch(b.t, atSaferpay, ours, "%s: what Saferpay gave back is what we asked for", inv.Number)
	assert.ElementsMatch(b.t, atSaferpay, went, "%s: what Saferpay gave back is booked once", inv.Number)
	assert.LessOrEqual(b.t, returned, paid.Amount.Value, "%s: no more goes back than came", inv.Number)
	return returned
}

// ordered returns Saferpay's transactions of one of our order ids.
func (b books) ordered(orderID string) []transaction {
	return slices.DeleteFunc(slices.Clone(b.saferpay), func(t transaction) bool { return t.OrderID != orderID })
}

// linesOn returns what was debited to and credited from the account for the payment.
func (b books) linesOn(account, paymentID string) (debits, credits []int64) {
	for _, entry := range b.journal {
		for _, line := range entry.Lines {
			if entry.PaymentID != paymentID || line.Account != account {
				continue
			}
			if debit := cents(b.t, line.Debit); debit > 0 {
				debits = append(debits, debit)
			}
			if credit := cents(b.t, line.Credit); credit > 0 {
				credits = append(credits, credit)
			}
		}
	}
	return debits, credits
}

// checkJournal requires that every entry balances and follows the one before it.
func (b books) checkJournal() {
	slices.SortFunc(b.journal, func(x, y booked) int { return cmp.Compare(x.Sequence, y.Sequence) })
	previous := ""
	for i, entry := range b.journal {
		assert.Equal(b.t, i+1, entry.Sequence, "the journal has no gaps")
		assert.Equal(b.t, previous, entry.PreviousHash, "the chain of journal entry %d", entry.Sequence)
		previous = entry.Hash
		var balance int64
		for _, line := range entry.Lines {
			assert.Equal(b.t, "CHF", line.Currency)
			balance += cents(b.t, line.Debit) - cents(b.t, line.Credit)
		}
		assert.Zero(b.t, balance, "journal entry %d balances", entry.Sequence)
	}
}

// checkBalances requires that all accounts together balance.
func (c *company) checkBalances() {
	var chart struct {
		Data []struct {
			Balances []struct {
				Currency, Amount string
			}
		}
	}
	c.call("GET", "/accounts", nil).gives(200, &chart)
	require.NotEmpty(c.t, chart.Data)
	total := map[string]int64{}
	for _, account := range chart.Data {
		for _, balance := range account.Balances {
			total[balance.Currency] += cents(c.t, balance.Amount)
		}
	}
	for currency, sum := range total {
		assert.Zero(c.t, sum, "the accounts in %s balance", currency)
	}
}

// requireNoStrangers requires that every transaction at Saferpay is a payment or a refund that one of the companies knows.
func requireNoStrangers(t *testing.T, s *stack.Stack, companies []*company) {
	t.Helper()
	known := map[string]bool{}
	for _, c := range companies {
		for _, inv := range all[invoice](c, "/invoices") {
			inv.company = c
			for _, p := range inv.now().Payments {
				known[p.Saferpay.OrderID] = true
			}
		}
		for _, r := range all[givenBack](c, "/refunds") {
			known[r.Saferpay.OrderID] = true
		}
	}
	for _, at := range saferpayTransactions(t, s) {
		assert.True(t, known[at.OrderID], "nobody here knows Saferpay's transaction %+v", at)
	}
}

// requireNotPolled requires that Saferpay was asked about a payment only when something happened: when the payer returned,
// when the page was notified, and when the provider decided; once besides, in case that was not told; and looked through by
// order at most so often.
func requireNotPolled(t *testing.T, s *stack.Stack, inquiries int) {
	t.Helper()
	for operation, times := range saferpayCalls(t, s) {
		if strings.HasPrefix(operation, "PaymentPage/Assert/") {
			assert.LessOrEqual(t, times, 4, operation)
		}
	}
	assert.LessOrEqual(t, saferpayCalls(t, s)["Transaction/Inquire"], inquiries)
}

// all reads a whole list of the API, page by page.
func all[T any](c *company, path string) (items []T) {
	c.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Data       []T
			NextCursor string `json:"next_cursor"`
		}
		c.call("GET", path+"?limit=200"+cursor, nil).gives(200, &page)
		items = append(items, page.Data...)
		if page.NextCursor == "" {
			return items
		}
		cursor = "&cursor=" + page.NextCursor
	}
}

// cents is an amount in CHF in the smallest unit; the balance of an account may be negative.
func cents(t *testing.T, amount string) int64 {
	t.Helper()
	parsed, err := money.Parse(strings.TrimPrefix(amount, "-"), money.CHF)
	require.NoError(t, err)
	if strings.HasPrefix(amount, "-") {
		return -parsed.Minor()
	}
	return parsed.Minor()
}
