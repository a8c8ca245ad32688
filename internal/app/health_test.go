package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/telemetry"
	"github.com/quittance/quittance/internal/testing/freeport"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// statusOf asks an address, and returns 0 when nobody is there.
func statusOf(url string) int {
	answer, err := http.Get(url)
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

func TestMetricsAndReadinessAreNotServedWhereThePublicComes(t *testing.T) {
	t.Parallel()
	metrics, err := telemetry.NewMetrics()
	require.NoError(t, err)
	quiet := slog.New(slog.DiscardHandler)
	public := http.NewServeMux()
	public.HandleFunc("GET /healthz", telemetry.Healthz)
	ports, err := freeport.Take(t.Context(), 3)
	require.NoError(t, err)
	at := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i])) }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	own := health(map[string]telemetry.Check{}, metrics, quiet)
	go func() { ended <- serveApart(ctx, at(0), public, at(1), own, quiet) }()
	go func() { ended <- serveApart(ctx, at(2), public, at(2), own, quiet) }() // as a local stack
	for path, want := range map[string][3]int{"/healthz": {200, 200, 200}, "/readyz": {404, 200, 200}, "/metrics": {404, 200, 200}} {
		for i, status := range want {
			require.Eventually(t, func() bool { return statusOf("http://"+at(i)+path) == status }, 10*time.Second, 10*time.Millisecond, "%s at %d", path, i)
		}
	}
	stop()
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)

	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", at(1))
	require.NoError(t, err)
	defer taken.Close()
	require.ErrorContains(t, serveApart(t.Context(), at(0), public, at(1), own, quiet), "listen on "+at(1), "one that can't be watched doesn't run")
}

func TestAProcessThatOthersReachDoesNotRunAsTheOwnerOfTheSchema(t *testing.T) {
	t.Parallel()
	db, quiet := postgrestest.NewDatabase(t), slog.New(slog.DiscardHandler)
	asProcess := postgrestest.Open(t, db)
	db.URL = db.OwnerURL
	asOwner := postgrestest.Open(t, db)
	here, elsewhere := config.Config{PublicURL: "http://127.0.0.1:8080"}, config.Config{PublicURL: "https://pay.example.ch"}
	require.NoError(t, checkRole(t.Context(), elsewhere, asProcess, quiet))
	require.NoError(t, checkRole(t.Context(), here, asOwner, quiet))
	err := checkRole(t.Context(), elsewhere, asOwner, quiet)
	require.ErrorContains(t, err, "the role of QUITTANCE_DATABASE_URL may change the schema")
	assert.Contains(t, err.Error(), "add database_owner to QUITTANCE_ALLOW_UNSAFE")
	elsewhere.AllowUnsafe = []string{"database_owner"}
	require.NoError(t, checkRole(t.Context(), elsewhere, asOwner, quiet))
}
