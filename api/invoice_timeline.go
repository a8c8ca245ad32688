package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/audit"
	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/settlement"
)

// TimelineTx is what the timeline of an invoice needs of a transaction.
type TimelineTx interface {
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	PaymentsOf(ctx context.Context, invoiceIDs ...string) (byInvoice map[string][]payment.Payment, err error)
	RefundsOf(ctx context.Context, paymentID string) ([]refund.Refund, error)
	DisputesOf(ctx context.Context, paymentID string) ([]dispute.Dispute, error)
	Journal(ctx context.Context, f listing.Journal) (entries []ledger.Entry, next string, err error)
	Exceptions(ctx context.Context, f listing.Exceptions) (exceptions []exception.Exception, next string, err error)
	AuditLog(ctx context.Context, f listing.AuditLog) (entries []audit.Entry, next string, err error)
	Payouts(ctx context.Context, f listing.Payouts) (payouts []settlement.Payout, next string, err error)
}

// Who does what nobody's key did.
const (
	byPayer     = "payer"
	bySaferpay  = "saferpay"
	byQuittance = "quittance"
)

// history is everything that is known of one invoice.
type history struct {
	invoice    invoice.Invoice
	payments   []payment.Payment // oldest first
	refunds    []refund.Refund
	disputes   []dispute.Dispute
	entries    []ledger.Entry
	exceptions []exception.Exception
	calls      []spec.InvoiceStep
	payouts    []spec.InvoiceStep
}

// mostOfEach bounds how many entries, exceptions and calls of one invoice are read.
const mostOfEach = 200

// GetInvoiceTimeline answers GET /invoices/{invoice_id}/timeline.
func (s *server) GetInvoiceTimeline(ctx context.Context, r spec.GetInvoiceTimelineRequestObject) (spec.GetInvoiceTimelineResponseObject, error) {
	var h history
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx TimelineTx) (err error) {
		h, err = readHistory(ctx, tx, r.InvoiceID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return spec.GetInvoiceTimeline200JSONResponse{
		InvoiceID:      h.invoice.ID,
		Number:         h.invoice.Number,
		Status:         spec.InvoiceStatus(h.invoice.Status),
		Currency:       spec.Currency(h.invoice.Amount.Currency()),
		Amount:         h.invoice.Amount.Value(),
		AmountPaid:     h.invoice.AmountPaid.Value(),
		AmountRefunded: h.invoice.AmountRefunded.Value(),
		AmountDue:      h.invoice.AmountDue().Value(),
		Reasons:        h.reasons(),
		Steps:          h.steps(),
	}, nil
}

func readHistory(ctx context.Context, tx TimelineTx, invoiceID string) (h history, err error) {
	if h.invoice, err = tx.Invoice(ctx, invoiceID); err != nil {
		return h, err
	}
	payments, err := tx.PaymentsOf(ctx, invoiceID)
	if err != nil {
		return h, err
	}
	subjects := []string{invoiceID}
	for _, p := range slices.Backward(payments[invoiceID]) {
		refunds, err := tx.RefundsOf(ctx, p.ID)
		if err != nil {
			return h, err
		}
		h.payments, h.refunds, subjects = append(h.payments, p), append(h.refunds, refunds...), append(subjects, p.ID)
		for _, r := range refunds {
			subjects = append(subjects, r.ID)
		}
		disputes, err := tx.DisputesOf(ctx, p.ID)
		if err != nil {
			return h, err
		}
		h.disputes = append(h.disputes, disputes...)
	}
	if h.entries, _, err = tx.Journal(ctx, listing.Journal{InvoiceID: invoiceID, Limit: mostOfEach}); err != nil {
		return h, err
	}
	for _, e := range h.entries {
		if e.Source.Kind == ledger.FromReceipt || e.Source.Kind == ledger.FromDispute {
			subjects = append(subjects, e.Source.ID)
		}
	}
	for _, subject := range subjects {
		exceptions, _, err := tx.Exceptions(ctx, listing.Exceptions{Subject: subject, Limit: mostOfEach})
		if err != nil {
			return h, err
		}
		h.exceptions = append(h.exceptions, exceptions...)
		calls, err := callsAbout(ctx, tx, subject)
		if err != nil {
			return h, err
		}
		h.calls = append(h.calls, calls...)
		payouts, err := payoutsOf(ctx, tx, subject)
		if err != nil {
			return h, err
		}
		for _, p := range payouts {
			if !slices.ContainsFunc(h.payouts, func(known spec.InvoiceStep) bool { return *known.PayoutID == *p.PayoutID }) {
				h.payouts = append(h.payouts, p)
			}
		}
	}
	return h, nil
}

// payoutsOf returns the payouts that brought the payment to the bank, or kept the refund back.
func payoutsOf(ctx context.Context, tx TimelineTx, subject string) (steps []spec.InvoiceStep, err error) {
	payouts, _, err := tx.Payouts(ctx, listing.Payouts{States: []settlement.State{settlement.Booked}, Pays: subject})
	for _, p := range payouts {
		booked := p.Timeline[len(p.Timeline)-1]
		text := fmt.Sprintf("Paid out on %s: %s", p.Date.Format(time.DateOnly), cmp.Or(p.Reference, p.ID))
		steps = append(steps, spec.InvoiceStep{
			At: booked.At, What: "payout.booked", By: cmp.Or(booked.By, byQuittance), Text: &text, PayoutID: &p.ID, EntryID: &p.EntryID,
		})
	}
	return steps, err
}

// callsAbout returns the calls that changed the invoice, payment or refund, or may have.
func callsAbout(ctx context.Context, tx TimelineTx, subject string) (calls []spec.InvoiceStep, err error) {
	noted, _, err := tx.AuditLog(ctx, listing.AuditLog{Subject: subject, Limit: mostOfEach})
	for _, e := range noted {
		if e.Status < http.StatusBadRequest {
			calls = append(calls, spec.InvoiceStep{At: e.At, What: "call", By: e.Actor, Text: optional(e.Action)})
		}
	}
	return calls, err
}

// reasons are the entries that make up what is paid: those that change what is receivable.
func (h history) reasons() []spec.PaidReason {
	reasons := []spec.PaidReason{}
	for _, e := range h.entries {
		paid, account := money.Zero(h.invoice.Amount.Currency()), ""
		for _, l := range e.Lines {
			switch {
			case l.Account != ledger.Receivables:
				account = l.Account
			case l.Debit.Currency() == paid.Currency():
				paid = paid.Add(l.Credit).Sub(l.Debit)
			}
		}
		if paid.IsZero() {
			continue
		}
		reason := spec.PaidReason{
			Source: spec.JournalSource{Kind: spec.JournalSourceKind(e.Source.Kind), ID: e.Source.ID}, Amount: paid.Value(), Date: date(e.Date),
			ValueDate: date(e.HappenedOn()), Text: e.Text, Account: account, EntryID: e.ID, Sequence: e.Sequence, By: optional(e.By),
		}
		if i := slices.IndexFunc(h.payments, func(p payment.Payment) bool { return p.ID == e.PaymentID }); i >= 0 {
			shown := shownPayment(h.payments[i])
			reason.Method, reason.PaymentMeans, reason.Saferpay = optional(shown.Method), shown.PaymentMeans, &shown.Saferpay
		}
		if i := slices.IndexFunc(h.refunds, func(r refund.Refund) bool { return r.ID == e.Source.ID }); i >= 0 {
			shown := shownRefund(h.refunds[i])
			reason.Saferpay = &shown.Saferpay
		}
		reasons = append(reasons, reason)
	}
	return reasons
}

// steps are everything that happened, oldest first.
func (h history) steps() []spec.InvoiceStep {
	steps := append(slices.Concat(h.calls, h.payouts), spec.InvoiceStep{At: h.invoice.CreatedAt, What: "invoice.created", By: byQuittance})
	if !h.invoice.IssuedAt.IsZero() {
		steps = append(steps, spec.InvoiceStep{At: h.invoice.IssuedAt, What: "invoice.issued", By: byQuittance})
	}
	if e := h.invoice.Email; e.ID != "" {
		steps = append(steps, spec.InvoiceStep{At: e.At, What: "invoice.email_" + string(e.State), By: byQuittance, Text: optional(strings.TrimSpace(e.To + ". " + e.Reason))})
	}
	for _, r := range h.invoice.Reminders {
		steps = append(steps, spec.InvoiceStep{
			At: r.Email.At, What: "invoice.reminder_" + string(r.Email.State), By: byQuittance, Text: optional(strings.TrimSpace(r.Email.To + ". " + r.Email.Reason)),
		})
	}
	for _, p := range h.payments {
		for _, step := range p.Timeline {
			steps = append(steps, spec.InvoiceStep{
				At: step.At, What: "payment." + string(step.State), By: whoMoved(step.State), Text: optional(step.Note), PaymentID: optional(p.ID),
			})
		}
	}
	for _, r := range h.refunds {
		for _, step := range r.Timeline {
			steps = append(steps, spec.InvoiceStep{
				At: step.At, What: "refund." + string(step.State), By: whoMoved(payment.State(step.State)), Text: optional(step.Note),
				PaymentID: optional(r.PaymentID), RefundID: optional(r.ID),
			})
		}
	}
	for _, d := range h.disputes {
		for _, step := range d.Timeline {
			steps = append(steps, spec.InvoiceStep{
				At: step.At, What: "dispute." + string(step.State), By: cmp.Or(step.By, byQuittance), Text: optional(d.Reason),
				PaymentID: optional(d.PaymentID), DisputeID: optional(d.ID),
			})
		}
	}
	for _, e := range h.entries {
		steps = append(steps, spec.InvoiceStep{
			At: e.CreatedAt, What: "journal.booked", By: cmp.Or(e.By, byQuittance), Text: optional(e.Text), PaymentID: optional(e.PaymentID), EntryID: optional(e.ID),
		})
	}
	for _, x := range h.exceptions {
		steps = append(steps, spec.InvoiceStep{At: x.RaisedAt, What: "exception.raised", By: byQuittance, Text: optional(x.Detail), ExceptionID: optional(x.ID)})
		if !x.Open() {
			decision := string(x.Choice)
			if x.Note != "" {
				decision += ": " + x.Note
			}
			steps = append(steps, spec.InvoiceStep{At: x.ResolvedAt, What: "exception.resolved", By: x.ResolvedBy, Text: optional(decision), ExceptionID: optional(x.ID)})
		}
	}
	if !h.invoice.PaidAt.IsZero() {
		steps = append(steps, spec.InvoiceStep{At: h.invoice.PaidAt, What: "invoice.paid", By: byQuittance})
	}
	slices.SortStableFunc(steps, func(a, b spec.InvoiceStep) int { return a.At.Compare(b.At) })
	return steps
}

// whoMoved says who brought a payment, or a refund, into that state.
func whoMoved(state payment.State) string {
	switch state {
	case payment.Created, payment.Aborted:
		return byPayer
	case payment.Pending, payment.Authorized, payment.Failed:
		return bySaferpay
	default:
		return byQuittance
	}
}
