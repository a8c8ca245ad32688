package invariants

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/ledger"
)

const captured, canceled = "CAPTURED", "CANCELED"

// Payments and refunds of which something is still to come have other states than these.
var (
	endedPayments = []string{"captured", "failed", "aborted", "expired", "cancelled"}
	endedRefunds  = []string{"captured", "recorded", "failed"}
)

// check collects differences.
type check struct {
	books       Books
	booked      map[Source]int64 // what each payment, refund and transaction moved in the journal, in minor units
	entries     map[Source]int   // how many entries each has
	differences []string
}

// Differences holds a company's books against Saferpay's once nothing is under way any more, and returns a sentence for each
// rule that is broken: what was captured is booked once and exactly, nothing was captured twice, nothing authorized is left
// hanging, an invoice is paid when its receipts cover it and only then, no more went back than came, and the journal balances
// and is unbroken.
func (b Books) Differences() []string {
	c := &check{books: b, booked: map[Source]int64{}, entries: map[Source]int{}}
	c.journal()
	c.accounts()
	for _, inv := range b.Invoices {
		c.invoice(inv)
	}
	for _, p := range b.Payments {
		c.payment(p)
	}
	for _, r := range b.Refunds {
		c.refund(r)
	}
	return c.differences
}

func (c *check) differ(format string, args ...any) {
	c.differences = append(c.differences, fmt.Sprintf(format, args...))
}

func (c *check) equal(want, got int64, format string, args ...any) {
	if want != got {
		c.differ(format+": %d instead of %d", append(args, got, want)...)
	}
}

// journal requires that every entry balances and follows the one before it, and sums up what was booked of what.
func (c *check) journal() {
	entries := slices.Clone(c.books.Journal)
	slices.SortFunc(entries, func(x, y Entry) int { return cmp.Compare(x.Sequence, y.Sequence) })
	previous := ""
	for i, entry := range entries {
		if entry.Sequence != i+1 || entry.PreviousHash != previous {
			c.differ("journal entry %d does not follow the one before it", entry.Sequence)
		}
		previous = entry.Hash
		var debits int64
		sums := map[string]int64{}
		for _, line := range entry.Lines {
			debit, credit := c.minor(line.Debit, line), c.minor(line.Credit, line)
			debits += debit
			sums[string(line.Currency)] += debit - credit
		}
		for currency, sum := range sums {
			c.equal(0, sum, "journal entry %d in %s does not balance", entry.Sequence, currency)
		}
		c.booked[entry.Source] += debits
		c.entries[entry.Source]++
	}
	for source, n := range c.entries {
		if n > 1 {
			c.differ("%s %s is booked %d times", source.Kind, source.ID, n)
		}
	}
	if !c.books.Intact {
		c.differ("the hash chain of the journal is broken")
	}
}

func (c *check) minor(amount string, line Line) int64 {
	value, err := Cents(amount, line.Currency)
	if err != nil {
		c.differ("%s", err)
	}
	return value
}

// accounts requires that all accounts together balance.
func (c *check) accounts() {
	total := map[string]int64{}
	for _, account := range c.books.Accounts {
		for _, balance := range account.Balances {
			total[string(balance.Currency)] += c.minor(balance.Amount, Line{Currency: balance.Currency})
		}
	}
	for currency, sum := range total {
		c.equal(0, sum, "the accounts in %s do not balance", currency)
	}
}

// invoice requires that the invoice is paid when its receipts cover it, and only then.
func (c *check) invoice(inv Invoice) {
	var received, returned int64
	for _, entry := range c.books.Journal {
		if entry.InvoiceID != inv.ID {
			continue
		}
		for _, line := range entry.Lines {
			switch {
			case line.Account != ledger.Receivables:
			case entry.Source.Kind == string(ledger.FromReversal): // of a receipt that was a mistake
				received -= c.minor(line.Debit, line)
			default:
				received += c.minor(line.Credit, line)
				returned += c.minor(line.Debit, line)
			}
		}
	}
	amount := c.minor(inv.Amount, Line{Currency: inv.Currency})
	paid := inv.Status == "paid"
	if paid != (received >= amount) || (inv.Status == "partially_paid") != (received > 0 && received < amount) {
		c.differ("invoice %s of %d is %s with receipts of %d", inv.Number, amount, inv.Status, received)
	}
	c.equal(received-returned, c.minor(inv.AmountPaid, Line{Currency: inv.Currency}), "invoice %s: the amount that is paid", inv.Number)
}

// payment holds one payment against its transaction and what was booked of it.
func (c *check) payment(p Payment) {
	if !slices.Contains(endedPayments, p.State) {
		c.differ("payment %s is still %s", p.ID, p.State)
	}
	at := Of(c.books.Saferpay, p.Saferpay)
	if len(at) > 1 {
		c.differ("payment %s has %d transactions at Saferpay", p.ID, len(at))
	}
	own := Source{string(ledger.FromPayment), p.ID}
	if p.State != "captured" {
		c.equal(0, c.booked[own], "payment %s is %s and booked", p.ID, p.State)
	} else if len(at) == 0 {
		c.differ("payment %s is captured, and Saferpay knows nothing of it", p.ID)
	}
	for _, t := range at {
		c.moved(t, own, "payment "+p.ID)
		if p.State == "captured" {
			c.equal(c.minor(p.Amount, Line{Currency: p.Currency}), t.Amount.Value, "payment %s: what Saferpay took", p.ID)
		}
		c.givenBack(p, t)
	}
}

// moved requires that the transaction moved its money once and that this is booked exactly, or that it moved none and is not
// left hanging.
func (c *check) moved(t Transaction, own Source, what string) {
	if t.Captures > 1 {
		c.differ("%s: Saferpay moved its money %d times (transaction %s)", what, t.Captures, t.ID)
	}
	booked := c.booked[own] + c.booked[Source{string(ledger.FromTransaction), t.ID}]
	switch t.Status {
	case captured:
		c.equal(t.Amount.Value, booked, "%s: what is booked of transaction %s", what, t.ID)
	case canceled:
		c.equal(0, booked, "%s: what is booked of the cancelled transaction %s", what, t.ID)
	default:
		c.differ("%s: transaction %s is left %s at Saferpay", what, t.ID, t.Status)
	}
}

// givenBack requires that no more went back than came.
func (c *check) givenBack(p Payment, paid Transaction) {
	var returned int64
	for _, t := range c.books.Saferpay {
		if t.RefundOf == paid.ID && t.Status != canceled {
			returned += t.Amount.Value
		}
	}
	if returned > 0 && (paid.Status != captured || returned > paid.Amount.Value) {
		c.differ("payment %s: %d went back of %d (%s)", p.ID, returned, paid.Amount.Value, paid.Status)
	}
}

// refund holds one refund against its transaction and what was booked of it.
func (c *check) refund(r Refund) {
	if !slices.Contains(endedRefunds, r.State) {
		c.differ("refund %s is still %s", r.ID, r.State)
	}
	at := Of(c.books.Saferpay, r.Saferpay)
	own := Source{string(ledger.FromRefund), r.ID}
	happened := r.State == "captured" || r.State == "recorded"
	switch {
	case len(at) > 1:
		c.differ("refund %s has %d transactions at Saferpay", r.ID, len(at))
	case happened && len(at) == 0:
		c.differ("refund %s is %s, and Saferpay knows nothing of it", r.ID, r.State)
	case !happened:
		c.equal(0, c.booked[own], "refund %s is %s and booked", r.ID, r.State)
	}
	for _, t := range at {
		c.moved(t, own, "refund "+r.ID)
		if happened {
			c.equal(c.minor(r.Amount, Line{Currency: r.Currency}), t.Amount.Value, "refund %s: what Saferpay gave back", r.ID)
		}
	}
}

// Strangers returns a sentence for each transaction at Saferpay that none of the companies knows, neither as a payment or a
// refund nor as something that was found there and booked; those aside that were cancelled before any money moved.
func Strangers(saferpay []Transaction, companies ...Books) (differences []string) {
	known := map[string]bool{}
	for _, b := range companies {
		for _, p := range b.Payments {
			known[p.Saferpay.OrderID], known[p.Saferpay.TransactionID] = true, true
		}
		for _, r := range b.Refunds {
			known[r.Saferpay.OrderID], known[r.Saferpay.TransactionID] = true, true
		}
		for _, e := range b.Journal {
			if e.Source.Kind == string(ledger.FromTransaction) {
				known[e.Source.ID] = true
			}
		}
	}
	for _, t := range saferpay {
		if !known[t.OrderID] && !known[t.ID] && (t.Status != canceled || t.Captures > 0) {
			differences = append(differences, fmt.Sprintf("nobody here knows Saferpay's transaction %+v", t))
		}
	}
	return differences
}

// Polled returns a sentence for each payment page about which Saferpay was asked more than so many times: only when something
// happened, that is when the payer returned, when a notification came, when the provider decided, and once besides; and
// whenever an answer was lost. Calls are those of GET /_sim/calls.
func Polled(calls map[string]int, times int) (differences []string) {
	for call, n := range calls {
		if strings.HasPrefix(call, "PaymentPage/Assert/") && n > times {
			differences = append(differences, fmt.Sprintf("%s was called %d times, and %d are enough", call, n, times))
		}
	}
	slices.Sort(differences)
	return differences
}
