package secrets

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAStatementIsVerifiedWithThePublicKeyAndNothingElse(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	key, sealed, err := keyring.NewSigningKey()
	require.NoError(t, err)
	other, _, err := keyring.NewSigningKey()
	require.NoError(t, err)
	assert.NotEqual(t, key.ID, other.ID)
	opened, err := keyring.OpenSigningKey(key.ID, sealed)
	require.NoError(t, err)
	assert.Equal(t, key.PublicPEM, opened.PublicPEM)

	rapid.Check(t, func(t *rapid.T) {
		statement := rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "statement")
		signature := key.Sign(statement)
		assert.Equal(t, signature, opened.Sign(statement), "always the same one")
		require.NoError(t, VerifySignature([]byte(key.PublicPEM), statement, signature))
		require.ErrorIs(t, VerifySignature([]byte(other.PublicPEM), statement, signature), ErrNotSigned)
		i := rapid.IntRange(0, len(statement)-1).Draw(t, "changed")
		statement[i] ^= 1
		require.ErrorIs(t, VerifySignature([]byte(key.PublicPEM), statement, signature), ErrNotSigned)
	})
	require.ErrorIs(t, VerifySignature([]byte(key.PublicPEM), []byte("x"), nil), ErrNotSigned)
}

func TestASigningKeyOpensWithItsMasterKeyOnly(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	key, sealed, err := keyring.NewSigningKey()
	require.NoError(t, err)
	_, err = newKeyring(t).OpenSigningKey(key.ID, sealed)
	require.ErrorIs(t, err, ErrCannotOpen)
	_, err = keyring.OpenSigningKey(key.ID, nil)
	require.ErrorIs(t, err, ErrCannotOpen)
	password, err := keyring.Seal([]byte("Demo-Password-1"), "cmp_1")
	require.NoError(t, err)
	_, err = keyring.OpenSigningKey(key.ID, password)
	require.ErrorIs(t, err, ErrCannotOpen, "another secret")
}

func TestAPublicKeyThatIsNoneIsRefusedInWords(t *testing.T) {
	t.Parallel()
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(foreign.Public())
	require.NoError(t, err)
	for why, public := range map[string][]byte{
		"not in PEM":         []byte("hello"),
		"can't be read":      pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("hello")}),
		"not one of Ed25519": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
	} {
		require.ErrorContains(t, VerifySignature(public, []byte("x"), make([]byte, 64)), why)
	}
}
