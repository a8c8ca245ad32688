package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

const (
	plantedName   = "Philomène Planterose"
	plantedEmail  = "philomene@planterose.example"
	plantedStreet = "Chemin des Planteroses"
)

// planted makes the customer of a new invoice one whom nothing else is called after.
func planted(inv *invoice.Invoice) {
	inv.Customer.Name, inv.Customer.Email = plantedName, plantedEmail
	inv.Content.Address = invoice.Address{Street: plantedStreet, HouseNumber: "5", Postcode: "1004", City: "Lausanne", Country: "CH"}
}

// whereFound returns the columns of all tables in which a text stands, as "table.column": as text, and in bytes.
func (w *world) whereFound(text string) (found []string) {
	w.Helper()
	superuser, err := pgx.Connect(w.Context(), w.superuserURL)
	require.NoError(w, err)
	defer func() { _ = superuser.Close(w.Context()) }()
	rows, err := superuser.Query(w.Context(), `
		select attrelid::regclass::text, attname, atttypid = 'bytea'::regtype from pg_attribute join pg_class c on c.oid = attrelid
		where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and attnum > 0 and not attisdropped`)
	require.NoError(w, err)
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Table, Name string
		Bytes       bool
	}])
	require.NoError(w, err)
	require.Greater(w, len(columns), 300)
	for _, c := range columns {
		condition := fmt.Sprintf("position(lower($1) in lower(%s::text)) > 0", c.Name)
		if c.Bytes {
			condition = fmt.Sprintf("position(convert_to($1, 'UTF8') in %s) > 0", c.Name)
		}
		var stands bool
		require.NoError(w, superuser.QueryRow(w.Context(), fmt.Sprintf("select exists (select from %s where %s)", c.Table, condition), text).Scan(&stands))
		if stands {
			found = append(found, c.Table+"."+c.Name)
		}
	}
	return found
}

func TestAnErasedCustomerIsFoundNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	body := `{"number":"P-1","currency":"CHF","amount":"20.00","customer":{"name":"` + plantedName + `","email":"` + plantedEmail + `","language":"it",
		"address":{"street":"` + plantedStreet + `","house_number":"5","postcode":"1004","city":"Lausanne","country":"CH"}},
		"description":"For ` + plantedName + `","metadata":{"contact":"mailto:` + plantedEmail + `"},"due_date":"2026-12-31"}`
	created := w.once("/invoices", w.key, "planted", body).json(http.StatusCreated)
	draft := created["id"].(string)
	w.call("PATCH", "/invoices/"+draft, w.key, `{"description":"Also for `+plantedName+`"}`).json(http.StatusOK)
	paid := w.newInvoice(invoice.Paid, planted, payableBy(service))
	p := w.bookPayment(paid)
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(t.Context(), paid.ID)
		require.NoError(t, err)
		inv.Email = invoice.Email{ID: "eml_1", State: invoice.EmailFailed, To: plantedEmail, At: noon, Reason: "550 <" + plantedEmail + "> unknown"}
		require.NoError(t, tx.SaveInvoice(t.Context(), inv))
		require.NoError(t, tx.SaveReminder(t.Context(), inv.ID, inv.NewReminder(1, 10, noon)))
		p.Failure.PayerMessage = "Refused for " + plantedName
		require.NoError(t, tx.SavePayment(t.Context(), p))
		return tx.SaveInvoicePDF(t.Context(), merchant.InvoicePDF{InvoiceID: paid.ID, Size: 1, SealedContent: []byte("x"), ReceivedAt: noon})
	})
	w.raise(exception.EmailFailed, paid.ID, func(e *exception.Exception) {
		e.Detail, e.Note = "The mail to "+plantedEmail+" failed", "Call "+plantedName
	})

	texts := []string{plantedName, plantedEmail, plantedStreet, "planterose"}
	for _, query := range []string{"?customer=plante", "?q=ROSE", "?customer=" + plantedEmail, "?q=planterose.ex"} {
		assert.Len(t, w.call("GET", "/invoices"+query, w.key, nil).json(http.StatusOK)["data"], 2, query)
	}
	document := w.get("/i/" + paid.Token + "?lang=de").page(http.StatusOK)
	assert.Contains(t, document, plantedName)
	for _, text := range texts { // only in what people and mail servers wrote
		for _, column := range w.whereFound(text) {
			assert.Contains(t, []string{"exceptions.detail", "exceptions.note", "invoices.description", "invoices.content", "payments.failure_payer_message", "idempotency_keys.sealed"}, column, text)
		}
	}

	dry := w.call("POST", "/customers/erase", w.key, `{"email":"`+plantedEmail+`","dry_run":true}`).json(http.StatusAccepted)
	assert.Equal(t, map[string]any{"invoices": 2.0, "drafts": 1.0, "reminders": 1.0, "pdfs": 1.0, "texts": 0.0, "answers": 0.0}, dry["erased"])
	assert.NotContains(t, dry, "erased_at")
	assert.Contains(t, w.get("/i/"+paid.Token).page(http.StatusOK), plantedName, "a dry run erases nothing")

	erased := w.call("POST", "/customers/erase", w.key, `{"email":"PHILOMENE@planterose.example"}`).json(http.StatusAccepted)
	assert.Equal(t, map[string]any{"invoices": 2.0, "drafts": 1.0, "reminders": 1.0, "pdfs": 1.0, "texts": 3.0, "answers": 1.0}, erased["erased"])
	assert.Equal(t, "2026-11-22T11:00:00Z", erased["erased_at"])
	assert.Len(t, erased["kept"], 5)
	for _, text := range texts {
		assert.Empty(t, w.whereFound(text), text)
	}
	for query, found := range map[string]int{"?customer=plante": 0, "?q=ROSE": 0, "?customer=" + plantedEmail: 0, "?q=" + paid.Number: 1} {
		assert.Len(t, w.call("GET", "/invoices"+query, w.key, nil).json(http.StatusOK)["data"], found, query)
	}

	shown := w.call("GET", "/invoices/"+paid.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, map[string]any{"name": nil, "language": "fr", "erased_at": "2026-11-22T11:00:00Z"}, shown["customer"])
	assert.Equal(t, "1234.50", shown["amount_paid"])
	assert.Equal(t, "cancelled", w.call("GET", "/invoices/"+draft, w.key, nil).json(http.StatusOK)["status"])
	w.call("GET", "/invoices/"+paid.ID+"/pdf", w.key, nil).problem(http.StatusConflict, "customer-erased")
	w.once("/invoices", w.key, "planted", body).problem(http.StatusConflict, "customer-erased")
	for language, said := range map[string]string{"de": "Gelöscht", "fr": "Effacé", "it": "Cancellat", "en": "Erased"} {
		page := w.get("/i/" + paid.Token + "?lang=" + language).page(http.StatusOK)
		assert.Contains(t, page, said)
		assert.NotContains(t, page, "invoice.pdf")
	}
	assert.Equal(t, http.StatusGone, w.get("/i/"+paid.Token+"/invoice.pdf").Code)
	w.call("POST", "/customers/erase", w.key, `{"email":"`+plantedEmail+`"}`).problem(http.StatusNotFound, "not-found")
	w.call("POST", "/customers/erase", w.key, `{"invoice_id":"`+paid.ID+`"}`).problem(http.StatusConflict, "customer-erased")

	_, err := w.store.VerifyJournal(t.Context(), w.company.ID, nil)
	require.NoError(t, err)
	_, err = w.store.VerifyAudit(t.Context(), w.company.ID)
	require.NoError(t, err)
	assert.Equal(t, "POST /customers/erase", w.audited("?subject=" + erased["id"].(string))[0]["action"])

	again := w.newInvoice(invoice.Open, planted)
	assert.Equal(t, plantedName, w.call("GET", "/invoices/"+again.ID, w.key, nil).json(http.StatusOK)["customer"].(map[string]any)["name"], "who comes again is a new customer")
}

func TestACustomerWhoIsStillNeededIsNotErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	for _, c := range []struct {
		inv    invoice.Invoice
		before func(invoice.Invoice)
	}{
		{w.newInvoice(invoice.Open, planted), func(invoice.Invoice) {}},
		{w.newInvoice(invoice.PartiallyPaid, planted), func(invoice.Invoice) {}},
		{w.newInvoice(invoice.Paid, planted, payableBy(service)), func(inv invoice.Invoice) { w.newPayment(inv, payment.Redirected) }},
		{w.newInvoice(invoice.Paid, planted, payableBy(service)), func(inv invoice.Invoice) { w.newRefund(w.bookPayment(inv), "1.00") }},
	} {
		c.before(c.inv)
		told := w.call("POST", "/customers/erase", w.key, `{"invoice_id":"`+c.inv.ID+`"}`)
		told.problem(http.StatusConflict, "customer-needed")
		assert.Contains(t, told.Body.String(), c.inv.Number)
	}
	for _, body := range []string{`{}`, `{"email":""}`, `{"email":"a@b.ch","invoice_id":"` + service.ID + `"}`, `{"invoice_id":"` + service.ID + `"}`, `{"email":"nobody"}`} {
		w.call("POST", "/customers/erase", w.key, body).problem(http.StatusUnprocessableEntity, "validation-failed")
	}
}

func TestTwoCompaniesWithTheSameCustomerDoNotTouchEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newInvoice(invoice.Paid, planted)
	other := w.during(t)
	other.company, other.key = w.newCompany("Other SA", "de")
	theirs := other.newInvoice(invoice.Paid, planted)
	w.call("POST", "/customers/erase", w.key, `{"email":"`+plantedEmail+`"}`).json(http.StatusAccepted)
	shown := other.call("GET", "/invoices/"+theirs.ID, other.key, nil).json(http.StatusOK)
	assert.Equal(t, plantedName, shown["customer"].(map[string]any)["name"])
	assert.Len(t, other.call("GET", "/invoices?customer=planterose", other.key, nil).json(http.StatusOK)["data"], 1)
	w.call("POST", "/customers/erase", w.key, `{"invoice_id":"`+theirs.ID+`"}`).problem(http.StatusNotFound, "not-found")
}

func TestALinkThatIsRevokedEndsInThePayersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, forLanguage("it"))
	shown := w.call("POST", "/invoices/"+inv.ID+"/revoke-link", w.key, nil).json(http.StatusOK)
	link := shown["online_document_url"].(string)
	assert.NotContains(t, link, inv.Token)
	assert.Equal(t, link, w.call("GET", "/invoices/"+inv.ID, w.key, nil).json(http.StatusOK)["online_document_url"])
	for _, path := range []string{"", "/invoice.pdf", "/pay/twint", "/qr-bill.svg", "/logo"} {
		assert.Contains(t, w.get("/i/"+inv.Token+path).page(http.StatusGone), "Questo link non è più valido", path)
	}
	assert.Contains(t, w.post("/i/"+inv.Token+"/pay", "method=card", "Sec-Fetch-Site", "same-origin").page(http.StatusGone), "Questo link non è più valido")
	assert.Equal(t, http.StatusOK, w.get(link[len("https://pay.example.ch"):]).Code)
	assert.Empty(t, w.whereFound(link[len("https://pay.example.ch/i/"):]), "the database doesn't know what opens")
	w.call("POST", "/invoices/"+w.newInvoice(invoice.Draft).ID+"/revoke-link", w.key, nil).problem(http.StatusConflict, "invoice-not-open")
}

func TestTheLinkOfAnInvoiceEndsSomeTimeAfterIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	paid, open := w.newInvoice(invoice.Paid), w.newInvoice(invoice.Open)
	w.call("PATCH", "/settings", w.key, `{"retention":{"links_days":7,"books_years":9,"unpaid_days":365,"logs_days":90}}`).problem(http.StatusUnprocessableEntity, "validation-failed")
	w.call("PATCH", "/settings", w.key, `{"retention":{"links_days":7,"books_years":10,"unpaid_days":365,"logs_days":90}}`).json(http.StatusOK)
	for days, status := range map[int]int{0: http.StatusOK, 6: http.StatusOK, 7: http.StatusGone} {
		options := w.options()
		options.Now = func() time.Time { return noon.AddDate(0, 0, days) }
		w.handler = api.New(options)
		assert.Equal(t, status, w.get("/i/"+paid.Token).Code, days)
		assert.Equal(t, status, w.get("/i/"+paid.Token+"/invoice.pdf").Code, days)
		assert.Equal(t, http.StatusOK, w.get("/i/"+open.Token).Code, days)
	}
}
