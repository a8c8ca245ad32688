package fetching_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities/fetching"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/internal/testing/postgrestest"
	"github.com/quittance/quittance/internal/testing/sftptest"
	"github.com/quittance/quittance/internal/testing/shoptest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

var monday = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// shop is a company whose files are fetched from a real SFTP server.
type shop struct {
	*shoptest.Shop
	server *sftptest.Server
}

func open(t *testing.T) *shop {
	t.Helper()
	s := &shop{shoptest.Open(t), sftptest.Start(t)}
	s.set(func(*source.Access) {})
	return s
}

// set saves the source after the changes.
func (s *shop) set(change func(*source.Access)) {
	s.T.Helper()
	a := s.server.Access(change)
	a.CompanyID, a.SealedSecret = s.Company, s.Seal(a.Secret, sealed.SourceSecret.Of(s.Company, s.Company))
	a.Begun(time.Now().UTC().Truncate(time.Microsecond))
	s.in(func(tx *postgres.Tx) error { return tx.SaveSettlementSource(s.T.Context(), a.Source) })
}

func (s *shop) in(fn func(*postgres.Tx) error) {
	s.T.Helper()
	require.NoError(s.T, s.Store.InCompany(s.T.Context(), s.Company, fn))
}

func (s *shop) source() (found source.Source) {
	s.in(func(tx *postgres.Tx) (err error) {
		found, err = tx.SettlementSource(s.T.Context())
		return err
	})
	return found
}

// asked returns the exceptions about the subject that are open.
func (s *shop) asked(subject string) (open []exception.Exception) {
	s.in(func(tx *postgres.Tx) error {
		all, err := tx.ExceptionsAbout(s.T.Context(), []string{subject})
		for _, e := range all {
			if e.Open() {
				open = append(open, e)
			}
		}
		return err
	})
	return open
}

func (s *shop) look() fetching.Found {
	s.T.Helper()
	return shoptest.Do[fetching.Found](s.Shop, s.Fetching.LookIntoFolder, contract.FetchSettlements{CompanyID: s.Company})
}

func (s *shop) fetch(f fetching.NewFile) fetching.Fetched {
	s.T.Helper()
	return shoptest.Do[fetching.Fetched](s.Shop, s.Fetching.FetchSettlementFile, fetching.FetchFile{CompanyID: s.Company, NewFile: f})
}

func (s *shop) ends(f *source.Failure) fetching.Looked {
	s.T.Helper()
	return shoptest.Do[fetching.Looked](s.Shop, s.Fetching.RecordLook, fetching.Look{CompanyID: s.Company, Begun: s.Fetching.Now(), Failure: f})
}

// csv is a file with one payout of that reference.
func csv(reference string) string {
	return "payout_reference,payout_date,type,order_id,currency,gross,fee,net\n" + reference + ",2026-11-20,payment,QUNKNOWN0000000000,CHF,108.00,2.30,105.70\n"
}

func TestEachFileIsImportedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.server.Put("a.csv", csv("WL-1"), monday)
	found := s.look()
	require.Len(t, found.Files, 1)
	out := s.fetch(found.Files[0])
	assert.Equal(t, source.Imported, out.State)
	s.in(func(tx *postgres.Tx) error {
		settlement, err := tx.Settlement(t.Context(), out.SettlementID)
		assert.Equal(t, "settlement-source", settlement.ImportedBy)
		return err
	})
	assert.Equal(t, out, s.fetch(found.Files[0]), "a step that runs again after a crash")
	assert.Empty(t, s.look().Files)

	s.server.Put("a.csv", csv("WL-1"), monday.Add(time.Hour))
	again := s.look()
	require.Len(t, again.Files, 1, "it was written again")
	known := s.fetch(again.Files[0])
	assert.Equal(t, fetching.Fetched{State: source.Known, SettlementID: out.SettlementID}, known)
	assert.Empty(t, s.look().Files)
	s.server.Remove("a.csv")
	assert.Empty(t, s.look().Files)
}

func TestABrokenFileIsSetAsideAndToldUntilAPersonTriesItAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.server.Put("broken.csv", "payout_reference\n", monday)
	file := s.look().Files[0]
	out := s.fetch(file)
	assert.Equal(t, source.SetAside, out.State)
	assert.NotEmpty(t, out.Reason)
	asked := s.asked(file.ID)
	require.Len(t, asked, 1)
	assert.Equal(t, exception.SettlementFileRefused, asked[0].Kind)
	assert.Equal(t, []exception.Choice{exception.TryAgain, exception.Acknowledge}, asked[0].Choices)
	assert.Contains(t, asked[0].Detail, `"broken.csv"`)
	assert.Contains(t, s.Events(), event.ExceptionRaised)
	assert.Empty(t, s.look().Files, "it is not tried again by itself")

	again := func() {
		s.in(func(tx *postgres.Tx) error {
			e := s.asked(file.ID)[0]
			require.NoError(t, e.Resolve(exception.TryAgain, "", "key_1", time.Now()))
			require.NoError(t, tx.SaveException(t.Context(), e))
			f, err := tx.LockSourceFile(t.Context(), file.ID)
			require.NoError(t, err)
			f.State, f.Reason = source.Waiting, ""
			return tx.SaveSourceFile(t.Context(), f)
		})
	}
	again()
	waiting := s.look().Files
	require.Len(t, waiting, 1)
	assert.Equal(t, []any{file.ID, 2}, []any{waiting[0].ID, waiting[0].Try})
	assert.Equal(t, source.SetAside, s.fetch(waiting[0]).State)
	require.Len(t, s.asked(file.ID), 1, "it is asked again")

	again()
	s.server.Remove("broken.csv")
	assert.Empty(t, s.look().Files)
	require.Len(t, s.asked(file.ID), 1)
	assert.Contains(t, s.asked(file.ID)[0].Detail, "not on the server any more")
}

func TestAFileThatIsWrittenWhileItIsFetchedWaits(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.server.Put("a.csv", csv("WL-1")[:100], monday)
	half := s.look().Files[0]
	s.server.Put("a.csv", csv("WL-1"), monday.Add(time.Second))
	assert.Zero(t, s.fetch(half))
	whole := s.look().Files
	require.Len(t, whole, 1)
	assert.Equal(t, source.Imported, s.fetch(whole[0]).State)
}

func TestAConnectionThatIsLostImportsNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.server.Put("a.csv", csv("WL-1")+strings.Repeat("\n", 1<<20), monday)
	file := s.look().Files[0]
	s.server.CutAfter(200_000)
	out := s.fetch(file)
	require.NotNil(t, out.Failure)
	assert.Equal(t, "host", out.Failure.Field)
	s.server.CutAfter(0)
	assert.Len(t, s.look().Files, 1, "it is still to be fetched")
}

func TestTwoHundredFilesTakeTwoLooks(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := range 200 {
		s.server.Put(fmt.Sprintf("%03d.csv", i), csv(fmt.Sprint("WL-", i)), monday.Add(time.Duration(i)*time.Second))
	}
	names := map[string]bool{}
	for _, more := range []bool{true, false} {
		found := s.look()
		require.Len(t, found.Files, source.MaxFiles)
		assert.Equal(t, more, found.More)
		s.in(func(tx *postgres.Tx) error {
			for _, f := range found.Files {
				names[f.Name] = true
				require.NoError(t, tx.SaveSourceFile(t.Context(), source.File{ID: f.ID, CompanyID: s.Company, Listed: f.Listed, State: source.SetAside, Reason: "x", At: monday}))
			}
			return nil
		})
	}
	assert.Len(t, names, 200)
	assert.Empty(t, s.look().Files)
}

func TestAServerThatRefusesIsToldOnceAndClearsUpByItself(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.set(func(a *source.Access) { a.Secret = "wrong" })
	for range 2 {
		found := s.look()
		require.NotNil(t, found.Failure)
		assert.Equal(t, "password", found.Failure.Field)
		assert.True(t, s.ends(found.Failure).Alarming)
		require.Len(t, s.asked(s.Company), 1)
	}
	asked := s.asked(s.Company)[0]
	assert.Equal(t, exception.SettlementSourceFailing, asked.Kind)
	assert.NotContains(t, asked.Detail, "wrong")
	s.in(func(tx *postgres.Tx) error {
		require.NoError(t, asked.Resolve(exception.Acknowledge, "", "key_1", time.Now()))
		return tx.SaveException(t.Context(), asked)
	})
	s.ends(s.look().Failure)
	assert.Empty(t, s.asked(s.Company), "who has acknowledged it is not told again")

	s.set(func(*source.Access) {})
	assert.Nil(t, s.look().Failure)
	s.ends(nil)
	s.ends(&source.Failure{Field: "folder", Reason: "is not there"})
	require.Len(t, s.asked(s.Company), 1, "another failure is another exception")
	s.ends(nil)
	assert.Empty(t, s.asked(s.Company))
	assert.Zero(t, s.source().Failures)
}

func TestAServerThatIsGoneIsToldAfterAWhile(t *testing.T) {
	t.Parallel()
	s := open(t)
	gone := &source.Failure{Field: "host", Reason: "refused the connection", Passing: true}
	for _, told := range []int{0, 0, 1, 1} {
		s.ends(gone)
		assert.Len(t, s.asked(s.Company), told)
	}
}

func TestFaultsOfOursAreTriedAgainAndSetNothingAside(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.server.Put("a.csv", csv("WL-1"), monday)
	file := s.look().Files[0]
	imports := s.Fetching.Import
	s.Fetching.Import = func(context.Context, string, string, io.Reader) (fetching.Import, error) {
		return fetching.Import{}, errors.New("the database is gone")
	}
	_, err := s.Run(s.Fetching.FetchSettlementFile, fetching.FetchFile{CompanyID: s.Company, NewFile: file})
	_, retried := shoptest.ErrorType(t, err)
	assert.True(t, retried)
	s.Fetching.Import = imports
	assert.Equal(t, source.Imported, s.fetch(file).State)
}

func TestNothingIsFetchedForACompanyThatWantsNone(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.set(func(a *source.Access) { a.Enabled = false })
	refused := func() {
		_, err := s.Run(s.Fetching.LookIntoFolder, contract.FetchSettlements{CompanyID: s.Company})
		name, retried := shoptest.ErrorType(t, err)
		assert.Equal(t, []any{string(problem.NotFound), false}, []any{name, retried})
		_, err = s.Run(s.Fetching.FetchSettlementFile, fetching.FetchFile{CompanyID: s.Company, NewFile: fetching.NewFile{ID: id.New(id.SourceFile)}})
		name, _ = shoptest.ErrorType(t, err)
		assert.Equal(t, string(problem.NotFound), name)
	}
	refused()
	s.in(func(tx *postgres.Tx) error { return tx.DeleteSettlementSource(t.Context()) })
	refused()
}
