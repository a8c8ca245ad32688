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
)

// KeySet is a Tink key set for AEAD. Its primary key seals, and all its keys open.
type KeySet struct{ handle *keyset.Handle }

// NewKeySet returns a set of one new AES-256-GCM key.
func NewKeySet() (KeySet, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return KeySet{}, fmt.Errorf("generate a key: %w", err)
	}
	return KeySet{handle}, nil
}

// Generate returns a new master key: a Tink key set with one AES-256-GCM key, as base64 of its JSON form.
func Generate() ([]byte, error) {
	set, err := NewKeySet()
	if err != nil {
		return nil, err
	}
	return set.encode()
}

// Rotated returns the set with one more key, which is the primary one from now on.
func (s KeySet) Rotated() (KeySet, error) {
	manager := keyset.NewManagerFromHandle(s.handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = manager.SetPrimary(id)
	}
	if err != nil {
		return KeySet{}, fmt.Errorf("add a key: %w", err)
	}
	return handleOf(manager)
}

// Newest returns the set with the primary key alone. What the other keys sealed never opens again.
func (s KeySet) Newest() (KeySet, error) {
	info := s.handle.KeysetInfo()
	manager := keyset.NewManagerFromHandle(s.handle)
	for _, key := range info.GetKeyInfo() {
		if key.GetKeyId() == info.GetPrimaryKeyId() {
			continue
		}
		if err := manager.Delete(key.GetKeyId()); err != nil {
			return KeySet{}, fmt.Errorf("remove key %d: %w", key.GetKeyId(), err)
		}
	}
	return handleOf(manager)
}

func handleOf(manager *keyset.Manager) (KeySet, error) {
	handle, err := manager.Handle()
	if err != nil {
		return KeySet{}, fmt.Errorf("change a key set: %w", err)
	}
	return KeySet{handle}, nil
}

// Primary returns the id of the key that seals. Ids are no secrets: each sealed value begins with one.
func (s KeySet) Primary() string { return keyName(s.handle.KeysetInfo().GetPrimaryKeyId()) }

// Others returns the ids of the keys that only open, in the order in which they were added.
func (s KeySet) Others() (ids []string) {
	info := s.handle.KeysetInfo()
	for _, key := range info.GetKeyInfo() {
		if key.GetKeyId() != info.GetPrimaryKeyId() {
			ids = append(ids, keyName(key.GetKeyId()))
		}
	}
	return ids
}

func keyName(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

// encode returns the set in clear, as base64 of its JSON form.
func (s KeySet) encode() ([]byte, error) {
	var json bytes.Buffer
	if err := insecurecleartextkeyset.Write(s.handle, keyset.NewJSONWriter(&json)); err != nil {
		return nil, fmt.Errorf("write a key set: %w", err)
	}
	return []byte(base64.StdEncoding.EncodeToString(json.Bytes())), nil
}

// decode reads what encode wrote. The error never shows any of it.
func decode(encoded []byte) (KeySet, error) {
	json, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(encoded)))
	if err != nil {
		return KeySet{}, errors.New("the master key is not base64")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(json)))
	if err != nil {
		return KeySet{}, errors.New("the master key is not a Tink key set in JSON")
	}
	if _, err := handle.Primary(); err != nil {
		return KeySet{}, errors.New("the master key has no primary key that is enabled")
	}
	if _, err := aead.New(handle); err != nil {
		return KeySet{}, errors.New("the master key is a Tink key set, but not one for AEAD encryption")
	}
	return KeySet{handle}, nil
}
