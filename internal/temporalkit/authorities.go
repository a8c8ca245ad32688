package temporalkit

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// trustFile has connections accept a cluster at the address for which an authority in the file vouches, and no other. The file is read at
// each connection, so that a renewed one is taken up. The standard library reads authorities once only, which is why the check is made
// here, as it makes it itself.
func trustFile(connection *tls.Config, file, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("QUITTANCE_TEMPORAL_ADDRESS: %w", err)
	}
	if _, err := authorities(file); err != nil {
		return err
	}
	connection.InsecureSkipVerify = true // VerifyConnection below verifies
	connection.VerifyConnection = func(state tls.ConnectionState) error {
		roots, err := authorities(file)
		if err != nil {
			return err
		}
		if len(state.PeerCertificates) == 0 {
			return errors.New("Temporal showed no certificate")
		}
		between := x509.NewCertPool()
		for _, certificate := range state.PeerCertificates[1:] {
			between.AddCert(certificate)
		}
		_, err = state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: host})
		return err
	}
	return nil
}

func authorities(file string) (*x509.CertPool, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("QUITTANCE_TEMPORAL_TLS_CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("QUITTANCE_TEMPORAL_TLS_CA: there is no certificate in %s", file)
	}
	return pool, nil
}
