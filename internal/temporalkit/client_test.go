package temporalkit

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/secrets"
)

func newKeyring(tb testing.TB) *secrets.Keyring {
	tb.Helper()
	master, err := secrets.Generate()
	require.NoError(tb, err)
	keyring, err := secrets.New(master)
	require.NoError(tb, err)
	return keyring
}

func TestAClusterThatIsAwayIsNamed(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	address := listener.Addr().String()
	c, err := New(config.Temporal{Address: address}, newKeyring(t), slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err, "it may come later")
	defer c.Close()
	var said bytes.Buffer
	require.ErrorContains(t, WaitForCluster(ctx, c, address, slog.New(slog.NewTextHandler(&said, nil))), "no answer from Temporal at "+address)
	assert.Equal(t, 1, strings.Count(said.String(), "waiting for Temporal"), said.String())
}

func TestNoClientExistsWithoutEncryption(t *testing.T) {
	t.Parallel()
	_, err := New(config.Temporal{Address: "127.0.0.1:7233"}, nil, slog.New(slog.DiscardHandler), nil)
	require.ErrorContains(t, err, "needs the master key")
}

func TestTheConnectionIsEncryptedWhenConfigured(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg      config.Temporal
		tls, key bool
	}{
		"a local cluster":        {config.Temporal{}, false, false},
		"TLS":                    {config.Temporal{TLS: true}, true, false},
		"an API key implies TLS": {config.Temporal{APIKey: config.NewSecret("key")}, true, true},
	}
	for name, test := range tests {
		options, err := clientOptions(test.cfg, newKeyring(t), slog.New(slog.DiscardHandler), nil)
		require.NoError(t, err, name)
		assert.Equal(t, test.tls, options.ConnectionOptions.TLS != nil, name)
		assert.Equal(t, test.key, options.Credentials != nil, name)
	}
}

func TestAWrongClientCertificateIsExplained(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.pem")
	require.NoError(t, os.WriteFile(file, []byte("no certificate"), 0o600))
	_, err := clientOptions(config.Temporal{TLSCert: file, TLSKey: file}, newKeyring(t), slog.New(slog.DiscardHandler), nil)
	require.ErrorContains(t, err, "QUITTANCE_TEMPORAL_TLS_CERT and QUITTANCE_TEMPORAL_TLS_KEY are not a certificate and its key")
}
