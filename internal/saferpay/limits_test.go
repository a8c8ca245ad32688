package saferpay_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/saferpay"
)

const captured = `{"ResponseHeader":{"RequestId":"r"},"Status":"CAPTURED","CaptureId":"abc_c","Date":"2026-01-30T12:45:22.258+01:00"}`

func TestOneTerminalNeverHasMoreCallsUnderWayThanAllowed(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}, 16), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		refuse(200, "application/json", captured)(w, r)
	}))
	defer server.Close()
	client := saferpay.NewClient(server.URL+"/api", saferpay.WithTerminalLimits(2, 1000))
	var calls sync.WaitGroup
	capture := func(ctx context.Context, c saferpay.Credentials) error {
		_, err := client.Capture(ctx, c, call, "abc")
		return err
	}
	for range 2 {
		calls.Go(func() { assert.NoError(t, capture(t.Context(), demo)) })
	}
	<-arrived
	<-arrived

	// The third has to wait, and gives up with its context without having reached Saferpay.
	ctx, cancel := context.WithCancel(t.Context())
	third := make(chan error, 1)
	go func() { third <- capture(ctx, demo) }()
	cancel()
	err := <-third
	require.ErrorIs(t, err, context.Canceled)
	var refusal *saferpay.Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, saferpay.NotDone, refusal.Outcome, "%s", err)
	assert.Empty(t, arrived)

	// Another terminal is not held up.
	other := demo
	other.TerminalID = "99999999"
	calls.Go(func() { assert.NoError(t, capture(t.Context(), other)) })
	<-arrived
	calls.Go(func() { assert.NoError(t, capture(t.Context(), demo)) })
	close(release)
	calls.Wait()
	assert.Len(t, arrived, 1, "the waiting call was made once there was room")
}

func TestOneTerminalIsNotCalledFasterThanAllowed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(refuse(200, "application/json", captured))
	defer server.Close()
	client := saferpay.NewClient(server.URL+"/api", saferpay.WithTerminalLimits(8, 1))
	_, err := client.Capture(t.Context(), demo, call, "abc")
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = client.Capture(ctx, demo, call, "abc")
	var refusal *saferpay.Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, saferpay.NotDone, refusal.Outcome)
	assert.ErrorContains(t, err, "no turn came for terminal 12345678")
}
