package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

func TestDeclinedPayerReadsEachThingOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	p := w.newPayment(inv, payment.Redirected, payment.Failed)
	path := "/i/" + inv.Token + "/return?lang=fr&payment=" + p.ID
	said := regexp.MustCompile(`(?s)<section class="notice trouble".*?</section>`)
	assert.Contains(t, said.FindString(w.get(path).page(http.StatusOK)), "<p>Carte refusée. Rien n’a été débité.</p>")
	p.Failure.PayerMessage = ""
	w.in(inv.CompanyID, func(tx *postgres.Tx) error { return tx.SavePayment(t.Context(), p) })
	assert.Contains(t, said.FindString(w.get(path).page(http.StatusOK)),
		"<p>Rien n’a été débité. Essayez encore une fois ou choisissez un autre moyen de paiement.</p>")
}

func TestStatusAgreesWithTheInvoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for status, says := range map[invoice.Status][2]string{
		invoice.Paid: {"Payée", "Pagata"}, invoice.PartiallyPaid: {"Payée en partie", "Pagata in parte"}, invoice.Cancelled: {"Annulée", "Annullata"},
	} {
		inv := w.newInvoice(status)
		for i, language := range []string{"fr", "it"} {
			assert.Contains(t, w.get("/i/"+inv.Token+"?lang="+language).page(http.StatusOK), `">`+says[i]+"</p>", status)
		}
	}
}

func TestReturnFromAPageWhoseLifeHasEndedSaysThatItExpired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	for _, c := range []struct {
		expiresAt time.Time
		says      string
		buttons   bool
	}{
		{noon.Add(time.Hour), "en cours de confirmation", false},
		{noon.Add(-time.Minute), "en cours de confirmation", false}, // somebody may have paid at the last moment
		{noon.Add(-5 * time.Minute), "La page de paiement a expiré", true},
	} {
		p := w.newPayment(inv)
		p.ExpiresAt = c.expiresAt
		w.move(&p, payment.Redirected)
		page := w.get("/i/" + inv.Token + "/return?payment=" + p.ID).page(http.StatusOK)
		assert.Contains(t, page, c.says)
		assert.Equal(t, c.buttons, strings.Contains(page, buttons))
		assert.Equal(t, !c.buttons, strings.Contains(page, `http-equiv="refresh"`))
		assert.Contains(t, w.commands.seen(), "payer returned "+p.ID, "Saferpay is asked all the same")
	}
}

func TestReturnPagesOfOnePaymentAreNotHeldBackWithoutEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	p := w.newPayment(inv, payment.Redirected)
	options := w.options()
	options.ReturnPatience = time.Hour
	w.handler = api.New(options)
	ctx, leave := context.WithCancel(t.Context())
	answered := make(chan int, 4)
	for range cap(answered) {
		go func() {
			shown := httptest.NewRecorder()
			w.handler.ServeHTTP(shown, httptest.NewRequestWithContext(ctx, http.MethodGet, "/i/"+inv.Token+"/return?wait=1&payment="+p.ID, http.NoBody))
			answered <- shown.Code
		}()
	}
	assert.Equal(t, http.StatusOK, <-answered, "three wait, and the fourth is answered at once")
	leave()
	for range cap(answered) - 1 {
		assert.Equal(t, http.StatusServiceUnavailable, <-answered)
	}
}
