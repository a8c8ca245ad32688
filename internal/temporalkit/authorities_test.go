package temporalkit

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
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

	"github.com/quittance/quittance/internal/config"
)

// authority vouches for clusters.
type authority struct {
	t           *testing.T
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	described := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	signed, err := x509.CreateCertificate(rand.Reader, described, described, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(signed)
	require.NoError(t, err)
	return authority{t, key, certificate}
}

// vouches returns the certificate of a cluster at that address.
func (a authority) vouches(ip string, notAfter time.Time) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	signed, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: notAfter, IPAddresses: []net.IP{net.ParseIP(ip)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.certificate, &key.PublicKey, a.key)
	require.NoError(a.t, err)
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}
}

func (a authority) write(file string) {
	a.t.Helper()
	require.NoError(a.t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}), 0o600))
}

func TestAClusterForWhichAnotherAuthorityVouchesIsRefusedUntilTheFileNamesIt(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ca.crt")
	before, after := newAuthority(t), newAuthority(t)
	before.write(file)
	options, err := clientOptions(config.Temporal{Address: "127.0.0.1:7233", TLSCA: file}, newKeyring(t), slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	accepts := func(certificate tls.Certificate) error {
		here, there := net.Pipe()
		defer here.Close()
		defer there.Close()
		server := tls.Server(there, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
		go func() { _ = server.HandshakeContext(context.WithoutCancel(t.Context())) }()
		connection := options.ConnectionOptions.TLS.Clone()
		connection.ServerName = "127.0.0.1" // as gRPC does
		return tls.Client(here, connection).HandshakeContext(t.Context())
	}
	later := time.Now().Add(time.Hour)
	require.NoError(t, accepts(before.vouches("127.0.0.1", later)))
	require.Error(t, accepts(before.vouches("127.0.0.2", later)), "of another cluster")
	require.Error(t, accepts(before.vouches("127.0.0.1", time.Now().Add(-time.Hour))), "expired")
	require.Error(t, accepts(after.vouches("127.0.0.1", later)))

	after.write(file)
	require.NoError(t, accepts(after.vouches("127.0.0.1", later)))
	require.Error(t, accepts(before.vouches("127.0.0.1", later)))
}

func TestAuthoritiesThatCannotBeReadAreExplained(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(file, []byte("no certificate"), 0o600))
	for _, at := range []string{file, file + ".missing"} {
		_, err := clientOptions(config.Temporal{Address: "127.0.0.1:7233", TLSCA: at}, newKeyring(t), slog.New(slog.DiscardHandler), nil)
		assert.ErrorContains(t, err, "QUITTANCE_TEMPORAL_TLS_CA: ")
	}
}
