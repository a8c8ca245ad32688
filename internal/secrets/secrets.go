// Package secrets seals what the database and Temporal must hold but nobody may read there, such as a company's
// Saferpay password. It is a thin layer over Tink (AEAD, AES-256-GCM).
package secrets

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrCannotOpen means that a sealed value was damaged, was sealed for other associated data, or was sealed with a key
// that is not in the key set.
var ErrCannotOpen = errors.New("the sealed value cannot be opened with this master key")

// Keyring seals with the primary key of a key set and opens with any key of it, so that old values stay readable while
// keys are rotated. It is safe for concurrent use.
type Keyring struct {
	aead  tink.AEAD
	keyID string
}

// Generate returns a new master key: a Tink key set with one AES-256-GCM key, as base64 of its JSON form.
func Generate() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("generate a master key: %w", err)
	}
	return encode(handle)
}

func encode(handle *keyset.Handle) ([]byte, error) {
	var json bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&json)); err != nil {
		return nil, fmt.Errorf("write the master key: %w", err)
	}
	return []byte(base64.StdEncoding.EncodeToString(json.Bytes())), nil
}

// New reads a master key in the form that Generate returns. The error never shows any of it.
func New(masterKeyset []byte) (*Keyring, error) {
	json, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(masterKeyset)))
	if err != nil {
		return nil, errors.New("the master key is not base64")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(json)))
	if err != nil {
		return nil, errors.New("the master key is not a Tink key set in JSON")
	}
	primary, err := handle.Primary()
	if err != nil {
		return nil, errors.New("the master key has no primary key that is enabled")
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, errors.New("the master key is a Tink key set, but not one for AEAD encryption")
	}
	return &Keyring{aead: primitive, keyID: strconv.FormatUint(uint64(primary.KeyID()), 10)}, nil
}

// KeyID returns the id of the key that Seal uses, as Tink shows it in the key set. It is no secret.
func (k *Keyring) KeyID() string { return k.keyID }

// Seal encrypts plaintext. The result opens only with the same associated data, which for a company's secret is the
// company's id: a sealed value that is copied to another company's row is worthless there.
func (k *Keyring) Seal(plaintext []byte, associated string) ([]byte, error) {
	if associated == "" {
		return nil, errors.New("seal: the associated data is empty, so the value would not be bound to its owner")
	}
	sealed, err := k.aead.Encrypt(plaintext, []byte(associated))
	if err != nil {
		return nil, errors.New("seal: encryption failed")
	}
	return sealed, nil
}

// Open decrypts what Seal returned for the same associated data, whichever key of the key set sealed it. The error is
// ErrCannotOpen.
func (k *Keyring) Open(sealed []byte, associated string) ([]byte, error) {
	plaintext, err := k.aead.Decrypt(sealed, []byte(associated))
	if err != nil {
		return nil, ErrCannotOpen
	}
	return plaintext, nil
}
