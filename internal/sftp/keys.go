package sftp

import (
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement/source"
)

// fingerprint is what a fingerprint begins with: SHA-256, as OpenSSH writes it.
const fingerprint = "SHA256:"

// families are the algorithms of each kind of host key. A server may have a key of every kind, and only one of them is pinned.
var families = [][]string{
	{ssh.KeyAlgoED25519},
	{ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521},
	{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
}

// Check brings the host key into the form in which it is kept. It returns an Invalid problem that names every key that can't be read, or
// nil. An empty secret is not looked at.
func (*Client) Check(a *source.Access) error {
	var fields []problem.Field
	key, err := hostKey(a.HostKey)
	if err != nil {
		fields = append(fields, problem.Field{Name: "host_key", Message: err.Error()})
	} else {
		a.HostKey = key
	}
	if a.Auth == source.PrivateKey && a.Secret != "" {
		_, err := ssh.ParsePrivateKey([]byte(a.Secret))
		if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
			fields = append(fields, problem.Field{Name: "private_key", Message: "must have no passphrase: make a key for Quittance alone"})
		} else if err != nil {
			fields = append(fields, problem.Field{Name: "private_key", Message: "must be a private key in PEM, as ssh-keygen writes it"})
		}
	}
	return problem.InvalidFields(fields...)
}

// hostKey returns a fingerprint as it is, and any line that holds a key as "type key".
func hostKey(written string) (string, error) {
	written = strings.TrimSpace(written)
	if encoded, found := strings.CutPrefix(written, fingerprint); found {
		encoded = strings.TrimRight(encoded, "=")
		if hash, err := base64.RawStdEncoding.DecodeString(encoded); err == nil && len(hash) == 32 {
			return fingerprint + encoded, nil
		}
	}
	fields := strings.Fields(written)
	for i := range fields { // a line of known_hosts begins with the host
		if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(strings.Join(fields[i:], " "))); err == nil {
			return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), nil
		}
	}
	return "", errors.New("must be a fingerprint such as SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU, or a line of known_hosts")
}

// pinned returns the fingerprint of the host key, and the algorithms to try, one family after the other.
func pinned(written string) (want string, algorithms [][]string) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(written))
	if err != nil {
		return written, families
	}
	for _, family := range families {
		for _, algorithm := range family {
			if algorithm == key.Type() || key.Type() == ssh.KeyAlgoRSA && algorithm == ssh.KeyAlgoRSASHA256 {
				return ssh.FingerprintSHA256(key), [][]string{family}
			}
		}
	}
	return ssh.FingerprintSHA256(key), families
}
