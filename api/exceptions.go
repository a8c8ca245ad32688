package api

import (
	"context"
	"slices"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
)

// ExceptionsTx is what the calls for exceptions need of a transaction.
type ExceptionsTx interface {
	booking.BankReceiptTx
	Exceptions(ctx context.Context, f listing.Exceptions) (exceptions []exception.Exception, next string, err error)
	Exception(ctx context.Context, id string) (exception.Exception, error)
	LockException(ctx context.Context, id string) (exception.Exception, error)
	SaveException(ctx context.Context, e exception.Exception) error
	Refund(ctx context.Context, id string) (refund.Refund, error)
	Payment(ctx context.Context, id string) (payment.Payment, error)
	PaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
}

// ListExceptions answers GET /exceptions.
func (s *server) ListExceptions(ctx context.Context, r spec.ListExceptionsRequestObject) (spec.ListExceptionsResponseObject, error) {
	wanted := listing.Exceptions{
		CompanyID: deref(r.Params.CompanyID), Kind: exception.Kind(deref(r.Params.Kind)), Subject: deref(r.Params.Subject), Open: r.Params.Open,
		OldestFirst: deref(r.Params.Sort) == spec.Oldest, Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit),
	}
	if callerOf(ctx).admin {
		return s.allExceptions(ctx, wanted)
	}
	return answered(ctx, s, func(tx ExceptionsTx) (spec.ListExceptionsResponseObject, error) {
		exceptions, next, err := tx.Exceptions(ctx, wanted)
		return spec.ListExceptions200JSONResponse{Data: mapped(exceptions, shownException), NextCursor: optional(next)}, err
	})
}

// GetException answers GET /exceptions/{exception_id}.
func (s *server) GetException(ctx context.Context, r spec.GetExceptionRequestObject) (spec.GetExceptionResponseObject, error) {
	answer, err := s.exception(ctx, r.ExceptionID)
	return spec.GetException200JSONResponse(answer), err
}

// ResolveException answers POST /exceptions/{exception_id}/resolve. A workflow that waits for the decision records it itself,
// so that it is not recorded without being acted on; when none waits, it is recorded here.
func (s *server) ResolveException(ctx context.Context, r spec.ResolveExceptionRequestObject) (spec.ResolveExceptionResponseObject, error) {
	decision := contract.ResolveException{
		ExceptionID: r.ExceptionID, Choice: exception.Choice(r.Body.Choice), Note: deref(r.Body.Note), By: callerOf(ctx).actor(),
	}
	waiting, receipts, err := s.decide(ctx, &decision)
	if err != nil {
		return nil, err
	}
	s.bookReceipts(ctx, callerOf(ctx).companyID, r.ExceptionID, len(receipts) > 0)
	if waiting != "" {
		commandCtx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		err := s.Escalation.Resolve(commandCtx, waiting, decision)
		if problem.CodeOf(err) == problem.NotFound {
			err = s.decideAlone(commandCtx, decision)
		}
		if err != nil {
			return nil, err
		}
	}
	answer, err := s.exception(ctx, r.ExceptionID)
	return spec.ResolveException200JSONResponse(answer), err
}

// decideAlone acts on a decision whose workflow was ended from outside. If its subject has ended, the decision is recorded here.
// Otherwise the workflow is started again, and finds out where it stands before anybody decides. That of a finding carries it out.
func (s *server) decideAlone(ctx context.Context, d contract.ResolveException) error {
	var about circumstances
	var found contract.OpenFinding
	if err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx ExceptionsTx) error {
		e, err := tx.Exception(ctx, d.ExceptionID)
		if err != nil {
			return err
		}
		var known bool
		if found, known, err = contract.FindingOf(e); known || err != nil {
			return err
		}
		if slices.Contains(exception.Findings, e.Kind) { // raised by a version that did not keep it: only its process knows what carrying it out needs
			return problem.New(problem.DecisionImpossible, "Somebody ended the process that waits for this decision. "+
				"The next nightly comparison starts it again if Saferpay still reports the transaction. Decide then. The exception stays open.")
		}
		about, err = circumstancesOf(ctx, tx, e.Subject)
		return err
	}); err != nil {
		return err
	}
	switch {
	case found.Found.ExceptionID != "":
		return s.Escalation.DecideFinding(ctx, found, d)
	case about.refund.ID != "" && !about.refund.State.Final():
		return s.takeUpRefund(ctx, about.refund.ID)
	case !about.payment.State.Final():
		if err := s.Collection.TakeUp(ctx, about.invoice); err != nil {
			return err
		}
		return restarted()
	case d.Choice == exception.GiveBack:
		err := s.Refunding.RequestRefund(ctx, contract.RequestRefund{
			CompanyID: about.payment.CompanyID, RefundID: id.New(id.Refund), PaymentID: about.payment.ID, OrderID: id.NewOrder(), Reason: "Paid twice",
			By: d.By,
		}, about.invoice.Number)
		if err != nil {
			return err
		}
	}
	return inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx ExceptionsTx) error {
		e, err := tx.LockException(ctx, d.ExceptionID)
		if err != nil {
			return err
		}
		if err := e.Resolve(d.Choice, d.Note, d.By, s.now()); err != nil {
			return err
		}
		return tx.SaveException(ctx, e)
	})
}

// takeUpRefund starts the workflow of a refund again and says so.
func (s *server) takeUpRefund(ctx context.Context, refundID string) error {
	var about circumstances
	if err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx ExceptionsTx) (err error) {
		about, err = circumstancesOf(ctx, tx, refundID)
		return err
	}); err != nil {
		return err
	}
	if err := s.Refunding.TakeUpRefund(ctx, about.refund, about.invoice.Number); err != nil {
		return err
	}
	return restarted()
}

func restarted() error {
	return problem.New(problem.ProcessRestarted, "Somebody ended the process that waits for this decision. Quittance has started it again, and it asks Saferpay what happened. "+
		"Look at the exception again in a minute. Decide if it is still open.")
}

// decide checks the decision and records it, unless a workflow waits for it: then it returns which one. It also returns bank receipts
// that are to be booked now.
func (s *server) decide(ctx context.Context, d *contract.ResolveException) (waiting string, receipts []settlement.Receipt, err error) {
	err = inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx ExceptionsTx) error {
		waiting, receipts = "", nil
		e, err := tx.LockException(ctx, d.ExceptionID)
		if err != nil {
			return err
		}
		fields := text.Lines("note", &d.Note, 0, 1000)
		if !slices.Contains(e.Choices, d.Choice) { // cleared_up is never a person's to choose
			fields = append(fields, problem.Field{Name: "choice", Message: "must be one of the choices of the exception"})
		}
		if len(fields) > 0 {
			return problem.InvalidFields(fields...)
		}
		wasOpen := e.Open()
		if err := e.Resolve(d.Choice, d.Note, d.By, s.now()); err != nil || !wasOpen {
			return err
		}
		if waiting = e.WorkflowID; waiting != "" {
			return nil
		}
		if receipts, err = s.carryOutReceipt(ctx, tx, e, *d); err != nil {
			return err
		}
		if err := s.carryOutFile(ctx, any(tx).(SettlementSourceTx), e, *d); err != nil {
			return err
		}
		return tx.SaveException(ctx, e)
	})
	return waiting, receipts, err
}

// exception returns an exception as the API shows it.
func (s *server) exception(ctx context.Context, exceptionID string) (answer spec.Exception, err error) {
	err = inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx ExceptionsTx) error {
		e, err := tx.Exception(ctx, exceptionID)
		if err != nil {
			return err
		}
		answer = shownException(e)
		if c := callerOf(ctx); c.admin {
			company, err := tx.Company(ctx)
			if err != nil {
				return err
			}
			answer.CompanyID, answer.CompanyName = &company.ID, &company.Name
		}
		about, err := circumstancesOf(ctx, tx, e.Subject)
		if problem.CodeOf(err) == problem.NotFound {
			return nil // it is about something else
		}
		answer.About = about.shown()
		return err
	})
	return answer, err
}

// circumstances are what an exception is about: a payment, or a refund of one.
type circumstances struct {
	invoice invoice.Invoice
	service merchant.PaymentService
	payment payment.Payment
	refund  refund.Refund // empty when it is about the payment itself
}

// circumstancesOf reads the payment or refund of that id with what belongs to it; problem.NotFound for anything else.
func circumstancesOf(ctx context.Context, tx ExceptionsTx, subjectID string) (about circumstances, err error) {
	paymentID := subjectID
	if id.Valid(id.Refund, subjectID) {
		if about.refund, err = tx.Refund(ctx, subjectID); err != nil {
			return circumstances{}, err
		}
		paymentID = about.refund.PaymentID
	}
	if about.payment, err = tx.Payment(ctx, paymentID); err != nil {
		return circumstances{}, err
	}
	if about.service, err = tx.PaymentService(ctx, about.payment.PaymentServiceID); err != nil {
		return circumstances{}, err
	}
	about.invoice, err = tx.Invoice(ctx, about.payment.InvoiceID)
	return about, err
}

func (about circumstances) shown() *spec.ExceptionContext {
	p, r := about.payment, about.refund
	answer := spec.ExceptionContext{
		InvoiceID:     p.InvoiceID,
		InvoiceNumber: about.invoice.Number,
		PaymentID:     p.ID,
		PaymentState:  spec.PaymentState(p.State),
		Method:        spec.PaymentMethod(p.Method),
		Amount:        p.Amount.Value(),
		Currency:      spec.Currency(p.Amount.Currency()),
		Saferpay:      spec.SaferpayReferences{OrderID: p.OrderID, TransactionID: optional(p.TransactionID), CaptureID: optional(p.CaptureID)},
		CustomerID:    about.service.CustomerID,
		TerminalID:    about.service.TerminalID,
		Environment:   spec.Environment(about.service.Environment),
		Since:         p.Timeline[len(p.Timeline)-1].At,
	}
	if r.ID != "" {
		answer.RefundID, answer.RefundState = &r.ID, optional(spec.RefundState(r.State))
		answer.Amount, answer.Since = r.Amount.Value(), r.Timeline[len(r.Timeline)-1].At
		answer.Saferpay = spec.SaferpayReferences{OrderID: r.OrderID, TransactionID: optional(r.TransactionID)}
	}
	return &answer
}

func shownException(e exception.Exception) spec.Exception {
	status := spec.ExceptionStatusResolved
	if e.Open() {
		status = spec.ExceptionStatusOpen
	}
	meanings := map[string]string{}
	for _, choice := range e.Choices {
		meanings[string(choice)] = e.Meaning(choice)
	}
	answer := spec.Exception{
		ID:         e.ID,
		Kind:       spec.ExceptionKind(e.Kind),
		Subject:    e.Subject,
		Detail:     e.Detail,
		Choices:    mapped(e.Choices, func(c exception.Choice) string { return string(c) }),
		Meanings:   meanings,
		WorkflowID: optional(e.WorkflowID),
		Status:     status,
		RaisedAt:   e.RaisedAt,
		ResolvedAt: optional(e.ResolvedAt),
		Choice:     optional(string(e.Choice)),
		Note:       optional(e.Note),
		ResolvedBy: optional(e.ResolvedBy),
	}
	if about := e.About; about.InvoiceNumber != "" {
		answer.InvoiceNumber, answer.Amount = &about.InvoiceNumber, optional(about.Amount.Value())
		answer.Currency = optional(spec.Currency(about.Amount.Currency()))
	}
	return answer
}
