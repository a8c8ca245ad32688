package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestWorkersLookAtEachSourceWhoseTimeHasCome(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	first, second := open(t, store), open(t, store)
	for _, s := range []*shop{first, second} {
		s.in(t, func(tx *postgres.Tx) error {
			wanted := source.Source{
				CompanyID: s.company.ID, Host: "sftp.acquirer.example", Port: 22, User: "u", Folder: ".", Pattern: "*", HostKey: "SHA256:x", Auth: source.Password,
				SealedSecret: []byte("sealed"), Enabled: true,
			}
			wanted.Begun(s.now)
			return tx.SaveSettlementSource(t.Context(), wanted)
		})
	}
	var fetched []string
	looking := sources{store: store, now: func() time.Time { return first.now }, fetch: func(_ context.Context, companyID string) error {
		fetched = append(fetched, companyID)
		if companyID == first.company.ID {
			return errors.New("Temporal does not answer")
		}
		return nil
	}}
	require.Error(t, looking.look(t.Context()))
	assert.ElementsMatch(t, []string{first.company.ID, second.company.ID}, fetched, "one that can't be started keeps no other waiting")
}
