// Package collection holds the activities that collect one invoice: from opening it, over the payment page and what Saferpay says
// of each payment, to the money that is taken and booked.
package collection

import (
	"context"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
)

// Activities are the steps. One that speaks to Saferpay asks it once, and records the answer in one transaction.
type Activities struct {
	InCompany   activities.InCompany[Tx]
	InPages     activities.InCompany[PageTx]
	InEmails    activities.InCompany[EmailTx]
	InBank      activities.InCompany[BankTx]
	InReminders activities.InCompany[ReminderTx]
	InDisputes  activities.InCompany[booking.DisputeTx]
	Saferpay    account.Access[Gateway]
	Send        activities.Send
	// Paper returns the PDF of an invoice, and how the file is called.
	Paper     func(ctx context.Context, companyID, invoiceID string) (name string, pdf []byte, err error)
	PublicURL string // base of the links in mails, and of the return and notification URLs
	Now       func() time.Time
}

// Tx is what the steps need of a transaction.
type Tx interface {
	booking.PaymentTx
	escalation.AwaitedTx
	EntryBySource(ctx context.Context, source ledger.Source) (ledger.Entry, bool, error)
	PaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	PaymentsOf(ctx context.Context, invoiceIDs ...string) (byInvoice map[string][]payment.Payment, err error)
}

// Gateway is what the steps call at Saferpay, see *saferpay.Client.
type Gateway interface {
	InitializePaymentPage(context.Context, saferpay.Credentials, saferpay.Call, saferpay.PaymentPageRequest) (saferpay.PaymentPage, error)
	AssertPaymentPage(ctx context.Context, c saferpay.Credentials, call saferpay.Call, token string) (saferpay.Assertion, error)
	Capture(ctx context.Context, c saferpay.Credentials, call saferpay.Call, transactionID string) (saferpay.Capture, error)
	AssertCapture(ctx context.Context, c saferpay.Credentials, call saferpay.Call, captureID string) (saferpay.Progress, error)
	Cancel(ctx context.Context, c saferpay.Credentials, call saferpay.Call, transactionID string) error
	Inquire(context.Context, saferpay.Credentials, saferpay.Call, saferpay.InquireBy) (saferpay.Assertion, error)
}

// subject is a payment with what is needed to speak to Saferpay about it.
type subject = account.Subject[Gateway]

func ref(p payment.Payment) activities.PaymentRef {
	return activities.PaymentRef{CompanyID: p.CompanyID, PaymentID: p.ID}
}

// change reads the payment under lock, lets fn change it, and saves it with the events that fn returns.
func (a *Activities) change(ctx context.Context, ref activities.PaymentRef, fn func(*payment.Payment) ([]event.Type, error)) error {
	var changed payment.Payment
	err := a.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		p, err := tx.LockPayment(ctx, ref.PaymentID)
		if err != nil {
			return err
		}
		events, err := fn(&p)
		if err != nil {
			return err
		}
		if err := tx.SavePayment(ctx, p); err != nil {
			return err
		}
		for _, t := range events {
			if err := tx.AppendEvent(ctx, event.New(t, p.CompanyID, p.ID, a.Now(), p.Facts())); err != nil {
				return err
			}
		}
		changed = p
		return nil
	})
	if err == nil {
		countEnd(ctx, changed, a.Now())
	}
	return err
}
