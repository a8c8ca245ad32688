package secrets

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/quittance/quittance/internal/sealed"
)

// SigningKey signs statements with Ed25519 (RFC 8032), so that anybody who has the public key can check them with common
// tools. It is safe for concurrent use.
type SigningKey struct {
	// ID is the beginning of the SHA-256 of the public key.
	ID string
	// PublicPEM is the public key as others take it: PKIX in PEM, "-----BEGIN PUBLIC KEY-----".
	PublicPEM string

	private ed25519.PrivateKey
}

// NewSigningKey makes a signing key, and returns it together with its private half sealed for safe keeping.
func (k *Keyring) NewSigningKey() (key *SigningKey, kept []byte, err error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a signing key: %w", err)
	}
	if key, err = newSigningKey(private); err != nil {
		return nil, nil, err
	}
	kept, err = k.SealAt(private.Seed(), sealed.SigningKey.Of(sealed.SigningKeys, key.ID))
	return key, kept, err
}

// OpenSigningKey opens what NewSigningKey sealed for the key with that id. The error is ErrCannotOpen.
func (k *Keyring) OpenSigningKey(id string, kept []byte) (*SigningKey, error) {
	seed, err := k.OpenAt(kept, sealed.SigningKey.Of(sealed.SigningKeys, id))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, ErrCannotOpen
	}
	return newSigningKey(ed25519.NewKeyFromSeed(seed))
}

func newSigningKey(private ed25519.PrivateKey) (*SigningKey, error) {
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, fmt.Errorf("write a public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return &SigningKey{
		ID:        hex.EncodeToString(sum[:8]),
		PublicPEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		private:   private,
	}, nil
}

// Sign returns the signature of the statement. The same statement always gets the same signature.
func (s *SigningKey) Sign(statement []byte) []byte { return ed25519.Sign(s.private, statement) }

// ErrNotSigned means that this key did not sign this statement.
var ErrNotSigned = errors.New("the signature is not one of this statement by this key")

// VerifySignature returns nil when the key with the public half publicPEM signed the statement. Otherwise it returns
// ErrNotSigned, or says what is wrong with publicPEM.
func VerifySignature(publicPEM, statement, signature []byte) error {
	block, _ := pem.Decode(publicPEM)
	if block == nil {
		return errors.New("the public key is not in PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return errors.New("the public key can't be read")
	}
	public, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return errors.New("the public key is not one of Ed25519")
	}
	if !ed25519.Verify(public, statement, signature) {
		return ErrNotSigned
	}
	return nil
}
