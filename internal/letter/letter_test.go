package letter_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
)

// renderTo names a folder into which these tests write every mail as HTML, for people to look at.
const renderTo = "QUITTANCE_RENDER_LETTERS"

var monday = time.Date(2026, 11, 2, 23, 30, 0, 0, time.UTC) // Tuesday already in Zurich

func company(language string) merchant.Company {
	return merchant.Company{ID: "cmp_1", Name: "Bäckerei <Favre> & Co", Language: language, Canton: "VD", ContactEmail: "kontakt@favre.example"}
}

// eventful returns a payment service on whose timeline everything has happened that anybody is told of.
func eventful() merchant.PaymentService {
	s := merchant.NewPaymentService(merchant.PaymentService{
		ID: "psv_1", Name: "Webshop", Environment: merchant.Live, CustomerID: "123123", TerminalID: "12345678", APIUsername: "API_123123_00000001",
		Methods: []merchant.ContractedMethod{
			{Method: "VISA", Currencies: []string{"CHF", "EUR"}}, {Method: "MASTERCARD", Currencies: []string{"CHF"}}, {Method: "TWINT", Currencies: []string{"CHF"}},
		},
		SubmittedAt: monday, EarliestAt: monday.AddDate(0, 0, 3), DueAt: monday.AddDate(0, 0, 21),
	}, monday)
	for _, what := range merchant.Whats {
		s.Note(merchant.ServiceStep{What: what, About: abouts[what], Note: "Die Unterschriften fehlen."}, monday)
		switch what {
		case merchant.What(merchant.Rejected), merchant.What(merchant.Suspended):
			s.Timeline[len(s.Timeline)-1].Status = merchant.ServiceStatus(what)
		case merchant.ContractsLost:
			s.Timeline[len(s.Timeline)-1].Status = merchant.Suspended
		}
	}
	return s
}

var abouts = map[merchant.What]string{
	merchant.Reminded: "7", merchant.CurrencyWanted: "EUR", merchant.CurrencyContracted: "EUR", merchant.CurrencyDeclined: "USD",
	merchant.MethodsLost: "MASTERCARD EUR, TWINT CHF", merchant.ContractsLost: "VISA CHF",
}

// write writes a letter as whoever sends it does.
func write(c merchant.Company, s merchant.PaymentService, l merchant.Letter) (letter.Letter, error) {
	switch l.To {
	case merchant.ToAcquirer:
		return letter.ToAcquirer(c, s, l.Step)
	case merchant.ToOperators:
		return letter.ToOperators(c, s, l.Step, "operators@quittance.example")
	default:
		return letter.ToCompany(c, s, l.Step)
	}
}

func TestEveryLetterIsWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	s := eventful()
	seen := map[string]string{}
	for _, language := range invoice.Languages {
		c := company(language)
		require.NotEmpty(t, s.PendingMails())
		for _, l := range s.PendingMails() {
			name := fmt.Sprintf("%s to the %s in %s", l.What, l.To, language)
			written, err := write(c, s, l)
			require.NoError(t, err, name)
			assert.NotEmpty(t, written.ID, name)
			assert.NotEmpty(t, written.To, name)
			assert.Regexp(t, "border-top:6px solid #", written.HTML, name)
			require.NotEmpty(t, written.Subject, name)
			for _, body := range []string{written.Text, written.HTML} {
				assert.NotContains(t, body, "<no value>", name)
				assert.NotContains(t, body, "{{", name)
				assert.NotContains(t, body, "%!", name)
			}
			if l.To == merchant.ToAcquirer {
				assert.Contains(t, written.Text, "12345678", name)
				assert.Equal(t, c.ContactEmail, written.ReplyTo, name)
				test, err := letter.InsteadOfAcquirer(c, s, l.Step)
				require.NoError(t, err, name)
				assert.Equal(t, c.ContactEmail, test.To, name)
				assert.Equal(t, written.Subject, test.Subject, name)
				note, rest, _ := strings.Cut(test.Text, "\n\n")
				assert.Equal(t, written.Text, rest, name)
				for _, body := range []string{note, test.HTML} {
					assert.Contains(t, body, "Webshop", name)
					assert.Contains(t, body, written.To, name)
					assert.NotContains(t, body, "%!", name)
				}
				keep(t, fmt.Sprintf("%s-in-test-%s", l.What, language), test)
			} else {
				assert.Contains(t, written.Subject+written.Text, "Webshop", name)
			}
			assert.Contains(t, written.HTML, `<html lang="`, name)
			assert.NotContains(t, written.HTML, "<Favre>", "%s: a name is text", name)
			if l.To != merchant.ToOperators {
				other, said := seen[written.Subject+written.Text]
				assert.False(t, said, "%s says the same as %s", name, other)
				seen[written.Subject+written.Text] = name
			}
			keep(t, fmt.Sprintf("%s-%s-%s", l.What, l.To, language), written)
		}
	}
}

func TestLettersCallMethodsAsPeopleDo(t *testing.T) {
	t.Parallel()
	s := eventful()
	for language, says := range map[string]string{"de": "mit Karte(,| und) TWINT", "fr": "par carte(,| et) TWINT", "it": "con carta(,| e) TWINT", "en": "by card(,| and) TWINT"} {
		told := map[merchant.What]string{merchant.Reminded: says, merchant.MethodsLost: "Mastercard EUR, TWINT CHF", merchant.CurrencyContracted: "Visa"}
		for _, l := range s.PendingMails() {
			if l.To != merchant.ToCompany {
				continue
			}
			written, err := write(company(language), s, l)
			require.NoError(t, err)
			assert.Regexp(t, told[l.What], written.Text, "%s in %s", l.What, language)
			delete(told, l.What)
		}
		assert.Empty(t, told, "none of these was written in %s", language)
	}
}

func TestLetterNamesTheDaysInSwitzerland(t *testing.T) {
	t.Parallel()
	s := eventful()
	for language, day := range map[string]string{"de": "03.11.2026", "fr": "03.11.2026", "it": "03.11.2026", "en": "3 November 2026"} {
		for _, l := range s.PendingMails() {
			if l.What == merchant.What(merchant.InVerification) {
				written, err := write(company(language), s, l)
				require.NoError(t, err)
				assert.Contains(t, written.Text, day)
			}
		}
	}
}

func TestCustomerGetsTheLinkInTheirLanguage(t *testing.T) {
	t.Parallel()
	inv := invoice.Invoice{
		ID: "inv_1", Number: "R-1001", Status: invoice.Open, Amount: money.MustParse("108.00", money.CHF), AmountPaid: money.Zero(money.CHF),
		Customer: invoice.Customer{Name: "Anna Muster", Email: "anna@example.ch"}, DueDate: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		PaymentServiceIDs: []string{"psv_1"}, Token: "token", Email: invoice.Email{ID: "eml_1", To: "anna@example.ch"},
	}
	for language, subject := range map[string]string{
		"de": "Rechnung R-1001 von Demo SA", "fr": "Facture R-1001 de Demo SA", "it": "Fattura R-1001 di Demo SA", "en": "Invoice R-1001 from Demo SA",
	} {
		inv.Customer.Language = language
		written, err := letter.Invoice(inv, merchant.Company{Name: "Demo SA", Language: "fr", ContactEmail: "compta@demo.example"}, "https://pay.example.ch")
		require.NoError(t, err)
		assert.Equal(t, "inv_1.eml_1", written.ID, "each mail is one of its own")
		assert.Equal(t, subject, written.Subject)
		assert.Equal(t, "anna@example.ch", written.To)
		assert.Equal(t, "compta@demo.example", written.ReplyTo)
		for _, body := range []string{written.Text, written.HTML} {
			assert.Contains(t, body, "https://pay.example.ch/i/token")
			assert.Contains(t, body, "CHF 108.00")
		}
		keep(t, "invoice-"+language, written)
	}
	inv.Customer.Language = "rm"
	_, err := letter.Invoice(inv, merchant.Company{}, "")
	require.Error(t, err)
}

// keep writes a letter to where people look at it.
func keep(t *testing.T, name string, l letter.Letter) {
	t.Helper()
	folder := os.Getenv(renderTo)
	if folder == "" {
		return
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, name+".html"), []byte(l.HTML), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(folder, name+".txt"), []byte("Subject: "+strings.TrimSpace(l.Subject)+"\n\n"+l.Text), 0o644))
}

func TestACompanyLearnsInItsLanguageWhatToDoAboutADisabledEndpoint(t *testing.T) {
	t.Parallel()
	e := delivery.Endpoint{ID: "whe_1", URL: "https://shop.example.ch/hooks?a=1&b=2"}
	e.Disable(monday, "Nothing could be delivered for three days. The last attempt failed: the receiver answered 503.")
	subjects := map[string]bool{}
	for _, language := range invoice.Languages {
		written, err := letter.EndpointDisabled(company(language), e)
		require.NoError(t, err)
		subjects[written.Subject] = true
		assert.Equal(t, "kontakt@favre.example", written.To)
		for _, part := range []string{"Bäckerei <Favre> & Co", e.URL, "answered 503", `PATCH /v1/webhook-endpoints/whe_1`, `{"enabled": true}`, "POST /v1/webhook-endpoints/whe_1/redeliver"} {
			assert.Contains(t, written.Text, part, language)
		}
		assert.NotContains(t, written.Text+written.HTML, "%!", language)
		if folder := os.Getenv(renderTo); folder != "" {
			require.NoError(t, os.WriteFile(filepath.Join(folder, "endpoint-disabled."+language+".html"), []byte(written.HTML), 0o600))
		}
	}
	assert.Len(t, subjects, len(invoice.Languages))
}

func TestEverySecurityNoticeIsWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, language := range invoice.Languages {
		for _, to := range []string{"kontakt@favre.example", "former@favre.example"} {
			m := merchant.SecurityMail{To: to}
			for _, change := range merchant.SecurityChanges {
				m.Notices = append(m.Notices, merchant.SecurityNotice{
					ID: "sno_1", At: monday, Change: change, About: "<About>", Before: "1029", After: "1020", Author: merchant.Author{By: "Anna (anna)", Address: "192.0.2.1"},
				})
			}
			written, err := letter.Security(company(language), m)
			require.NoError(t, err)
			assert.Equal(t, to, written.To)
			assert.Equal(t, len(merchant.SecurityChanges), strings.Count(written.Text, "Anna (anna)"), language)
			assert.Equal(t, len(merchant.SecurityChanges), strings.Count(written.Text, "192.0.2.1"), language)
			for _, body := range []string{written.Subject, written.Text, written.HTML} {
				assert.NotContains(t, body, "%!", language)
			}
			assert.NotContains(t, written.Text, ": \n", "%s says something of each", language)
			assert.NotContains(t, written.HTML, "<About>", "a name is text")
			keep(t, "security-"+language, written)
		}
	}
}
