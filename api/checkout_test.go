package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
)

// thanks is where a product wants its payers back.
const thanks = "https://invoices.example/thanks?from=mail"

func newProduct(t *testing.T) (w *world, inv invoice.Invoice) {
	t.Helper()
	w = newWorld(t)
	w.call("PATCH", "/settings", w.key, `{"return_origins": ["https://invoices.example"]}`).json(http.StatusOK)
	return w, w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
}

func TestAProductSendsItsPayerFromItsOwnDocument(t *testing.T) {
	t.Parallel()
	w, inv := newProduct(t)
	path := "/invoices/" + inv.ID + "/checkout"
	made := w.call("POST", path, w.key, map[string]string{"method": "twint", "language": "it", "return_url": thanks}).json(http.StatusCreated)
	assert.Equal(t, map[string]any{"payment_id": w.commands.payNow.PaymentID, "url": "https://test.saferpay.com/vt2/page"}, made)
	assert.Equal(t, payment.TWINT, w.commands.payNow.Method)
	assert.Equal(t, []string{"it", thanks}, []string{w.commands.payNow.Language, w.commands.payNow.ReturnURL})

	w.call("POST", path, w.key, `{"method": "card"}`).json(http.StatusCreated)
	assert.Equal(t, []string{inv.Customer.Language, ""}, []string{w.commands.payNow.Language, w.commands.payNow.ReturnURL})

	paid := w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active)))
	w.call("POST", "/invoices/"+paid.ID+"/checkout", w.key, `{"method": "card"}`).problem(http.StatusConflict, "invoice-not-open")
}

func TestAPayerIsSentBackOnlyWhereTheCompanyAllows(t *testing.T) {
	t.Parallel()
	w, inv := newProduct(t)
	p := w.newPayment(inv, payment.Redirected)
	w.move(&p, payment.Aborted)
	for _, to := range []string{
		"https://evil.example/thanks", "http://invoices.example/thanks", "https://invoices.example:8443/thanks", "https://x@invoices.example/", "//invoices.example/",
		"javascript:alert(1)", "https://invoices.example.evil.example/", "thanks",
	} {
		refused := w.call("POST", "/invoices/"+inv.ID+"/checkout", w.key, map[string]string{"method": "card", "return_url": to})
		assert.Equal(t, []string{"return_url"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"), to)
		assert.Equal(t, http.StatusOK, w.get("/i/"+inv.Token+"/return?payment="+p.ID+"&return_url="+url.QueryEscape(to)).Code, "the document is shown")
	}
	back := w.get("/i/" + inv.Token + "/return?payment=" + p.ID + "&return_url=" + url.QueryEscape(thanks))
	require.Equal(t, http.StatusSeeOther, back.Code)
	assert.Equal(t, "https://invoices.example/thanks?from=mail&invoice_id="+inv.ID, back.Header().Get("Location"))

	for _, origin := range []string{"https://invoices.example/path", "ftp://invoices.example", "https://*.example", "invoices.example", "http://invoices.example"} {
		refused := w.call("PATCH", "/settings", w.key, map[string]any{"return_origins": []string{origin}})
		assert.Equal(t, []string{"return_origins.0"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"), origin)
	}
}

func TestALinkInAMailLeadsToAPageOnWhichThePayerConfirms(t *testing.T) {
	t.Parallel()
	w, inv := newProduct(t)
	page := w.get("/i/" + inv.Token + "/pay/twint?lang=it&return_url=" + url.QueryEscape(thanks)).page(http.StatusOK)
	assert.Contains(t, page, `value="twint"`)
	assert.NotContains(t, page, `value="card"`)
	assert.Contains(t, page, `action="/i/`+inv.Token+`/pay?lang=it&amp;return_url=https%3A%2F%2Finvoices.example%2Fthanks%3Ffrom%3Dmail"`)
	assert.Empty(t, w.commands.seen(), "a mail scanner opens no payment page")

	w.post("/i/"+inv.Token+"/pay?lang=it&return_url="+url.QueryEscape(thanks), "method=twint")
	assert.Equal(t, thanks, w.commands.payNow.ReturnURL)

	other := w.get("/i/" + inv.Token + "/pay/cash?return_url=https%3A%2F%2Fevil.example").page(http.StatusOK)
	assert.Contains(t, other, `value="card"`, "whoever comes with a wrong link can pay as well")
	assert.NotContains(t, other, "evil")
}
