package letter_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
)

// overdue is an invoice of which CHF 8.00 were paid, and its reminder of that step.
func overdue(language string, step int) (invoice.Invoice, invoice.Reminder) {
	inv := invoice.Invoice{
		ID: "inv_1", Number: "R-1001", Status: invoice.PartiallyPaid, Amount: money.MustParse("108.00", money.CHF), AmountPaid: money.MustParse("8.00", money.CHF),
		Customer: invoice.Customer{Name: "Anna <Muster>", Email: "anna@example.ch", Language: language}, DueDate: monday, Token: "token",
		PaymentServiceIDs: []string{"psv_1"},
	}
	return inv, inv.NewReminder(step, 10*step, monday)
}

func TestCustomerIsRemindedInTheirLanguageOfWhatIsStillDue(t *testing.T) {
	t.Parallel()
	for language, says := range map[string][]string{
		"de": {"Noch offen: CHF 100.00", "Rechnung ansehen und bezahlen", "Zahlungserinnerung: Rechnung R-1001 von", "Zweite Zahlungserinnerung: Rechnung R-1001 von", "Letzte Zahlungserinnerung: Rechnung R-1001 von"},
		"fr": {"Reste à payer: CHF 100.00", "Voir et payer la facture", "Rappel : facture R-1001 de", "Deuxième rappel : facture R-1001 de", "Dernier rappel : facture R-1001 de"},
		"it": {"Ancora da pagare: CHF 100.00", "Vedere e pagare la fattura", "Sollecito: fattura R-1001 di", "Secondo sollecito: fattura R-1001 di", "Ultimo sollecito: fattura R-1001 di"},
		"en": {"Still to pay: CHF 100.00", "View and pay the invoice", "Reminder: invoice R-1001 from", "Second reminder: invoice R-1001 from", "Last reminder: invoice R-1001 from"},
	} {
		for step := 1; step <= 5; step++ {
			inv, r := overdue(language, step)
			written, err := letter.Reminder(inv, r, company(language), "https://pay.example.ch")
			require.NoError(t, err)
			assert.Equal(t, []string{"inv_1.reminder-" + string(rune('0'+step)), "anna@example.ch", "kontakt@favre.example"}, []string{written.ID, written.To, written.ReplyTo})
			assert.Equal(t, says[1+min(step, 3)]+" Bäckerei <Favre> & Co", written.Subject)
			for _, part := range []string{says[0], says[1], "CHF 108.00", "2026", "https://pay.example.ch/i/token"} {
				assert.Contains(t, written.Text, part)
			}
			assert.NotContains(t, written.HTML, "<Muster>", "a name is text")
			assert.NotContains(t, written.Subject+written.Text+written.HTML, "%!")
			if step <= 3 {
				keep(t, "reminder-"+string(rune('0'+step))+"-"+language, written)
			}
		}
	}
	inv, r := overdue("rm", 1)
	_, err := letter.Reminder(inv, r, company("de"), "")
	require.Error(t, err)
}

func TestReminderCarriesTheCompanysOwnWordsAndNothingOfOurs(t *testing.T) {
	t.Parallel()
	c := company("de")
	c.Reminders = []merchant.Reminder{{
		DaysAfterDue: 10, Subject: "Noch eine Bitte", Text: "Please <pay>.\n\nThank you.", Texts: map[string]string{"fr": "Merci de payer."},
	}}
	inv, r := overdue("de", 1)
	written, err := letter.Reminder(inv, r, c, "https://pay.example.ch")
	require.NoError(t, err)
	assert.Equal(t, "Noch eine Bitte (R-1001)", written.Subject)
	for _, part := range []string{"Please <pay>.", "Thank you.", "Noch offen: CHF 100.00", "https://pay.example.ch/i/token"} {
		assert.Contains(t, written.Text, part)
	}
	assert.NotContains(t, written.Text, "vergessen")
	assert.NotContains(t, written.HTML, "<pay>", "it is text")

	inv, r = overdue("fr", 1)
	written, err = letter.Reminder(inv, r, c, "https://pay.example.ch")
	require.NoError(t, err)
	assert.Contains(t, written.Text, "Merci de payer.")
	assert.NotContains(t, written.Text, "Please")
}
