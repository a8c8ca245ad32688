package temporalkit

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/internal/config"
)

func TestAnAPIKeyThatChangesGoesWithTheNextCall(t *testing.T) {
	t.Parallel()
	f := startFrontend(t)
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("key-one"), 0o600))
	cfg, err := config.Parse(map[string]string{"QUITTANCE_TEMPORAL_ADDRESS": f.address, "QUITTANCE_TEMPORAL_API_KEY_FILE": file})
	require.NoError(t, err)
	options, err := clientOptions(cfg.Temporal, newKeyring(t), slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	options.ConnectionOptions.TLS, options.ConnectionOptions.TLSDisabled = nil, true // the frontend of this test has no certificate
	c, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	defer c.Close()
	shows := func(key string) bool {
		_, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
		return err == nil && f.lastAuthorization() == "Bearer "+key
	}
	require.True(t, shows("key-one"))
	require.NoError(t, os.WriteFile(file, []byte("key-two"), 0o600))
	assert.Eventually(t, func() bool { return shows("key-two") }, 10*time.Second, 20*time.Millisecond)
}

func TestAClientCertificateThatIsRenewedIsShownAtTheNextConnection(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	cfg := config.Temporal{TLSCert: filepath.Join(folder, "tls.crt"), TLSKey: filepath.Join(folder, "tls.key")}
	issue(t, cfg, 1)
	options, err := clientOptions(cfg, newKeyring(t), slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	own, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
	require.NoError(t, err)
	shown := func() int64 {
		here, there := net.Pipe()
		defer here.Close()
		server := tls.Server(there, &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12})
		dial := options.ConnectionOptions.TLS.Clone()
		dial.InsecureSkipVerify = true
		handshaken := make(chan error, 1)
		go func() { handshaken <- tls.Client(here, dial).HandshakeContext(context.WithoutCancel(t.Context())) }()
		require.NoError(t, server.HandshakeContext(t.Context()))
		require.NoError(t, <-handshaken)
		return server.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	assert.Equal(t, int64(1), shown())
	issue(t, cfg, 2)
	assert.Equal(t, int64(2), shown())
}

// issue writes a certificate with that serial number, and its key.
func issue(t *testing.T, to config.Temporal, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	certificate := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, certificate, certificate, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to.TLSCert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600))
	require.NoError(t, os.WriteFile(to.TLSKey, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}
