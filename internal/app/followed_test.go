package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatCannotBeReadForFiveMinutesIsMissing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		read, fails := 0, atomic.Bool{}
		f := &followed[int]{name: "what is open", read: func(context.Context) (int, error) {
			if fails.Load() {
				return 0, errors.New("the database is away")
			}
			read++
			return read, nil
		}}
		_, err := f.value()
		require.Error(t, err, "nothing was read yet")
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			f.follow(ctx, slog.New(slog.NewTextHandler(&said, nil)))
		}()
		synctest.Wait()
		got, err := f.value()
		require.NoError(t, err)
		assert.Equal(t, 1, got)
		time.Sleep(followEvery)
		synctest.Wait()
		got, err = f.value()
		require.NoError(t, err)
		assert.Equal(t, 2, got)

		fails.Store(true)
		time.Sleep(followedFor - time.Second)
		got, err = f.value()
		require.NoError(t, err, "for a while the last number is shown")
		assert.Equal(t, 2, got)
		time.Sleep(2 * time.Second)
		_, err = f.value()
		require.ErrorIs(t, err, errNotRead)
		fails.Store(false)
		time.Sleep(followEvery)
		synctest.Wait()
		_, err = f.value()
		require.NoError(t, err)
		stop()
		<-ended
		assert.Contains(t, said.String(), `msg="metrics not read" what="what is open" error="the database is away"`)
	})
}
