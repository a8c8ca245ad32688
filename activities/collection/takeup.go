package collection

import (
	"context"
	"slices"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// LeftBehind is where an invoice stands whose workflow is gone, with what is unfinished of its payments, the oldest first.
type LeftBehind struct {
	activities.Standing
	Payments []Unfinished `json:"payments"`
	EmailID  string       `json:"email_id,omitempty"` // of the mail that is still to be sent
	Receipts []string     `json:"receipts,omitempty"` // the payments whose receipt is still to be mailed
	Reminder int          `json:"reminder,omitempty"` // the step that is still to be sent
}

// Unfinished is a payment that has not ended, or whose money is parked (State is Captured) until a person decides.
type Unfinished struct {
	PaymentID   string             `json:"payment_id"`
	OrderID     string             `json:"order_id"`
	Method      payment.Method     `json:"method"`
	Amount      money.Amount       `json:"amount"`
	RedirectURL string             `json:"redirect_url"`
	State       payment.State      `json:"state"`
	OpenedAt    time.Time          `json:"opened_at"`
	ExpiresAt   time.Time          `json:"expires_at"`
	Reopened    bool               `json:"reopened,omitempty"` // it had ended and was begun again
	Awaited     escalation.Awaited `json:"awaited,omitzero"`
}

// TakeUpInvoice returns where an invoice stands that was issued before, and what is unfinished about it. It changes nothing.
// Problem: invoice-not-open for a draft.
func (a *Activities) TakeUpInvoice(ctx context.Context, in activities.InvoiceRef) (LeftBehind, error) {
	var left LeftBehind
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		inv, err := tx.Invoice(ctx, in.InvoiceID)
		if err != nil {
			return err
		}
		if inv.Status == invoice.Draft {
			return problem.New(problem.InvoiceNotOpen, "Invoice %s is a draft.", inv.Number)
		}
		left = LeftBehind{Standing: activities.StandingOf(inv)}
		if inv.EmailIsQueued(inv.Email.ID) {
			left.EmailID = inv.Email.ID
		}
		if last, ok := inv.Reminder(len(inv.Reminders)); ok && last.Email.State == invoice.EmailQueued {
			left.Reminder = last.Step
		}
		payments, err := tx.PaymentsOf(ctx, inv.ID)
		if err != nil {
			return err
		}
		for _, p := range slices.Backward(payments[inv.ID]) {
			if p.Mail.Queued() {
				left.Receipts = append(left.Receipts, p.ID)
			}
			parked := p.State == payment.Captured && p.Parked
			if p.State.Final() && !parked {
				continue
			}
			waiting, err := escalation.AwaitedAbout(ctx, tx, p.ID)
			if err != nil {
				return err
			}
			if parked && waiting.Kind != exception.DoublePayment { // decided
				continue
			}
			left.Payments = append(left.Payments, Unfinished{
				PaymentID: p.ID, OrderID: p.OrderID, Method: p.Method, Amount: p.Amount, RedirectURL: p.RedirectURL, State: p.State,
				OpenedAt: p.CreatedAt, ExpiresAt: p.ExpiresAt, Reopened: p.Reopened(), Awaited: waiting,
			})
		}
		return nil
	})
	return left, err
}
