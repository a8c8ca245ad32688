package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/internal/testing/mrxtest"
	"github.com/quittance/quittance/internal/testing/sftptest"
)

// sourceAt is a settlement source at the server, after the changes; a nil value takes a field away.
func sourceAt(s *sftptest.Server, changes object) object {
	body := object{
		"host": "127.0.0.1", "port": s.Port, "user": sftptest.User, "password": sftptest.Password, "folder": "out", "file_pattern": "*.csv",
		"host_key": ssh.FingerprintSHA256(s.HostKey),
	}
	maps.Copy(body, changes)
	maps.DeleteFunc(body, func(_ string, value any) bool { return value == nil })
	return body
}

func (w *world) fetchesFrom(s *sftptest.Server, changes object) answer {
	w.Helper()
	return w.call("PUT", "/settlement-source", w.key, sourceAt(s, changes))
}

// source returns the settlement source as it is stored.
func (w *world) source() (s source.Source) {
	w.Helper()
	w.in(w.company.ID, func(tx *postgres.Tx) (err error) {
		s, err = tx.SettlementSource(w.Context())
		return err
	})
	return s
}

func TestASettlementSourceIsKeptWithoutShowingItsSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := sftptest.Start(t)
	w.call("GET", "/settlement-source", w.key, nil).problem(http.StatusNotFound, "not-found")
	saved := w.fetchesFrom(s, object{"host_key": sftptest.Line(s.HostKey)}).json(http.StatusOK)
	assert.Equal(t, saved, w.call("GET", "/settlement-source", w.key, nil).json(http.StatusOK))
	assert.Equal(t, "password", saved["auth"])
	assert.InDelta(t, 7, saved["hour"], 0)
	assert.Equal(t, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.HostKey))), saved["host_key"])
	assert.Equal(t, noon.Format(time.RFC3339), saved["next_look_at"], "soon, so that a person sees whether it works")
	assert.Equal(t, sealedAt(sealed.SourceSecret.Of(w.company.ID, w.company.ID), sftptest.Password), string(w.source().SealedSecret))
	assert.NotContains(t, w.log.String(), sftptest.Password)

	w.fetchesFrom(s, object{"password": nil, "host_key": sftptest.Line(s.HostKey), "every_hours": 6, "enabled": false}).json(http.StatusOK)
	stored := w.source()
	assert.Equal(t, sealedAt(sealed.SourceSecret.Of(w.company.ID, w.company.ID), sftptest.Password), string(stored.SealedSecret), "it stays as it is")
	assert.True(t, stored.NextLookAt.IsZero(), "one that is not enabled is not looked at")
	assert.Equal(t, 6, stored.EveryHours)

	w.fetchesFrom(s, object{"password": nil, "private_key": s.PrivateKey}).json(http.StatusOK)
	assert.Equal(t, source.PrivateKey, w.source().Auth)
	audit := w.call("GET", "/audit-log", w.key, nil).Body.String()
	assert.Contains(t, audit, "PUT /settlement-source")
	assert.NotContains(t, audit, sftptest.Password)
	assert.NotContains(t, audit, "PRIVATE KEY")

	assert.Equal(t, http.StatusNoContent, w.call("DELETE", "/settlement-source", w.key, nil).Code)
	w.call("DELETE", "/settlement-source", w.key, nil).problem(http.StatusNotFound, "not-found")
}

func TestASecretIsNeverToldToAnotherServerThanTheOneForWhichItWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := sftptest.Start(t)
	assert.Equal(t, []string{"password"}, w.fetchesFrom(s, object{"password": nil}).problem(http.StatusUnprocessableEntity, "validation-failed"), "none was typed yet")
	w.fetchesFrom(s, nil).json(http.StatusOK)
	for field, value := range map[string]any{"host": "localhost", "port": 2022, "user": "else", "host_key": ssh.FingerprintSHA256(s.RSAKey)} {
		refused := w.fetchesFrom(s, object{"password": nil, field: value}).problem(http.StatusUnprocessableEntity, "validation-failed")
		assert.Equal(t, []string{"password"}, refused, field)
	}
	w.fetchesFrom(s, object{"password": nil, "folder": "."}).json(http.StatusOK)
}

func TestASettlementSourceWithFaultsNamesThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := sftptest.Start(t)
	for _, c := range []struct {
		changes object
		fields  []string
	}{
		{object{"host": "sftp://acquirer.example/out"}, []string{"host"}},
		{object{"port": 25}, []string{"port"}},
		{object{"file_pattern": "[a"}, []string{"file_pattern"}},
		{object{"file_pattern": "../*"}, []string{"file_pattern"}},
		{object{"host_key": "trust me"}, []string{"host_key"}},
		{object{"private_key": s.PrivateKey}, []string{"private_key"}},
		{object{"password": nil, "private_key": "none"}, []string{"private_key"}},
		{object{"hour": 7, "every_hours": 2}, []string{"every_hours"}},
		{object{"hour": 24}, []string{"hour"}},
		{object{"folder": "a\nb", "host_key": "none"}, []string{"folder", "host_key"}},
	} {
		found := w.fetchesFrom(s, c.changes).problem(http.StatusUnprocessableEntity, "validation-failed")
		slices.Sort(found)
		assert.Equal(t, c.fields, found, "%v", c.changes)
	}
	w.call("GET", "/settlement-source", w.key, nil).problem(http.StatusNotFound, "not-found")
}

func TestATestOfTheSourceSaysWhatIsThereOrWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := sftptest.Start(t)
	test := func() answer { return w.call("POST", "/settlement-source/test", w.key, nil) }
	test().problem(http.StatusNotFound, "not-found")
	w.fetchesFrom(s, nil).json(http.StatusOK)
	assert.Equal(t, object{"files": 0.0, "names": []any{}}, test().json(http.StatusOK))
	for i, name := range []string{"1.csv", "2.csv", "3.csv", "4.csv", "5.csv", "6.csv", "notes.txt"} {
		s.Put(name, "x", noon.Add(time.Duration(i)*time.Minute))
	}
	assert.Equal(t, object{"files": 6.0, "names": []any{"6.csv", "5.csv", "4.csv", "3.csv", "2.csv"}}, test().json(http.StatusOK))

	other := sftptest.Start(t)
	for field, changes := range map[string]object{
		"password": {"password": "wrong"}, "folder": {"folder": "in"}, "host_key": {"host_key": ssh.FingerprintSHA256(other.HostKey)}, "host": {"host": "sftp.invalid"},
	} {
		w.fetchesFrom(s, changes).json(http.StatusOK)
		assert.Equal(t, []string{field}, test().problem(http.StatusUnprocessableEntity, "validation-failed"))
	}
}

func TestOnlyManagersSetUpASettlementSourceAndBookkeepersMayLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := sftptest.Start(t)
	w.fetchesFrom(s, nil).json(http.StatusOK)
	for role, may := range map[string]map[string]bool{
		"viewer": {"GET": true}, "bookkeeper": {"GET": true, "look": true}, "manager": {"GET": true, "look": true, "PUT": true, "test": true, "DELETE": true},
	} {
		key := w.inConsole(role)
		for name, call := range map[string]func() answer{
			"GET":  func() answer { return w.call("GET", "/settlement-source", key, nil) },
			"PUT":  func() answer { return w.call("PUT", "/settlement-source", key, sourceAt(s, nil)) },
			"test": func() answer { return w.call("POST", "/settlement-source/test", key, nil) },
			"look": func() answer { return w.call("POST", "/settlement-source/look", key, nil) },
		} {
			assert.Equal(t, may[name], call().Code < http.StatusBadRequest, "%s %s", role, name)
		}
		if !may["DELETE"] {
			w.call("DELETE", "/settlement-source", key, nil).problem(http.StatusForbidden, "forbidden")
		}
	}
}

func TestALookIsAskedForByMakingItDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := sftptest.Start(t)
	w.fetchesFrom(s, nil).json(http.StatusOK)
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		stored := w.source()
		stored.Looked(noon, noon, nil, false, 1)
		require.Greater(t, stored.NextLookAt, noon)
		return tx.SaveSettlementSource(t.Context(), stored)
	})
	looked := w.call("POST", "/settlement-source/look", w.key, nil).json(http.StatusAccepted)
	assert.Equal(t, noon.Format(time.RFC3339), looked["next_look_at"])
	w.fetchesFrom(s, object{"enabled": false}).json(http.StatusOK)
	assert.Equal(t, []string{"enabled"}, w.call("POST", "/settlement-source/look", w.key, nil).problem(http.StatusUnprocessableEntity, "validation-failed"))
}

func TestAFileThatWasSetAsideIsTriedAgainWhenAPersonSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := sftptest.Start(t)
	w.fetchesFrom(s, nil).json(http.StatusOK)
	f := source.File{
		ID: id.New(id.SourceFile), CompanyID: w.company.ID, Listed: source.Listed{Name: "a.csv", Size: 1, ModifiedAt: noon}, State: source.SetAside, Tries: 1,
		Reason: "It is broken.", At: noon,
	}
	var raised exception.Exception
	w.in(w.company.ID, func(tx *postgres.Tx) (err error) {
		require.NoError(t, tx.SaveSourceFile(t.Context(), f))
		raised, _, err = tx.RaiseException(t.Context(), exception.New(exception.Exception{
			CompanyID: w.company.ID, Kind: exception.SettlementFileRefused, Subject: f.ID, Choices: []exception.Choice{exception.TryAgain, exception.Acknowledge},
		}, noon))
		return err
	})
	shown := w.call("GET", "/settlement-source", w.key, nil).json(http.StatusOK)["files"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"a.csv", "set_aside", "It is broken."}, []any{shown["name"], shown["state"], shown["reason"]})
	w.fetchesFrom(s, object{"enabled": false}).json(http.StatusOK)
	w.call("POST", "/exceptions/"+raised.ID+"/resolve", w.key, object{"choice": "try_again"}).problem(http.StatusConflict, "decision-impossible")
	w.fetchesFrom(s, nil).json(http.StatusOK)
	assert.Equal(t, "resolved", w.call("POST", "/exceptions/"+raised.ID+"/resolve", w.key, object{"choice": "try_again"}).json(http.StatusOK)["status"])
	shown = w.call("GET", "/settlement-source", w.key, nil).json(http.StatusOK)["files"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"waiting", nil}, []any{shown["state"], shown["reason"]})
}

func TestSettingUpTheSourceAgainClearsUpThatItFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := sftptest.Start(t)
	for name, act := range map[string]func(){
		"set up":  func() { w.fetchesFrom(s, nil).json(http.StatusOK) },
		"removed": func() { w.call("DELETE", "/settlement-source", w.key, nil) },
	} {
		w.fetchesFrom(s, nil).json(http.StatusOK)
		w.in(w.company.ID, func(tx *postgres.Tx) error {
			_, _, err := tx.RaiseException(t.Context(), exception.New(exception.Exception{
				CompanyID: w.company.ID, Kind: exception.SettlementSourceFailing, Subject: w.company.ID, Choices: []exception.Choice{exception.Acknowledge},
			}, noon))
			return err
		})
		act()
		assert.Empty(t, w.call("GET", "/exceptions?open=true&kind=settlement_source_failing", w.key, nil).json(http.StatusOK)["data"], name)
	}
}

func (w *world) importer() api.Importer { return api.NewImporter(w.options()) }

func TestAFetchedFileIsImportedAsOneThatWasSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-17")
	csv := csvHeader + "WL-1,2026-11-19,payment," + p.OrderID + ",CHF,108.00,2.30,105.70\n"
	settlementID, known, err := w.importer().Import(t.Context(), w.company.ID, "sfl_1-1", strings.NewReader(csv))
	require.NoError(t, err)
	assert.False(t, known)
	imported := w.call("GET", "/settlements/"+settlementID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{"csv", "settlement-source"}, []any{imported["format"], imported["imported_by"]})
	assert.Equal(t, "booked", imported["payouts"].([]any)[0].(map[string]any)["state"])
	entries := w.call("GET", "/audit-log", w.key, nil).json(http.StatusOK)["data"].([]any)
	assert.Equal(t, []any{"POST /settlements", "settlement-source"}, []any{entries[0].(map[string]any)["action"], entries[0].(map[string]any)["actor"]})

	again, known, err := w.importer().Import(t.Context(), w.company.ID, "sfl_1-1", strings.NewReader(csv))
	require.NoError(t, err)
	assert.Equal(t, []any{settlementID, false}, []any{again, known}, "a step that runs again is answered as the first time")
	again, known, err = w.importer().Import(t.Context(), w.company.ID, "sfl_2-1", strings.NewReader(csv))
	require.NoError(t, err)
	assert.Equal(t, []any{settlementID, true}, []any{again, known}, "the same content under another name")

	for i, xml := range []string{credit("2026-11-19", "1.00", "WORLDLINE SCHWEIZ AG"), "\xef\xbb\xbf\n" + credit("2026-11-19", "2.00", "WORLDLINE SCHWEIZ AG")} {
		settlementID, _, err = w.importer().Import(t.Context(), w.company.ID, fmt.Sprint("sfl_3-", i), strings.NewReader(xml))
		require.NoError(t, err)
		assert.NotEqual(t, "csv", w.call("GET", "/settlements/"+settlementID, w.key, nil).json(http.StatusOK)["format"])
	}
}

func TestAFetchedArchiveIsImportedAsItsFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-17")
	csv := csvHeader + "WL-1,2026-11-19,payment," + p.OrderID + ",CHF,108.00,2.30,105.70\n"
	for i, archive := range []string{gzipped(t, csv), zipped(t, "a.xml", credit("2026-11-19", "1.00", "WORLDLINE SCHWEIZ AG"), "b.xml", credit("2026-11-19", "2.00", "WORLDLINE SCHWEIZ AG"))} {
		_, known, err := w.importer().Import(t.Context(), w.company.ID, fmt.Sprint("sfl-", i), strings.NewReader(archive))
		require.NoError(t, err)
		assert.False(t, known)
	}
	assert.Len(t, w.call("GET", "/settlements", w.key, nil).json(http.StatusOK)["data"], 3)
}

func TestAFetchedMRXIsImportedHoweverLargeItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	file := mrxOf("MN-1", mrxtest.Payment{
		Number: "201611200000592", Date: "2026-11-20",
		Transactions: []mrxtest.Transaction{{ID: "T-1", Gross: "108", Fee: "2.30", Order: p.OrderID, Day: "2026-11-18"}},
	}).String()
	for i, content := range []string{file, file + strings.Repeat(" ", 11<<20)} {
		settlementID, known, err := w.importer().Import(t.Context(), w.company.ID, fmt.Sprint("sfl-", i), strings.NewReader(content))
		require.NoError(t, err)
		assert.False(t, known)
		imported := w.call("GET", "/settlements/"+settlementID, w.key, nil).json(http.StatusOK)
		assert.Equal(t, []any{"mrx", "complete", "settlement-source"}, []any{imported["format"], imported["status"], imported["imported_by"]})
	}
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
}

func TestAFetchedFileThatIsBrokenIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for content, code := range map[string]problem.Code{
		csvHeader + "WL-1,2026-11-19,payment,Q,CHF,108.00,2.30,1.00\n": problem.SettlementFileRefused,
		"":                                 problem.Malformed,
		"<xml/>":                           problem.SettlementFileRefused,
		strings.Repeat("x", 11<<20) + "\n": problem.TooLarge,
	} {
		_, _, err := w.importer().Import(t.Context(), w.company.ID, id.New(id.SourceFile)+"-1", strings.NewReader(content))
		assert.Equal(t, code, problem.CodeOf(err), "%.40s: %v", content, err)
	}
	assert.Empty(t, w.call("GET", "/settlements", w.key, nil).json(http.StatusOK)["data"])
}

func TestNoCallFromOutsideIsTakenForAFetchedFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.importer().Import(t.Context(), w.company.ID, "k", strings.NewReader("<xml/>"))
	require.Error(t, err)
	w.call("POST", "/settlements", "settlement-source", nil).problem(http.StatusUnauthorized, "unauthorized")
	w.call("GET", "/settlement-source", "", nil).problem(http.StatusUnauthorized, "unauthorized")
}
