package reconciliation

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/workflows/contract"
)

const (
	// receiptsAtOnce is how many bank receipts one step books, and receiptsBeside how many of them at the same time.
	receiptsAtOnce, receiptsBeside = 50, 10
	// receiptPatience is how long the process of an invoice may take for one. One that is busy is asked again later.
	receiptPatience = 10 * time.Second
)

// ReceiptsTx is what the booking of bank receipts needs of a transaction.
type ReceiptsTx interface {
	WaitingBankReceipts(ctx context.Context, after string, limit int) ([]settlement.Receipt, error)
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
}

// Invoices are the processes of invoices, see contract.Commands.
type Invoices interface {
	BookBankReceipt(ctx context.Context, inv invoice.Invoice, in contract.BookBankReceipt) error
}

// WaitingReceipts are the bank receipts of a company that wait, after the one of that id.
type WaitingReceipts struct {
	CompanyID string `json:"company_id"`
	After     string `json:"after"`
}

// BookedReceipts is what became of some of them.
type BookedReceipts struct {
	Booked int    `json:"booked"` // or put before a person
	Left   int    `json:"left"`   // that the process of the invoice did not take
	Why    string `json:"why,omitempty"`
	Next   string `json:"next,omitempty"` // the last one's id; empty when there are no more
}

// BookBankReceipts has the processes of their invoices book the next bank receipts that wait.
func (a *Activities) BookBankReceipts(ctx context.Context, in WaitingReceipts) (BookedReceipts, error) {
	var receipts []settlement.Receipt
	invoices := map[string]invoice.Invoice{}
	err := a.InReceipts(ctx, in.CompanyID, func(tx ReceiptsTx) (err error) {
		if receipts, err = tx.WaitingBankReceipts(ctx, in.After, receiptsAtOnce); err != nil {
			return err
		}
		for _, r := range receipts {
			if invoices[r.InvoiceID], err = tx.Invoice(ctx, r.InvoiceID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return BookedReceipts{}, err
	}
	errs := make([]error, len(receipts))
	var group errgroup.Group
	group.SetLimit(receiptsBeside)
	for i, r := range receipts {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, receiptPatience)
			defer cancel()
			errs[i] = a.Invoices.BookBankReceipt(ctx, invoices[r.InvoiceID], contract.BookBankReceipt{ReceiptID: r.ID})
			return nil
		})
	}
	_ = group.Wait() // no step returns an error
	var out BookedReceipts
	for _, err := range errs {
		if err == nil {
			out.Booked++
		} else {
			out.Left, out.Why = out.Left+1, err.Error()
		}
	}
	if len(receipts) == receiptsAtOnce {
		out.Next = receipts[len(receipts)-1].ID
	}
	return out, ctx.Err()
}
