package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/workflows/contract"
)

// once sends a POST with an idempotency key.
func (w *world) once(path, key, idempotencyKey, body string) answer {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, "/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Idempotency-Key", idempotencyKey)
	return w.send(r)
}

// lossy carries commands out and loses the answer to the first.
type lossy struct {
	*commands
	lost bool
}

func (l *lossy) lose(err error) error {
	if err != nil || l.lost {
		return err
	}
	l.lost = true
	return problem.New(problem.Unavailable, "It was not answered in time and may still be done; look again in a moment.")
}

func (l *lossy) Issue(ctx context.Context, inv invoice.Invoice, emailID string) error {
	return l.lose(l.commands.Issue(ctx, inv, emailID))
}

func (l *lossy) Send(ctx context.Context, inv invoice.Invoice, in contract.SendInvoice) error {
	return l.lose(l.commands.Send(ctx, inv, in))
}

func (l *lossy) Cancel(ctx context.Context, invoiceID string) error {
	return l.lose(l.commands.Cancel(ctx, invoiceID))
}

func (l *lossy) RecordReceipt(ctx context.Context, invoiceID string, in contract.RecordReceipt) error {
	return l.lose(l.commands.RecordReceipt(ctx, invoiceID, in))
}

func (l *lossy) LoseDispute(ctx context.Context, inv invoice.Invoice, in contract.LoseDispute) error {
	return l.lose(l.commands.LoseDispute(ctx, inv, in))
}

func (l *lossy) VoidReceipt(ctx context.Context, inv invoice.Invoice, in contract.VoidReceipt) error {
	return l.lose(l.commands.VoidReceipt(ctx, inv, in))
}

func (l *lossy) RequestRefund(ctx context.Context, in contract.RequestRefund, invoiceNumber string) error {
	return l.lose(l.commands.RequestRefund(ctx, in, invoiceNumber))
}

func TestSameRequestAgainGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.once("/invoices", w.key, "order-4711", newInvoice(`"amount":"1.00"`))
	created := first.json(http.StatusCreated)
	assert.Empty(t, first.Header().Get("Idempotent-Replayed"))

	again := w.once("/invoices", w.key, "order-4711", newInvoice(`"amount":"1.00"`))
	assert.Equal(t, created, again.json(http.StatusCreated))
	assert.Equal(t, "true", again.Header().Get("Idempotent-Replayed"))
	assert.Equal(t, first.Header().Get("Content-Type"), again.Header().Get("Content-Type"))
	assert.Len(t, w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)["data"], 1)

	issue := "/invoices/" + w.newInvoice(invoice.Paid).ID + "/issue"
	w.once(issue, w.key, "order-4712", "").problem(http.StatusConflict, "invoice-not-draft")
	again = w.once(issue, w.key, "order-4712", "")
	again.problem(http.StatusConflict, "invoice-not-draft")
	assert.Equal(t, "true", again.Header().Get("Idempotent-Replayed"), "a refusal is an answer too")
}

func TestARefusalThatPassesIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.InVerification)
	inv := w.newInvoice(invoice.Draft, payableBy(service))
	issue := "/invoices/" + inv.ID + "/issue"
	for range 2 {
		refused := w.once(issue, w.key, "issue", "")
		refused.problem(http.StatusConflict, "payment-service-not-active")
		assert.Empty(t, refused.Header().Get("Idempotent-Replayed"))
	}
	assert.Empty(t, w.commands.seen(), "a refused request is looked at as if it came for the first time")
	w.once(issue, w.key, "issue", `{"send_email":true}`).problem(http.StatusUnprocessableEntity, "idempotency-key-reused")
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		s, err := tx.LockPaymentService(t.Context(), service.ID)
		require.NoError(t, err)
		s.Methods = []merchant.ContractedMethod{{Method: "VISA", Currencies: []string{"CHF"}}}
		require.NoError(t, s.Become(merchant.Active, noon, ""))
		return tx.SavePaymentService(t.Context(), s)
	})
	assert.Equal(t, "open", w.once(issue, w.key, "issue", "").json(http.StatusOK)["status"])
	assert.Equal(t, "true", w.once(issue, w.key, "issue", "").Header().Get("Idempotent-Replayed"))

	w.commands.err = problem.New(problem.PaymentInProgress, "A payment of the invoice is being booked.")
	cancel := "/invoices/" + inv.ID + "/cancel"
	w.once(cancel, w.key, "cancel", "").problem(http.StatusConflict, "payment-in-progress")
	w.commands.err = nil
	assert.Equal(t, "cancelled", w.once(cancel, w.key, "cancel", "").json(http.StatusOK)["status"])

	taken := w.newInvoice(invoice.Draft)
	order := newInvoice(`"amount":"1.00"`, `"number":"`+taken.Number+`"`)
	w.once("/invoices", w.key, "order", order).problem(http.StatusConflict, "invoice-number-taken")
	w.call("PATCH", "/invoices/"+taken.ID, w.key, `{"number":"Another"}`).json(http.StatusOK)
	w.once("/invoices", w.key, "order", order).json(http.StatusCreated)

	nameless := w.newInvoice(invoice.Draft, func(inv *invoice.Invoice) { inv.Customer.Email = "" })
	issue = "/invoices/" + nameless.ID + "/issue"
	w.once(issue, w.key, "mail", `{"send_email":true}`).problem(http.StatusUnprocessableEntity, "validation-failed")
	w.call("PATCH", "/invoices/"+nameless.ID, w.key, `{"customer":{"email":"marie.favre@example.ch"}}`).json(http.StatusOK)
	w.once(issue, w.key, "mail", `{"send_email":true}`).json(http.StatusOK)
}

func TestAnIdempotencyKeyStandsForOneRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	w.once("/invoices", w.key, "k", newInvoice(`"amount":"1.00"`)).json(http.StatusCreated)
	w.once("/invoices", w.key, "k", newInvoice(`"amount":"1.01"`)).problem(http.StatusUnprocessableEntity, "idempotency-key-reused")
	w.once("/invoices/"+inv.ID+"/cancel", w.key, "k", "").problem(http.StatusUnprocessableEntity, "idempotency-key-reused")
	assert.Empty(t, w.commands.seen())

	_, other := w.newCompany("Other AG", "de")
	w.once("/invoices", other, "k", newInvoice(`"amount":"7.00"`)).json(http.StatusCreated)
	w.once("/companies", adminKey, "k", `{"name":"Third Sagl","language":"it","canton":"TI"}`).json(http.StatusCreated)
}

func TestAnIdempotencyKeyOfStrangeCharactersIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, key := range []string{"a\x00b", "a\x7f", "\xff", strings.Repeat("k", 256)} {
		fields := w.once("/invoices", w.key, key, newInvoice(`"amount":"1.00"`)).problem(http.StatusUnprocessableEntity, "validation-failed")
		assert.Equal(t, []string{"Idempotency-Key"}, fields)
	}
	assert.Empty(t, w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)["data"])
}

func TestOfTwoRequestsAtOnceOneRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	var second answer
	w.commands.meanwhile = func() {
		second = w.once("/invoices/"+inv.ID+"/receipts", w.key, "bank-1", newReceipt(`"amount":"108.00"`))
	}
	w.once("/invoices/"+inv.ID+"/receipts", w.key, "bank-1", newReceipt(`"amount":"108.00"`)).json(http.StatusCreated)
	second.problem(http.StatusConflict, "request-in-progress")
	assert.NotEmpty(t, second.Header().Get("Retry-After"))
	assert.Equal(t, []string{"record receipt " + inv.ID}, w.commands.seen())
}

func TestARequestWhoseAnswerWasLostIsDoneOnce(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(w *world) (path, body string, status int){
		"receipt": func(w *world) (string, string, int) {
			return "/invoices/" + w.newInvoice(invoice.Open).ID + "/receipts", newReceipt(`"amount":"108.00"`), http.StatusCreated
		},
		"void": func(w *world) (string, string, int) {
			receiptID := w.received(w.newInvoice(invoice.Open), "108.00")
			return "/receipts/" + receiptID + "/void", `{"reason":"wrong invoice"}`, http.StatusOK
		},
		"refund": func(w *world) (string, string, int) {
			p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active))))
			return "/payments/" + p.ID + "/refunds", `{"reason":"returned"}`, http.StatusAccepted
		},
		"issue": func(w *world) (string, string, int) {
			return "/invoices/" + w.newInvoice(invoice.Draft).ID + "/issue", "", http.StatusOK
		},
		"send": func(w *world) (string, string, int) {
			return "/invoices/" + w.newInvoice(invoice.Open).ID + "/send", `{"email":"marie@example.ch"}`, http.StatusAccepted
		},
		"cancel": func(w *world) (string, string, int) {
			return "/invoices/" + w.newInvoice(invoice.Open).ID + "/cancel", "", http.StatusOK
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			path, body, status := play(w)
			options := w.options()
			lossy := &lossy{commands: w.commands}
			options.Collection, options.Refunding = lossy, lossy
			w.handler = api.New(options)

			w.once(path, w.key, "k", body).problem(http.StatusServiceUnavailable, "temporarily-unavailable")
			done := w.commands.seen()
			require.Len(t, done, 1)
			answered := w.once(path, w.key, "k", body).json(status)
			assert.Equal(t, done, w.commands.seen(), "it was not done again")
			replayed := w.once(path, w.key, "k", body)
			assert.Equal(t, answered, replayed.json(status))
			assert.Equal(t, "true", replayed.Header().Get("Idempotent-Replayed"))
		})
	}
}

// The first try waits for a worker, for which the payment service may be active by then.
func TestWhetherAnInvoiceIsIssuedThatIsUnderWayOnlyItsWorkflowSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Draft, payableBy(w.newService(merchant.InVerification)))
	path := "/invoices/" + inv.ID + "/issue"
	w.once(path, w.key, "another", "").problem(http.StatusConflict, "payment-service-not-active")
	request, err := w.store.TakeRequest(t.Context(), idempotency.Request{
		Owner: w.company.ID, Key: "k", CreatedAt: noon, TakenAt: noon, Fingerprint: idempotency.Fingerprint("POST", "/v1"+path, nil),
	})
	require.NoError(t, err)
	require.NoError(t, w.store.GiveUpRequest(t.Context(), request))
	assert.Equal(t, "open", w.once(path, w.key, "k", "").json(http.StatusOK)["status"])
	assert.Equal(t, []string{"issue " + inv.ID}, w.commands.seen())
}

func TestAnInvoiceWhoseCreationWasInterruptedIsCreatedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := noon
	options := w.options()
	options.Now = func() time.Time { return now }
	options.Store = forgetful{w.store}
	w.handler = api.New(options)
	w.once("/invoices", w.key, "k", newInvoice(`"amount":"1.00"`)).json(http.StatusCreated)

	w.once("/invoices", w.key, "k", newInvoice(`"amount":"1.00"`)).problem(http.StatusConflict, "request-in-progress")
	now = noon.Add(idempotency.Lease)
	created := w.once("/invoices", w.key, "k", newInvoice(`"amount":"1.00"`)).json(http.StatusCreated)
	invoices := w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, invoices, 1)
	assert.Equal(t, created["id"], invoices[0].(map[string]any)["id"])
}

// forgetful is a store whose process ends each time before an answer is kept.
type forgetful struct{ store }

func (forgetful) AnswerRequest(context.Context, idempotency.Request, idempotency.Answer) error {
	return context.Canceled
}

func (forgetful) GiveUpRequest(context.Context, idempotency.Request) error { return context.Canceled }

func TestAnIdempotencyKeyIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := noon
	options := w.options()
	options.Now = func() time.Time { return now }
	w.handler = api.New(options)
	w.once("/invoices", w.key, "k", newInvoice(`"amount":"1.00"`)).json(http.StatusCreated)
	now = noon.Add(idempotency.Kept)
	w.once("/invoices", w.key, "k", newInvoice(`"amount":"1.00"`)).json(http.StatusCreated)
	now = noon.Add(idempotency.Kept + time.Second)
	w.once("/invoices", w.key, "k", newInvoice(`"amount":"1.00"`)).problem(http.StatusConflict, "invoice-number-taken")
}

func TestAKeyShownOnceIsShownAgainToTheSameRequestAndKeptSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/companies/" + w.company.ID + "/api-keys"
	first := w.once(path, adminKey, "k", `{"scopes":["read"]}`).json(http.StatusCreated)
	assert.Equal(t, first, w.once(path, adminKey, "k", `{"scopes":["read"]}`).json(http.StatusCreated))
	w.call("GET", "/invoices", first["key"].(string), nil).json(http.StatusOK)

	taken, err := w.store.TakeRequest(t.Context(), idempotency.Request{
		Owner: idempotency.Administrator, Key: "k", CreatedAt: noon, TakenAt: noon,
		Fingerprint: idempotency.Fingerprint("POST", "/v1"+path, []byte(`{"scopes":["read"]}`)),
	})
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(taken.Answer.Sealed), sealedAt(sealed.Answer.Of(idempotency.Administrator, "k"), "")), "%s", taken.Answer.Sealed)
}
