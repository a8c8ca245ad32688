package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/testing/freeport"
)

func TestTheConsoleRunsApartWithTheAPIsAddressAlone(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"offered":false}`)
	}))
	defer api.Close()
	ports, err := freeport.Take(t.Context(), 1)
	require.NoError(t, err)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
	cfg, err := config.Parse(map[string]string{
		"QUITTANCE_API_URL": api.URL, "QUITTANCE_CONSOLE_URL": "http://" + address, "QUITTANCE_CONSOLE_ADDRESS": address,
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- RunConsole(ctx, cfg, slog.New(slog.DiscardHandler)) }()
	status := func(path string) int {
		answer, err := http.Get("http://" + address + path)
		if err != nil {
			return 0
		}
		defer func() { _ = answer.Body.Close() }()
		return answer.StatusCode
	}
	require.Eventually(t, func() bool { return status("/healthz") == http.StatusOK }, 10*time.Second, 10*time.Millisecond)
	for _, path := range []string{"/readyz", "/metrics", "/console/sign-in", "/operator/sign-in"} {
		assert.Equal(t, http.StatusOK, status(path), path)
	}
	api.Close()
	assert.Equal(t, http.StatusServiceUnavailable, status("/readyz"), "without the API it has nothing to show")
	stop()
	require.NoError(t, <-ended)
}
