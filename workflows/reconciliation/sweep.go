// Package reconciliation holds Saferpay's nightly report against our records, and puts what disagrees before a person.
package reconciliation

import (
	"errors"
	"fmt"
	"time"

	steps "github.com/quittance/quittance/activities/reconciliation"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

var do *steps.Activities

// Workflow is the room's processes with their one setting. TimeScale is how many seconds of a long wait pass in one second: 1
// except in a local stack.
type Workflow struct{ TimeScale int64 }

// overdueAfter is how long after the death of its page a payment is surely at an end, and a refund after its request, if somebody
// looks after it.
const overdueAfter = 24 * time.Hour

// Swept is what a sweep came to; the next night's begins where it ended.
type Swept struct {
	Until        time.Time `json:"until"`             // what happened before was compared
	Skipped      string    `json:"skipped,omitempty"` // why nothing was compared
	Transactions int       `json:"transactions"`
	UnderWay     int       `json:"under_way"` // whose process was asked to look, or began again
	Findings     int       `json:"findings"`  // that were put before a person
}

// sweepProgress is how far a sweep has come; a continued run takes it over.
type sweepProgress struct {
	Swept
	From time.Time `json:"from"`
	Page int       `json:"page"`
}

// StartSweep is the input of a NightlySweep. Resume is set only when a long history continues as a new one.
type StartSweep struct {
	contract.SweepPaymentService
	Resume *sweepProgress `json:"resume,omitempty"`
}

// nightlySweep holds Saferpay's report on one payment service against our records.
type nightlySweep struct {
	sweepProgress
	in    StartSweep
	clock flow.Clock
}

// NightlySweep compares Saferpay's transaction report with our records, for a payment service for which SweepBucket sees something to do. It never
// judges what is in flight: the process of a payment or refund owns it and is asked to look again, and one that is gone is
// started again; that goes for what should have ended long ago, too, of which Saferpay may know nothing. What a person must decide becomes a Finding, which waits by itself, so that a sweep is over in a moment.
//
// A report that can't be read fails the sweep, which is tried again twice; the next one reads what this one missed.
func (w Workflow) NightlySweep(ctx workflow.Context, in StartSweep) (Swept, error) {
	s := &nightlySweep{in: in, clock: flow.NewClock(ctx, w.TimeScale)}
	if err := s.begin(ctx); err != nil {
		return Swept{}, err
	}
	return s.run(ctx)
}

// begin chooses what is to be read: what happened since the last sweep, and the overlap. The report ends with yesterday.
func (s *nightlySweep) begin(ctx workflow.Context) error {
	if s.in.Resume != nil {
		s.sweepProgress = *s.in.Resume
		return nil
	}
	s.Page, s.Until = 1, endOfReport(workflow.Now(ctx), s.clock)
	last := Swept{Until: s.Until}
	if !s.in.SweptUntil.IsZero() {
		last.Until = s.in.SweptUntil
	} else if workflow.HasLastCompletionResult(ctx) {
		if err := workflow.GetLastCompletionResult(ctx, &last); err != nil {
			return err
		}
	}
	s.From = last.Until.Add(-steps.Overlap)
	return nil
}

// endOfReport is the last minute that Saferpay's report knows (Management API 1.14, transactions: EndDate before today 00:00).
// Where time passes faster, the report reaches to now.
func endOfReport(now time.Time, c flow.Clock) time.Time {
	if c.Scale > 1 {
		return now
	}
	year, month, day := now.In(calendar.Zurich).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, calendar.Zurich).Add(-time.Minute)
}

func (s *nightlySweep) run(ctx workflow.Context) (Swept, error) {
	for {
		// 1. Hold a page of the report against our records.
		var compared steps.Compared
		err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Saferpay, fmt.Sprintf("Compare Saferpay's report, page %d", s.Page)), do.CompareReport,
			steps.ReportPage{
				PaymentServiceRef: s.service(), From: s.From, To: s.Until, Page: s.Page, Lag: s.clock.Shorten(flow.InquireLag), Overdue: s.clock.Shorten(overdueAfter),
			}).Get(ctx, &compared)
		if err != nil {
			return Swept{}, err
		}
		s.Skipped, s.Transactions = compared.Skipped, s.Transactions+compared.Transactions

		// 2. See to it that somebody looks after what is in flight.
		for _, p := range compared.Payments {
			if err := s.lookAgain(ctx, p); err != nil {
				return Swept{}, err
			}
		}
		for _, r := range compared.Refunds {
			if err := s.ownRefund(ctx, r); err != nil {
				return Swept{}, err
			}
		}

		// 3. Put what a person must decide before one.
		for _, f := range compared.Findings {
			if err := s.putBeforePerson(ctx, f); err != nil {
				return Swept{}, err
			}
		}
		s.report(ctx)
		if !compared.More {
			return s.ended(), nil
		}
		s.Page++
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			s.in.Resume = &s.sweepProgress
			return Swept{}, workflow.NewContinueAsNewError(ctx, contract.NightlySweepType, s.in)
		}
	}
}

// ended is the result. A sweep that compared nothing leaves its days to a later one.
func (s *nightlySweep) ended() Swept {
	if s.Skipped != "" {
		s.Until = s.From.Add(steps.Overlap)
	}
	return s.Swept
}

// lookAgain asks the process of the invoice to look at the payment at once. One that is gone is started again, and takes up
// what was left behind.
func (s *nightlySweep) lookAgain(ctx workflow.Context, p steps.PaymentInFlight) error {
	s.UnderWay++
	err := workflow.SignalExternalWorkflow(ctx, contract.InvoicePaymentID(p.InvoiceID), "", contract.SignalTryAgain, contract.PaymentHint{PaymentID: p.PaymentID}).Get(ctx, nil)
	if _, gone := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); !gone {
		return err
	}
	_, err = s.start(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:    contract.InvoicePaymentID(p.InvoiceID),
		Priority:      contract.PriorityOf(s.in.CompanyID, contract.ForPayers),
		StaticSummary: fmt.Sprintf("Invoice %s · %s", text.Literal(p.InvoiceNumber), p.Amount),
		StaticDetails: fmt.Sprintf("Goes on with the collection of invoice **%s** of company `%s`, whose workflow was gone when Saferpay reported a payment of it.",
			text.Literal(p.InvoiceNumber), s.in.CompanyID),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			contract.CompanyID.ValueSet(s.in.CompanyID), contract.InvoiceNumber.ValueSet(p.InvoiceNumber), contract.Currency.ValueSet(string(p.Amount.Currency())),
			contract.PaymentState.ValueSet(string(p.InvoiceStatus)), contract.NeedsAttention.ValueSet(false)),
	}, contract.InvoicePaymentType, contract.TakenUp(s.in.CompanyID, p.InvoiceID))
	return err
}

// ownRefund starts the process of a refund again if it is gone, and has one that waits look at Saferpay again.
func (s *nightlySweep) ownRefund(ctx workflow.Context, r steps.RefundInFlight) error {
	s.UnderWay++
	started, err := s.start(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            contract.RefundID(r.RefundID),
		Priority:              contract.PriorityOf(s.in.CompanyID, contract.ForMoney),
		StaticSummary:         fmt.Sprintf("Refund of %s", r.Amount),
		StaticDetails:         fmt.Sprintf("Goes on with a refund of payment `%s`, whose workflow was gone when Saferpay reported it.", r.PaymentID),
		TypedSearchAttributes: temporal.NewSearchAttributes(contract.CompanyID.ValueSet(s.in.CompanyID), contract.NeedsAttention.ValueSet(false)),
	}, contract.RefundType, contract.RequestRefund{CompanyID: s.in.CompanyID, RefundID: r.RefundID, PaymentID: r.PaymentID, TakeUp: true})
	if started || err != nil {
		return err
	}
	err = workflow.SignalExternalWorkflow(ctx, contract.RefundID(r.RefundID), "", contract.SignalTryAgain, contract.PaymentHint{PaymentID: r.PaymentID}).Get(ctx, nil)
	if _, ended := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); ended {
		return nil // at this moment
	}
	return err
}

func (s *nightlySweep) putBeforePerson(ctx workflow.Context, f contract.Found) error {
	started, err := s.start(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:    contract.FindingID(f.ExceptionID),
		Priority:      contract.PriorityOf(s.in.CompanyID, contract.ForPeople),
		StaticSummary: fmt.Sprintf("%s · %s", f.Kind, f.Amount),
		StaticDetails: f.Detail,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			contract.CompanyID.ValueSet(s.in.CompanyID), contract.PaymentServiceID.ValueSet(s.in.PaymentServiceID), contract.NeedsAttention.ValueSet(true)),
	}, contract.FindingType, contract.OpenFinding{CompanyID: s.in.CompanyID, PaymentServiceID: s.in.PaymentServiceID, Found: f})
	if started {
		s.Findings++
	}
	return err
}

// start begins a process that goes on by itself, and tells whether it did: one that runs already is left alone.
func (s *nightlySweep) start(ctx workflow.Context, options workflow.ChildWorkflowOptions, name string, in any) (bool, error) {
	options.ParentClosePolicy = enumspb.PARENT_CLOSE_POLICY_ABANDON
	err := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, options), name, in).GetChildWorkflowExecution().Get(ctx, nil)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return false, nil
	}
	return err == nil, err
}

func (s *nightlySweep) service() activities.PaymentServiceRef {
	return activities.PaymentServiceRef{CompanyID: s.in.CompanyID, PaymentServiceID: s.in.PaymentServiceID}
}

// report tells operators what the sweep has come to.
func (s *nightlySweep) report(ctx workflow.Context) {
	details := fmt.Sprintf("Compared **%d** transactions from %s to %s with our records: %d under way were asked to look again, **%d** were put before a person.",
		s.Transactions, s.From.UTC().Format(time.DateOnly), flow.Minute(s.Until), s.UnderWay, s.Findings)
	if s.Skipped != "" {
		details = "Nothing was compared. " + s.Skipped
	}
	workflow.SetCurrentDetails(ctx, details)
}
