package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// auditor has what GET /v1/journal/heads/{day} and the export of the journal answered, and the public key.
type auditor struct {
	*shop
	db     postgrestest.Database
	cfg    config.Config
	head   string
	export string
	key    string
}

// newAuditor comes to a company with three entries.
func newAuditor(t *testing.T) *auditor {
	t.Helper()
	db := postgrestest.NewDatabase(t)
	a := &auditor{db: db}
	master, err := secrets.Generate()
	require.NoError(t, err)
	a.cfg = config.Config{DatabaseURL: config.NewSecret(db.URL), MigrationDatabaseURL: config.NewSecret(db.OwnerURL), Secrets: config.Secrets{MasterKey: config.NewSecret(string(master))}}
	require.NoError(t, migrateDatabase(t.Context(), a.cfg, slog.New(slog.DiscardHandler)))
	store, _, err := openStoreAndKeys(t.Context(), a.cfg)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	a.shop = open(t, store)
	for i := range 3 {
		a.book(t, fmt.Sprintf("Frais «%d» <&>", i))
	}
	today := calendar.Day(time.Now()) // when the entries were booked, whatever their dates
	a.now = time.Now().AddDate(0, 0, 2)
	answer := a.call("GET", "/journal/heads/"+today.Format(time.DateOnly), "")
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	a.head = answer.Body.String()
	a.export = a.call("GET", "/journal", "", "Accept", "application/x-ndjson").Body.String()
	key, err := signer{a.store, a.keyring}.key(a.ctx)
	require.NoError(t, err)
	a.key = key.PublicPEM
	return a
}

func (a *auditor) book(t *testing.T, text string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"date": "2026-05-31", "text": text, "currency": "CHF",
		"lines": []map[string]string{{"account": "6940", "debit": "5"}, {"account": "1020", "credit": "5.00"}},
	})
	require.NoError(t, err)
	answer := a.call("POST", "/manual-entries", string(body))
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body)
}

func (a *auditor) readHead(t *testing.T) SignedHead {
	t.Helper()
	head, err := ReadSignedHead(strings.NewReader(a.head))
	require.NoError(t, err)
	return head
}

// reseal changes the text of the second entry in the database, and all hashes from there on, as somebody with every right to
// it could.
func (a *auditor) reseal(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(a.ctx, a.db.SuperuserURL)
	require.NoError(t, err)
	defer conn.Close(a.ctx)
	_, err = conn.Exec(a.ctx, "set session_replication_role = replica")
	require.NoError(t, err)
	var previous string
	var entries []ledger.Entry
	a.in(t, func(tx *postgres.Tx) (err error) {
		for _, id := range a.ids(t) {
			e, err := tx.Entry(a.ctx, id)
			require.NoError(t, err)
			entries = append(entries, e)
		}
		return nil
	})
	for _, e := range entries {
		if e.Sequence == 2 {
			e.Text = "Rien"
		}
		e = e.Seal(previous)
		previous = e.Hash
		_, err := conn.Exec(a.ctx, "update journal_entries set text = $2, previous_hash = $3, hash = $4 where id = $1", e.ID, e.Text, e.PreviousHash, e.Hash)
		require.NoError(t, err)
	}
	_, err = conn.Exec(a.ctx, "update journal_heads set hash = $2 where company_id = $1", a.company.ID, previous)
	require.NoError(t, err)
}

func (a *auditor) ids(t *testing.T) (ids []string) {
	t.Helper()
	for line := range strings.Lines(a.export) {
		var e struct{ ID string }
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		ids = append(ids, e.ID)
	}
	return ids
}

func TestAuditorProvesWithFilesAloneThatNothingWasChanged(t *testing.T) {
	t.Parallel()
	a := newAuditor(t)
	head := a.readHead(t)
	require.NoError(t, head.Verify([]byte(a.key)))
	assert.EqualValues(t, 3, head.Entries)
	entries, err := VerifyExport(strings.NewReader(a.export), head)
	require.NoError(t, err)
	assert.EqualValues(t, 3, entries)

	a.book(t, "Later")
	later := a.call("GET", "/journal", "", "Accept", "application/x-ndjson").Body.String()
	entries, err = VerifyExport(strings.NewReader(later), head)
	require.NoError(t, err)
	assert.EqualValues(t, 4, entries, "what was booked since follows on the head")
}

func TestExportThatWasChangedIsFoundOut(t *testing.T) {
	t.Parallel()
	a := newAuditor(t)
	lines := strings.SplitAfter(strings.TrimSpace(a.export), "\n")
	for why, export := range map[string]string{
		"entry 2 (jre_":               strings.Replace(a.export, "Frais «1»", "Frais «7»", 1),
		"entry 2 is missing":          lines[0] + lines[2],
		"there were 3 entries when":   lines[0] + lines[1],
		"can't be read after entry 0": "<html>",
		"can't be read after entry 2": lines[0] + lines[1] + `{"sequence":3,"date":"tomorrow"}`,
		"entry 1 is missing: there":   "",
	} {
		_, err := VerifyExport(strings.NewReader(export), a.readHead(t))
		require.ErrorContains(t, err, why)
	}
	_, err := VerifyExport(strings.NewReader(a.export))
	require.ErrorContains(t, err, "kept head")
}

func TestHeadThatWasNotSignedLikeThisIsFoundOut(t *testing.T) {
	t.Parallel()
	a := newAuditor(t)
	_, err := ReadSignedHead(strings.NewReader(strings.Replace(a.head, `"entries":3`, `"entries":2`, 1)))
	require.ErrorContains(t, err, "says something else than its fields")
	for _, broken := range []string{"", "[]", `{"day":"yesterday"}`} {
		_, err := ReadSignedHead(strings.NewReader(broken))
		require.Error(t, err)
	}
	forged := a.readHead(t)
	forged.Statement = strings.Replace(forged.Statement, "entries: 3", "entries: 2", 1)
	require.ErrorIs(t, forged.Verify([]byte(a.key)), secrets.ErrNotSigned)
	other, _, err := a.keyring.NewSigningKey()
	require.NoError(t, err)
	require.ErrorIs(t, a.readHead(t).Verify([]byte(other.PublicPEM)), secrets.ErrNotSigned)
}

func TestJournalThatWasChangedTogetherWithItsHashesIsFoundOutByAKeptHead(t *testing.T) {
	t.Parallel()
	a := newAuditor(t)
	head := a.readHead(t)
	intact := []string{"The journal of " + a.company.ID + " is intact: 3 entries."}
	said, err := a.said(func(say Say) error { return VerifyJournals(t.Context(), a.cfg, say, a.company.ID, head) })
	require.NoError(t, err)
	assert.Equal(t, intact, said)

	a.reseal(t)
	said, err = a.said(func(say Say) error { return VerifyJournals(t.Context(), a.cfg, say, a.company.ID) })
	require.NoError(t, err, "the chain alone holds")
	assert.Equal(t, intact, said)
	for _, companyID := range []string{a.company.ID, ""} {
		said, err = a.said(func(say Say) error { return VerifyJournals(t.Context(), a.cfg, say, companyID, head) })
		require.EqualError(t, err, "1 of 1 are broken")
		require.Len(t, said, 1)
		assert.Contains(t, said[0], "entry 3 or one before it was changed together with its hash")
	}
	head.CompanyID = "cmp_other"
	_, err = a.said(func(say Say) error { return VerifyJournals(t.Context(), a.cfg, say, a.company.ID, head) })
	require.ErrorContains(t, err, "is one of company cmp_other")
}

// said returns what a command says.
func (a *auditor) said(command func(Say) error) (lines []string, err error) {
	err = command(func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) })
	return lines, err
}

func TestTheChainsOfAllCompaniesAreVerifiedAtOnce(t *testing.T) {
	t.Parallel()
	a := newAuditor(t)
	other := open(t, a.store)
	companies := []string{a.company.ID, other.company.ID}
	slices.Sort(companies)
	journals := func(say Say) error { return VerifyJournals(t.Context(), a.cfg, say, "") }
	audits := func(say Say) error { return VerifyAudits(t.Context(), a.cfg, say, "") }
	for _, command := range []func(Say) error{journals, audits} {
		said, err := a.said(command)
		require.NoError(t, err)
		require.Len(t, said, 2)
		assert.Contains(t, said[0], companies[0]+" is intact: ")
		assert.Contains(t, said[1], companies[1]+" is intact: ")
	}
	conn, err := pgx.Connect(t.Context(), a.db.SuperuserURL)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `set session_replication_role = replica`)
	require.NoError(t, err)
	for statement, companyID := range map[string]string{
		"update audit_log set actor = 'nobody' where sequence = 2 and company_id = $1": a.company.ID, "delete from audit_heads where company_id = $1": other.company.ID,
		"update journal_entries set text = '' where sequence = 2 and company_id = $1": a.company.ID, "delete from journal_heads where company_id = $1": other.company.ID,
	} {
		_, err = conn.Exec(t.Context(), statement, companyID)
		require.NoError(t, err)
	}
	for what, command := range map[string]func(Say) error{"journal": journals, "audit log": audits} {
		said, err := a.said(command)
		require.EqualError(t, err, "2 of 2 are broken")
		require.Len(t, said, 2)
		assert.Contains(t, said[0], "The "+what+" of "+companies[0]+" is broken: ")
		assert.Contains(t, said[1], "The "+what+" of "+companies[1]+" is broken: ")
	}
	said, err := a.said(func(say Say) error { return VerifyAudits(t.Context(), a.cfg, say, a.company.ID) })
	require.EqualError(t, err, "1 of 1 are broken")
	assert.Contains(t, said[0], "audit entry 2 (aud_")
	_, err = a.said(func(say Say) error { return VerifyAudits(t.Context(), a.cfg, say, "cmp_00000000000000000000000000") })
	require.ErrorContains(t, err, "There is no company")
}

func TestOneKeySignsUntilItIsRenewed(t *testing.T) {
	t.Parallel()
	a := newAuditor(t)
	first, err := signer{a.store, a.keyring}.key(a.ctx)
	require.NoError(t, err)
	assert.Equal(t, a.key, first.PublicPEM)
	_, err = PublicSigningKey(t.Context(), a.cfg, false)
	require.ErrorIs(t, err, secrets.ErrCannotOpen, "it was sealed with a key that this database never had")
	require.ErrorContains(t, err, "signing-key --renew")

	renewed, err := PublicSigningKey(t.Context(), a.cfg, true)
	require.NoError(t, err)
	assert.NotEqual(t, a.key, renewed)
	again, err := PublicSigningKey(t.Context(), a.cfg, false)
	require.NoError(t, err)
	assert.Equal(t, renewed, again)
	require.NoError(t, a.readHead(t).Verify([]byte(a.key)), "what was signed stays signed")
}

// FuzzWhatAnAuditorKept reads anything as a head and as an export.
func FuzzWhatAnAuditorKept(f *testing.F) {
	head := SignedHead{CompanyID: "cmp_1", Day: "2026-11-22", Statement: "Quittance journal head\ncompany: cmp_1\nday: 2026-11-22\nentries: 0\nhash: \n"}
	kept, err := json.Marshal(head)
	require.NoError(f, err)
	f.Add(kept)
	f.Add([]byte(`{"id":"jre_1","sequence":1,"date":"2026-11-22","value_date":"2026-11-22","lines":[{"account":"1","debit":"1.00","credit":"0.00","currency":"CHF"}]}`))
	f.Add([]byte(`{"sequence":1,"date":"2026-11-22","value_date":"2026-11-21","lines":[{"debit":"1","credit":"1","currency":"XXX"}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		if read, err := ReadSignedHead(bytes.NewReader(content)); err == nil {
			require.Error(t, read.Verify([]byte("no key")))
		}
		if entries, err := VerifyExport(bytes.NewReader(content), head); err == nil {
			require.Zero(t, entries, "nobody makes up hashes")
		}
	})
}
