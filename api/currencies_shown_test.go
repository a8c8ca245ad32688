package api_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExportCarriesTheValueInFrancs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.euroPayout("WL-1")
	amounts := func() (rows []string) {
		for _, row := range w.rowsOf(w.exported("table")) {
			rows = append(rows, strings.Join([]string{row[2], row[3], row[4], row[5], row[13]}, " "))
		}
		return rows
	}
	assert.Equal(t, []string{"1029 1100 100.00 EUR ", "1021 1029 97.20 EUR ", "6940 1029 2.80 EUR "}, amounts(), "without a rate, nobody guesses")
	w.rate("2026-11", "EUR", "0.94125").json(http.StatusCreated)
	assert.Equal(t, []string{"1029 1100 100.00 EUR 94.13", "1021 1029 97.20 EUR 91.49", "6940 1029 2.80 EUR 2.64"}, amounts())
	banana := w.call("GET", "/journal-exports/"+w.exported("banana")+"/file", w.key, nil)
	assert.Contains(t, banana.Body.String(), "\t1021\t1029\t91.49\t\t97.20\tEUR\t")
	assert.Contains(t, banana.Body.String(), "\t0.94125\n")
}

func TestBookkeeperEntersRatesAndExchangesInTheConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.euroPayout("WL-1")
	p := w.inPages("bookkeeper")
	assert.Contains(t, p.text("/console/close?books_closed_until=30.11.2026"), "Rate of the month is missing: 2026-11-EUR")
	trial := p.text("/console/trial-balance")
	assert.Contains(t, trial, "No rate for EUR in 2026-11")
	assert.Contains(t, trial, "EUR 97.20 ?")

	upload := func(content string) *httptest.ResponseRecorder {
		var body bytes.Buffer
		parts := multipart.NewWriter(&body)
		file, err := parts.CreateFormFile("file", "rates.xml")
		require.NoError(t, err)
		_, err = io.WriteString(file, content)
		require.NoError(t, err)
		require.NoError(t, parts.Close())
		return p.send(http.MethodPost, "/console/exchange-rates/import", parts.FormDataContentType(), &body)
	}
	refused := upload(customs("2026-11", "eur 1 0"))
	assert.Equal(t, http.StatusUnprocessableEntity, refused.Code)
	assert.Contains(t, refused.Body.String(), "We can’t import this file (line ")
	require.Equal(t, http.StatusSeeOther, upload(customs("2026-11", "eur 1 0.94125")).Code)
	assert.Contains(t, p.text("/console/exchange-rates"), "2026-11, EUR Customs CHF 0.94125")
	assert.Contains(t, p.text("/console/trial-balance"), "EUR 97.20 91.49")
	assert.Contains(t, p.text("/console/statements/2026-11"), "EUR 97.20 CHF 91.49")
	assert.Contains(t, w.export("/statements/2026-11", "text/html").Body.String(), "CHF 91.49")

	wrong := p.visit("/console/exchange-rates", url.Values{"month": {"November"}, "currency": {"EUR"}, "rate": {"0.94"}})
	assert.Contains(t, wrong.Body.String(), "Give a month, such as 2026-11.")
	require.Equal(t, http.StatusSeeOther, p.visit("/console/exchange-rates", url.Values{"month": {"12.2026"}, "currency": {"USD"}, "rate": {"0,8"}}).Code)
	assert.Contains(t, p.text("/console/exchange-rates"), "2026-12, USD By hand CHF 0.8")

	form := url.Values{"date": {"21.11.2026"}, "from.account": {"1021"}, "from.amount": {"97.20"}, "from.currency": {"EUR"}, "to.account": {"1020"}, "to.amount": {"0"}, "to.currency": {"CHF"}}
	assert.Contains(t, p.visit("/console/journal/exchange", form).Body.String(), "Give an amount above 0")
	form.Set("to.amount", "90.40")
	require.Equal(t, http.StatusSeeOther, p.visit("/console/journal/exchange", form).Code)
	assert.Contains(t, w.worth(), "6949 CHF 1.09 = 1.09")
}
