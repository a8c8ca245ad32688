package workflows

import (
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	escalationacts "github.com/quittance/quittance/activities/escalation"
	reconciliationacts "github.com/quittance/quittance/activities/reconciliation"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
)

// Decided is how a finding ended: with a person's choice, or without one because it was put before a person earlier.
type Decided struct {
	Choice exception.Choice `json:"choice,omitempty"`
}

// finding is one disagreement between Saferpay and our records.
type finding struct {
	in        OpenFinding
	deciding  workflow.Mutex              // one decision is carried out at a time
	decisions map[string]exception.Choice // what was decided, by exception
}

// Finding puts what a nightly sweep found before a person and carries the decision out. It takes UpdateResolve, whose answer
// says whether that worked: if not, the exception stays open for the same decision or another one. Temporal's own
// cancellation request changes nothing.
func (w Workflows) Finding(ctx workflow.Context, in OpenFinding) (Decided, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	f := &finding{in: in, deciding: workflow.NewMutex(ctx), decisions: map[string]exception.Choice{}}
	err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateResolve, f.resolve, workflow.UpdateHandlerOptions{
		Description: "Carries a person's decision out and records it",
		Validator:   func(_ workflow.Context, in ResolveException) error { return f.mayResolve(in) },
	})
	if err != nil {
		return Decided{}, err
	}
	return f.run(ctx)
}

func (f *finding) run(ctx workflow.Context) (Decided, error) {
	// 1. Put it before a person, unless that has been done.
	var raised escalationacts.Raised
	err := workflow.ExecuteActivity(with(ctx, books, "Put it before a person: "+string(f.in.Found.Kind)), escalationStep.RaiseException, escalationacts.Raise{
		CompanyID: f.in.CompanyID, ExceptionID: f.in.Found.ExceptionID, Kind: f.in.Found.Kind, Subject: f.in.Found.Subject,
		WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID, Detail: f.in.Found.Detail, Choices: f.in.Found.Choices,
	}).Get(ctx, &raised)
	if err != nil {
		return Decided{}, err
	}
	if raised.ExceptionID != f.in.Found.ExceptionID {
		f.report(ctx, "It was put before a person earlier, as exception "+raised.ExceptionID+".")
		return Decided{}, f.calm(ctx)
	}

	// 2. Wait until a decision has been carried out, see resolve.
	f.report(ctx, "")
	if err := workflow.Await(ctx, func() bool { return f.choice() != "" && workflow.AllHandlersFinished(ctx) }); err != nil {
		return Decided{}, err
	}
	f.report(ctx, "Decided: **"+string(f.choice())+"**.")
	return Decided{Choice: f.choice()}, f.calm(ctx)
}

func (f *finding) choice() exception.Choice { return f.decisions[f.in.Found.ExceptionID] }

func (f *finding) mayResolve(in ResolveException) error {
	if in.ExceptionID != f.in.Found.ExceptionID || !f.in.Found.Offers(in.Choice) {
		return refuse(&problem.Error{
			Code: problem.Invalid, Detail: "choice must be one of the choices of the exception.",
			Fields: []problem.Field{{Name: "choice", Message: "must be one of the choices of the exception"}},
		})
	}
	return nil
}

// resolve carries the decision out first and records it then, so that what stands as decided is done.
func (f *finding) resolve(ctx workflow.Context, in ResolveException) (Acknowledged, error) {
	if err := f.deciding.Lock(ctx); err != nil {
		return Acknowledged{}, err
	}
	defer f.deciding.Unlock()
	if f.choice() == "" {
		if err := f.carryOut(ctx, in); err != nil {
			f.report(ctx, fmt.Sprintf("**%s was decided and could not be carried out:** %s.", in.Choice, cause(err)))
			return Acknowledged{}, undone(err)
		}
	}
	return resolveException(ctx, f.in.CompanyID, in, f.decisions)
}

func (f *finding) carryOut(ctx workflow.Context, in ResolveException) error {
	found := f.in.Found
	transaction := reconciliationacts.FoundTransaction{
		PaymentServiceRef: activities.PaymentServiceRef{CompanyID: f.in.CompanyID, PaymentServiceID: f.in.PaymentServiceID},
		ExceptionID:       found.ExceptionID, TransactionID: found.TransactionID, Amount: found.Amount,
	}
	paid := activities.PaymentRef{CompanyID: f.in.CompanyID, PaymentID: found.PaymentID}
	money := reconciliationacts.FoundMoney{PaymentRef: paid, InvoiceID: found.InvoiceID, TransactionID: found.TransactionID, Amount: found.ToBook, By: in.By}
	if in.Choice == exception.CaptureNow || in.Choice == exception.Record && found.Offers(exception.CaptureNow) {
		var taken reconciliationacts.Taken
		err := workflow.ExecuteActivity(with(ctx, interactive, "Capture the money"), reconciliationStep.CaptureFound, transaction).Get(ctx, &taken)
		if err != nil || found.ToBook.IsZero() { // booked already
			return err
		}
		if money.Amount = taken.Amount; found.ToBook.IsNegative() {
			money.Amount = taken.Amount.Neg()
		}
	}
	switch in.Choice {
	case exception.Book, exception.CaptureNow:
		return workflow.ExecuteActivity(with(ctx, books, "Book what Saferpay moved"), reconciliationStep.BookFound, money).Get(ctx, nil)
	case exception.Record:
		var back activities.GivenBack
		err := workflow.ExecuteActivity(with(ctx, books, "Record the refund"), reconciliationStep.RecordFoundRefund, reconciliationacts.FoundRefund{
			PaymentRef: paid, InvoiceID: found.InvoiceID, TransactionID: found.TransactionID, Amount: money.Amount.Neg(),
		}).Get(ctx, &back)
		tellUnparked(ctx, back)
		return err
	case exception.Release:
		return workflow.ExecuteActivity(with(ctx, interactive, "Give the money back"), reconciliationStep.ReleaseFound, transaction).Get(ctx, nil)
	default:
		return nil // to leave it as it is
	}
}

// undone is what the person who decided is told when that could not be carried out.
func undone(err error) error {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case !ok || !app.NonRetryable():
		return refuse(problem.New(problem.SaferpayUnavailable, "Saferpay could not be asked, so the exception stays open; decide again in a moment."))
	case slices.Contains([]string{activities.SaferpayRefused, activities.SaferpayDisagrees, activities.CredentialsRevoked, activities.CredentialsErased}, app.Type()):
		return refuse(problem.New(problem.DecisionImpossible, "%s. The exception stays open.", app.Message()))
	default:
		return app
	}
}

// report tells operators where the finding stands. What was found stands in the static details.
func (f *finding) report(ctx workflow.Context, news string) {
	if news == "" {
		news = fmt.Sprintf("Waiting for a decision on exception %s, by `POST /v1/exceptions/%s/resolve`.", f.in.Found.ExceptionID, f.in.Found.ExceptionID)
	}
	workflow.SetCurrentDetails(ctx, news)
}

// calm takes the finding off the operators' list.
func (f *finding) calm(ctx workflow.Context) error {
	return workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(false))
}
