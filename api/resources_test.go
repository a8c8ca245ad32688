package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
)

func TestAdministratorCreatesACompanyWhoseKeyWorksUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	company := w.call("POST", "/companies", adminKey, map[string]string{"name": "Muster AG", "language": "de", "canton": "ZH"}).json(http.StatusCreated)
	assert.Equal(t, "1029", company["receipt_account"])
	keys := fmt.Sprintf("/companies/%s/api-keys", company["id"])

	created := w.call("POST", keys, adminKey, map[string]any{"scopes": []string{"read", "write"}}).json(http.StatusCreated)
	key := created["key"].(string)
	assert.Regexp(t, `^qk_test_[0-9A-Za-z_-]{27,}$`, key)
	live := w.call("POST", keys, adminKey, map[string]any{"scopes": []string{"read"}, "environment": "live"}).json(http.StatusCreated)
	assert.Regexp(t, `^qk_live_`, live["key"])

	account := w.call("GET", "/accounts/1029", key, nil).json(http.StatusOK)
	assert.Equal(t, "Bank – Systemkonto", account["name"], "in the company's language")

	assert.Equal(t, http.StatusNoContent, w.call("DELETE", keys+"/"+created["id"].(string), adminKey, nil).Code)
	w.call("GET", "/accounts", key, nil).problem(http.StatusUnauthorized, "unauthorized")
	w.call("DELETE", keys+"/"+created["id"].(string), adminKey, nil).problem(http.StatusNotFound, "not-found")
	assert.NotContains(t, w.log.String(), key)
}

func TestKeyOfACompanyThatDoesNotExistIsNotCreated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("POST", "/companies/cmp_01k9m1yq8fe3m9x7t2r5v0b4c6/api-keys", adminKey, map[string]any{"scopes": []string{"read"}}).problem(http.StatusNotFound, "not-found")
}

func TestNewPaymentServiceTellsTheNextStepsInTheCompanysLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.call("POST", "/payment-services", w.key, map[string]string{"provider": "worldline_saferpay", "environment": "test"}).json(http.StatusCreated)
	assert.Equal(t, "awaiting_credentials", service["status"])
	assert.Equal(t, false, service["is_default"])
	assert.Equal(t, "Worldline/SIX Payment Services", service["name"])
	var steps []string
	for _, s := range service["next_steps"].([]any) {
		step := s.(map[string]any)
		steps = append(steps, step["step"].(string))
		assert.NotEmpty(t, step["text"])
		assert.Equal(t, step["text"], step["texts"].(map[string]any)["fr"])
	}
	assert.Equal(t, []string{"order_account", "await_confirmation", "log_in", "copy_ids", "create_api_user", "enter_credentials", "send_documents", "await_verification"}, steps)
	assert.Contains(t, fmt.Sprint(service["next_steps"]), "Commandez un compte")
	assert.Contains(t, fmt.Sprint(service["next_steps"]), "partner_support_e-commerce@six-payment-services.com")
}

func TestPasswordIsSealedForTheCompanyAndNeverComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.AwaitingCredentials)
	const password = "Sesam-öffne-dich-1"
	credentials := map[string]string{"customer_id": "123123", "terminal_id": "12345678", "api_username": "API_123123_00000001", "api_password": password}
	saved := w.call("PUT", "/payment-services/"+service.ID+"/credentials", w.key, credentials)
	assert.Equal(t, "in_verification", saved.json(http.StatusOK)["status"])
	assert.Equal(t, sealedAt(sealed.ServicePassword.Of(w.company.ID, service.ID), password), string(w.commands.credentials.SealedPassword))
	assert.NotContains(t, saved.Body.String(), "Sesam")

	credentials["terminal_id"] = "123"
	credentials["customer_id"] = "abc"
	refused := w.call("PUT", "/payment-services/"+service.ID+"/credentials", w.key, credentials)
	assert.ElementsMatch(t, []string{"terminal_id", "customer_id"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
	credentials["api_password"] = strings.Repeat(password, 50)
	refused = w.call("PUT", "/payment-services/"+service.ID+"/credentials", w.key, credentials)
	assert.ElementsMatch(t, []string{"api_password", "customer_id", "terminal_id"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
	assert.NotContains(t, refused.Body.String(), "Sesam")
	assert.NotContains(t, w.log.String(), "Sesam")
}

func TestCredentialsThatSaferpayRejectsAre422(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.AwaitingCredentials)
	w.commands.err = problem.New(problem.CredentialsRejected, "Saferpay doesn't know this user.")
	credentials := map[string]string{"customer_id": "123123", "terminal_id": "12345678", "api_username": "u", "api_password": "p"}
	w.call("PUT", "/payment-services/"+service.ID+"/credentials", w.key, credentials).problem(http.StatusUnprocessableEntity, "credentials-rejected")
}

func TestAdministratorDecidesAVerification(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/payment-services/" + w.newService(merchant.InVerification).ID
	service := w.call("POST", path+"/verification", adminKey, map[string]string{"decision": "rejected", "reason": "Papers are missing."}).json(http.StatusOK)
	assert.Equal(t, "rejected", service["status"])
	assert.Contains(t, fmt.Sprint(service["timeline"]), "Papers are missing.")
	assert.Contains(t, fmt.Sprint(service["next_steps"]), "start_again")
}

func TestFurtherCurrenciesAreAskedForOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	path := "/payment-services/" + service.ID
	asked := w.call("POST", path+"/currencies", w.key, map[string]string{"currency": "USD"}).json(http.StatusAccepted)
	assert.Equal(t, map[string]any{"currency": "USD", "status": "requested"}, asked)
	for _, none := range []string{"CHF", "JPY", ""} {
		assert.Equal(t, []string{"currency"}, w.call("POST", path+"/currencies", w.key, map[string]string{"currency": none}).problem(http.StatusUnprocessableEntity, "validation-failed"))
	}
	decided := w.call("POST", path+"/verification", adminKey, map[string]string{"decision": "rejected", "reason": "Told by mail.", "currency": "USD"})
	assert.Equal(t, "active", decided.json(http.StatusOK)["status"], "it is about the currency")
	assert.Equal(t, []string{"request currency USD", "decide currency USD"}, w.commands.seen())

	service.Requested = []merchant.CurrencyRequest{{Currency: money.USD, Status: merchant.CurrencyRejected, At: noon}, {Currency: money.GBP, Status: merchant.CurrencyRequested, At: noon}}
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SavePaymentService(t.Context(), service) })
	currencies := w.call("GET", path, w.key, nil).json(http.StatusOK)["currencies"].([]any)
	assert.Equal(t, []any{
		map[string]any{"currency": "CHF", "status": "active"},
		map[string]any{"currency": "EUR", "status": "active"},
		map[string]any{"currency": "USD", "status": "rejected"},
		map[string]any{"currency": "GBP", "status": "requested"},
	}, currencies)
}

func TestInvoiceInACurrencyThatIsNotActiveSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	draft := w.newInvoice(invoice.Draft, payableBy(service), func(inv *invoice.Invoice) {
		inv.Amount, inv.AmountPaid = money.MustParse("12.00", money.GBP), money.Zero(money.GBP)
	})
	refused := w.call("POST", "/invoices/"+draft.ID+"/issue", w.key, nil)
	refused.problem(http.StatusConflict, "currency-not-active")
	assert.Contains(t, refused.Body.String(), "POST /v1/payment-services/"+service.ID+"/currencies")
}

func TestDisconnectedPaymentServiceStaysToBeSeenAndIsNoLongerTheDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	path := "/payment-services/" + service.ID
	w.call("POST", path+"/default", w.key, nil).json(http.StatusOK)
	for range 2 {
		gone := w.call("DELETE", path, w.key, nil).json(http.StatusOK)
		assert.Equal(t, "disconnected", gone["status"])
		assert.Equal(t, false, gone["is_default"])
		assert.NotEmpty(t, gone["timeline"])
	}
	assert.Equal(t, []string{"disconnect " + service.ID}, w.commands.seen())
	w.call("POST", path+"/default", w.key, nil).problem(http.StatusConflict, "payment-service-not-active")
	draft := w.newInvoice(invoice.Draft, payableBy(service))
	w.call("POST", "/invoices/"+draft.ID+"/issue", w.key, nil).problem(http.StatusConflict, "payment-service-not-active")
}

func TestOnlyAnActivePaymentServiceBecomesTheDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second, pending := w.newService(merchant.Active), w.newService(merchant.Active), w.newService(merchant.InVerification)
	for _, s := range []merchant.PaymentService{first, second} {
		assert.Equal(t, true, w.call("POST", "/payment-services/"+s.ID+"/default", w.key, nil).json(http.StatusOK)["is_default"])
	}
	w.call("POST", "/payment-services/"+pending.ID+"/default", w.key, nil).problem(http.StatusConflict, "payment-service-not-active")
	assert.Equal(t, false, w.call("GET", "/payment-services/"+first.ID, w.key, nil).json(http.StatusOK)["is_default"])
	shown := w.call("GET", "/payment-services/"+second.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, true, shown["is_default"])
	assert.Equal(t, []any{map[string]any{"currency": "CHF", "status": "active"}, map[string]any{"currency": "EUR", "status": "active"}}, shown["currencies"])
}

func TestNewInvoiceGetsTheDefaultPaymentServiceUnlessItSaysOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("POST", "/invoices", w.key, newInvoice(`"amount":"5"`, `"number":"before"`)).json(http.StatusCreated)
	service := w.newService(merchant.Active)
	w.call("POST", "/payment-services/"+service.ID+"/default", w.key, nil).json(http.StatusOK)

	inv := w.call("POST", "/invoices", w.key, newInvoice(`"amount":"5"`, `"number":"default"`)).json(http.StatusCreated)
	assert.Equal(t, []any{service.ID}, inv["payment_service_ids"])
	assert.Equal(t, "5.00", inv["amount"])
	assert.Equal(t, "draft", inv["status"])
	assert.NotContains(t, inv, "online_document_url")
	inv = w.call("POST", "/invoices", w.key, newInvoice(`"amount":"5"`, `"number":"none"`, `"payment_service_ids":[]`)).json(http.StatusCreated)
	assert.Empty(t, inv["payment_service_ids"])

	earlier := w.call("GET", "/invoices?number=before", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(map[string]any)
	assert.Empty(t, earlier["payment_service_ids"])
	changed := w.call("PATCH", "/invoices/"+earlier["id"].(string), w.key, map[string]any{"payment_service_ids": []string{service.ID}}).json(http.StatusOK)
	assert.Equal(t, []any{service.ID}, changed["payment_service_ids"])
}

func TestInvoiceNumberIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := newInvoice(`"amount":"5"`)
	w.call("POST", "/invoices", w.key, body).json(http.StatusCreated)
	w.call("POST", "/invoices", w.key, body).problem(http.StatusConflict, "invoice-number-taken")
	_, other := w.newCompany("Andere AG", "de")
	w.call("POST", "/invoices", other, body).json(http.StatusCreated)
}

func TestDraftChangesFieldByFieldAndIsThenIssued(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Draft, payableBy(w.newService(merchant.Active)))
	changed := w.call("PATCH", "/invoices/"+inv.ID, w.key, `{"currency":"EUR","customer":{"name":"Marie Rochat"}}`).json(http.StatusOK)
	assert.Equal(t, "1234.50", changed["amount"])
	assert.Equal(t, "EUR", changed["currency"])
	assert.Equal(t, map[string]any{"name": "Marie Rochat", "email": "marie.favre@example.ch", "language": "fr"}, changed["customer"])

	issued := w.call("POST", "/invoices/"+inv.ID+"/issue", w.key, `{"send_email":true}`).json(http.StatusOK)
	assert.Equal(t, "open", issued["status"])
	assert.Equal(t, "https://pay.example.ch/i/"+inv.Token, issued["online_document_url"])
	assert.Equal(t, []string{"issue and mail " + inv.ID}, w.commands.seen())

	w.call("PATCH", "/invoices/"+inv.ID, w.key, `{"amount":"1.00"}`).problem(http.StatusConflict, "invoice-not-draft")
	w.call("POST", "/invoices/"+inv.ID+"/issue", w.key, nil).problem(http.StatusConflict, "invoice-not-draft")
}

func TestInvoiceIsIssuedOnlyWhenItCanBePaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pending := w.newInvoice(invoice.Draft, payableBy(w.newService(merchant.InVerification)))
	w.call("POST", "/invoices/"+pending.ID+"/issue", w.key, nil).problem(http.StatusConflict, "payment-service-not-active")

	dollars := w.newInvoice(invoice.Draft, payableBy(w.newService(merchant.Active)), func(inv *invoice.Invoice) {
		inv.Amount, inv.AmountPaid = money.MustParse("5.00", money.USD), money.Zero(money.USD)
	})
	w.call("POST", "/invoices/"+dollars.ID+"/issue", w.key, nil).problem(http.StatusConflict, "currency-not-active")

	unreachable := w.newInvoice(invoice.Draft, func(inv *invoice.Invoice) { inv.Customer.Email = "" })
	refused := w.call("POST", "/invoices/"+unreachable.ID+"/issue", w.key, `{"send_email":true}`)
	assert.Equal(t, []string{"customer.email"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
	assert.Empty(t, w.commands.seen())
	w.call("POST", "/invoices/"+unreachable.ID+"/issue", w.key, nil).json(http.StatusOK)
}

func TestDraftIsCancelledHereAndAnOpenInvoiceByItsWorkflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft, open, paid := w.newInvoice(invoice.Draft), w.newInvoice(invoice.Open), w.newInvoice(invoice.Paid)
	assert.Equal(t, "cancelled", w.call("POST", "/invoices/"+draft.ID+"/cancel", w.key, nil).json(http.StatusOK)["status"])
	assert.Empty(t, w.commands.seen())
	events := w.call("GET", "/events?type=invoice.cancelled", w.key, nil).json(http.StatusOK)["data"].([]any)
	assert.Equal(t, draft.ID, events[0].(map[string]any)["subject"])

	assert.Equal(t, "cancelled", w.call("POST", "/invoices/"+open.ID+"/cancel", w.key, nil).json(http.StatusOK)["status"])
	assert.Equal(t, []string{"cancel " + open.ID}, w.commands.seen())

	w.call("POST", "/invoices/"+paid.ID+"/cancel", w.key, nil).problem(http.StatusConflict, "invoice-paid")
	w.call("POST", "/invoices/"+draft.ID+"/cancel", w.key, nil).problem(http.StatusConflict, "invoice-cancelled")
	w.commands.err = problem.New(problem.PaymentInProgress, "Money is being captured.")
	w.call("POST", "/invoices/"+w.newInvoice(invoice.Open).ID+"/cancel", w.key, nil).problem(http.StatusConflict, "payment-in-progress")
}

func TestInvoiceThatIsSettledBeforeTheCommandArrivesSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.commands.err = problem.New(problem.NotFound, "Nothing is under way for it any more.")
	for path, body := range map[string]any{
		"/cancel":   nil,
		"/receipts": map[string]any{"amount": "1.00", "date": "2026-11-20", "account": "1020"},
	} {
		inv := w.newInvoice(invoice.Open)
		w.commands.meanwhile = func() { w.settle(inv) }
		w.call("POST", "/invoices/"+inv.ID+path, w.key, body).problem(http.StatusConflict, "invoice-paid")
	}
}

func TestInvoiceShowsItsPaymentsAndWhetherItIsOverdue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	late := w.newInvoice(invoice.Open, payableBy(service), func(inv *invoice.Invoice) { inv.DueDate = day("2026-11-21") })
	declined := w.newPayment(late, payment.Redirected, payment.Failed)
	today := w.newInvoice(invoice.Open, func(inv *invoice.Invoice) { inv.DueDate = day("2026-11-22") })

	shown := w.call("GET", "/invoices/"+late.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, true, shown["overdue"])
	attempt := shown["payments"].([]any)[0].(map[string]any)
	assert.Equal(t, declined.ID, attempt["id"])
	assert.Equal(t, map[string]any{"name": "TRANSACTION_DECLINED", "payer_message": "Carte refusée."}, attempt["failure"])
	assert.Equal(t, []any{shown}, w.call("GET", "/invoices?number="+late.Number, w.key, nil).json(http.StatusOK)["data"], "the same in a list")
	assert.Equal(t, false, w.call("GET", "/invoices/"+today.ID, w.key, nil).json(http.StatusOK)["overdue"])
}

func TestListsArePagedByCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want, got []string
	for range 5 {
		want = append([]string{w.newInvoice(invoice.Draft).ID}, want...)
	}
	for path := "/invoices?limit=2"; path != ""; {
		page := w.call("GET", path, w.key, nil).json(http.StatusOK)
		for _, item := range page["data"].([]any) {
			got = append(got, item.(map[string]any)["id"].(string))
		}
		path = ""
		if next, more := page["next_cursor"].(string); more {
			path = "/invoices?limit=2&cursor=" + next
		}
	}
	assert.Equal(t, want, got, "newest first, each once")
}

func TestReceiptStandsInTheJournalAndOnItsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active)))
	p := w.bookPayment(inv)

	entry := w.call("GET", "/journal?account=1029&from=2026-11-22&to=2026-11-22&source=payment&payment_id="+p.ID, w.key, nil).json(http.StatusOK)["data"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{
		map[string]any{"account": "1029", "debit": "1234.50", "credit": "0.00", "currency": "CHF"},
		map[string]any{"account": "1100", "debit": "0.00", "credit": "1234.50", "currency": "CHF"},
	}, entry["lines"])
	assert.Equal(t, map[string]any{"kind": "payment", "id": p.ID}, entry["source"])
	assert.Empty(t, w.call("GET", "/journal?from=2026-11-23", w.key, nil).json(http.StatusOK)["data"])

	account := w.call("GET", "/accounts/1029", w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{map[string]any{"currency": "CHF", "amount": "1234.50"}}, account["balances"])
	account = w.call("GET", "/accounts/1100", w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{map[string]any{"currency": "CHF", "amount": "-1234.50"}}, account["balances"])
}
