package secrets

import (
	"errors"

	"github.com/quittance/quittance/internal/sealed"
)

// placed begins what SealAt returns. What was sealed before values were bound to their places begins with Tink's own 1.
const placed = 2

// SealAt encrypts plaintext for one place in the database. The result opens nowhere else.
func (k *Keyring) SealAt(plaintext []byte, at sealed.Place) ([]byte, error) {
	if at.Owner == "" || at.Row == "" {
		return nil, errors.New("seal for " + at.Column.String() + ": the owner or the row has no name")
	}
	value, err := k.Seal(plaintext, at.Associated())
	if err != nil {
		return nil, err
	}
	return append([]byte{placed}, value...), nil
}

// OpenAt decrypts what SealAt returned for the same place, or what was sealed for its owner before there were places: that opens until
// "admin rotate-keys" has sealed it again and "admin forget-old-keys" has removed its key. The errors are those of Open.
func (k *Keyring) OpenAt(value []byte, at sealed.Place) ([]byte, error) {
	if len(value) > 0 && value[0] == placed {
		return k.Open(value[1:], at.Associated())
	}
	return k.Open(value, at.Owner)
}
