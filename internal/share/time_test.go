package share_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/share"
)

// using is a user with so many things at once, each of 100 ms, for as long as during; it returns what they took together.
func using(t *testing.T, of *share.Time, user string, atOnce int, during time.Duration) (took time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var things sync.WaitGroup
	for end := time.Now().Add(during); atOnce > 0; atOnce-- {
		things.Go(func() {
			for time.Now().Before(end) {
				over, ok := of.Take(t.Context(), user, time.Hour)
				if !ok {
					return
				}
				time.Sleep(100 * time.Millisecond)
				over()
				mu.Lock()
				took += 100 * time.Millisecond
				mu.Unlock()
			}
		})
	}
	things.Wait()
	return took
}

func TestWhoTakesMuchTimeHasAPartWhileOthersAreThereAndAllWhenAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		of := &share.Time{Part: .25, Ahead: time.Second}
		var others sync.WaitGroup
		others.Go(func() {
			for range 120 {
				began := time.Now()
				end, ok := of.Take(t.Context(), "quiet", 0)
				assert.True(t, ok)
				assert.Zero(t, time.Since(began), "who takes little never waits")
				end()
				time.Sleep(500 * time.Millisecond)
			}
		})
		took := using(t, of, "noisy", 4, time.Minute)
		assert.InDelta(t, 16, took.Seconds(), 1, "a quarter of the minute, and a second ahead")
		others.Wait()

		assert.InDelta(t, 40, using(t, of, "noisy", 4, 10*time.Second).Seconds(), 5, "alone it has all that it asks for")

		of.Use("payer of another")
		began := time.Now()
		end, ok := of.Take(t.Context(), "noisy", time.Minute)
		assert.True(t, ok)
		assert.Less(t, time.Since(began), 4*time.Second, "and nobody has to make up for all of it")
		end()
		for range 3 { // things that take longer than a moment
			end, ok = of.Take(t.Context(), "noisy", time.Minute)
			assert.True(t, ok)
			time.Sleep(time.Second)
			end()
		}
		of.Use("payer of another")
		_, ok = of.Take(t.Context(), "noisy", time.Millisecond)
		assert.False(t, ok, "whoever can't wait is told so")
	})
}
