package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestOfManyEqualRequestsAtOnceOneIsCarriedOut(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	request := func() idempotency.Request {
		return idempotency.Request{Owner: b.company.ID, Key: "k", Fingerprint: []byte("f"), Seed: id.NewSeed(), CreatedAt: noon, TakenAt: noon}
	}
	var mu sync.Mutex
	var carriedOut []idempotency.Request
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			taken, err := store.TakeRequest(t.Context(), request())
			if err != nil {
				assert.Equal(t, problem.RequestInProgress, problem.CodeOf(err), "%v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			carriedOut = append(carriedOut, taken)
		})
	}
	all.Wait()
	require.Len(t, carriedOut, 1)

	require.NoError(t, store.AnswerRequest(t.Context(), carriedOut[0], idempotency.Answer{Status: 201, ContentType: "application/json", Sealed: []byte("s")}))
	taken, err := store.TakeRequest(t.Context(), request())
	require.NoError(t, err)
	assert.Equal(t, &idempotency.Answer{Status: 201, ContentType: "application/json", Sealed: []byte("s")}, taken.Answer)
	assert.Equal(t, carriedOut[0].Seed, taken.Seed)
}

func TestOldRequestsAreForgotten(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	b := createBooks(t, store)
	for i := range 5 {
		at := noon.Add(time.Duration(i) * idempotency.Kept / 2)
		_, err := store.TakeRequest(t.Context(), idempotency.Request{
			Owner: b.company.ID, Key: string(rune('a' + i)), Fingerprint: []byte("f"), Seed: id.NewSeed(), CreatedAt: at, TakenAt: at,
		})
		require.NoError(t, err)
	}
	var kept int
	require.NoError(t, connect(t, db.SuperuserURL).QueryRow(t.Context(), `select count(*) from idempotency_keys`).Scan(&kept))
	assert.Equal(t, 3, kept)
}
