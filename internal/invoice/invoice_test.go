package invoice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

func valid() invoice.Invoice {
	return invoice.Invoice{
		Number: "R-1", Status: invoice.Draft, Amount: money.MustParse("108.00", money.CHF), AmountPaid: money.Zero(money.CHF),
		Customer: invoice.Customer{Name: "Café Müller", Email: "anna@example.ch", Language: "de"}, Description: "Two lines\nof text",
		DueDate: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
	}
}

func TestInvoiceIsPaidExactlyWhenItsReceiptsCoverIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := valid()
		i.Amount = money.FromMinor(rapid.Int64Range(1, 1000).Draw(t, "amount"), money.CHF)
		require.NoError(t, i.Become(invoice.Open))
		received := money.Zero(money.CHF)
		for range rapid.IntRange(0, 10).Draw(t, "receipts") {
			amount := money.FromMinor(rapid.Int64Range(-10, 400).Draw(t, "receipt"), money.CHF)
			before := i
			if err := i.Receive(amount, time.Unix(1, 0)); err != nil {
				assert.Equal(t, before, i, "a refused receipt changes nothing")
				continue
			}
			received = received.Add(amount)
		}
		assert.True(t, i.AmountPaid.Equal(received))
		assert.LessOrEqual(t, i.AmountPaid.Cmp(i.Amount), 0)
		assert.True(t, i.AmountDue().Add(i.AmountPaid).Equal(i.Amount))
		assert.Equal(t, received.Equal(i.Amount), i.Status == invoice.Paid)
		assert.Equal(t, i.Status == invoice.Paid, !i.PaidAt.IsZero())
	})
}

func TestAVoidedReceiptLeavesWhatTheOthersSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := valid()
		i.Amount = money.FromMinor(rapid.Int64Range(1, 1000).Draw(t, "amount"), money.CHF)
		require.NoError(t, i.Become(invoice.Open))
		var receipts []money.Amount // those that count
		refunded := money.Zero(money.CHF)
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			before := i
			switch rapid.SampledFrom([]string{"receive", "receive", "return", "void", "void"}).Draw(t, "step") {
			case "receive":
				amount := money.FromMinor(rapid.Int64Range(1, 600).Draw(t, "receipt"), money.CHF)
				if i.Receive(amount, time.Unix(1, 0)) == nil {
					receipts = append(receipts, amount)
				}
			case "return": // of another receipt than those, which came online
				amount := money.FromMinor(rapid.Int64Range(1, 600).Draw(t, "online"), money.CHF)
				if i.Receive(amount, time.Unix(1, 0)) == nil {
					require.NoError(t, i.Return(amount))
					refunded = refunded.Add(amount)
				}
			case "void":
				if len(receipts) == 0 {
					require.Error(t, i.Void(money.FromMinor(1, money.CHF)))
					assert.Equal(t, before, i, "a refused void changes nothing")
					continue
				}
				which := rapid.IntRange(0, len(receipts)-1).Draw(t, "which")
				require.NoError(t, i.Void(receipts[which]))
				receipts = slices.Delete(receipts, which, which+1)
				assert.True(t, i.Status.Payable(), "it can be paid again")
			}
			paid := money.Zero(money.CHF)
			for _, r := range receipts {
				paid = paid.Add(r)
			}
			assert.True(t, i.AmountPaid.Equal(paid))
			received := paid.Add(refunded)
			assert.True(t, i.AmountDue().Add(received).Equal(i.Amount))
			assert.Equal(t, received.Equal(i.Amount), i.Status == invoice.Paid)
			assert.Equal(t, received.IsZero(), i.Status == invoice.Open)
			assert.Equal(t, i.Status == invoice.Paid, !i.PaidAt.IsZero())
		}
	})
}

func TestStatesMoveForwardOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := valid()
		for range rapid.IntRange(0, 10).Draw(t, "steps") {
			before := i.Status
			next := rapid.SampledFrom(invoice.Statuses).Draw(t, "next")
			err := i.Become(next)
			assert.Equal(t, before.CanBecome(next), err == nil)
			if err != nil {
				assert.Equal(t, before, i.Status)
				assert.NotEmpty(t, problem.CodeOf(err))
			}
			if before == invoice.Paid || before == invoice.Cancelled {
				assert.Equal(t, before, i.Status)
			}
		}
	})
}

func TestRefusalsSayWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to invoice.Status
		want     problem.Code
	}{
		{invoice.Open, invoice.Open, problem.InvoiceNotDraft},
		{invoice.Paid, invoice.Open, problem.InvoiceNotDraft},
		{invoice.Paid, invoice.Cancelled, problem.InvoicePaid},
		{invoice.PartiallyPaid, invoice.Cancelled, problem.InvoicePaid},
		{invoice.Cancelled, invoice.Paid, problem.InvoiceCancelled},
		{invoice.Draft, invoice.Paid, problem.InvoiceNotOpen},
	} {
		i := valid()
		i.Status = c.from
		assert.Equal(t, c.want, problem.CodeOf(i.Become(c.to)), "%s to %s", c.from, c.to)
	}
}

func TestCancelledInvoiceOwesNothingAndOverdueIsDerived(t *testing.T) {
	t.Parallel()
	i := valid()
	dayAfter := i.DueDate.AddDate(0, 0, 1)
	assert.False(t, i.Overdue(dayAfter), "a draft is never overdue")
	i.Status = invoice.Open
	assert.False(t, i.Overdue(i.DueDate), "the due date itself is in time")
	assert.True(t, i.Overdue(dayAfter))
	i.Status = invoice.Cancelled
	assert.True(t, i.AmountDue().IsZero())
	assert.False(t, i.Overdue(dayAfter))
}

func TestValidationNamesEveryFieldAtFault(t *testing.T) {
	t.Parallel()
	whole := valid()
	require.NoError(t, whole.Validate())
	for field, spoil := range map[string]func(*invoice.Invoice){
		"number":              func(i *invoice.Invoice) { i.Number = " " },
		"amount":              func(i *invoice.Invoice) { i.Amount = money.Zero(money.CHF) },
		"customer.name":       func(i *invoice.Invoice) { i.Customer.Name = "a\x00b" },
		"customer.email":      func(i *invoice.Invoice) { i.Customer.Email = "Anna <anna@example.ch>" },
		"customer.language":   func(i *invoice.Invoice) { i.Customer.Language = "rm" },
		"description":         func(i *invoice.Invoice) { i.Description = strings.Repeat("x", 1001) },
		"due_date":            func(i *invoice.Invoice) { i.DueDate = time.Time{} },
		"payment_service_ids": func(i *invoice.Invoice) { i.PaymentServiceIDs = make([]string, 11) },
	} {
		i := valid()
		spoil(&i)
		var p *problem.Error
		require.ErrorAs(t, i.Validate(), &p, field)
		require.Len(t, p.Fields, 1, field)
		assert.Equal(t, field, p.Fields[0].Name)
	}
	negative := valid()
	negative.Amount, negative.Number = money.MustParse("-1", money.CHF), ""
	var p *problem.Error
	require.ErrorAs(t, negative.Validate(), &p)
	assert.Len(t, p.Fields, 2)
}
