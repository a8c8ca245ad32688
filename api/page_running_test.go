package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/postgres"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
)

func TestReopenedDocumentSaysWhatIsRunningAndOffersNoSecondPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	for language, says := range map[string]map[payment.State]string{
		"de": {payment.Pending: "wartet auf den Anbieter", payment.Authorized: "wird gerade verbucht", payment.Unknown: "wird geklärt"},
		"fr": {payment.Pending: "attend le prestataire", payment.Authorized: "en cours d’enregistrement", payment.Unknown: "en cours de vérification"},
		"it": {payment.Pending: "attende il fornitore", payment.Authorized: "in corso di registrazione", payment.Unknown: "in corso di verifica"},
		"en": {payment.Pending: "waiting for the provider", payment.Authorized: "being booked", payment.Unknown: "being checked"},
	} {
		for state, sentence := range says {
			inv := w.newInvoice(invoice.Open, payableBy(service), forLanguage(language))
			w.newPayment(inv, payment.Redirected, state)
			page := w.get("/i/" + inv.Token).page(http.StatusOK)
			assert.Contains(t, page, sentence, state)
			assert.Contains(t, page, "CHF 1’234.50", state)
			assert.NotContains(t, page, buttons, state)
			assert.Contains(t, page, `href="/i/`+inv.Token+`?lang=`+language+`"`, "it can be looked at again")

			page = w.post("/i/"+inv.Token+"/pay?lang="+language, "method=card").page(http.StatusConflict)
			assert.Contains(t, page, sentence, "%s: no second payment page is opened", state)
		}
	}
	redirected := w.newInvoice(invoice.Open, payableBy(service))
	w.newPayment(redirected, payment.Redirected)
	assert.Contains(t, w.get("/i/"+redirected.Token).page(http.StatusOK), buttons, "a payer who is on the payment page may come back to it")
}

func TestDocumentShowsWhatWasRefunded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for language, words := range map[string][2]string{
		"de": {"Bezahlt", "Zurückerstattet"}, "fr": {"Payée", "Remboursée"}, "it": {"Pagata", "Rimborsata"}, "en": {"Paid", "Refunded"},
	} {
		inv := w.newInvoice(invoice.Paid, forLanguage(language))
		require.NoError(t, inv.Return(chf("50.00")))
		w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SaveInvoice(t.Context(), inv) })
		page := strings.Join(strings.Fields(w.get("/i/"+inv.Token).page(http.StatusOK)), " ")
		assert.Contains(t, page, `<dt>`+words[0]+`</dt><dd>CHF 1’234.50</dd>`)
		assert.Contains(t, page, `<dt>`+words[1]+`</dt><dd>CHF 50.00</dd>`)
	}
}
