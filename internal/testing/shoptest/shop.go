// Package shoptest is a company with a payment service and an invoice, on a real Postgres and a Saferpay simulator, for the tests of
// activities.
package shoptest

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/delivery"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/activities/fetching"
	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/activities/payermail"
	"github.com/quittance/quittance/activities/reconciliation"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/sftp"
	"github.com/quittance/quittance/internal/testing/postgrestest"
	"github.com/quittance/quittance/internal/testing/simulator"
	"github.com/quittance/quittance/internal/webhook"
	"github.com/quittance/quittance/workflows/contract"
)

// PublicURL is the base of the shop's links.
const PublicURL = "https://pay.example.ch"

// Shop is the company, and the activities of every lifecycle, ready to run.
type Shop struct {
	T         *testing.T
	Store     *postgres.Store
	Simulator string // its URL
	Keyring   *secrets.Keyring
	Env       *testsuite.TestActivityEnvironment

	Company, Service, Invoice string // ids; the payment service is active, the invoice a draft of CHF 108.00

	Collection     *collection.Activities
	Refunding      *refunding.Activities
	PayerMail      *payermail.Activities
	Onboarding     *onboarding.Activities
	Reconciliation *reconciliation.Activities
	Delivery       *delivery.Activities
	Escalation     *escalation.Activities
	Fetching       *fetching.Activities

	Workflows *Workflows
	Letters   []letter.Letter // that were sent
	SendError error           // of the mail server
	Before    func()          // runs before the next answer of Assert arrives

	Posted    []delivery.Message // to webhook endpoints
	Answer    delivery.Answer    // of every receiver
	PostError error
}

// Open opens a shop on a database and a simulator of its own.
func Open(t *testing.T) *Shop {
	t.Helper()
	sim := simulator.New(simulator.Options{NotifyRetry: time.Millisecond})
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		assert.NoError(t, sim.Close())
		server.Close()
	})
	key, err := secrets.Generate()
	require.NoError(t, err)
	keyring, err := secrets.New(key)
	require.NoError(t, err)
	s := &Shop{
		T: t, Store: postgrestest.New(t), Simulator: server.URL, Keyring: keyring, Workflows: &Workflows{},
		Company: id.New(id.Company), Service: id.New(id.PaymentService), Invoice: id.New(id.Invoice),
	}
	s.build(saferpay.NewClient(server.URL + "/api"))
	var suite testsuite.WorkflowTestSuite
	s.Env = suite.NewTestActivityEnvironment().SetTestTimeout(time.Minute)
	s.Env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Errors{}, &activities.Heartbeats{}}})
	for _, steps := range []any{s.Collection, s.Refunding, s.PayerMail, s.Onboarding, s.Reconciliation, s.Delivery, s.Escalation, s.Fetching} {
		s.Env.RegisterActivity(steps)
	}
	s.Seed()
	return s
}

func (s *Shop) build(client *saferpay.Client) {
	s.Collection = &collection.Activities{
		InCompany: records[collection.Tx](s), InPages: records[collection.PageTx](s), InEmails: records[collection.EmailTx](s), InBank: records[collection.BankTx](s), InReminders: records[collection.ReminderTx](s),
		InDisputes: records[booking.DisputeTx](s),
		Saferpay:   access[collection.Gateway](s, interrupted{client, s}), Send: s.send, Paper: s.paper, PublicURL: PublicURL, Now: time.Now,
	}
	s.Refunding = &refunding.Activities{InCompany: records[refunding.Tx](s), Saferpay: access[refunding.Gateway](s, client), Now: time.Now}
	s.PayerMail = &payermail.Activities{InCompany: records[payermail.Tx](s), Send: s.send, PublicURL: PublicURL, Now: time.Now}
	s.Onboarding = &onboarding.Activities{
		InCompany: records[onboarding.Tx](s), Saferpay: access[onboarding.Gateway](s, client), Secrets: s.Keyring, Workflows: s.Workflows, Upkeep: s.Store.Upkeep,
		Send: s.send, PublicURL: PublicURL, Operators: "operators@quittance.example", TestToAcquirer: true, Now: time.Now,
	}
	s.Reconciliation = &reconciliation.Activities{
		InReport: records[reconciliation.ReportTx](s), InBooks: records[reconciliation.BooksTx](s),
		InReceipts: records[reconciliation.ReceiptsTx](s), Upkeep: s.Store.Upkeep, Sweeps: s.Workflows,
		Saferpay: access[reconciliation.Gateway](s, client), Now: time.Now,
	}
	s.Delivery = &delivery.Activities{
		InCompany: records[delivery.Tx](s), Secrets: s.Keyring, Post: s.post, Send: s.send, Turns: delivery.NewTurns(),
		Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
	}
	s.Escalation = &escalation.Activities{InCompany: records[escalation.Tx](s), Now: time.Now}
	importer := api.NewImporter(api.Options{Store: store{s.Store}, Sealer: s.Keyring, Logger: slog.New(slog.DiscardHandler)})
	s.Fetching = &fetching.Activities{
		InCompany: records[fetching.Tx](s), Secrets: s.Keyring, Servers: sftp.New(webhook.NewDial(true)),
		Import: func(ctx context.Context, companyID, key string, file io.Reader) (fetching.Import, error) {
			settlementID, known, err := importer.Import(ctx, companyID, key, file)
			return fetching.Import{SettlementID: settlementID, Known: known}, err
		},
		Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
	}
}

// store is the Postgres store in the words of the API.
type store struct{ *postgres.Store }

func (s store) InCompany(ctx context.Context, companyID string, fn func(tx any) error) error {
	return s.Store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
}

// records returns the store's transactions as what an activity needs of one.
func records[T any](s *Shop) activities.InCompany[T] {
	return func(ctx context.Context, companyID string, fn func(T) error) error {
		return s.Store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(any(tx).(T)) })
	}
}

// paper makes the PDF that goes with a mail.
func (s *Shop) paper(ctx context.Context, companyID, invoiceID string) (name string, pdf []byte, err error) {
	err = s.Store.InCompany(ctx, companyID, func(tx *postgres.Tx) error {
		name, pdf, err = api.Papers{Sealer: s.Keyring, PublicURL: PublicURL}.Attachment(ctx, tx, invoiceID)
		return err
	})
	return name, pdf, err
}

func access[G any](s *Shop, gateway G) account.Access[G] {
	return account.Access[G]{
		InCompany: records[account.Tx](s), Gateways: map[merchant.Environment]G{merchant.Test: gateway}, Secrets: s.Keyring, Onboarding: s.Workflows, Now: time.Now,
	}
}

// send is the mail server.
func (s *Shop) send(_ context.Context, l letter.Letter) error {
	if s.SendError == nil {
		s.Letters = append(s.Letters, l)
	}
	return s.SendError
}

// post is the receiver of every webhook.
func (s *Shop) post(_ context.Context, m delivery.Message) (delivery.Answer, error) {
	s.Posted = append(s.Posted, m)
	return s.Answer, s.PostError
}

// interrupted is a client on which something can happen while Assert is in flight.
type interrupted struct {
	*saferpay.Client
	shop *Shop
}

// AssertPaymentPage asserts, and lets Before happen before it returns.
func (i interrupted) AssertPaymentPage(ctx context.Context, c saferpay.Credentials, call saferpay.Call, token string) (saferpay.Assertion, error) {
	a, err := i.Client.AssertPaymentPage(ctx, c, call, token)
	if i.shop.Before != nil {
		i.shop.Before()
	}
	return a, err
}

// Workflows stands in for Temporal and notes what it was told.
type Workflows struct {
	mu    sync.Mutex
	Told  []string
	Tried []merchant.InFlight
	Swept []contract.SweepPaymentService // that were begun
	Looks []contract.CheckPaymentService // the same
	Err   error
}

// ServiceChanged notes the payment service and the password that was refused.
func (w *Workflows) ServiceChanged(_ context.Context, s merchant.PaymentService, refusedPassword []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Told = append(w.Told, s.ID+" "+string(refusedPassword))
	return w.Err
}

// Sweep notes the payment service whose report is to be compared.
func (w *Workflows) Sweep(_ context.Context, in contract.SweepPaymentService) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Swept = append(w.Swept, in)
	return w.Err
}

// CheckHealth notes the payment service that is to be looked at.
func (w *Workflows) CheckHealth(_ context.Context, in contract.CheckPaymentService) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Looks = append(w.Looks, in)
	return w.Err
}

// TryAgain notes whose workflow is to try again.
func (w *Workflows) TryAgain(_ context.Context, u merchant.InFlight) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Tried = append(w.Tried, u)
	return w.Err
}
