package share_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/share"
)

func TestOneWhoWantsMuchLeavesSomeToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &share.Share{Each: 2, Together: 3, Waiting: 1}
		take := func(user string) (end func(), ok bool) { return s.Take(t.Context(), user, time.Second) }
		first, ok := take("noisy")
		require.True(t, ok)
		_, ok = take("noisy")
		require.True(t, ok)
		got := make(chan bool)
		go func() {
			_, ok := take("noisy")
			got <- ok
		}()
		synctest.Wait()
		began := time.Now()
		_, ok = take("noisy")
		assert.False(t, ok, "one waits already")
		assert.Zero(t, time.Since(began), "and the next one is told at once")
		quiet, ok := take("quiet")
		assert.True(t, ok)
		quiet()
		first()
		assert.True(t, <-got, "who waits has the next turn")
		_, ok = take("quiet")
		assert.True(t, ok)
		began = time.Now()
		_, ok = take("third")
		assert.False(t, ok, "all turns are taken")
		assert.Equal(t, time.Second, time.Since(began))
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, ok = s.Take(gone, "third", time.Hour)
		assert.False(t, ok)
	})
}

func TestNeverMoreAtOnceThanMay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &share.Share{Each: rapid.IntRange(1, 3).Draw(t, "each"), Together: rapid.IntRange(0, 5).Draw(t, "together"), Waiting: rapid.IntRange(0, 5).Draw(t, "waiting")}
		var mu sync.Mutex
		held, all := map[string]int{}, 0
		change := func(user string, by int) {
			mu.Lock()
			defer mu.Unlock()
			held[user] += by
			all += by
			assert.LessOrEqual(t, held[user], s.Each)
			if s.Together > 0 {
				assert.LessOrEqual(t, all, s.Together)
			}
		}
		var group sync.WaitGroup
		for i := range rapid.IntRange(1, 30).Draw(t, "calls") {
			user := fmt.Sprint(i % 3)
			group.Go(func() {
				if end, ok := s.Take(context.Background(), user, time.Millisecond); ok {
					change(user, 1)
					change(user, -1)
					end()
				}
			})
		}
		group.Wait()
	})
}
