package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
)

// forInvoices is a bank account whose QR-bill stands on invoices in francs, after the changes.
func forInvoices(changes object) object {
	body := object{
		"iban": "CH44 3199 9123 0008 8901 2", "account": "1020", "currency": "CHF", "use_for_invoices": true,
		"holder": object{"name": "Demo SA", "street": "Rue du Lac", "house_number": "7a", "postcode": "1003", "city": "Lausanne", "country": "CH"},
	}
	for name, value := range changes {
		body[name] = value
	}
	return body
}

func TestABankAccountIsKeptWithWhatItIsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.call("POST", "/bank-accounts", w.key, forInvoices(nil)).json(http.StatusCreated)
	assert.Equal(t, []any{"CH4431999123000889012", true}, []any{made["iban"], made["qr_iban"]})
	assert.Equal(t, []any{made}, w.call("GET", "/bank-accounts", w.key, nil).json(200)["data"])
	for field, change := range map[string]object{
		"account":        {"account": "9999", "iban": "CH5604835012345678009", "use_for_invoices": false},
		"holder.name":    {"iban": "CH5604835012345678009", "holder": object{"name": "株式会社", "postcode": "1003", "city": "Lausanne", "country": "CH"}},
		"holder.country": {"iban": "CH5604835012345678009", "holder": object{"name": "Demo SA", "postcode": "1003", "city": "Lausanne", "country": "XX"}},
	} {
		assert.Equal(t, []string{field}, w.call("POST", "/bank-accounts", w.key, forInvoices(change)).problem(422, "validation-failed"))
	}
	for _, taken := range []object{{"use_for_invoices": false}, {"iban": "CH9300762011623852957"}} {
		w.call("POST", "/bank-accounts", w.key, forInvoices(taken)).problem(409, "bank-account-taken")
	}
	assert.Equal(t, []string{"iban"}, w.call("POST", "/bank-accounts", w.key, forInvoices(object{"currency": "EUR"})).problem(422, "validation-failed"), "no QR-IBAN in EUR")
	assert.Equal(t, []string{"iban"}, w.call("POST", "/bank-accounts", w.key, forInvoices(object{"iban": "DE89370400440532013000"})).problem(422, "validation-failed"))
	w.call("DELETE", "/bank-accounts/"+made["id"].(string), w.key, nil)
	assert.Empty(t, w.call("GET", "/bank-accounts", w.key, nil).json(200)["data"])
}

func TestTheOnlineDocumentCarriesTheQRBillOfWhatIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.PartiallyPaid, func(i *invoice.Invoice) {
		i.Content.Address = invoice.Address{Street: "Grand-Rue", HouseNumber: "1", Postcode: "1700", City: "Fribourg", Country: "CH"}
	})
	assert.NotContains(t, w.get("/i/"+inv.Token).Body.String(), "qr-code.svg", "without an account there is none")
	assert.Equal(t, http.StatusNotFound, w.get("/i/"+inv.Token+"/qr-bill.svg").Code)
	w.call("POST", "/bank-accounts", w.key, forInvoices(nil)).json(http.StatusCreated)

	page := w.get("/i/" + inv.Token + "?lang=fr").Body.String()
	for _, said := range []string{"Payer par la banque", "CH44 3199 9123 0008 8901 2", "Demo SA", `src="/i/` + inv.Token + `/qr-code.svg?lang=fr"`} {
		assert.Contains(t, page, said)
	}
	slip := w.get("/i/" + inv.Token + "/qr-bill.svg?lang=fr")
	require.Equal(t, http.StatusOK, slip.Code)
	assert.Equal(t, "image/svg+xml", slip.Header().Get("Content-Type"))
	for _, said := range []string{"Section paiement", "234.50", "Marie Favre", "1700 Fribourg", "Facture " + inv.Number} {
		assert.Contains(t, strings.ReplaceAll(slip.Body.String(), "\u00a0", " "), said)
	}
	assert.Equal(t, http.StatusOK, w.get("/i/"+inv.Token+"/qr-code.svg").Code)

	paid, euros := w.newInvoice(invoice.Paid), w.newInvoice(invoice.Open, func(i *invoice.Invoice) {
		i.Amount, i.AmountPaid = money.MustParse("5.00", money.EUR), money.Zero(money.EUR)
	})
	for _, other := range []invoice.Invoice{paid, euros} {
		assert.NotContains(t, w.get("/i/"+other.Token).Body.String(), "qr-code.svg")
		assert.Equal(t, http.StatusNotFound, w.get("/i/"+other.Token+"/qr-bill.svg").Code)
	}
}

func TestAPayoutIsBookedOnTheAccountOfItsIBAN(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := func(currency, number string) {
		w.call("POST", "/bank-accounts", w.key, object{"iban": "CH9300762011623852957", "currency": currency, "account": number}).json(http.StatusCreated)
	}
	account("EUR", "1000")
	w.captured(chf("108.00"), "2026-11-17")
	pay := func(on, amount string) {
		imported := w.importFile("text/xml", credit(on, amount, "WORLDLINE SCHWEIZ AG")).json(http.StatusCreated)
		w.call("POST", "/payouts/"+imported["payouts"].([]any)[0].(object)["id"].(string)+"/confirm", w.key, nil).json(http.StatusOK)
	}
	pay("2026-11-19", "105.70")
	assert.Equal(t, francs("105.70"), w.balance("1020"), "no account in francs is named")

	account("CHF", "1010")
	w.captured(chf("50.00"), "2026-11-18")
	pay("2026-11-20", "49.20")
	assert.Equal(t, francs("49.20"), w.balance("1010"))
	assert.Equal(t, francs("105.70"), w.balance("1020"))
}
