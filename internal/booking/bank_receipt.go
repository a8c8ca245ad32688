package booking

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement"
)

// BankReceiptTx is what the bookings of bank receipts need of their transaction.
type BankReceiptTx interface {
	Tx
	LockBankReceipt(ctx context.Context, id string) (settlement.Receipt, error)
	SaveBankReceipt(ctx context.Context, r settlement.Receipt) error
}

// Received is what became of a bank receipt. Asks says that a person has to decide about it, if nobody was asked before.
type Received struct {
	Invoice invoice.Invoice
	Receipt settlement.Receipt
	Asks    bool
}

// BankReceipt books a receipt that waits, if it is certain that it is for its invoice: on its account to 1100 as far as it is due,
// and to 2030, prepayments received, beyond that. When less is missing than the company lets pass, the invoice is paid, and what is
// missing is booked on 3805. A receipt that does not wait changes nothing. The caller asks a person about one that is parked on 2030
// or not certain, and saves the receipt.
func BankReceipt(ctx context.Context, tx BankReceiptTx, invoiceID, receiptID string, at time.Time) (Received, error) {
	inv, err := tx.LockInvoice(ctx, invoiceID)
	if err != nil {
		return Received{}, err
	}
	r, err := tx.LockBankReceipt(ctx, receiptID)
	if err == nil && r.InvoiceID != inv.ID {
		err = problem.New(problem.NotFound, "Invoice %s has no bank receipt %s.", inv.ID, receiptID)
	}
	if err != nil || r.State != settlement.ReceiptWaiting {
		return Received{inv, r, false}, err
	}
	if !r.Certain {
		return Received{inv, r, true}, nil
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return Received{}, err
	}
	counted, missing, err := count(&inv, r.Amount, company, at)
	if err != nil {
		return Received{}, err
	}
	r.State, r.Parked = settlement.ReceiptBooked, r.Amount.Add(missing).Sub(counted)
	entry := ledger.BankReceipt(occasion(company, inv, "", r.Amount, r.Date), r.Account, r.ID, r.Reference, counted, missing)
	if _, err := tx.Append(ctx, entry); err != nil {
		return Received{}, err
	}
	if counted.IsPositive() {
		if err := saveReceived(ctx, tx, inv, at); err != nil {
			return Received{}, err
		}
	}
	return Received{inv, r, r.Parked.IsPositive()}, tx.SaveBankReceipt(ctx, r)
}

// count adds to what is paid of the invoice what it can take of an amount, and what is missing if the company lets that pass.
func count(inv *invoice.Invoice, amount money.Amount, c merchant.Company, at time.Time) (counted, missing money.Amount, err error) {
	counted, missing = money.Zero(amount.Currency()), money.Zero(amount.Currency())
	if !inv.Status.Payable() || inv.Amount.Currency() != amount.Currency() || inv.AmountDue().IsZero() {
		return counted, missing, nil
	}
	due := inv.AmountDue()
	counted = amount
	if amount.Cmp(due) > 0 {
		counted = due
	} else if lack := due.Sub(amount); lack.Decimal().LessThanOrEqual(c.PaymentTolerance) {
		counted, missing = due, lack
	}
	return counted, missing, inv.Receive(counted, at)
}

// GivenBack books that a person sent what is parked of a receipt back to the payer, by hand, on the day of at. The caller saves the
// receipt.
func GivenBack(ctx context.Context, tx BankReceiptTx, r *settlement.Receipt, by string, at time.Time) error {
	inv, err := tx.LockInvoice(ctx, r.InvoiceID)
	if err != nil {
		return err
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return err
	}
	_, err = tx.Append(ctx, ledger.GivenBack(occasion(company, inv, "", r.Parked, calendar.Day(at)), r.Account, r.ID, by))
	r.Parked = money.Zero(r.Amount.Currency())
	return err
}
