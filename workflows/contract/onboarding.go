package contract

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
)

// Connect adds a payment service to a company and returns when it is recorded.
func (c Commands) Connect(ctx context.Context, in ConnectPaymentService) error {
	return c.updateWithStart(ctx, c.onboarding(in), client.UpdateWorkflowOptions{UpdateName: UpdateConnect}, &Acknowledged{})
}

// SubmitCredentials checks the credentials against Saferpay and saves them when they work.
func (c Commands) SubmitCredentials(ctx context.Context, s merchant.PaymentService, credentials merchant.Credentials) (ServiceState, error) {
	var out ServiceState
	err := c.updateWithStart(ctx, c.onboarding(connected(s)),
		client.UpdateWorkflowOptions{UpdateName: UpdateCredentials, Args: []any{credentials}}, &out)
	return out, err
}

// Decide ends the verification of a payment service by a person's decision.
func (c Commands) Decide(ctx context.Context, s merchant.PaymentService, d Decision) (ServiceState, error) {
	var out ServiceState
	err := c.updateWithStart(ctx, c.onboarding(connected(s)),
		client.UpdateWorkflowOptions{UpdateName: UpdateDecide, Args: []any{d}}, &out)
	return out, err
}

// MailDocument mails a document that is in the record to the acquirer, and returns when that is sure to happen.
func (c Commands) MailDocument(ctx context.Context, s merchant.PaymentService, documentID string) error {
	return c.updateWithStart(ctx, c.onboarding(connected(s)),
		client.UpdateWorkflowOptions{UpdateName: UpdateDocument, Args: []any{MailDocument{DocumentID: documentID}}}, &Acknowledged{})
}

// RequestCurrency asks the acquirer for contracts in a currency, unless somebody has or there are, and returns where it stands.
func (c Commands) RequestCurrency(ctx context.Context, s merchant.PaymentService, currency money.Currency) (CurrencyState, error) {
	options, in := c.activationOf(s, currency)
	var out CurrencyState
	err := c.updateWithStart(ctx, begun{options, CurrencyActivationType, in}, client.UpdateWorkflowOptions{UpdateName: UpdateCurrency}, &out)
	return out, err
}

func (c Commands) activationOf(s merchant.PaymentService, currency money.Currency) (client.StartWorkflowOptions, RequestCurrency) {
	return client.StartWorkflowOptions{
		ID:                       CurrencyID(s.ID, currency),
		TaskQueue:                OnboardingQueue,
		Priority:                 PriorityOf(s.CompanyID, ForPeople),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("%s for company %s", currency, s.CompanyID),
		StaticDetails:            c.details(s.ID, "Asks the acquirer for contracts in **%s** for payment service `%s`, and looks once a business day whether there are some.", currency, s.ID),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			CompanyID.ValueSet(s.CompanyID), PaymentServiceID.ValueSet(s.ID), Currency.ValueSet(string(currency)), NeedsAttention.ValueSet(false)),
	}, RequestCurrency{CompanyID: s.CompanyID, PaymentServiceID: s.ID, Currency: currency}
}

// DecideCurrency ends the wait for a requested currency by what a person learnt from the acquirer.
func (c Commands) DecideCurrency(ctx context.Context, s merchant.PaymentService, currency money.Currency, d Decision) (CurrencyState, error) {
	var out CurrencyState
	err := c.update(ctx, client.UpdateWorkflowOptions{WorkflowID: CurrencyID(s.ID, currency), UpdateName: UpdateDecide, Args: []any{d}}, &out)
	return out, err
}

// Disconnect ends a payment service: no new payment begins, and what is in flight comes to its end.
func (c Commands) Disconnect(ctx context.Context, s merchant.PaymentService) (ServiceState, error) {
	var out ServiceState
	err := c.updateWithStart(ctx, c.onboarding(connected(s)), client.UpdateWorkflowOptions{UpdateName: UpdateDisconnect}, &out)
	return out, err
}

// ServiceChanged has the onboarding of the payment service see to something that happened elsewhere, see
// activities.Processes.
func (c Commands) ServiceChanged(ctx context.Context, s merchant.PaymentService, refusedPassword []byte) error {
	in := connected(s)
	options := c.onboardingOptions(in)
	_, err := c.Temporal.SignalWithStartWorkflow(ctx, options.ID, SignalServiceChanged, ServiceChanged{RefusedPassword: refusedPassword}, options, OnboardingType, in)
	return Problem(err)
}

// RestoredCurrency sees to it that a currency that was requested is looked after, by a new workflow when there is none. The acquirer
// was told when it was requested, and is not told again.
func (c Commands) RestoredCurrency(ctx context.Context, s merchant.PaymentService, currency money.Currency) error {
	options, in := c.activationOf(s, currency)
	_, err := c.Temporal.ExecuteWorkflow(ctx, options, CurrencyActivationType, in)
	return Problem(err)
}

func connected(s merchant.PaymentService) ConnectPaymentService {
	return ConnectPaymentService{CompanyID: s.CompanyID, PaymentServiceID: s.ID, Environment: s.Environment, Name: s.Name}
}

func (c Commands) onboarding(in ConnectPaymentService) begun {
	return begun{c.onboardingOptions(in), OnboardingType, in}
}

func (c Commands) onboardingOptions(in ConnectPaymentService) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       OnboardingID(in.PaymentServiceID),
		TaskQueue:                OnboardingQueue,
		Priority:                 PriorityOf(in.CompanyID, ForPeople),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("Worldline/SIX (%s) for company %s", in.Environment, in.CompanyID),
		StaticDetails: c.details(in.PaymentServiceID, "Brings payment service `%s` from its credentials through the acquirer's verification (3 to 15 business days) to *active*.",
			in.PaymentServiceID),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			CompanyID.ValueSet(in.CompanyID), PaymentServiceID.ValueSet(in.PaymentServiceID), NeedsAttention.ValueSet(false)),
	}
}
