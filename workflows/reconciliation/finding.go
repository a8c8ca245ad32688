package reconciliation

import (
	"errors"
	"fmt"
	"slices"

	escalationsteps "github.com/quittance/quittance/activities/escalation"

	steps "github.com/quittance/quittance/activities/reconciliation"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/escalation"
	"github.com/quittance/quittance/workflows/internal/flow"
	"github.com/quittance/quittance/workflows/refunding"
)

// escalations puts a finding before a person.
var escalations *escalationsteps.Activities

// Decided is how a finding ended: with a person's choice, or without one because it was put before a person earlier.
type Decided struct {
	Choice exception.Choice `json:"choice,omitempty"`
}

// finding is one disagreement between Saferpay and our records.
type finding struct {
	in        contract.OpenFinding
	deciding  workflow.Mutex              // one decision is carried out at a time
	decisions map[string]exception.Choice // what was decided, by exception
}

// Finding puts what a nightly sweep found before a person and carries the decision out. It takes UpdateResolve, whose answer
// says whether that worked: if not, the exception stays open for the same decision or another one. Temporal's own
// cancellation request changes nothing.
func (w Workflow) Finding(ctx workflow.Context, in contract.OpenFinding) (Decided, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	f := &finding{in: in, deciding: workflow.NewMutex(ctx), decisions: map[string]exception.Choice{}}
	err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateResolve, f.resolve, workflow.UpdateHandlerOptions{
		Description: "Carries a person's decision out and records it",
		Validator:   func(_ workflow.Context, in contract.ResolveException) error { return f.mayResolve(in) },
	})
	if err != nil {
		return Decided{}, err
	}
	return f.run(ctx)
}

func (f *finding) run(ctx workflow.Context) (Decided, error) {
	// 1. Put it before a person, unless that has been done.
	var raised escalationsteps.Raised
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Put it before a person: "+string(f.in.Found.Kind)), escalations.RaiseException, escalationsteps.Raise{
		CompanyID: f.in.CompanyID, ExceptionID: f.in.Found.ExceptionID, Kind: f.in.Found.Kind, Subject: f.in.Found.Subject,
		WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID, Detail: f.in.Found.Detail, Choices: f.in.Found.Choices, Finding: &f.in,
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

func (f *finding) mayResolve(in contract.ResolveException) error {
	if in.ExceptionID != f.in.Found.ExceptionID || !f.in.Found.Offers(in.Choice) {
		return contract.Refuse(&problem.Error{
			Code: problem.Invalid, Detail: "choice must be one of the choices of the exception.",
			Fields: []problem.Field{{Name: "choice", Message: "must be one of the choices of the exception"}},
		})
	}
	return nil
}

// resolve carries the decision out first and records it then, so that what stands as decided is done.
func (f *finding) resolve(ctx workflow.Context, in contract.ResolveException) (contract.Acknowledged, error) {
	if err := f.deciding.Lock(ctx); err != nil {
		return contract.Acknowledged{}, err
	}
	defer f.deciding.Unlock()
	if f.choice() == "" {
		if err := f.carryOut(ctx, in); err != nil {
			f.report(ctx, fmt.Sprintf("**%s was decided and could not be carried out:** %s.", in.Choice, flow.Cause(err)))
			return contract.Acknowledged{}, undone(err)
		}
	}
	return escalation.Record(ctx, f.in.CompanyID, in, f.decisions)
}

func (f *finding) carryOut(ctx workflow.Context, in contract.ResolveException) error {
	found := f.in.Found
	transaction := steps.FoundTransaction{
		PaymentServiceRef: activities.PaymentServiceRef{CompanyID: f.in.CompanyID, PaymentServiceID: f.in.PaymentServiceID},
		ExceptionID:       found.ExceptionID, TransactionID: found.TransactionID, Amount: found.Amount,
	}
	paid := activities.PaymentRef{CompanyID: f.in.CompanyID, PaymentID: found.PaymentID}
	money := steps.FoundMoney{PaymentRef: paid, InvoiceID: found.InvoiceID, TransactionID: found.TransactionID, Amount: found.ToBook, By: in.By}
	if in.Choice == exception.CaptureNow || in.Choice == exception.Record && found.Offers(exception.CaptureNow) {
		var taken steps.Taken
		err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Interactive, "Capture the money"), do.CaptureFound, transaction).Get(ctx, &taken)
		if err != nil || found.ToBook.IsZero() { // booked already
			return err
		}
		if money.Amount = taken.Amount; found.ToBook.IsNegative() {
			money.Amount = taken.Amount.Neg()
		}
	}
	switch in.Choice {
	case exception.Book, exception.CaptureNow:
		return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Book what Saferpay moved"), do.BookFound, money).Get(ctx, nil)
	case exception.Record:
		var back activities.GivenBack
		err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Record the refund"), do.RecordFoundRefund, steps.FoundRefund{
			PaymentRef: paid, InvoiceID: found.InvoiceID, TransactionID: found.TransactionID, Amount: money.Amount.Neg(),
		}).Get(ctx, &back)
		refunding.TellUnparked(ctx, back)
		return err
	case exception.Release:
		return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Interactive, "Give the money back"), do.ReleaseFound, transaction).Get(ctx, nil)
	default:
		return nil // to leave it as it is
	}
}

// undone is what the person who decided is told when that could not be carried out.
func undone(err error) error {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case !ok || !app.NonRetryable():
		return contract.Refuse(problem.New(problem.SaferpayUnavailable, "Saferpay could not be asked, so the exception stays open; decide again in a moment."))
	case slices.Contains([]string{activities.SaferpayRefused, activities.SaferpayDisagrees, activities.CredentialsRevoked, activities.CredentialsErased}, app.Type()):
		return contract.Refuse(problem.New(problem.DecisionImpossible, "%s. The exception stays open.", app.Message()))
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
	return workflow.UpsertTypedSearchAttributes(ctx, contract.NeedsAttention.ValueSet(false))
}
