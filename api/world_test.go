package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/sftp"
	"github.com/quittance/quittance/internal/testing/postgrestest"
	"github.com/quittance/quittance/internal/webhook"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

const (
	adminKey    = "qk_admin_test"
	operatorKey = "qk_operator_test"
)

// noon is the time at which every test takes place.
var noon = time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// world is the API on a real Postgres, with a stand-in for Temporal and the worker, and one company that uses it.
type world struct {
	testing.TB
	store    store
	commands *commands
	handler  http.Handler
	log      *logbook
	company  merchant.Company
	key      string // of the company, for reading and writing
	keyID    string // of that key

	superuserURL string // to do to the database what the product can't
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db := postgrestest.NewDatabase(t)
	w := &world{TB: t, store: store{postgrestest.Open(t, db)}, superuserURL: db.SuperuserURL, log: &logbook{}}
	w.commands = &commands{store: w.store}
	w.handler = api.New(w.options())
	w.company, w.key = w.newCompany("Demo SA", "fr")
	key, err := w.store.APIKeyByHash(t.Context(), merchant.HashKey(w.key))
	require.NoError(t, err)
	w.keyID = key.ID
	w.commands.companyID = w.company.ID
	return w
}

// during returns the same world for a part of its test.
func (w *world) during(t testing.TB) *world {
	t.Helper()
	part := *w
	part.TB = t
	return &part
}

func (w *world) options() api.Options {
	return api.Options{
		Store: w.store, Sessions: w.store, Oversight: w.store, Collection: w.commands, Refunding: w.commands, Onboarding: w.commands, Escalation: w.commands,
		Sealer: sealer{}, Signer: signer{}, Receivers: webhook.NewClient(true), FileServers: sftp.New(webhook.NewDial(true)), Identities: identities(), OperatorIdentities: identities(), AdminKey: func() string { return adminKey }, OperatorKey: func() string { return operatorKey },
		PublicURL: "https://pay.example.ch/", Limits: api.Limits{Calls: 1_000_000, Pages: 600, Notifications: 600},
		Healthz: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "healthz") }),
		Logger:  slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:     func() time.Time { return noon }, ReturnPatience: 300 * time.Millisecond,
	}
}

// store is the Postgres store in the words of the API.
type store struct{ *postgres.Store }

func (s store) InCompany(ctx context.Context, companyID string, fn func(tx any) error) error {
	return s.Store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
}

// sealer stands in for encryption: what it returns still says what was sealed, and for whom.
type sealer struct{}

func (sealer) Seal(plaintext []byte, associated string) ([]byte, error) {
	return append([]byte("sealed for "+associated+": "), plaintext...), nil
}

func (sealer) Open(sealed []byte, associated string) ([]byte, error) {
	plaintext, ok := bytes.CutPrefix(sealed, []byte("sealed for "+associated+": "))
	if !ok {
		return nil, errors.New("sealed for somebody else")
	}
	return plaintext, nil
}

// sealedAt is what the sealer keeps of a secret at the place.
func sealedAt(at sealed.Place, secret string) string {
	return "sealed for " + at.Associated() + ": " + secret
}

func (s sealer) SealAt(plaintext []byte, at sealed.Place) ([]byte, error) {
	return s.Seal(plaintext, at.Associated())
}

func (s sealer) OpenAt(value []byte, at sealed.Place) ([]byte, error) {
	return s.Open(value, at.Associated())
}

// signer stands in for a signing key: what it returns still says what was signed.
type signer struct{}

func (signer) Sign(_ context.Context, statement []byte) (api.Signature, error) {
	return api.Signature{KeyID: "0123456789abcdef", PublicPEM: "PEM", Value: append([]byte("signed: "), statement...)}, nil
}

// logbook keeps what was logged.
type logbook struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.String()
}

// newCompany stores a company with a key for reading and writing.
func (w *world) newCompany(name, language string) (merchant.Company, string) {
	w.Helper()
	c := merchant.Company{
		ID: id.New(id.Company), Name: name, Language: language, Canton: "VD", ReceiptAccount: merchant.DefaultReceiptAccount,
		FeeAccount: merchant.DefaultFeeAccount, PayoutDays: merchant.DefaultPayoutDays, Liability: merchant.Require, CreatedAt: noon,
	}
	require.NoError(w, w.store.CreateCompany(w.Context(), c))
	return c, w.newKey(c.ID, merchant.ScopeRead, merchant.ScopeWrite)
}

func (w *world) newKey(companyID string, scopes ...string) string {
	w.Helper()
	key := "qk_test_" + id.NewSecret()
	require.NoError(w, w.store.CreateAPIKey(w.Context(), merchant.APIKey{
		ID: id.New(id.APIKey), CompanyID: companyID, Prefix: key[:12], Hash: merchant.HashKey(key), Scopes: scopes, CreatedAt: noon,
	}))
	return key
}

// in runs fn in a transaction of the company, which must succeed.
func (w *world) in(companyID string, fn func(tx *postgres.Tx) error) {
	w.Helper()
	require.NoError(w, w.store.Store.InCompany(w.Context(), companyID, fn))
}

// newService stores a payment service in that status; once active it collects CHF and EUR by card and CHF by TWINT.
func (w *world) newService(status merchant.ServiceStatus) merchant.PaymentService {
	w.Helper()
	s := merchant.NewPaymentService(merchant.PaymentService{
		ID: id.New(id.PaymentService), CompanyID: w.company.ID, Name: "Boutique", Environment: merchant.Test,
	}, noon)
	if status != merchant.AwaitingCredentials {
		s.CustomerID, s.TerminalID, s.APIUsername, s.SealedPassword = "123123", "12345678", "API_123123_00000001", []byte("sealed")
		s.SubmittedAt = noon
		require.NoError(w, s.Become(merchant.InVerification, noon, ""))
	}
	if status == merchant.Active {
		s.Methods = []merchant.ContractedMethod{
			{Method: "VISA", Currencies: []string{"CHF", "EUR"}}, {Method: "MASTERCARD", Currencies: []string{"CHF"}}, {Method: "TWINT", Currencies: []string{"CHF"}},
		}
		require.NoError(w, s.Become(merchant.Active, noon, "The terminal is contracted."))
	}
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.InsertPaymentService(w.Context(), s) })
	return s
}

// newInvoice stores an invoice over CHF 1234.50 in that status, after the changes.
func (w *world) newInvoice(status invoice.Status, changes ...func(*invoice.Invoice)) invoice.Invoice {
	w.Helper()
	amount := money.MustParse("1234.50", money.CHF)
	inv := invoice.Invoice{
		ID: id.New(id.Invoice), CompanyID: w.company.ID, Number: "2026-" + id.NewOrder()[1:7], Status: status, Amount: amount,
		AmountPaid: money.Zero(money.CHF), Customer: invoice.Customer{Name: "Marie Favre", Email: "marie.favre@example.ch", Language: "fr"},
		Description: "Service annuel", DueDate: day("2026-12-31"), CreatedAt: noon,
	}
	if status != invoice.Draft {
		inv.IssuedAt = noon
	}
	switch status {
	case invoice.Paid:
		inv.AmountPaid, inv.PaidAt = amount, noon
	case invoice.PartiallyPaid:
		inv.AmountPaid = money.MustParse("1000.00", money.CHF)
	}
	for _, change := range changes {
		change(&inv)
	}
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		require.NoError(w, tx.InsertInvoice(w.Context(), inv))
		kept, err := tx.Invoice(w.Context(), inv.ID)
		inv.Token = kept.Token // the record makes it
		return err
	})
	return inv
}

// payableBy attaches a payment service to a new invoice.
func payableBy(s merchant.PaymentService) func(*invoice.Invoice) {
	return func(inv *invoice.Invoice) { inv.PaymentServiceIDs = []string{s.ID} }
}

// forLanguage makes the customer of a new invoice one who speaks that language.
func forLanguage(language string) func(*invoice.Invoice) {
	return func(inv *invoice.Invoice) { inv.Customer.Language = language }
}

// newPayment stores a payment of the invoice and takes it through those states.
func (w *world) newPayment(inv invoice.Invoice, states ...payment.State) payment.Payment {
	w.Helper()
	p := payment.New(payment.Payment{
		ID: id.New(id.Payment), CompanyID: inv.CompanyID, InvoiceID: inv.ID, PaymentServiceID: inv.PaymentServiceIDs[0],
		OrderID: id.NewOrder(), Method: payment.Card, Amount: inv.AmountDue(), NotificationSecret: id.NewSecret(),
	}, noon)
	if inv.Status == invoice.Paid {
		p.Amount = inv.Amount
	}
	w.in(inv.CompanyID, func(tx *postgres.Tx) error {
		_, err := tx.InsertPayment(w.Context(), p)
		return err
	})
	w.move(&p, states...)
	return p
}

// move takes a payment through states, as the worker does.
func (w *world) move(p *payment.Payment, states ...payment.State) {
	w.Helper()
	for _, state := range states {
		require.NoError(w, p.Become(state, noon, ""))
		if state == payment.Failed {
			p.Failure = payment.Failure{Name: "TRANSACTION_DECLINED", PayerMessage: "Carte refusée."}
		}
		if state == payment.Captured {
			p.BookedAccount = ledger.SystemBank
		}
	}
	w.in(p.CompanyID, func(tx *postgres.Tx) error { return tx.SavePayment(w.Context(), *p) })
}

// newRefund stores a refund of the payment and takes it through those states.
func (w *world) newRefund(p payment.Payment, francs string, states ...refund.State) refund.Refund {
	w.Helper()
	r := refund.New(refund.Refund{
		ID: id.New(id.Refund), CompanyID: p.CompanyID, PaymentID: p.ID, InvoiceID: p.InvoiceID, OrderID: id.NewOrder(),
		Amount: money.MustParse(francs, money.CHF), Reason: "Returned goods",
	}, noon)
	for _, state := range states {
		require.NoError(w, r.Become(state, noon, ""))
		if state == refund.Failed {
			r.Failure = payment.Failure{Name: "REFUND_DECLINED"}
		}
	}
	w.in(p.CompanyID, func(tx *postgres.Tx) error { return tx.InsertRefund(w.Context(), r) })
	return r
}

// raise stores an exception with the choices try_again and it_did_not, after the changes.
func (w *world) raise(kind exception.Kind, subject string, changes ...func(*exception.Exception)) exception.Exception {
	w.Helper()
	e := exception.New(exception.Exception{
		CompanyID: w.company.ID, Kind: kind, Subject: subject, Detail: "The answer to Capture was lost. Look it up in the Saferpay Backoffice.",
		Choices: []exception.Choice{exception.TryAgain, exception.DidNotHappen},
	}, noon)
	for _, change := range changes {
		change(&e)
	}
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		_, isNew, err := tx.RaiseException(w.Context(), e)
		require.True(w, isNew)
		return err
	})
	return e
}

// bookPayment stores a captured payment of a paid invoice, with its journal entry and its event.
func (w *world) bookPayment(inv invoice.Invoice) payment.Payment {
	w.Helper()
	p := w.newPayment(inv, payment.Redirected, payment.Authorized, payment.Captured)
	w.in(inv.CompanyID, func(tx *postgres.Tx) error {
		if _, err := tx.Append(w.Context(), ledger.Receipt(occasion(inv, p.ID, p.Amount, noon), ledger.SystemBank, ledger.Receivables)); err != nil {
			return err
		}
		data := map[string]string{"invoice_id": inv.ID, "amount": p.Amount.Value(), "currency": string(p.Amount.Currency())}
		return tx.AppendEvent(w.Context(), event.New(event.PaymentCaptured, inv.CompanyID, p.ID, noon, data))
	})
	return p
}

// occasion is what is booked of something that happened to the invoice.
func occasion(inv invoice.Invoice, paymentID string, amount money.Amount, day time.Time) ledger.Occasion {
	return ledger.Occasion{
		CompanyID: inv.CompanyID, Language: "fr", InvoiceID: inv.ID, InvoiceNumber: inv.Number, PaymentID: paymentID, Amount: amount, Day: day,
	}
}

// answer is what a request got.
type answer struct {
	*httptest.ResponseRecorder
	t testing.TB
}

// send sends a request through the whole router. Its answer must be one that the specification knows.
func (w *world) send(r *http.Request) answer {
	w.Helper()
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	requireSpecified(w, r, recorder)
	return answer{recorder, w.TB}
}

// call sends a REST call with the key; a body that is not a string is sent as JSON.
func (w *world) call(method, path, key string, body any) answer {
	w.Helper()
	var content io.Reader = http.NoBody
	if text, ok := body.(string); ok {
		content = strings.NewReader(text)
	} else if body != nil {
		encoded, err := json.Marshal(body)
		require.NoError(w, err)
		content = bytes.NewReader(encoded)
	}
	r := httptest.NewRequestWithContext(w.Context(), method, "/v1"+path, content)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return w.send(r)
}

// json decodes an answer that must have that status.
func (a answer) json(status int) map[string]any {
	a.t.Helper()
	require.Equal(a.t, status, a.Code, a.Body.String())
	var fields map[string]any
	require.NoError(a.t, json.Unmarshal(a.Body.Bytes(), &fields), a.Body.String())
	return fields
}

// problem asserts that the answer is a problem of that type, and returns the fields that it names.
func (a answer) problem(status int, name string) []string {
	a.t.Helper()
	p := a.json(status)
	require.Equal(a.t, "application/problem+json", a.Header().Get("Content-Type"))
	require.Equal(a.t, "urn:quittance:problem:"+name, p["type"], p)
	require.EqualValues(a.t, status, p["status"])
	require.NotEmpty(a.t, p["title"])
	require.NotEmpty(a.t, p["detail"])
	var fields []string
	list, _ := p["errors"].([]any)
	for _, e := range list {
		require.NotEmpty(a.t, e.(map[string]any)["message"])
		fields = append(fields, e.(map[string]any)["field"].(string))
	}
	return fields
}
