package app

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/sweep"
	"github.com/quittance/quittance/internal/testing/postgrestest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestWhatLacksAWorkflowTwiceIsTakenUp(t *testing.T) {
	t.Parallel()
	s := open(t, postgrestest.New(t))
	open := func(number string, state payment.State) string {
		inv := invoice.Invoice{
			ID: id.New(id.Invoice), CompanyID: s.company.ID, Number: number, Status: invoice.Open, Amount: money.MustParse("108.00", money.CHF),
			AmountPaid: money.Zero(money.CHF), Customer: invoice.Customer{Name: "Anna", Email: "anna@example.ch", Language: "de"},
			DueDate: calendar.Day(s.now), PaymentServiceIDs: []string{s.service}, Token: id.NewSecret(), CreatedAt: s.now, IssuedAt: s.now,
		}
		p := payment.New(payment.Payment{
			ID: id.New(id.Payment), CompanyID: s.company.ID, InvoiceID: inv.ID, PaymentServiceID: s.service, OrderID: id.NewOrder(), Method: payment.Card,
			Amount: inv.Amount, NotificationSecret: id.NewSecret(),
		}, s.now)
		require.NoError(t, p.Become(payment.Redirected, s.now, ""))
		if state != payment.Redirected {
			require.NoError(t, p.Become(state, s.now, ""))
		}
		s.in(t, func(tx *postgres.Tx) error {
			require.NoError(t, tx.InsertInvoice(t.Context(), inv))
			_, err := tx.InsertPayment(t.Context(), p)
			return err
		})
		return contract.InvoicePaymentID(inv.ID)
	}
	lost, running, _ := open("R-1", payment.Authorized), open("R-2", payment.Redirected), open("R-3", payment.Failed)
	waiting := merchant.NewPaymentService(merchant.PaymentService{ID: id.New(id.PaymentService), CompanyID: s.company.ID, Environment: merchant.Test}, s.now)
	s.in(t, func(tx *postgres.Tx) error { return tx.InsertPaymentService(t.Context(), waiting) })
	onboarding := contract.OnboardingID(waiting.ID)
	found := contract.OpenFinding{CompanyID: s.company.ID, PaymentServiceID: s.service, Found: contract.Found{ExceptionID: id.New(id.Exception), Finding: sweep.Finding{
		Kind: exception.OrphanTransaction, Subject: "T1", TransactionID: "T1", Detail: "Saferpay has CHF 50.00 that belongs to no payment.",
		Choices: []exception.Choice{exception.Book, exception.NotOurs}, Amount: money.MustParse("50.00", money.CHF), ToBook: money.MustParse("50.00", money.CHF),
	}}}
	finding := contract.FindingID(found.Found.ExceptionID)
	s.in(t, func(tx *postgres.Tx) error {
		_, err := escalation.RaiseIn(t.Context(), tx, escalation.Raise{
			CompanyID: s.company.ID, ExceptionID: found.Found.ExceptionID, Kind: found.Found.Kind, Subject: found.Found.Subject, WorkflowID: finding,
			Detail: found.Found.Detail, Choices: found.Found.Choices, Finding: &found,
		}, s.now)
		return err
	})
	banks := contract.BankReceiptsID(s.company.ID)
	s.in(t, func(tx *postgres.Tx) error {
		return tx.InsertBankReceipts(t.Context(), []settlement.Receipt{{
			ID: id.New(id.Receipt), CompanyID: s.company.ID, State: settlement.ReceiptWaiting, InvoiceID: strings.TrimPrefix(lost, "invoice/"), Reference: "RF18539007547034",
			BankRefs: []string{"B-1"}, Amount: money.MustParse("108.00", money.CHF), Date: calendar.Day(s.now), Occurrence: 1, IBAN: "CH9300762011623852957",
			Account: ledger.Bank, Line: 7, SeenIn: []string{"set_1"}, CreatedAt: s.now,
		}})
	})

	temporal := mocks.NewClient(t)
	for _, of := range []struct {
		workflowID string
		answer     *workflowservice.DescribeWorkflowExecutionResponse
		err        error
	}{
		{lost, described(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED), nil},
		{running, described(enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING), nil},
		{finding, described(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED), nil},
		{banks, described(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED), nil},
		{onboarding, nil, serviceerror.NewNotFound("it is gone")},
	} {
		temporal.On("DescribeWorkflowExecution", mock.Anything, of.workflowID, "").Return(of.answer, of.err)
	}
	var begun []string
	temporal.On("SignalWithStartWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Run(func(args mock.Arguments) { begun = append(begun, args.String(1)) }).Return(client.WorkflowRun(nil), nil).Maybe()

	for workflowType, in := range map[string]any{contract.FindingType: found, contract.BankReceiptsType: mock.Anything} {
		temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, workflowType, in).
			Run(func(args mock.Arguments) { begun = append(begun, args.Get(1).(client.StartWorkflowOptions).ID) }).Return(client.WorkflowRun(nil), nil).Maybe()
	}

	r := &reconciling{store: s.store, commands: contract.Commands{Temporal: temporal}, log: slog.New(slog.DiscardHandler)}
	for range companyBuckets {
		require.NoError(t, r.look(t.Context()))
	}
	assert.Empty(t, begun, "it may just have ended")
	for range companyBuckets {
		require.NoError(t, r.look(t.Context()))
	}
	assert.ElementsMatch(t, []string{lost, onboarding, banks, finding}, begun)
}

func described(status enumspb.WorkflowExecutionStatus) *workflowservice.DescribeWorkflowExecutionResponse {
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: status}}
}
