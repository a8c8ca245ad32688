// Package payermail holds the activities that mail payers a receipt of what they paid online, and a notice of what goes back. The
// booking of the money queues the mail; there is at most one about each payment and each refund.
package payermail

import (
	"context"
	"fmt"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
)

// Activities are the steps. PublicURL is the base of the links in mails.
type Activities struct {
	InCompany activities.InCompany[Tx]
	Send      activities.Send
	PublicURL string
	Now       func() time.Time
}

// Tx is what the steps need of a transaction.
type Tx interface {
	escalation.RaiseTx
	Company(ctx context.Context) (merchant.Company, error)
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	LockPayment(ctx context.Context, id string) (payment.Payment, error)
	SavePayment(ctx context.Context, p payment.Payment) error
	LockRefund(ctx context.Context, id string) (refund.Refund, error)
	SaveRefund(ctx context.Context, r refund.Refund) error
}

// Ref names the mail about a payment, or about a refund. One of both ids is set.
type Ref struct {
	CompanyID string `json:"company_id"`
	PaymentID string `json:"payment_id,omitempty"`
	RefundID  string `json:"refund_id,omitempty"`
}

// Subject returns the id of what the mail is about.
func (r Ref) Subject() string { return r.PaymentID + r.RefundID }

// SendPayerMail mails what happened to the customer's address, in the language of the payment page, with what is left to pay now. A mail
// that has ended is not sent again. That the mail server refuses it for good is a result; one that is down is an error, to be tried
// again.
func (a *Activities) SendPayerMail(ctx context.Context, in Ref) (activities.Sent, error) {
	var (
		about about
		inv   invoice.Invoice
		c     merchant.Company
	)
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		if about, err = read(ctx, in, tx.Payment, tx.Refund); err != nil {
			return err
		}
		if about.refund.ID != "" {
			if about.payment, err = tx.Payment(ctx, about.refund.PaymentID); err != nil {
				return err
			}
		}
		if inv, err = tx.Invoice(ctx, about.payment.InvoiceID); err != nil {
			return err
		}
		c, err = tx.Company(ctx)
		return err
	})
	switch {
	case err != nil:
		return activities.Sent{}, err
	case !about.mail().Queued():
		return activities.Sent{Needless: true}, nil
	case inv.Customer.Email == "":
		return activities.Sent{Failed: "The customer has no address any more.", Needless: true}, nil
	}
	written, err := about.write(inv, c, a.PublicURL)
	if err != nil {
		return activities.Sent{}, err
	}
	return a.Send.Post(ctx, written)
}

// Ended is a mail with what became of it.
type Ended struct {
	Ref
	activities.Sent
}

// advice says what a company can do about a mail that failed.
const advice = "The mail to the payer about %s could not be delivered: %s The money is booked all the same. Correct the customer's address " +
	"for later mails, and tell the payer in another way."

// RecordPayerMail records what became of a mail. One that failed is an exception for the company. A mail that is dealt with changes
// nothing.
func (a *Activities) RecordPayerMail(ctx context.Context, in Ended) error {
	return a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		about, err := read(ctx, in.Ref, tx.LockPayment, tx.LockRefund)
		if err != nil || !about.mail().End(in.Failed, a.Now()) {
			return err
		}
		if about.refund.ID != "" {
			err = tx.SaveRefund(ctx, about.refund)
		} else {
			err = tx.SavePayment(ctx, about.payment)
		}
		if err != nil || in.Failed == "" || in.Needless {
			return err
		}
		_, err = escalation.RaiseIn(ctx, tx, escalation.Raise{
			CompanyID: in.CompanyID, Kind: exception.EmailFailed, Subject: in.Subject(), Choices: []exception.Choice{exception.Acknowledge},
			Detail: fmt.Sprintf(advice, in.Subject(), in.Failed),
		}, a.Now())
		return err
	})
}

// about is what a mail is about: a payment, or a refund if it has an id.
type about struct {
	payment payment.Payment
	refund  refund.Refund
}

// read reads the payment or the refund, with or without a lock.
func read(ctx context.Context, in Ref, aPayment func(context.Context, string) (payment.Payment, error), aRefund func(context.Context, string) (refund.Refund, error)) (a about, err error) {
	if in.RefundID != "" {
		a.refund, err = aRefund(ctx, in.RefundID)
	} else {
		a.payment, err = aPayment(ctx, in.PaymentID)
	}
	return a, err
}

func (a *about) mail() *payment.Mail {
	if a.refund.ID != "" {
		return &a.refund.Mail
	}
	return &a.payment.Mail
}

func (a *about) write(inv invoice.Invoice, c merchant.Company, publicURL string) (letter.Letter, error) {
	if a.refund.ID != "" {
		return letter.Refund(inv, a.payment, a.refund, c, publicURL)
	}
	return letter.Receipt(inv, a.payment, c, publicURL)
}
