package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/testing/postgrestest"
	"github.com/quittance/quittance/internal/testing/simulator"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

const publicURL = "https://pay.example.ch"

// shop is a company with a payment service and an open invoice, on a real Postgres and a Saferpay simulator.
type shop struct {
	t         *testing.T
	store     *postgres.Store
	simulator string // its URL
	keyring   *secrets.Keyring
	company   string
	service   string
	invoice   string
	books     *activities.Books
	saferpay  *activities.Saferpay
	merchants *activities.Merchants
	mail      *activities.Mail
	letters   []letter.Letter
	processes *processes
	sendError error
	before    func() // runs before the next answer of Assert arrives
	env       *testsuite.TestActivityEnvironment
}

func open(t *testing.T) *shop {
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
	s := &shop{
		t: t, store: postgrestest.New(t), simulator: server.URL, keyring: keyring,
		company: id.New(id.Company), service: id.New(id.PaymentService), invoice: id.New(id.Invoice),
	}
	client := saferpay.NewClient(server.URL + "/api")
	records := func(ctx context.Context, companyID string, fn func(activities.Tx) error) error {
		return s.store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
	}
	s.processes = &processes{}
	s.books = &activities.Books{InCompany: records, Now: time.Now}
	s.saferpay = &activities.Saferpay{
		InCompany: records, Secrets: keyring, Processes: s.processes, PublicURL: publicURL, Now: time.Now,
		Gateways: map[merchant.Environment]activities.Gateway{merchant.Test: interrupted{client, s}},
	}
	s.merchants = &activities.Merchants{
		InCompany: records, Secrets: keyring, Processes: s.processes, PublicURL: publicURL, Now: time.Now,
		Terminals: map[merchant.Environment]activities.TerminalReader{merchant.Test: client},
	}
	s.mail = &activities.Mail{InCompany: records, Secrets: keyring, PublicURL: publicURL, Operators: "operators@quittance.example", TestToAcquirer: true, Send: func(_ context.Context, l letter.Letter) error {
		if s.sendError == nil {
			s.letters = append(s.letters, l)
		}
		return s.sendError
	}}
	var suite testsuite.WorkflowTestSuite
	s.env = suite.NewTestActivityEnvironment().SetTestTimeout(time.Minute)
	s.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Errors{}, &activities.Heartbeats{}}})
	for _, steps := range []any{s.books, s.saferpay, s.merchants, s.mail} {
		s.env.RegisterActivity(steps)
	}
	s.seed()
	return s
}

// processes stands in for Temporal and notes what it was told.
type processes struct {
	mu    sync.Mutex
	told  []string
	tried []merchant.UnderWay
	err   error
}

func (p *processes) ServiceChanged(_ context.Context, s merchant.PaymentService, refusedPassword []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, s.ID+" "+string(refusedPassword))
	return p.err
}

func (p *processes) TryAgain(_ context.Context, u merchant.UnderWay) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tried = append(p.tried, u)
	return p.err
}

// interrupted is a client on which something can happen while Assert is under way.
type interrupted struct {
	*saferpay.Client
	shop *shop
}

func (i interrupted) AssertPaymentPage(ctx context.Context, c saferpay.Credentials, call saferpay.Call, token string) (saferpay.Assertion, error) {
	a, err := i.Client.AssertPaymentPage(ctx, c, call, token)
	if i.shop.before != nil {
		i.shop.before()
	}
	return a, err
}

// directly does something at Saferpay past Quittance, as the merchant does in the Backoffice.
func (s *shop) directly(operation string, body map[string]any) {
	s.t.Helper()
	body["RequestHeader"] = map[string]any{"SpecVersion": "1.53", "CustomerId": "123123", "RequestId": "backoffice", "RetryIndicator": 0}
	data, err := json.Marshal(body)
	require.NoError(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.simulator+"/api/Payment/v1/"+operation, bytes.NewReader(data))
	require.NoError(s.t, err)
	req.SetBasicAuth("API_123123_00000001", "Demo-Password-1")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	require.Equal(s.t, http.StatusOK, resp.StatusCode)
}

func (s *shop) seed() {
	s.t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	require.NoError(s.t, s.store.CreateCompany(s.t.Context(), merchant.Company{
		ID: s.company, Name: "Demo SA", Language: "fr", Canton: "VD", ContactEmail: "compta@demo.example", ReceiptAccount: "1029", FeeAccount: "6940", Liability: merchant.Require, CreatedAt: now,
	}))
	service := merchant.NewPaymentService(merchant.PaymentService{
		ID: s.service, CompanyID: s.company, Environment: merchant.Test, CustomerID: "123123", TerminalID: "12345678",
		APIUsername: "API_123123_00000001", SealedPassword: s.seal("Demo-Password-1"),
		Methods: []merchant.ContractedMethod{{Method: "VISA", Currencies: []string{"CHF"}}, {Method: "TWINT", Currencies: []string{"CHF"}}},
	}, now)
	require.NoError(s.t, service.Become(merchant.Active, now, ""))
	s.in(func(tx *postgres.Tx) error {
		if err := tx.InsertPaymentService(s.t.Context(), service); err != nil {
			return err
		}
		return tx.InsertInvoice(s.t.Context(), invoice.Invoice{
			ID: s.invoice, CompanyID: s.company, Number: "R-1001", Status: invoice.Draft, Amount: money.MustParse("108.00", money.CHF),
			AmountPaid: money.Zero(money.CHF), Customer: invoice.Customer{Name: "Anna Muster", Email: "anna@example.ch", Language: "de"},
			DueDate: now.Truncate(24 * time.Hour), PaymentServiceIDs: []string{s.service}, Token: id.NewSecret(), CreatedAt: now,
		})
	})
}

func (s *shop) seal(password string) []byte {
	sealed, err := s.keyring.Seal([]byte(password), s.company)
	require.NoError(s.t, err)
	return sealed
}

func (s *shop) in(fn func(*postgres.Tx) error) {
	s.t.Helper()
	require.NoError(s.t, s.store.InCompany(s.t.Context(), s.company, fn))
}

// run runs one activity as a worker would.
func (s *shop) run(step, in any) (converter.EncodedValue, error) {
	return s.env.ExecuteActivity(step, in)
}

// do runs one activity that must work, and reads its result.
func do[T any](s *shop, step, in any) T {
	s.t.Helper()
	value, err := s.run(step, in)
	require.NoError(s.t, err)
	var out T
	require.NoError(s.t, value.Get(&out))
	return out
}

func (s *shop) invoiceRef() activities.InvoiceRef {
	return activities.InvoiceRef{CompanyID: s.company, InvoiceID: s.invoice}
}

func (s *shop) ref(paymentID string) activities.PaymentRef {
	return activities.PaymentRef{CompanyID: s.company, PaymentID: paymentID}
}

// issued opens the invoice.
func (s *shop) issued() *shop {
	s.t.Helper()
	_, err := s.run(s.books.OpenInvoice, s.invoiceRef())
	require.NoError(s.t, err)
	return s
}

// checkout opens a payment page and returns the payment's id and the page.
func (s *shop) checkout(m payment.Method) (string, string) {
	s.t.Helper()
	in := activities.StartCheckout{
		InvoiceRef: s.invoiceRef(), PaymentID: id.New(id.Payment), OrderID: id.NewOrder(), NotificationSecret: id.NewSecret(), Method: m, Language: "de",
	}
	return in.PaymentID, do[activities.Checkout](s, s.saferpay.OpenPaymentPage, in).RedirectURL
}

// pay is a payer who closes the tab afterwards.
func (s *shop) pay(page, means, action string) {
	s.t.Helper()
	s.steer("/_sim/pay", map[string]any{"redirect_url": page, "means": means, "action": action, "return": false})
}

// fault lets the next call of an operation go wrong.
func (s *shop) fault(operation, kind string) {
	s.t.Helper()
	s.steer("/_sim/faults", map[string]any{"operation": operation, "kind": kind, "times": 1})
}

func (s *shop) steer(path string, body any) {
	s.t.Helper()
	s.send(http.MethodPost, path, body)
}

func (s *shop) put(path string, body any) {
	s.t.Helper()
	s.send(http.MethodPut, path, body)
}

func (s *shop) send(method, path string, body any) {
	s.t.Helper()
	data, err := json.Marshal(body)
	require.NoError(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.simulator+path, bytes.NewReader(data))
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	require.Less(s.t, resp.StatusCode, 300, path)
}

// authorized is a payment whose money is reserved at Saferpay, as Assert found it.
func (s *shop) authorized() string {
	s.t.Helper()
	paymentID, page := s.checkout(payment.Card)
	s.pay(page, "9010003150000001", "pay")
	assert.Equal(s.t, payment.Authorized, s.ask(paymentID).State)
	return paymentID
}

// captureAndBook takes the money of an authorized payment.
func (s *shop) captureAndBook(paymentID string) activities.Booked {
	s.t.Helper()
	captured := do[activities.Captured](s, s.saferpay.CapturePayment, s.ref(paymentID))
	return do[activities.Booked](s, s.books.BookReceipt, activities.Receipt{PaymentRef: s.ref(paymentID), CaptureID: captured.CaptureID})
}

func (s *shop) ask(paymentID string) activities.Outcome {
	s.t.Helper()
	return do[activities.Outcome](s, s.saferpay.AssertPayment, activities.AskOutcome{PaymentRef: s.ref(paymentID), Turn: 1})
}

// transaction is one as Saferpay's own books have it.
type transaction struct {
	ID       string `json:"id"`
	OrderID  string `json:"order_id"`
	Status   string `json:"status"`
	Captures int    `json:"captures"`
}

// atSaferpay lists the transactions of Saferpay's own books, oldest first.
func (s *shop) atSaferpay() (list []transaction) {
	s.t.Helper()
	s.look("/_sim/transactions", &list)
	return list
}

// calls counts what Saferpay was asked.
func (s *shop) calls() (counts map[string]int) {
	s.t.Helper()
	s.look("/_sim/calls", &counts)
	return counts
}

// look reads what the simulator tells.
func (s *shop) look(path string, into any) {
	s.t.Helper()
	resp, err := http.Get(s.simulator + path)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	require.NoError(s.t, json.NewDecoder(resp.Body).Decode(into))
}

// transactions are Saferpay's own books by order id.
func (s *shop) transactions() map[string]transaction {
	s.t.Helper()
	out := map[string]transaction{}
	for _, t := range s.atSaferpay() {
		out[t.OrderID] = t
	}
	return out
}

func (s *shop) payment(paymentID string) (p payment.Payment) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) (err error) {
		p, err = tx.Payment(s.t.Context(), paymentID)
		return err
	})
	return p
}

func (s *shop) currentInvoice() (i invoice.Invoice) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) (err error) {
		i, err = tx.Invoice(s.t.Context(), s.invoice)
		return err
	})
	return i
}

func (s *shop) journal() (entries []ledger.Entry) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) (err error) {
		entries, _, err = tx.Journal(s.t.Context(), listing.Journal{})
		return err
	})
	return entries
}

// events are the types of the company's events, oldest first.
func (s *shop) events() (types []event.Type) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) error {
		types = nil
		events, _, err := tx.Events(s.t.Context(), listing.Events{})
		for i := len(events) - 1; i >= 0; i-- {
			types = append(types, events[i].Type)
		}
		return err
	})
	return types
}
