package collection

import (
	"context"
	"fmt"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/workflows/contract"
)

// BankTx is what booking and voiding a bank receipt needs of a transaction.
type BankTx interface {
	booking.BankReceiptTx
	booking.ReceiptTx
	escalation.RaiseTx
	escalation.ClearUpTx
}

// BankReceipt is money for an invoice that a bank's file tells.
type BankReceipt struct {
	activities.InvoiceRef
	contract.BookBankReceipt
}

// BookBankReceipt books a bank receipt that waits, see booking.BankReceipt, and puts it before a person when it is too much, or not
// certainly for the invoice.
func (a *Activities) BookBankReceipt(ctx context.Context, in BankReceipt) (standing activities.Standing, err error) {
	err = a.InBank(ctx, in.CompanyID, func(tx BankTx) error {
		received, err := booking.BankReceipt(ctx, tx, in.InvoiceID, in.ReceiptID, a.Now())
		if err != nil {
			return err
		}
		standing = activities.StandingOf(received.Invoice)
		if !received.Asks {
			return nil
		}
		r := received.Receipt
		raised, err := escalation.RaiseIn(ctx, tx, question(received), a.Now())
		if err != nil {
			return err
		}
		r.State, r.ExceptionID = settlement.ReceiptAsked, raised.ExceptionID
		return tx.SaveBankReceipt(ctx, r)
	})
	return standing, err
}

// forget takes note that a receipt is voided, if it came by bank: nothing of it is parked any more, and nobody has to decide about it.
func (a *Activities) forget(ctx context.Context, tx BankTx, receiptID string) error {
	r, err := tx.LockBankReceipt(ctx, receiptID)
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	r.State, r.Parked = settlement.ReceiptBooked, money.Zero(r.Amount.Currency())
	if err := tx.SaveBankReceipt(ctx, r); err != nil {
		return err
	}
	return escalation.ClearUp(ctx, tx, exception.ReceiptExcess, r.ID, "The receipt was voided.", a.Now())
}

// question is what a person is asked about a bank receipt.
func question(received booking.Received) escalation.Raise {
	r, inv := received.Receipt, received.Invoice
	in := escalation.Raise{CompanyID: r.CompanyID, Kind: exception.ReceiptExcess, Subject: r.ID, InvoiceID: inv.ID, Choices: []exception.Choice{exception.Keep, exception.GivenBack}}
	came := fmt.Sprintf("%s came by bank on %s with the reference %s", r.Amount, r.Date.Format("2006-01-02"), r.Reference)
	const decide = " Keep it as a prepayment, or send it back from your bank and say so here."
	switch {
	case !r.Certain:
		in.Kind, in.Choices = exception.ReceiptUnclear, []exception.Choice{exception.Book, exception.NotOurs}
		in.Detail = fmt.Sprintf("%s. Nothing is booked. It is probably for invoice %s, which is %s, with %s due. But its check digits are wrong, "+
			"or the account %s of the statement is none of the company's bank accounts. Look at the bank's notice who paid it.",
			came, inv.Number, inv.Status, inv.AmountDue(), r.IBAN)
	case inv.Status == invoice.Cancelled:
		in.Detail = fmt.Sprintf("%s. But invoice %s is cancelled. The money is parked on 2030, prepayments received.%s", came, inv.Number, decide)
	case r.Parked.Equal(r.Amount):
		in.Detail = fmt.Sprintf("%s. But of invoice %s, which is %s over %s, nothing was due any more that it could pay. The money is parked on 2030, prepayments received.%s",
			came, inv.Number, inv.Status, inv.Amount, decide)
	default:
		in.Detail = fmt.Sprintf("%s. That is %s more than was due of invoice %s, which is paid now. What is too much is parked on 2030, prepayments received.%s",
			came, r.Parked, inv.Number, decide)
	}
	return in
}
