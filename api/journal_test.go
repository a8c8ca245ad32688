package api_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// enter books bank charges of so many francs by hand on that day, and returns the id of the entry.
func (w *world) enter(on, francs string) string {
	w.Helper()
	entry := w.call("POST", "/manual-entries", w.key, newEntry(
		`"date":"`+on+`"`, `"lines":[{"account":"6940","debit":"`+francs+`"},{"account":"1020","credit":"`+francs+`"}]`)).json(http.StatusCreated)
	return entry["id"].(string)
}

// export asks for the journal in another form than JSON.
func (w *world) export(path, accept string) answer {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodGet, "/v1"+path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+w.key)
	r.Header.Set("Accept", accept)
	a := w.send(r)
	require.Equal(w, http.StatusOK, a.Code)
	return a
}

// balances returns what stands on each account in CHF, or stood at the end of a day.
func (w *world) balances(query string) map[string]string {
	w.Helper()
	balances := map[string]string{}
	for _, item := range w.call("GET", "/accounts"+query, w.key, nil).json(http.StatusOK)["data"].([]any) {
		account := item.(map[string]any)
		for _, b := range account["balances"].([]any) {
			if balance := b.(map[string]any); balance["currency"] == "CHF" {
				balances[account["number"].(string)] = balance["amount"].(string)
			}
		}
	}
	return balances
}

func TestManualEntryIsBookedUnderTheKeyThatMadeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entry := w.call("POST", "/manual-entries", w.key, newEntry()).json(http.StatusCreated)
	assert.Equal(t, "2026-11-20", entry["date"])
	assert.Equal(t, "Frais Worldline", entry["text"])
	assert.Equal(t, w.keyID, entry["by"])
	assert.Equal(t, "manual", entry["source"].(map[string]any)["kind"])
	assert.Equal(t, map[string]any{"account": "6940", "debit": "12.40", "credit": "0.00", "currency": "CHF"}, entry["lines"].([]any)[0])
	assert.Equal(t, entry, w.call("GET", "/journal/"+entry["id"].(string), w.key, nil).json(http.StatusOK))
	assert.Equal(t, map[string]string{"6940": "12.40", "1020": "-12.40"}, w.balances(""))
}

func TestManualEntryIsTakenBackOnceAndOnlyOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.enter("2026-11-20", "12.40")
	refused := w.call("POST", "/journal/"+id+"/reverse", w.key, `{"date":"2026-11-19"}`)
	assert.Equal(t, []string{"date"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))

	back := w.call("POST", "/journal/"+id+"/reverse", w.key, nil).json(http.StatusCreated)
	assert.Equal(t, "2026-11-22", back["date"], "today")
	assert.Equal(t, "Contre-passation de l’écriture 1: Frais Worldline", back["text"])
	assert.Equal(t, id, back["reverses"])
	assert.Equal(t, map[string]string{"6940": "0.00", "1020": "0.00"}, w.balances(""))
	assert.Equal(t, back["id"], w.call("GET", "/journal/"+id, w.key, nil).json(http.StatusOK)["reversed_by"])

	w.call("POST", "/journal/"+id+"/reverse", w.key, nil).problem(http.StatusConflict, "entry-reversed")
	w.call("POST", "/journal/"+back["id"].(string)+"/reverse", w.key, nil).problem(http.StatusConflict, "entry-not-reversible")

	later := w.enter("2026-12-15", "1.00")
	back = w.call("POST", "/journal/"+later+"/reverse", w.key, `{"text":"Saisie à double"}`).json(http.StatusCreated)
	assert.Equal(t, "2026-12-15", back["date"], "not before the entry")
	assert.Equal(t, "Saisie à double", back["text"])
}

func TestEntryInAClosedPeriodIsTakenBackInAnOpenOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.enter("2026-09-15", "12.40")
	w.call("PATCH", "/settings", w.key, `{"books_closed_until":"2026-09-30"}`).json(http.StatusOK)
	refused := w.call("POST", "/journal/"+id+"/reverse", w.key, `{"date":"2026-09-30"}`)
	assert.Equal(t, []string{"date"}, refused.problem(http.StatusUnprocessableEntity, "period-closed"))
	w.call("POST", "/journal/"+id+"/reverse", w.key, `{"date":"2026-10-01"}`).json(http.StatusCreated)
}

func TestReceiptIsNotTakenBackByHandButRefunded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bookPayment(w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active))))
	other := w.newInvoice(invoice.Open)
	w.call("POST", "/invoices/"+other.ID+"/receipts", w.key, newReceipt()).json(http.StatusCreated)
	for _, c := range []struct{ source, instead string }{{"payment", "refund"}, {"receipt", "/void"}} {
		entry := w.call("GET", "/journal?source="+c.source, w.key, nil).json(http.StatusOK)["data"].([]any)[0].(map[string]any)
		refused := w.call("POST", "/journal/"+entry["id"].(string)+"/reverse", w.key, nil)
		refused.problem(http.StatusConflict, "entry-not-reversible")
		assert.Contains(t, refused.Body.String(), c.instead)
	}
}

func TestBalancesAndTrialBalanceAreThoseOfAnyDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enter("2026-11-01", "1.00")
	w.enter("2026-11-20", "20.00")
	for at, want := range map[string]string{"": "21.00", "?at=2026-11-20": "21.00", "?at=2026-11-19": "1.00", "?at=2026-10-31": ""} {
		assert.Equal(t, want, w.balances(at)["6940"], at)
		trial := w.call("GET", "/trial-balance"+at, w.key, nil).json(http.StatusOK)
		if want == "" {
			assert.Empty(t, trial["accounts"])
			assert.Empty(t, trial["totals"])
			continue
		}
		assert.Equal(t, []any{
			map[string]any{"number": "1020", "name": "Banque", "currency": "CHF", "debit": "0.00", "credit": want, "balance": "-" + want, "value": "-" + want},
			map[string]any{"number": "6940", "name": "Frais bancaires", "currency": "CHF", "debit": want, "credit": "0.00", "balance": want, "value": want},
		}, trial["accounts"])
		assert.Equal(t, []any{map[string]any{"currency": "CHF", "debit": want, "credit": want, "difference": "0.00"}}, trial["totals"])
	}
}

func TestOwnAccountIsAddedNamedAndBookedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	added := w.call("POST", "/accounts", w.key, `{"number":"1024","name":"UBS","names":{"de":"UBS Kontokorrent"}}`).json(http.StatusCreated)
	assert.Equal(t, map[string]any{
		"number": "1024", "name": "UBS", "names": map[string]any{"de": "UBS Kontokorrent", "fr": "UBS", "it": "UBS", "en": "UBS"}, "balances": []any{},
	}, added)
	renamed := w.call("PATCH", "/accounts/1024", w.key, `{"name":"UBS compte courant","names":{"en":"UBS current account"}}`).json(http.StatusOK)
	assert.Equal(t, "UBS compte courant", renamed["name"], "in the company's language")
	assert.Equal(t, "UBS current account", renamed["names"].(map[string]any)["en"])
	assert.Empty(t, renamed["warnings"])

	w.call("POST", "/manual-entries", w.key, newEntry(`"lines":[{"account":"1024","debit":"7"},{"account":"1020","credit":"7"}]`)).json(http.StatusCreated)
	w.call("DELETE", "/accounts/1024", w.key, nil).problem(http.StatusConflict, "account-in-use")
	assert.Equal(t, http.StatusNoContent, w.call("DELETE", "/accounts/1010", w.key, nil).Code, "an account of the chart that nobody uses")
	w.call("GET", "/accounts/1010", w.key, nil).problem(http.StatusNotFound, "not-found")
}

func TestRenamedReceiptAccountIsWarnedOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	same := w.call("PATCH", "/accounts/1029", w.key, `{"name":"Banque – compte système"}`).json(http.StatusOK)
	assert.Empty(t, same["warnings"])
	renamed := w.call("PATCH", "/accounts/1029", w.key, `{"name":"Encaissements en ligne"}`).json(http.StatusOK)
	assert.Equal(t, []any{"receipt-account-renamed"}, renamed["warnings"])
	assert.Equal(t, "Encaissements en ligne", w.call("GET", "/accounts/1029", w.key, nil).json(http.StatusOK)["name"])
}

func TestJournalIsSentWholeAsCSVAndAsLinesOfJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const entries = 201 // more than one page of the store
	for range entries {
		w.enter("2026-11-20", "12.40")
	}
	a := w.export("/journal?limit=1", "text/csv")
	assert.Equal(t, "text/csv; charset=utf-8; header=present", a.Header().Get("Content-Type"))
	rows, err := csv.NewReader(a.Body).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+2*entries)
	assert.Equal(t, []string{"entry", "date", "text", "source_kind", "source_id", "account", "debit", "credit", "currency"}, rows[0][:9])
	assert.Equal(t, []string{"6940", "12.40", "0.00", "CHF", "2026-11-20", "1", "", "", ""}, rows[1][5:])

	a = w.export("/journal", "application/x-ndjson, */*;q=0.1")
	assert.Equal(t, "application/x-ndjson", a.Header().Get("Content-Type"))
	lines := strings.Split(strings.TrimSpace(a.Body.String()), "\n")
	require.Len(t, lines, entries)
	var last map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[entries-1]), &last))
	assert.Equal(t, w.call("GET", "/journal/"+last["id"].(string), w.key, nil).json(http.StatusOK), last)
}

func TestNoSpreadsheetTakesATextForAFormula(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	texts := map[string]string{
		`=HYPERLINK(\"http://evil\",\"Übertrag\")`: `'=HYPERLINK("http://evil","Übertrag")`, "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "a=b": "a=b",
	}
	for text := range texts {
		w.call("POST", "/manual-entries", w.key, newEntry(`"text":"`+text+`"`)).json(http.StatusCreated)
	}
	rows, err := csv.NewReader(w.export("/journal", "text/csv").Body).ReadAll()
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, row := range rows {
		seen[row[2]] = true
	}
	for _, cell := range texts {
		assert.True(t, seen[cell], cell)
	}
}

// lossyStore is one whose next answer is lost after everything has been done.
type lossyStore struct {
	store
	lose bool
}

func (s *lossyStore) InCompany(ctx context.Context, companyID string, fn func(tx any) error) error {
	err := s.store.InCompany(ctx, companyID, fn)
	if err == nil && s.lose {
		s.lose = false
		return problem.New(problem.Unavailable, "Nobody knows whether it was done.")
	}
	return err
}

func TestWhatIsBookedByHandAndSentAgainIsBookedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	options := w.options()
	lossy := &lossyStore{store: w.store}
	options.Store = lossy
	w.handler = api.New(options)
	again := func(path, body string) map[string]any {
		t.Helper()
		lossy.lose = true
		w.once(path, w.key, path, body).problem(http.StatusServiceUnavailable, "temporarily-unavailable")
		return w.once(path, w.key, path, body).json(http.StatusCreated)
	}
	again("/accounts", `{"number":"1024","name":"UBS"}`)
	id := again("/manual-entries", newEntry())["id"].(string)
	again("/journal/"+id+"/reverse", `{}`)
	assert.Len(t, w.call("GET", "/journal", w.key, nil).json(http.StatusOK)["data"], 2)
	assert.Equal(t, "0.00", w.balances("")["6940"])
}
