package api_test

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
)

// tamper changes the database past everything that protects the journal there.
func (w *world) tamper(sql string) {
	w.Helper()
	conn, err := pgx.Connect(w.Context(), w.superuserURL)
	require.NoError(w, err)
	defer conn.Close(w.Context())
	_, err = conn.Exec(w.Context(), "set session_replication_role = replica")
	require.NoError(w, err)
	tag, err := conn.Exec(w.Context(), sql, w.company.ID)
	require.NoError(w, err)
	require.EqualValues(w, 1, tag.RowsAffected())
}

func TestVerificationNamesTheFirstBrokenEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	verification := func() map[string]any { return w.call("GET", "/journal/verification", w.key, nil).json(http.StatusOK) }
	empty := verification()
	assert.Equal(t, true, empty["intact"])
	assert.EqualValues(t, 0, empty["entries"])

	var ids []string
	for range 3 {
		ids = append(ids, w.enter("2026-11-20", "5.00"))
	}
	whole := verification()
	assert.Equal(t, true, whole["intact"])
	assert.EqualValues(t, 3, whole["entries"])
	assert.Equal(t, w.call("GET", "/journal/"+ids[2], w.key, nil).json(http.StatusOK)["hash"], whole["hash"])
	assert.NotContains(t, whole, "broken")

	w.tamper("update journal_entries set text = 'nothing happened' where company_id = $1 and sequence = 2")
	broken := verification()
	assert.Equal(t, false, broken["intact"])
	assert.EqualValues(t, 1, broken["entries"], "up to here it can be trusted")
	assert.Equal(t, map[string]any{
		"sequence": 2.0, "entry_id": ids[1], "detail": "Journal entry 2 (" + ids[1] + ") doesn't say any more what its hash was made of.",
	}, broken["broken"])

	w.tamper("delete from journal_entries where company_id = $1 and sequence = 2")
	assert.Equal(t, map[string]any{"sequence": 2.0, "detail": "Journal entry 2 is missing."}, verification()["broken"])
}

func TestHeadOfADaySaysHowFarTheJournalHadComeByItsEndInSwitzerland(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second, third := w.enter("2026-11-20", "5.00"), w.enter("2026-11-20", "5.00"), w.enter("2026-11-20", "5.00")
	hash := func(id string) any { return w.call("GET", "/journal/"+id, w.key, nil).json(http.StatusOK)["hash"] }
	for sequence, at := range map[string]string{
		"1": "2026-11-20T22:59:59Z", // the last second of the 20th in Zurich
		"2": "2026-11-20T23:00:00Z", // the first of the 21st
		"3": "2026-11-22T10:59:59Z",
	} {
		w.tamper("update journal_entries set created_at = '" + at + "' where company_id = $1 and sequence = " + sequence)
	}
	head := func(day string) map[string]any {
		return w.call("GET", "/journal/heads/"+day, w.key, nil).json(http.StatusOK)
	}
	assert.EqualValues(t, 0, head("2026-11-19")["entries"])
	assert.Empty(t, head("2026-11-19")["hash"])
	assert.EqualValues(t, 1, head("2026-11-20")["entries"])
	assert.Equal(t, hash(first), head("2026-11-20")["hash"])

	signed := head("2026-11-21")
	assert.EqualValues(t, 2, signed["entries"])
	assert.Equal(t, hash(second), signed["hash"])
	assert.NotEqual(t, hash(third), signed["hash"])
	statement := "Quittance journal head\ncompany: " + w.company.ID + "\nday: 2026-11-21\nentries: 2\nhash: " + hash(second).(string) + "\n"
	assert.Equal(t, statement, signed["statement"])
	assert.Equal(t, base64.StdEncoding.EncodeToString([]byte("signed: "+statement)), signed["signature"])
	assert.Equal(t, signed, head("2026-11-21"), "it is always the same")
}

func TestHeadOfADayIsSignedAnHourAfterItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for now, status := range map[string]int{"2026-11-21T23:59:59Z": http.StatusUnprocessableEntity, "2026-11-22T00:00:00Z": http.StatusOK} {
		options := w.options()
		options.Now = func() time.Time {
			at, err := time.Parse(time.RFC3339, now)
			require.NoError(t, err)
			return at
		}
		w.handler = api.New(options)
		assert.Equal(t, status, w.call("GET", "/journal/heads/2026-11-21", w.key, nil).Code, now)
	}
}
