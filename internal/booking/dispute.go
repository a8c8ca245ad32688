package booking

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

// DisputeTx is what the bookings of disputes need of their transaction. The dispute is locked after its payment.
type DisputeTx interface {
	Tx
	Payment(ctx context.Context, id string) (payment.Payment, error)
	LockPayment(ctx context.Context, id string) (payment.Payment, error)
	SavePayment(ctx context.Context, p payment.Payment) error
	RefundsOf(ctx context.Context, paymentID string) ([]refund.Refund, error)
	DisputesOf(ctx context.Context, paymentID string) ([]dispute.Dispute, error)
	Dispute(ctx context.Context, id string) (dispute.Dispute, error)
	LockDispute(ctx context.Context, id string) (dispute.Dispute, error)
	SaveDispute(ctx context.Context, d dispute.Dispute) error
}

// OpenDispute records a dispute of a captured payment and books it: 1190, disputed chargebacks, to the account on which the payment was
// booked. A zero amount is all that is left of the payment. The case of a payment that is recorded already is returned as it is, and not
// new. Its fee is not booked: the acquirer keeps it back from a payout, which books it. Problems: payment-not-captured,
// dispute-exceeds-payment, dispute-recorded, validation-failed.
func OpenDispute(ctx context.Context, tx DisputeTx, d dispute.Dispute, by string, at time.Time) (opened dispute.Dispute, isNew bool, err error) {
	inv, p, err := lockDisputed(ctx, tx, d.PaymentID)
	if err != nil {
		return d, false, err
	}
	known, err := tx.DisputesOf(ctx, p.ID)
	if err != nil {
		return d, false, err
	}
	if i := slices.IndexFunc(known, func(k dispute.Dispute) bool { return k.ID == d.ID || d.Reference != "" && k.Reference == d.Reference }); i >= 0 {
		return known[i], false, sameCase(known[i], d)
	}
	refunds, err := tx.RefundsOf(ctx, p.ID)
	if err != nil {
		return d, false, err
	}
	if d.Amount.IsZero() && d.Amount.Currency() == "" {
		d.Amount = refund.Left(p, refunds)
	}
	if err := dispute.Allow(p, refunds, d.Amount); err != nil {
		return d, false, err
	}
	if err := d.Check(p, calendar.Day(at)); err != nil {
		return d, false, err
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return d, false, err
	}
	d.CompanyID, d.InvoiceID = p.CompanyID, p.InvoiceID
	d = dispute.New(d, by, at)
	entry, err := tx.Append(ctx, ledger.Dispute(occasion(company, inv, p.ID, d.Amount, d.OpenedOn), p.BookedAccount, d.ID, by))
	if err != nil {
		return d, false, err
	}
	d.EntryID = entry.ID
	p.Disputed = p.Amount.Sub(p.Undisputed()).Add(d.Amount)
	if err := errors.Join(tx.SaveDispute(ctx, d), tx.SavePayment(ctx, p)); err != nil {
		return d, false, err
	}
	return d, true, tx.AppendEvent(ctx, event.New(event.DisputeOpened, d.CompanyID, d.ID, at, d.Facts()))
}

// sameCase returns the problem of a case that is recorded with another amount, or nil.
func sameCase(known, d dispute.Dispute) error {
	if d.Amount.Currency() == "" || known.Amount.Equal(d.Amount) {
		return nil
	}
	return problem.New(problem.DisputeRecorded, "Case %s is dispute %s, which is over %s.", known.Reference, known.ID, known.Amount)
}

// WinDispute books that a dispute was won on that day: the account on which its payment was booked to 1190. The money waits there until
// the acquirer pays it out. A dispute that is won already changes nothing. Problems: dispute-decided, validation-failed.
func WinDispute(ctx context.Context, tx DisputeTx, disputeID string, on time.Time, by string, at time.Time) (dispute.Dispute, error) {
	inv, p, d, err := lockDispute(ctx, tx, disputeID)
	if err != nil {
		return d, err
	}
	decided, err := d.Decide(dispute.Won, "", on, by, at)
	if err != nil || !decided {
		return d, err
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return d, err
	}
	entry, err := tx.Append(ctx, ledger.DisputeWon(occasion(company, inv, p.ID, d.Amount, on), p.BookedAccount, d.ID, by))
	if err != nil {
		return d, err
	}
	d.DecisionEntryID, p.Disputed = entry.ID, p.Disputed.Sub(d.Amount)
	if err := errors.Join(tx.SaveDispute(ctx, d), tx.SavePayment(ctx, p)); err != nil {
		return d, err
	}
	return d, tx.AppendEvent(ctx, event.New(event.DisputeWon, d.CompanyID, d.ID, at, d.Facts()))
}

// LostDispute is a dispute that was lost.
type LostDispute struct {
	DisputeID string
	Claim     dispute.Claim
	On        time.Time // midnight UTC
	By        string    // the id of the key that says so
}

// LoseDispute books that a dispute was lost. The claim goes from 1190 to 3805, bad debts, or it is owed again: then to 1100, and the
// invoice goes back to what its other receipts say. The claim of a parked payment, which no invoice counts, is set off against 2030. It
// returns the invoice and the dispute as they are then. A dispute that was lost so already changes nothing. Problems: dispute-decided,
// validation-failed, invoice-not-open when what was paid does not count any more.
func LoseDispute(ctx context.Context, tx DisputeTx, l LostDispute, at time.Time) (invoice.Invoice, dispute.Dispute, error) {
	inv, p, d, err := lockDispute(ctx, tx, l.DisputeID)
	if err != nil {
		return inv, d, err
	}
	decided, err := Lose(&d, p, &inv, l, at)
	if err != nil || !decided {
		return inv, d, err
	}
	counter := ledger.BadDebts
	switch {
	case p.Parked:
		counter = ledger.Prepayments
	case l.Claim == dispute.OnInvoice:
		counter = ledger.Receivables
		if err := tx.SaveInvoice(ctx, inv); err != nil {
			return inv, d, err
		}
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return inv, d, err
	}
	entry, err := tx.Append(ctx, ledger.DisputeLost(occasion(company, inv, p.ID, d.Amount, l.On), counter, d.ID, l.By))
	if err != nil {
		return inv, d, err
	}
	d.DecisionEntryID = entry.ID
	if err := tx.SaveDispute(ctx, d); err != nil {
		return inv, d, err
	}
	facts := d.Facts()
	facts["invoice_status"] = string(inv.Status)
	return inv, d, tx.AppendEvent(ctx, event.New(event.DisputeLost, d.CompanyID, d.ID, at, facts))
}

// Lose ends a dispute of a payment as lost, and takes it off what is paid of the invoice if that is owed again. It reports whether that
// is new. It books nothing. Its problems are those of LoseDispute.
func Lose(d *dispute.Dispute, p payment.Payment, inv *invoice.Invoice, l LostDispute, at time.Time) (decided bool, err error) {
	decided, err = d.Decide(dispute.Lost, l.Claim, l.On, l.By, at)
	switch {
	case err != nil || !decided || l.Claim != dispute.OnInvoice:
		return decided, err
	case p.Parked:
		return false, problem.InvalidFields(problem.Field{Name: "claim", Message: "must be loss: the payment is parked on 2030, so that no invoice is paid by it"})
	default:
		return true, inv.ChargeBack(d.Amount)
	}
}

func lockDisputed(ctx context.Context, tx DisputeTx, paymentID string) (inv invoice.Invoice, p payment.Payment, err error) {
	if p, err = tx.Payment(ctx, paymentID); err != nil { // only for the invoice's id, which never changes
		return inv, p, err
	}
	if inv, err = tx.LockInvoice(ctx, p.InvoiceID); err != nil {
		return inv, p, err
	}
	p, err = tx.LockPayment(ctx, paymentID)
	return inv, p, err
}

func lockDispute(ctx context.Context, tx DisputeTx, disputeID string) (inv invoice.Invoice, p payment.Payment, d dispute.Dispute, err error) {
	if d, err = tx.Dispute(ctx, disputeID); err != nil { // for ids that never change
		return inv, p, d, err
	}
	if inv, p, err = lockDisputed(ctx, tx, d.PaymentID); err != nil {
		return inv, p, d, err
	}
	d, err = tx.LockDispute(ctx, disputeID)
	return inv, p, d, err
}
