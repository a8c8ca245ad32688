package letter_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
)

func paid(language string) (invoice.Invoice, payment.Payment) {
	inv := invoice.Invoice{
		ID: "inv_1", Number: "R-1001", Status: invoice.Paid, Amount: money.MustParse("108.00", money.CHF), AmountPaid: money.MustParse("108.00", money.CHF),
		Customer: invoice.Customer{Name: "Anna <Muster>", Email: "anna@example.ch", Language: "en"}, Token: "token",
	}
	p := payment.Payment{
		ID: "pay_1", OrderID: "QK3V", Method: payment.Card, Amount: inv.Amount, Brand: "VISA", Card: "901000xxxxxx0001", Language: language,
		Timeline: []payment.Step{{At: monday, State: payment.Captured}},
	}
	return inv, p
}

func TestPayerGetsAReceiptInTheLanguageOfThePaymentPage(t *testing.T) {
	t.Parallel()
	for language, says := range map[string][]string{
		"de": {"Quittung zu Rechnung R-1001 von Bäckerei <Favre> & Co", "03.11.2026", "Bezahlt mit: Visa xxxx 0001", "vollständig bezahlt", "Es war weniger offen", "Noch offen: CHF 8.00"},
		"fr": {"Reçu pour la facture R-1001 de Bäckerei <Favre> & Co", "03.11.2026", "Payé avec: Visa xxxx 0001", "entièrement payée", "Il restait moins à payer", "Reste à payer: CHF 8.00"},
		"it": {"Ricevuta per la fattura R-1001 di Bäckerei <Favre> & Co", "03.11.2026", "Pagato con: Visa xxxx 0001", "interamente pagata", "Restava da pagare meno", "Ancora da pagare: CHF 8.00"},
		"en": {"Receipt for invoice R-1001 from Bäckerei <Favre> & Co", "3 November 2026", "Paid with: Visa xxxx 0001", "paid in full", "Less was due", "Still to pay: CHF 8.00"},
	} {
		inv, p := paid(language)
		whole, err := letter.Receipt(inv, p, company("de"), "https://pay.example.ch")
		require.NoError(t, err)
		assert.Equal(t, []string{"pay_1.mail", "anna@example.ch", "kontakt@favre.example", says[0]}, []string{whole.ID, whole.To, whole.ReplyTo, whole.Subject})
		for _, part := range append([]string{"CHF 108.00", "R-1001", "pay_1 / QK3V", "https://pay.example.ch/i/token"}, says[1:4]...) {
			assert.Contains(t, whole.Text, part, language)
		}
		assert.NotContains(t, whole.HTML, "<Muster>", "a name is text")

		p.Parked = true
		excess, err := letter.Receipt(inv, p, company("de"), "https://pay.example.ch")
		require.NoError(t, err)
		assert.Contains(t, excess.Text, says[4])
		assert.NotContains(t, excess.Text, says[3], "nothing is said that could be wrong")

		p.Parked, inv.Status, inv.AmountPaid = false, invoice.PartiallyPaid, money.MustParse("100.00", money.CHF)
		part, err := letter.Receipt(inv, p, company("de"), "https://pay.example.ch")
		require.NoError(t, err)
		assert.Contains(t, part.Text, says[5])
		assert.NotContains(t, part.Text, says[3])
		for name, l := range map[string]letter.Letter{"": whole, "-excess": excess, "-part": part} {
			assert.NotContains(t, l.Subject+l.Text+l.HTML, "%!", language)
			keep(t, "receipt"+name+"-"+language, l)
		}
	}
	inv, p := paid("rm")
	_, err := letter.Receipt(inv, p, company("de"), "")
	require.Error(t, err)
}

func TestPayerIsToldWhereTheMoneyGoesBackTo(t *testing.T) {
	t.Parallel()
	for language, says := range map[string]string{
		"de": "CHF 50.00 gehen zurück auf Visa xxxx 0001.", "fr": "CHF 50.00 vous sont remboursés sur Visa xxxx 0001.",
		"it": "CHF 50.00 le vengono rimborsati su Visa xxxx 0001.", "en": "CHF 50.00 goes back to Visa xxxx 0001.",
	} {
		inv, p := paid(language)
		r := refund.Refund{ID: "ref_1", OrderID: "QK4V", Amount: money.MustParse("50.00", money.CHF), Timeline: []refund.Step{{At: monday, State: refund.Captured}}}
		written, err := letter.Refund(inv, p, r, company("de"), "https://pay.example.ch")
		require.NoError(t, err)
		assert.Equal(t, []string{"ref_1.mail", "anna@example.ch"}, []string{written.ID, written.To})
		for _, part := range []string{says, "R-1001", "ref_1 / QK4V", "2026"} {
			assert.Contains(t, written.Text, part)
		}
		assert.NotContains(t, written.Subject+written.Text+written.HTML, "%!")
		keep(t, "refund-"+language, written)
	}
}

func TestWhatIsNotKnownOfTheMeansIsNamedByTheMethod(t *testing.T) {
	t.Parallel()
	inv, p := paid("")
	p.Brand, p.Card, p.Method = "", "", payment.TWINT
	written, err := letter.Receipt(inv, p, company("de"), "")
	require.NoError(t, err)
	assert.Contains(t, written.Text, "Paid with: TWINT\n", "in the customer's language, when that of the page is not known")
}
