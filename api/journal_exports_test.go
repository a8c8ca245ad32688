package api_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/ledger/export"
)

// rowsOf are the rows of the export's table, below its heading.
func (w *world) rowsOf(id string) [][]string {
	w.Helper()
	answer := w.call("GET", "/journal-exports/"+id+"/file", w.key, nil)
	require.Equal(w, http.StatusOK, answer.Code, answer.Body)
	rows := csv.NewReader(strings.NewReader(strings.TrimPrefix(answer.Body.String(), export.ByteOrderMark)))
	rows.Comma = ';'
	all, err := rows.ReadAll()
	require.NoError(w, err)
	return all[1:]
}

func TestAPeriodsExportMovesOnEveryAccountWhatTheMonthMoved(t *testing.T) {
	t.Parallel()
	w := november(t)
	taken := w.call("POST", "/journal-exports", w.key, `{"format":"table","from":"2026-11-01","to":"2026-11-30"}`).json(http.StatusCreated)
	assert.Equal(t, []any{1.0, "journal_001_2026-11-01_2026-11-30.csv", 0.0}, []any{taken["number"], taken["file"], taken["later_entries"]})
	moved := map[string]decimal.Decimal{}
	for _, row := range w.rowsOf(taken["id"].(string)) {
		amount := decimal.RequireFromString(row[4])
		moved[row[2]+row[5]], moved[row[3]+row[5]] = moved[row[2]+row[5]].Add(amount), moved[row[3]+row[5]].Sub(amount)
		if row[9] == "2026-0401" {
			assert.Equal(t, []string{"Banque – compte système", "Créances clients", "Marie Favre"}, []string{row[7], row[8], row[10]})
		}
	}
	accounts := w.call("GET", "/statements/2026-11", w.key, nil).json(http.StatusOK)["accounts"].([]any)
	require.NotEmpty(t, accounts)
	for _, a := range accounts {
		of := a.(map[string]any)
		change := decimal.RequireFromString(of["debit"].(string)).Sub(decimal.RequireFromString(of["credit"].(string)))
		assert.True(t, change.Equal(moved[of["number"].(string)+of["currency"].(string)]), of)
	}
}

func TestWhatComesIntoAPeriodAfterItsExportIsToldAndNotInItsFile(t *testing.T) {
	t.Parallel()
	w := november(t)
	first := w.exported("table")
	before := w.rowsOf(first)
	w.enter("2026-11-30", "7.70")
	w.enter("2026-12-01", "8.80")
	assert.Equal(t, before, w.rowsOf(first))
	assert.InDelta(t, 1, w.call("GET", "/journal-exports/"+first, w.key, nil).json(http.StatusOK)["later_entries"], 0)

	second := w.exported("table")
	assert.Len(t, w.rowsOf(second), len(before)+1)
	list := w.call("GET", "/journal-exports", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, list, 2)
	for i, want := range []object{{"id": second, "number": 2.0, "later_entries": 0.0}, {"id": first, "number": 1.0, "later_entries": 1.0}} {
		for name, value := range want {
			assert.Equal(t, value, list[i].(map[string]any)[name], name)
		}
	}
}

func TestAnExportOfTheLongJournalIsReadPageByPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 205 {
		w.enter("2026-11-20", "1.00")
	}
	taken := w.call("POST", "/journal-exports", w.key, `{"format":"banana","from":"2026-11-20","to":"2026-11-20"}`).json(http.StatusCreated)
	file := w.call("GET", "/journal-exports/"+taken["id"].(string)+"/file", w.key, nil)
	assert.Equal(t, "text/tab-separated-values; charset=utf-8; header=present", file.Header().Get("Content-Type"))
	assert.Equal(t, `attachment; filename="journal_001_2026-11-20_2026-11-20.txt"`, file.Header().Get("Content-Disposition"))
	assert.Equal(t, 206, strings.Count(file.Body.String(), "\n"))
}

func TestDATEVNeedsToKnowTheClient(t *testing.T) {
	t.Parallel()
	w := november(t)
	for field, body := range map[string]string{
		"datev":                   `{"format":"datev","from":"2026-11-01","to":"2026-11-30"}`,
		"datev.client_number":     `{"format":"datev","from":"2026-11-01","to":"2026-11-30","datev":{"consultant_number":29098}}`,
		"datev.consultant_number": `{"format":"datev","from":"2026-11-01","to":"2026-11-30","datev":{"consultant_number":7,"client_number":1}}`,
		"to":                      `{"format":"datev","from":"2026-11-01","to":"2027-01-01","datev":{"consultant_number":29098,"client_number":1}}`,
		"format":                  `{"format":"sage","from":"2026-11-01","to":"2026-11-30"}`,
	} {
		assert.Equal(t, []string{field}, w.call("POST", "/journal-exports", w.key, body).problem(422, "validation-failed"), body)
	}
	taken := w.call("POST", "/journal-exports", w.key,
		`{"format":"datev","from":"2026-11-01","to":"2026-11-30","datev":{"consultant_number":29098,"client_number":55003,"currency":"EUR"}}`).json(http.StatusCreated)
	assert.Equal(t, map[string]any{"consultant_number": 29098.0, "client_number": 55003.0, "currency": "EUR", "year_begins": "2026-01-01"}, taken["datev"])
	file := w.call("GET", "/journal-exports/"+taken["id"].(string)+"/file", w.key, nil)
	assert.Equal(t, 3, strings.Count(file.Body.String(), "\r\n"), "header, columns, and the one entry in EUR")
}

// exported takes an export of November and returns its id.
func (w *world) exported(format string) string {
	w.Helper()
	return w.call("POST", "/journal-exports", w.key, object{"format": format, "from": "2026-11-01", "to": "2026-11-30"}).json(http.StatusCreated)["id"].(string)
}
