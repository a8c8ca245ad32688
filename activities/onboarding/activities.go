// Package onboarding holds the activities that bring a payment service to life and look after it: its credentials, the acquirer's
// verification, its currencies and documents, the mails about it, and its end.
package onboarding

import (
	"context"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/workflows/contract"
)

// Activities are the steps.
type Activities struct {
	InCompany activities.InCompany[Tx]
	Saferpay  account.Access[Gateway]
	Secrets   activities.Opener // of documents
	Workflows Workflows
	Upkeep    func(context.Context, merchant.Shift) ([]merchant.Upkept, error)
	Send      activities.Send
	PublicURL string
	Operators string // the address of those who run Quittance; empty when they get no mail
	// TestToAcquirer also lets letters about payment services in test go to the acquirer.
	TestToAcquirer bool
	Now            func() time.Time
}

// Tx is what the steps need of a transaction.
type Tx interface {
	account.ServiceTx
	escalation.RaiseTx
	Company(ctx context.Context) (merchant.Company, error)
	PaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
	LockPaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
	InsertPaymentService(ctx context.Context, s merchant.PaymentService) error
	InFlight(ctx context.Context, paymentServiceID, after string, limit int) ([]merchant.InFlight, error)
	Document(ctx context.Context, id string) (merchant.Document, error)
	NoteSecurity(ctx context.Context, n merchant.SecurityNotice) error
	EraseDocument(ctx context.Context, d merchant.Document) error
}

// Gateway is what the steps call at Saferpay, see *saferpay.Client.
type Gateway interface {
	License(ctx context.Context, c saferpay.Credentials, requestID string) (saferpay.License, error)
	Terminal(ctx context.Context, c saferpay.Credentials, requestID string) (saferpay.Terminal, error)
	InitializePaymentPage(context.Context, saferpay.Credentials, saferpay.Call, saferpay.PaymentPageRequest) (saferpay.PaymentPage, error)
}

// Workflows are what a change of a payment service must reach, see contract.Commands.
type Workflows interface {
	account.Onboarding
	// TryAgain has the workflow of a payment or refund run the step that failed once more, if one has.
	TryAgain(ctx context.Context, u merchant.InFlight) error
	// CheckHealth begins a look at the payment service, unless one is in flight.
	CheckHealth(ctx context.Context, in contract.CheckPaymentService) error
}
