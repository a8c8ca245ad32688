package api_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
)

// page asserts that the answer is a page with that status, and returns its text with blanks as the reader sees them.
func (a answer) page(status int) string {
	a.t.Helper()
	require.Equal(a.t, status, a.Code, a.Body.String())
	require.Equal(a.t, "text/html; charset=utf-8", a.Header().Get("Content-Type"))
	return strings.NewReplacer("&nbsp;", " ", "\u00a0", " ").Replace(a.Body.String())
}

const buttons = "<button"

func TestOnlineDocumentSpeaksTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	for language, says := range map[string][]string{
		"de": {`<html lang="de">`, "Rechnung", "Offen", "Jetzt bezahlen", "Zahlbar bis", "1. März 2027"},
		"fr": {`<html lang="fr">`, "Facture", "À payer", "Payer maintenant", "Payable jusqu’au", "1er mars 2027"},
		"it": {`<html lang="it">`, "Fattura", "Da pagare", "Paga ora", "Pagabile entro il", "1° marzo 2027"},
		"en": {`<html lang="en">`, "Invoice", "Open", "Pay now", "Due by", "1 March 2027"},
	} {
		inv := w.newInvoice(invoice.Open, payableBy(service), forLanguage(language), func(inv *invoice.Invoice) { inv.DueDate = day("2027-03-01") })
		other := w.newInvoice(invoice.Open, payableBy(service), forLanguage("de"), func(inv *invoice.Invoice) { inv.DueDate = day("2027-03-01") })
		for _, path := range []string{"/i/" + inv.Token, "/i/" + other.Token + "?lang=" + language} {
			page := w.get(path).page(http.StatusOK)
			for _, text := range append(says, "Demo SA", "Marie Favre", "Service annuel", "CHF ", "1’234.50", `value="card"`, `value="twint"`, "pay?lang="+language) {
				assert.Contains(t, page, text, path)
			}
		}
	}
}

func TestOnlineDocumentOffersPaymentOnlyWhenThereIsSomethingToPayAndAWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	active, pending := w.newService(merchant.Active), w.newService(merchant.InVerification)
	overdue := func(inv *invoice.Invoice) { inv.DueDate = day("2026-11-21") }
	for name, c := range map[string]struct {
		inv     invoice.Invoice
		says    string
		offered bool
	}{
		"open":           {w.newInvoice(invoice.Open, payableBy(active)), "À payer", true},
		"overdue":        {w.newInvoice(invoice.Open, payableBy(active), overdue), "En retard", true},
		"partially paid": {w.newInvoice(invoice.PartiallyPaid, payableBy(active)), "234.50", true},
		"paid":           {w.newInvoice(invoice.Paid, payableBy(active)), "22 novembre 2026", false},
		"cancelled":      {w.newInvoice(invoice.Cancelled, payableBy(active)), "Annulée", false},
		"in preparation": {w.newInvoice(invoice.Open, payableBy(pending)), "ne peut pas être payée en ligne", false},
		"no service":     {w.newInvoice(invoice.Open), "ne peut pas être payée en ligne", false},
	} {
		page := w.get("/i/" + c.inv.Token).page(http.StatusOK)
		assert.Contains(t, page, c.says, name)
		assert.Equal(t, c.offered, strings.Contains(page, buttons), name)
	}
}

func TestDraftsAndUnknownTokensHaveNoOnlineDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.newInvoice(invoice.Draft)
	neverIssued := w.newInvoice(invoice.Cancelled, func(inv *invoice.Invoice) { inv.IssuedAt = inv.PaidAt })
	for _, path := range []string{
		"/i/" + draft.Token + "?lang=it", "/i/" + neverIssued.Token + "?lang=it", "/i/" + id.NewSecret() + "?lang=it", "/i/%00?lang=it",
		"/i/" + draft.Token + "/return?lang=it&payment=" + id.New(id.Payment),
	} {
		assert.Contains(t, w.get(path).page(http.StatusNotFound), "Questa pagina non esiste", path)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/i/nothing", http.NoBody)
	r.Header.Set("Accept-Language", "fr-CH, en;q=0.5")
	assert.Contains(t, w.send(r).page(http.StatusNotFound), "Cette page n’existe pas")
}

func TestPagesKeepToThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.get("/i/" + w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active))).Token)
	page := a.page(http.StatusOK)
	policy := a.Header().Get("Content-Security-Policy")
	for _, directive := range []string{"default-src 'none'", "style-src 'self'", "form-action 'self' https:;", "frame-ancestors 'none'", "base-uri 'none'"} {
		assert.Contains(t, policy, directive)
	}
	assert.Equal(t, "same-origin", a.Header().Get("Referrer-Policy"))
	assert.Equal(t, "nosniff", a.Header().Get("X-Content-Type-Options"))
	assert.Equal(t, "no-store", a.Header().Get("Cache-Control"))
	assert.NotContains(t, page, "<script")
	assert.NotContains(t, page, " style=")
	assert.NotRegexp(t, `(src|href|action)="(https?:)?//`, page, "nothing comes from, or goes to, another site")

	for _, asset := range regexp.MustCompile(`/assets/[^"]+`).FindAllString(page, -1) {
		a := w.get(asset)
		assert.Equal(t, http.StatusOK, a.Code, asset)
		assert.Contains(t, a.Header().Get("Cache-Control"), "immutable")
	}
}

func TestWhatACompanyWritesIsShownAsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, func(inv *invoice.Invoice) {
		inv.Description, inv.Customer.Name, inv.Number = "<script>alert(1)</script>", `"><img src=x>`, "<b>1</b>"
	})
	page := w.get("/i/" + inv.Token).page(http.StatusOK)
	assert.NotContains(t, page, "<script")
	assert.NotContains(t, page, "<img")
	assert.NotContains(t, page, "<b>")
}

func TestPayNowLeadsToThePaymentPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	a := w.post("/i/"+inv.Token+"/pay?lang=it", "method=twint", "Sec-Fetch-Site", "same-origin")
	assert.Equal(t, http.StatusSeeOther, a.Code)
	assert.Equal(t, "https://test.saferpay.com/vt2/page", a.Header().Get("Location"))
	assert.Equal(t, []string{"pay now " + inv.ID}, w.commands.seen())
	in := w.commands.payNow
	assert.Equal(t, payment.TWINT, in.Method)
	assert.Equal(t, "it", in.Language)
	assert.True(t, id.Valid(id.Payment, in.PaymentID))
	assert.Len(t, in.OrderID, 18)
	assert.NotEmpty(t, in.NotificationSecret)
}

func TestPayNowIsRefusedInWordsWhenItCantBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	open := w.newInvoice(invoice.Open, payableBy(service))
	for name, c := range map[string]struct {
		inv    invoice.Invoice
		form   string
		err    error
		status int
		says   string
	}{
		"paid meanwhile":      {w.newInvoice(invoice.Paid, payableBy(service)), "method=card", nil, 409, "déjà payée"},
		"cancelled":           {w.newInvoice(invoice.Cancelled, payableBy(service)), "method=card", nil, 409, "a été annulée"},
		"method not offered":  {open, "method=cash", nil, 409, "pas disponible"},
		"no method":           {open, "", nil, 409, "pas disponible"},
		"2 MiB of method":     {open, "method=" + strings.Repeat("x", 2<<20), nil, 409, "pas disponible"},
		"payment in progress": {open, "method=card", problem.New(problem.PaymentInProgress, "…"), 409, "déjà en cours"},
		"Saferpay is down":    {open, "method=card", problem.New(problem.SaferpayUnavailable, "…"), 503, "ne répond pas"},
		"Temporal is down":    {open, "method=card", problem.New(problem.Unavailable, "…"), 503, "ne répond pas"},
		"unexpected error":    {open, "method=card", assert.AnError, 503, "ne répond pas"},
	} {
		w.commands.err = c.err
		a := w.post("/i/"+c.inv.Token+"/pay", c.form)
		page := a.page(c.status)
		assert.Contains(t, page, c.says, name)
		another := c.inv.Status == invoice.Open && name != "payment in progress"
		assert.Equal(t, another, strings.Contains(page, buttons), "%s: another try is offered while there is something to pay", name)
		assert.Equal(t, c.status == 503, a.Header().Get("Retry-After") != "", name)
	}
	assert.Equal(t, http.StatusNotFound, w.post("/i/"+id.NewSecret()+"/pay", "method=card").Code)
}

func TestPayNowFromAForeignSiteIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	page := w.post("/i/"+inv.Token+"/pay?lang=de", "method=card", "Sec-Fetch-Site", "cross-site").page(http.StatusForbidden)
	assert.Contains(t, page, "von einer fremden Seite")
	assert.Empty(t, w.commands.seen())
}

func TestReturningPayerIsReportedOnceAndSeesThePaymentArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	p := w.newPayment(inv, payment.Redirected)
	w.commands.onReturn = func() {
		w.move(&p, payment.Authorized, payment.Captured)
		w.settle(inv)
	}
	path := "/i/" + inv.Token + "/return?payment=" + p.ID
	page := w.get(path).page(http.StatusOK)
	assert.Contains(t, page, "Paiement reçu")
	assert.Contains(t, page, "CHF 1’234.50")
	assert.Contains(t, page, "22 novembre 2026")
	assert.Contains(t, page, "Payée")
	assert.NotContains(t, page, buttons)
	assert.NotContains(t, page, `http-equiv="refresh"`)

	w.get(path).page(http.StatusOK)
	w.get(path + "&wait=1").page(http.StatusOK)
	assert.Equal(t, []string{"payer returned " + p.ID}, w.commands.seen())
}

func TestReturnPageWaitsByRefreshingItselfWithoutReportingAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	p := w.newPayment(inv, payment.Redirected)
	path := "/i/" + inv.Token + "/return?payment=" + p.ID
	page := w.get(path).page(http.StatusOK)
	refresh := regexp.MustCompile(`http-equiv="refresh" content="1; url=([^"]+)"`).FindStringSubmatch(page)
	require.NotNil(t, refresh, page)
	next := strings.ReplaceAll(refresh[1], "&amp;", "&")
	assert.Contains(t, next, "wait=1")
	assert.Contains(t, page, "en cours de confirmation")
	assert.NotContains(t, page, buttons, "nobody is asked to pay twice")

	assert.Contains(t, w.get(next).page(http.StatusOK), "wait=2")
	last := w.get(path + "&wait=15").page(http.StatusOK)
	assert.NotContains(t, last, `http-equiv="refresh"`)
	assert.Contains(t, last, "Vous pouvez fermer cette page")
	assert.Equal(t, []string{"payer returned " + p.ID}, w.commands.seen())
}

func TestReturnPageSaysWhatToDoNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	for state, says := range map[payment.State]string{
		payment.Failed:    "Carte refusée.",
		payment.Aborted:   "Vous avez interrompu le paiement",
		payment.Expired:   "La page de paiement a expiré",
		payment.Cancelled: "Le paiement n’a pas pu être accepté",
	} {
		inv := w.newInvoice(invoice.Open, payableBy(service))
		p := w.newPayment(inv, payment.Redirected, state)
		page := w.get("/i/" + inv.Token + "/return?payment=" + p.ID).page(http.StatusOK)
		assert.Contains(t, page, says, state)
		assert.Contains(t, page, buttons, state)
	}
	settled := w.newInvoice(invoice.Paid, payableBy(service))
	second := w.newPayment(settled, payment.Redirected, payment.Authorized, payment.Cancelled)
	page := w.get("/i/" + settled.Token + "/return?payment=" + second.ID).page(http.StatusOK)
	assert.Contains(t, page, "déjà payée")
	assert.NotContains(t, page, buttons)
	assert.Empty(t, w.commands.seen(), "there is nothing left to find out")
}

func TestPayerOfWhatIsNotDueAnyMoreHearsThatNothingWasCharged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	for _, c := range []struct {
		status invoice.Status
		why    payment.Objection
		says   map[string]string
	}{
		{invoice.PartiallyPaid, payment.LessIsDue, map[string]string{
			"de": "Inzwischen ist weniger offen", "fr": "Le montant dû a diminué", "it": "Nel frattempo l’importo dovuto è diminuito", "en": "Less is due now",
		}},
		{invoice.Cancelled, payment.InvoiceWithdrawn, map[string]string{
			"de": "während Sie zahlten", "fr": "pendant votre paiement", "it": "durante il Suo pagamento", "en": "while you were paying",
		}},
	} {
		inv := w.newInvoice(invoice.Open, payableBy(service))
		p := w.newPayment(inv, payment.Redirected, payment.Authorized)
		p.Failure.Name = string(c.why)
		w.move(&p, payment.Cancelled)
		w.in(inv.CompanyID, func(tx *postgres.Tx) error {
			inv, err := tx.LockInvoice(w.Context(), inv.ID)
			inv.Status = c.status
			return errors.Join(err, tx.SaveInvoice(w.Context(), inv))
		})
		for language, says := range c.says {
			page := w.get("/i/" + inv.Token + "/return?payment=" + p.ID + "&lang=" + language).page(http.StatusOK)
			assert.Contains(t, page, says)
			assert.Equal(t, c.status == invoice.PartiallyPaid, strings.Contains(page, buttons), "the rest can be paid")
		}
	}
}

func TestReturnPageStaysQuietWhenTheHintCantBeSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	p := w.newPayment(inv, payment.Redirected)
	w.commands.err = problem.New(problem.Unavailable, "Temporal does not answer.")
	assert.Contains(t, w.get("/i/"+inv.Token+"/return?payment="+p.ID).page(http.StatusOK), "en cours de confirmation")
}

func TestReturnWithoutAPaymentLeadsToTheDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	for _, query := range []string{"", "?payment=", "?payment=%00"} {
		a := w.get("/i/" + inv.Token + "/return" + query)
		assert.Equal(t, http.StatusSeeOther, a.Code)
		assert.Equal(t, "/i/"+inv.Token, a.Header().Get("Location"))
	}
	service := w.newService(merchant.Active)
	elsewhere := w.newPayment(w.newInvoice(invoice.Open, payableBy(service)))
	assert.Equal(t, http.StatusNotFound, w.get("/i/"+inv.Token+"/return?payment="+elsewhere.ID).Code, "a payment of another invoice")
}

func TestNotificationsBecomeHints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	secret := id.NewSecret()
	p := payment.New(payment.Payment{
		ID: id.New(id.Payment), CompanyID: inv.CompanyID, InvoiceID: inv.ID, PaymentServiceID: inv.PaymentServiceIDs[0],
		OrderID: id.NewOrder(), Method: payment.Card, Amount: inv.Amount, NotificationSecret: secret,
	}, noon)
	w.in(inv.CompanyID, func(tx *postgres.Tx) error {
		_, err := tx.InsertPayment(w.Context(), p)
		return err
	})

	assert.Equal(t, http.StatusOK, w.get("/webhooks/saferpay/"+secret+"/success").Code)
	assert.Equal(t, http.StatusOK, w.get("/webhooks/saferpay/"+secret+"/fail").Code)
	assert.Equal(t, []string{"saferpay notified " + p.ID, "saferpay notified " + p.ID}, w.commands.seen(), "both addresses say the same")

	w.commands.ended = true
	assert.Equal(t, http.StatusOK, w.get("/webhooks/saferpay/"+secret+"/success").Code)
	assert.Equal(t, "take up "+inv.ID, w.commands.seen()[3], "a workflow that was ended from outside goes on with it")
	w.commands.err = problem.New(problem.Unavailable, "Temporal does not answer.")
	a := w.get("/webhooks/saferpay/" + secret + "/success")
	a.problem(http.StatusServiceUnavailable, "temporarily-unavailable")
	assert.NotEmpty(t, a.Header().Get("Retry-After"))

	w.move(&p, payment.Redirected, payment.Authorized)
	assert.Equal(t, http.StatusOK, w.get("/webhooks/saferpay/"+secret+"/success").Code)
	assert.Len(t, w.commands.seen(), 5, "what is known already is no news")

	w.get("/webhooks/saferpay/"+id.NewSecret()+"/success").problem(http.StatusNotFound, "not-found")
	w.get("/webhooks/saferpay/"+secret+"/maybe").problem(http.StatusNotFound, "not-found")
}

func TestSecretsInAddressesAreNotLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	secret := id.NewSecret()
	w.get("/i/" + inv.Token)
	w.get("/webhooks/saferpay/" + secret + "/success")
	assert.Contains(t, w.log.String(), "/i/{token}")
	assert.NotContains(t, w.log.String(), inv.Token)
	assert.NotContains(t, w.log.String(), secret)
}

func TestPagesAreLimitedPerAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func(address string) answer {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/i/nothing?lang=de", http.NoBody)
		r.RemoteAddr = address
		return w.send(r)
	}
	var a answer
	for range 601 {
		a = open("192.0.2.7:1234")
	}
	assert.Contains(t, a.page(http.StatusTooManyRequests), "Zu viele Aufrufe")
	assert.Equal(t, "60", a.Header().Get("Retry-After"))
	assert.Equal(t, http.StatusNotFound, open("192.0.2.8:1234").Code)
}

func TestProcessThatWasEndedFromOutsideIsStartedAgainByWhoeverNeedsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	w.commands.ended = true
	pressed := w.post("/i/"+inv.Token+"/pay", "method=card")
	assert.Equal(t, http.StatusSeeOther, pressed.Code)
	p := w.newPayment(inv, payment.Redirected)
	w.commands.ended = true
	w.commands.onTakeUp = func() { w.commands.onTakeUp = nil; w.move(&p, payment.Authorized, payment.Cancelled) }
	assert.Equal(t, http.StatusOK, w.get("/i/"+inv.Token+"/return?payment="+p.ID).Code)
	w.commands.ended = true
	w.call("POST", "/invoices/"+inv.ID+"/cancel", w.key, nil).json(http.StatusOK)
	assert.Equal(t, []string{
		"pay now " + inv.ID, "take up " + inv.ID, "pay now " + inv.ID, "payer returned " + p.ID, "take up " + inv.ID,
		"cancel " + inv.ID, "take up " + inv.ID, "cancel " + inv.ID,
	}, w.commands.seen())
}
