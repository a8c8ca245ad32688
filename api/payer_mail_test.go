package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

func TestPaymentSaysWhatWasPaidWithAndWhatBecameOfItsReceipt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.newPayment(w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active))), payment.Redirected, payment.Authorized)
	shown := w.call("GET", "/payments/"+p.ID, w.key, nil).json(http.StatusOK)
	for _, unknown := range []string{"brand", "card", "authorization_code", "email"} {
		assert.NotContains(t, shown, unknown)
	}

	p.Brand, p.Card, p.AuthorizationCode = "VISA", payment.MaskedCard("91234582xxxx1234"), "012345"
	p.Mail = payment.QueuedMail(noon)
	p.Mail.End("550 no such mailbox.", noon)
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SavePayment(t.Context(), p) })
	shown = w.call("GET", "/payments/"+p.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{"VISA", "912345xxxxxx1234", "012345"}, []any{shown["brand"], shown["card"], shown["authorization_code"]})
	assert.Equal(t, map[string]any{"state": "failed", "at": noon.Format(time.RFC3339), "reason": "550 no such mailbox."}, shown["email"])
}

func TestCardNumberThatIsNotMaskedIsNotStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.newPayment(w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active))), payment.Redirected)
	p.Card = "91234582xxxx1234"
	err := w.store.Store.InCompany(t.Context(), w.company.ID, func(tx *postgres.Tx) error { return tx.SavePayment(t.Context(), p) })
	assert.ErrorContains(t, err, "payments_card_check")
}
