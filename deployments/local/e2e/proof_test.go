package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
)

func TestARowChangedInTheDatabaseIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	for _, number := range []string{"R-1", "R-2", "R-3"} {
		inv := c.issueNumbered(number, "108.00")
		inv.payNow("card").pay(visa)
		inv.becomes("paid")
	}
	type verification struct {
		Intact  bool
		Entries int
		Broken  struct {
			Sequence int
			EntryID  string `json:"entry_id"`
			Detail   string
		}
	}
	var found verification
	c.call("GET", "/journal/verification", nil).gives(200, &found)
	require.Equal(t, verification{Intact: true, Entries: 3}, found)
	admin := adminCommand(t, shared, buildProduct(t))
	said, err := admin("verify-journal", c.id)
	require.NoError(t, err, said)
	assert.Contains(t, said, "is intact: 3 entries")

	conn, err := pgx.Connect(t.Context(), shared.SuperuserURL())
	require.NoError(t, err)
	defer conn.Close(t.Context())
	const change = "update journal_lines set debit = 8.00 where company_id = $1 and sequence = 2 and account = '1029'"
	_, err = conn.Exec(t.Context(), change, c.id)
	require.ErrorContains(t, err, "the journal can't be changed", "not even by a superuser, unless he knows what he does")
	_, err = conn.Exec(t.Context(), "set session_replication_role = replica")
	require.NoError(t, err)
	tag, err := conn.Exec(t.Context(), change, c.id)
	require.NoError(t, err)
	require.EqualValues(t, 1, tag.RowsAffected())

	entry := all[struct{ ID string }](c, "/journal")[1].ID
	c.call("GET", "/journal/verification", nil).gives(200, &found)
	assert.False(t, found.Intact)
	assert.Equal(t, 2, found.Broken.Sequence)
	assert.Equal(t, entry, found.Broken.EntryID)
	for _, arguments := range [][]string{{"verify-journal", c.id}, {"verify-journal"}} {
		said, err = admin(arguments...)
		require.Error(t, err)
		assert.Contains(t, said, "The journal of "+c.id+" is broken: entry 2 ("+entry+")")
	}
	said, err = admin("verify-audit")
	require.NoError(t, err, said)
	assert.Regexp(t, "The audit log of "+c.id+" is intact: [1-9]", said)
}

func TestTheProcessesOfTheStackOwnNothingInTheDatabase(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), shared.SuperuserURL())
	require.NoError(t, err)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `
		select distinct usename from pg_stat_activity join pg_roles on rolname = usename
		where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and not rolsuper`)
	require.NoError(t, err)
	roles, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"quittance_app"}, roles)
}

func TestAHeadIsVerifiedAsTheReadmeSays(t *testing.T) {
	t.Parallel()
	c := newCompany(t, shared)
	folder := t.TempDir()
	day := time.Now().AddDate(0, 0, -2).Format(time.DateOnly)
	head := c.call("GET", "/journal/heads/"+day, nil)
	var signed struct {
		Statement string
		Signature []byte
		PublicKey string `json:"public_key"`
	}
	head.gives(200, &signed)
	admin := adminCommand(t, shared, buildProduct(t))
	key, err := admin("signing-key")
	require.NoError(t, err, key)
	assert.Equal(t, key, signed.PublicKey)
	export := send(t, "GET", shared.APIURL()+"/v1/journal", nil, http.Header{"Authorization": {"Bearer " + c.key}, "Accept": {"application/x-ndjson"}})
	for name, content := range map[string][]byte{
		"head.json": head.body, "key.pem": []byte(key), "journal.ndjson": export.body, "statement": []byte(signed.Statement), "signature": signed.Signature,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	said, err := admin("verify-head", filepath.Join(folder, "head.json"), "--key", filepath.Join(folder, "key.pem"), "--journal", filepath.Join(folder, "journal.ndjson"))
	require.NoError(t, err, said)
	assert.Contains(t, said, "0 entries at the end of "+day)

	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl to verify the signature with")
	}
	command := exec.CommandContext(t.Context(), openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "statement", "-sigfile", "signature")
	command.Dir = folder
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "Signature Verified Successfully")
}

// adminCommand returns a function that runs "quittance admin …" on a stack, as an operator does, and returns what it says.
func adminCommand(t *testing.T, s *stack.Stack, binary string) func(arguments ...string) (string, error) {
	t.Helper()
	return func(arguments ...string) (string, error) {
		command := exec.CommandContext(t.Context(), binary, append([]string{"admin"}, arguments...)...)
		command.Env = append(os.Environ(), stack.Assignments(s.Environment())...)
		out, err := command.CombinedOutput()
		return string(out), err
	}
}
