package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
)

// inProgress is what a document says of a payment of CHF 1234.50 that is in progress, per language.
var inProgress = map[string]map[payment.State]string{
	"de": {
		payment.Pending:    "Der Anbieter hat über die Zahlung von CHF 1’234.50 vom 22. November 2026 noch nicht entschieden. Bitte bezahlen Sie nicht ein zweites Mal.",
		payment.Authorized: "Die Zahlung von CHF 1’234.50 vom 22. November 2026 ist bewilligt. Bitte bezahlen Sie nicht ein zweites Mal.",
		payment.Unknown:    "Ob die Zahlung von CHF 1’234.50 vom 22. November 2026 gelungen ist, klären wir gerade. Bitte bezahlen Sie nicht ein zweites Mal.",
	},
	"fr": {
		payment.Pending:    "Le prestataire n’a pas encore décidé du paiement de CHF 1’234.50 du 22 novembre 2026. Merci de ne pas payer une seconde fois.",
		payment.Authorized: "Le paiement de CHF 1’234.50 du 22 novembre 2026 est autorisé. Merci de ne pas payer une seconde fois.",
		payment.Unknown:    "Nous vérifions si le paiement de CHF 1’234.50 du 22 novembre 2026 a abouti. Merci de ne pas payer une seconde fois.",
	},
	"it": {
		payment.Pending:    "Il fornitore non ha ancora deciso sul pagamento di CHF 1’234.50 del 22 novembre 2026. La preghiamo di non pagare una seconda volta.",
		payment.Authorized: "Il pagamento di CHF 1’234.50 del 22 novembre 2026 è autorizzato. La preghiamo di non pagare una seconda volta.",
		payment.Unknown:    "Stiamo verificando se il pagamento di CHF 1’234.50 del 22 novembre 2026 è riuscito. La preghiamo di non pagare una seconda volta.",
	},
	"en": {
		payment.Pending:    "The provider has not decided yet on the payment of CHF 1’234.50 made on 22 November 2026. Please don’t pay a second time.",
		payment.Authorized: "The payment of CHF 1’234.50 made on 22 November 2026 is approved. Please don’t pay a second time.",
		payment.Unknown:    "We are checking whether the payment of CHF 1’234.50 made on 22 November 2026 went through. Please don’t pay a second time.",
	},
}

// checkAgain returns the address of the link of a page's notice.
func checkAgain(t *testing.T, page string) string {
	t.Helper()
	link := regexp.MustCompile(`(?s)<section class="notice.*<a href="([^"]+)">(?:Erneut nachsehen|Vérifier à nouveau|Verifica di nuovo|Check again)</a>.*</section>`).FindStringSubmatch(page)
	require.NotNil(t, link, page)
	return strings.ReplaceAll(link[1], "&amp;", "&")
}

func TestDocumentSaysWhatIsInProgressAndOffersNoSecondPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	w.commands.err = problem.New(problem.PaymentInProgress, "…") // as the workflow says
	pressed := func(inv invoice.Invoice, language string) string {
		return w.post("/i/"+inv.Token+"/pay?lang="+language, "method=card").page(http.StatusConflict)
	}
	for language, sentences := range inProgress {
		for state, sentence := range sentences {
			inv := w.newInvoice(invoice.Open, payableBy(service), forLanguage(language))
			p := w.newPayment(inv, payment.Redirected, state)
			back := "/i/" + inv.Token + "/return?lang=" + language + "&payment=" + p.ID
			for what, page := range map[string]string{
				"reopened":       w.get("/i/" + inv.Token).page(http.StatusOK),
				"in the end":     w.get(back + "&wait=15").page(http.StatusOK),
				"pressed anyway": pressed(inv, language),
			} {
				assert.Contains(t, page, sentence, "%s, %s", state, what)
				assert.NotContains(t, page, buttons, "%s, %s", state, what)
				assert.Equal(t, back, checkAgain(t, page), "%s, %s", state, what)
			}
		}
	}
	for _, command := range w.commands.seen() {
		assert.Contains(t, command, "pay now", "Saferpay was asked nothing")
	}
}

func TestPayerMayComeBackToAnOpenPaymentPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	w.newPayment(inv, payment.Redirected)
	page := w.get("/i/" + inv.Token).page(http.StatusOK)
	assert.Contains(t, page, buttons)
	assert.NotContains(t, page, `class="notice`)
	assert.Equal(t, http.StatusSeeOther, w.post("/i/"+inv.Token+"/pay", "method=card").Code)
}

func TestWhatBeganInAnotherTabIsSaidWhenThisOneIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	w.commands.err = problem.New(problem.PaymentInProgress, "A payment of the invoice is being booked.")
	page := w.post("/i/"+inv.Token+"/pay", "method=card").page(http.StatusConflict)
	assert.Contains(t, page, "Un paiement est déjà en cours")
	assert.NotContains(t, page, buttons)
	assert.Equal(t, "/i/"+inv.Token+"?lang=fr", checkAgain(t, page))
}

func TestPayerWhoReturnsFromOnePaymentReadsOfTheOtherThatIsInProgress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	sentence := inProgress["fr"][payment.Pending]
	for state, says := range map[payment.State][2]string{
		payment.Failed:    {"Le paiement a été refusé", "Carte refusée. Rien n’a été débité. Un autre paiement est encore en cours. "},
		payment.Aborted:   {"Vous avez interrompu le paiement", "Rien n’a été débité. Un autre paiement est encore en cours. "},
		payment.Expired:   {"La page de paiement a expiré", "Rien n’a été débité. Un autre paiement est encore en cours. "},
		payment.Cancelled: {"Le paiement n’a pas pu être accepté", "Rien n’a été débité. Un autre paiement est encore en cours. "},
		payment.Captured:  {"Paiement reçu", "Votre paiement de CHF 1’234.50 a été reçu le 22 novembre 2026. Un autre paiement est encore en cours. "},
	} {
		inv := w.newInvoice(invoice.Open, payableBy(service))
		ended, running := w.newPayment(inv, payment.Redirected, state), w.newPayment(inv, payment.Redirected, payment.Pending)
		page := w.get("/i/" + inv.Token + "/return?payment=" + ended.ID).page(http.StatusOK)
		assert.Contains(t, page, says[0], state)
		assert.Contains(t, page, says[1]+sentence, state)
		assert.NotContains(t, page, buttons, state)
		assert.Contains(t, checkAgain(t, page), running.ID, state)
	}
}

func TestCheckAgainAsksAsAReturnDoesAndRefreshesAskNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	p := w.newPayment(inv, payment.Redirected)
	path := "/i/" + inv.Token + "/return?payment=" + p.ID
	var page string
	for _, wait := range []string{"&wait=1", "&wait=2", "&wait=15"} {
		page = w.get(path + wait).page(http.StatusOK)
	}
	assert.Contains(t, page, "La confirmation n’est pas encore arrivée")
	assert.Empty(t, w.commands.seen())
	for _, other := range regexp.MustCompile(`href="([^"]+)" lang=`).FindAllStringSubmatch(page, -1) {
		w.get(strings.ReplaceAll(other[1], "&amp;", "&")).page(http.StatusOK)
	}
	assert.Empty(t, w.commands.seen(), "another language is no reason to ask either")

	page = w.get(checkAgain(t, page)).page(http.StatusOK)
	assert.Equal(t, []string{"payer returned " + p.ID}, w.commands.seen())
	assert.Contains(t, page, `content="1; url=`, "it waits for the answer")

	w.move(&p, payment.Pending)
	w.commands.onReturn = func() { w.move(&p, payment.Failed) }
	page = w.get(checkAgain(t, w.get("/i/"+inv.Token).page(http.StatusOK))).page(http.StatusOK)
	assert.Equal(t, []string{"payer returned " + p.ID, "payer returned " + p.ID}, w.commands.seen(), "the document's link asks as well")
	assert.Contains(t, page, "Le paiement a été refusé")
	assert.Contains(t, page, buttons)
}

func TestDocumentShowsWhatWasRefunded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for language, words := range map[string][5]string{
		"de": {"Bezahlt", "Zurückerstattet", "Teilweise zurückerstattet", "Zurückerstattet", "Teilweise bezahlt"},
		"fr": {"Payé", "Remboursé", "Remboursée en partie", "Remboursée", "Payée en partie"},
		"it": {"Pagato", "Rimborsato", "Rimborsata in parte", "Rimborsata", "Pagata in parte"},
		"en": {"Paid", "Refunded", "Partially refunded", "Refunded", "Partially paid"},
	} {
		for _, c := range []struct {
			of       invoice.Status
			paid     string
			refunded string
			status   string
		}{
			{invoice.Paid, "50.00", "20.00", words[2]},
			{invoice.Paid, "50.00", "50.00", words[3]},
			{invoice.PartiallyPaid, "30.00", "10.00", words[4]},
		} {
			inv := w.newInvoice(c.of, forLanguage(language), func(inv *invoice.Invoice) { inv.Amount, inv.AmountPaid = chf("50.00"), chf(c.paid) })
			require.NoError(t, inv.Return(chf(c.refunded)))
			w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SaveInvoice(t.Context(), inv) })
			page := w.get("/i/" + inv.Token).page(http.StatusOK)
			assert.Contains(t, page, "<dt>"+words[0]+"</dt><dd>CHF "+c.paid+"</dd>")
			assert.Contains(t, page, "<dt>"+words[1]+"</dt><dd>CHF "+c.refunded+"</dd>")
			assert.Contains(t, page, `">`+c.status+"</p>")
		}
		page := w.get("/i/" + w.newInvoice(invoice.Paid, forLanguage(language)).Token).page(http.StatusOK)
		assert.NotContains(t, page, words[1], "nothing was refunded")
	}
}
