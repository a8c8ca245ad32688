package api_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

// november is a month with everything in it: receipts, a refund, a payout, an entry by hand and its reversal, and a receipt of
// October that came after October was closed.
func november(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	book := func(e ledger.Entry, on string) {
		e.Date = day(on)
		w.in(w.company.ID, func(tx *postgres.Tx) error { _, err := tx.Append(t.Context(), e); return err })
	}
	for _, c := range []struct{ on, number, amount string }{
		{"2026-10-28", "2026-0398", "540.00"},
		{"2026-11-02", "2026-0401", "108.00"},
		{"2026-11-05", "2026-0402", "1234.50"},
		{"2026-11-09", "2026-0405", "86.15"},
		{"2026-11-17", "2026-0411", "3200.00"},
	} {
		inv := w.newInvoice(invoice.Paid, payableBy(service), func(i *invoice.Invoice) {
			i.Number, i.Amount, i.AmountPaid = c.number, money.MustParse(c.amount, money.CHF), money.MustParse(c.amount, money.CHF)
		})
		p := w.newPayment(inv, payment.Redirected, payment.Authorized, payment.Captured)
		book(ledger.Receipt(occasion(inv, p.ID, p.Amount, day(c.on)), ledger.SystemBank, ledger.Receivables), c.on)
		if c.number == "2026-0402" {
			book(ledger.Refund(occasion(inv, p.ID, money.MustParse("234.50", money.CHF), day("2026-11-12")), ledger.SystemBank, ledger.Receivables, id.New(id.Refund)), "2026-11-12")
		}
	}
	chf := func(v string) money.Amount { return money.MustParse(v, money.CHF) }
	eur := func(v string) money.Amount { return money.MustParse(v, money.EUR) }
	book(ledger.Entry{
		CompanyID: w.company.ID, Text: "Worldline, versement 7781", Source: ledger.Source{Kind: ledger.FromSettlement, ID: id.New(id.Settlement)},
		Lines: []ledger.Line{ledger.Debit(ledger.Bank, chf("1318.06")), ledger.Debit(ledger.ChargesOnBank, chf("24.44")), ledger.Credit(ledger.SystemBank, chf("1342.50"))},
	}, "2026-11-11")
	book(ledger.Entry{
		CompanyID: w.company.ID, Text: "Paiement en ligne de la facture 2026-0406", Source: ledger.Source{Kind: ledger.FromPayment, ID: id.New(id.Payment)},
		Lines: []ledger.Line{ledger.Debit(ledger.SystemBank, eur("99.00")), ledger.Credit(ledger.Receivables, eur("99.00"))},
	}, "2026-11-10")
	reversed := w.enter("2026-11-15", "12.40")
	w.call("POST", "/journal/"+reversed+"/reverse", w.key, `{"date":"2026-11-16"}`).json(http.StatusCreated)
	w.call("PATCH", "/settings", w.key, `{"books_closed_until":"2026-10-31"}`).json(http.StatusOK)
	late := w.newInvoice(invoice.Open, func(i *invoice.Invoice) { i.Number = "2026-0399" })
	w.call("POST", "/invoices/"+late.ID+"/receipts", w.key, newReceipt(`"amount":"34.50"`, `"date":"2026-10-30"`, `"reference":"UBS 30.10."`)).json(http.StatusCreated)
	return w
}

func TestStatementSaysWhatStoodCameAndStands(t *testing.T) {
	t.Parallel()
	w := november(t)
	s := w.call("GET", "/statements/2026-11", w.key, nil).json(http.StatusOK)
	assert.Equal(t, "Demo SA", s["company"])
	assert.Equal(t, false, s["closed"])
	assert.Contains(t, s["accounts"], map[string]any{
		"number": "1029", "name": "Banque – compte système", "currency": "CHF", "opening": "540.00", "debit": "4628.65", "credit": "1577.00", "closing": "3591.65",
	})
	assert.Contains(t, s["accounts"], map[string]any{
		"number": "1029", "name": "Banque – compte système", "currency": "EUR", "opening": "0.00", "debit": "99.00", "credit": "0.00", "closing": "99.00",
	})
	assert.Contains(t, s["bookings"], map[string]any{"source": "payment", "currency": "CHF", "entries": 4.0, "amount": "4628.65"})
	verified := w.call("GET", "/journal/verification", w.key, nil).json(http.StatusOK)
	assert.Equal(t, verified["hash"], s["hash"])

	stood := w.balances("?at=2026-11-30")
	for _, item := range s["accounts"].([]any) {
		if account := item.(map[string]any); account["currency"] == "CHF" {
			assert.Equal(t, account["closing"], stood[account["number"].(string)], account["number"])
		}
	}
	assert.Equal(t, true, w.call("GET", "/statements/2026-10", w.key, nil).json(http.StatusOK)["closed"])
	assert.Empty(t, w.call("GET", "/statements/2026-09", w.key, nil).json(http.StatusOK)["accounts"])
	w.call("GET", "/statements/2026-13", w.key, nil).problem(http.StatusNotFound, "not-found")
}

func TestStatementForSpreadsheetsRunsABalance(t *testing.T) {
	t.Parallel()
	w := november(t)
	a := w.export("/statements/2026-11", "text/csv")
	body, marked := strings.CutPrefix(a.Body.String(), "\ufeff")
	assert.True(t, marked, "spreadsheets take it for UTF-8")
	reader := csv.NewReader(strings.NewReader(body))
	reader.Comma = ';'
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	assert.Equal(t, []string{"Compte", "Libellé", "Monnaie", "Date", "Date valeur", "N°", "Texte", "Contrepartie", "Débit", "Crédit", "Solde"}, rows[0])
	var sheet [][]string
	for _, row := range rows {
		if row[0] == "1029" && row[2] == "CHF" {
			sheet = append(sheet, append(row[3:4:4], row[6:]...))
		}
	}
	assert.Equal(t, [][]string{
		{"2026-11-01", "Solde initial", "", "", "", "540.00"},
		{"2026-11-02", "Paiement en ligne de la facture 2026-0401", "1100", "108.00", "", "648.00"},
		{"2026-11-05", "Paiement en ligne de la facture 2026-0402", "1100", "1234.50", "", "1882.50"},
		{"2026-11-09", "Paiement en ligne de la facture 2026-0405", "1100", "86.15", "", "1968.65"},
		{"2026-11-11", "Worldline, versement 7781", "divers", "", "1342.50", "626.15"},
		{"2026-11-12", "Remboursement de la facture 2026-0402", "1100", "", "234.50", "391.65"},
		{"2026-11-17", "Paiement en ligne de la facture 2026-0411", "1100", "3200.00", "", "3591.65"},
		{"2026-11-30", "Solde final", "", "4628.65", "1577.00", "3591.65"},
	}, sheet)
	assert.Contains(t, body, "1020;Banque;CHF;2026-11-01;2026-10-30;", "the day on which it really came")
}

func TestStatementToPrintIsWholeInEveryLanguage(t *testing.T) {
	t.Parallel()
	w := november(t)
	for language, words := range map[string][]string{
		"de": {"Monatsauszug", "November 2026", "Provisorisch", "Kontoblätter", "Gegenkonto", "diverse", "Bank – Systemkonto", "Stornos"},
		"fr": {"Relevé mensuel", "novembre 2026", "Provisoire", "Extraits de compte", "Contrepartie", "divers", "Banque – compte système"},
		"it": {"Estratto mensile", "novembre 2026", "Provvisorio", "Schede dei conti", "Contropartita", "diversi", "Banca – conto di sistema"},
		"en": {"Monthly statement", "November 2026", "Provisional", "Account sheets", "Contra account", "several", "Bank – system account"},
	} {
		w.call("PATCH", "/settings", w.key, map[string]string{"language": language}).json(http.StatusOK)
		a := w.export("/statements/2026-11", "text/html")
		page := a.Body.String()
		for _, word := range append(words, "3’591.65", "1’342.50", "30.10.2026", "Demo SA") {
			assert.Contains(t, page, word, language)
		}
		assert.NotContains(t, page, "<no value>")
		assert.NotContains(t, page, "{date}")
		assert.Contains(t, a.Header().Get("Content-Security-Policy"), "default-src 'none'")
		assert.NotContains(t, page, "src=", "it needs nothing but itself")
	}
	w.call("PATCH", "/settings", w.key, `{"language":"de"}`).json(http.StatusOK)
	assert.Contains(t, w.export("/statements/2026-10", "text/html").Body.String(), "Definitiv: Die Bücher sind bis 31.\u00a0Oktober\u00a02026 abgeschlossen.")
	assert.Contains(t, w.export("/statements/2026-08", "text/html").Body.String(), "In diesem Monat wurde nichts gebucht.")
}

func TestWhatSomebodyTypedIsShownAsTextInAStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("POST", "/manual-entries", w.key, newEntry(`"text":"=<script>alert(1)</script>"`)).json(http.StatusCreated)
	assert.NotContains(t, w.export("/statements/2026-11", "text/html").Body.String(), "<script>")
	assert.Contains(t, w.export("/statements/2026-11", "text/csv").Body.String(), "'=<script>")
}

func TestLongMonthIsLeftToTheSpreadsheet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const entries = 1001 // of two lines each
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		for range entries {
			_, err := tx.Append(t.Context(), ledger.Entry{
				CompanyID: w.company.ID, Date: day("2026-11-20"), Text: "Frais", Source: ledger.Source{Kind: ledger.FromManual, ID: id.New(id.ManualEntry)},
				Lines: []ledger.Line{
					ledger.Debit(ledger.ChargesOnBank, money.MustParse("1.00", money.CHF)), ledger.Credit(ledger.Bank, money.MustParse("1.00", money.CHF)),
				},
			})
			require.NoError(t, err)
		}
		return nil
	})
	page := w.export("/statements/2026-11", "text/html").Body.String()
	assert.Contains(t, page, "trop de lignes")
	assert.Contains(t, page, "1’001.00", "the sums are there all the same")
	assert.NotContains(t, page, "Contrepartie")

	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.export("/statements/2026-11", "text/csv").Body.String(), "\ufeff")))
	reader.Comma = ';'
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+2*(1+entries+1))
	assert.Equal(t, "-1001.00", rows[entries+1][10], "the balance runs on from page to page")
	assert.Equal(t, "1001.00", rows[len(rows)-1][10])
}
