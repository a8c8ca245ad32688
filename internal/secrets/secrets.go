// Package secrets seals what the database and Temporal must hold but nobody may read there, such as a company's
// Saferpay password. It is a thin layer over Tink (AEAD, AES-256-GCM): data keys seal, the database keeps them wrapped by
// the master key, and processes that run take up a new one within Refresh.
package secrets

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrCannotOpen means that a sealed value is damaged, was sealed for other associated data, or was sealed with a key that is
// not in the key set.
var ErrCannotOpen = errors.New("the sealed value cannot be opened with these keys")

const (
	// Refresh is how often a process that follows the shelf checks for changed keys.
	Refresh = 10 * time.Second
	// lookTimeout bounds one look.
	lookTimeout = 5 * time.Second
	// prefixSize is the length of Tink's prefix: a 1 and the id of the key (github.com/tink-crypto/tink-go, core/cryptofmt).
	prefixSize = 5
)

// Shelf is where the data keys are kept, wrapped by the master key.
type Shelf interface {
	DataKeys(ctx context.Context) (wrapped []byte, err error)
}

// Keyring seals with the primary data key and opens with any of them, so that old values stay readable while keys are
// rotated. It is safe for concurrent use.
type Keyring struct {
	shelf   Shelf
	master  *Master
	looking sync.Mutex
	keys    atomic.Pointer[keys]
	// again is Look for Open, which Temporal calls without a context; nil when the keys never change.
	again func() error
}

type keys struct {
	wrapped []byte
	set     KeySet
	aead    tink.AEAD
}

// New returns a keyring of a key set in the form that Generate returns, which never changes. The error never shows any of it.
func New(encoded []byte) (*Keyring, error) {
	set, err := decode(encoded)
	if err != nil {
		return nil, err
	}
	k := new(Keyring)
	return k, k.take(nil, set)
}

// Open returns a keyring of the data keys on the shelf; Follow keeps it up to date. The error is the shelf's, or says that
// the master key doesn't open them.
func Open(ctx context.Context, shelf Shelf, master *Master) (*Keyring, error) {
	k := &Keyring{shelf: shelf, master: master}
	lasting := context.WithoutCancel(ctx)
	k.again = func() error { return k.Look(lasting) }
	return k, k.Look(ctx)
}

// Follow calls Look every Refresh until ctx ends.
func (k *Keyring) Follow(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(Refresh)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := k.Look(ctx); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "data keys not reloaded", "error", err)
		}
	}
}

// Look reads the data keys from the shelf and uses them from now on.
func (k *Keyring) Look(ctx context.Context) error {
	k.looking.Lock()
	defer k.looking.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	wrapped, err := k.shelf.DataKeys(ctx)
	if err != nil {
		return err
	}
	if now := k.keys.Load(); now != nil && bytes.Equal(now.wrapped, wrapped) {
		return nil
	}
	set, err := k.master.Unwrap(wrapped)
	if err != nil {
		return err
	}
	return k.take(wrapped, set)
}

func (k *Keyring) take(wrapped []byte, set KeySet) error {
	primitive, err := aead.New(set.handle)
	if err != nil {
		return fmt.Errorf("use the data keys: %w", err)
	}
	k.keys.Store(&keys{wrapped, set, primitive})
	return nil
}

// KeyID returns the id of the key that Seal uses, as Tink shows it in the key set. It is no secret.
func (k *Keyring) KeyID() string { return k.keys.Load().set.Primary() }

// Prefix returns the bytes with which every value begins that SealAt seals at present.
func (k *Keyring) Prefix() []byte {
	return binary.BigEndian.AppendUint32([]byte{placed, 1}, k.keys.Load().set.handle.KeysetInfo().GetPrimaryKeyId())
}

// Seal encrypts plaintext. The result opens only with the same associated data. What the database keeps is sealed by SealAt.
func (k *Keyring) Seal(plaintext []byte, associated string) ([]byte, error) {
	if associated == "" {
		return nil, errors.New("seal: the associated data is empty, so the value would not be bound to its owner")
	}
	sealed, err := k.keys.Load().aead.Encrypt(plaintext, []byte(associated))
	if err != nil {
		return nil, errors.New("seal: encryption failed")
	}
	return sealed, nil
}

// Open decrypts what Seal returned for the same associated data, with any of the data keys. The error is ErrCannotOpen, or says
// why the shelf could not be asked for a newer key.
func (k *Keyring) Open(sealed []byte, associated string) ([]byte, error) {
	keys := k.keys.Load()
	plaintext, err := keys.aead.Decrypt(sealed, []byte(associated))
	if err == nil {
		return plaintext, nil
	}
	if k.again == nil || keys.made(sealed) {
		return nil, ErrCannotOpen
	}
	if err := k.again(); err != nil {
		return nil, fmt.Errorf("read the data keys again: %w", err)
	}
	if plaintext, err = k.keys.Load().aead.Decrypt(sealed, []byte(associated)); err != nil {
		return nil, ErrCannotOpen
	}
	return plaintext, nil
}

// made reports whether one of these keys has the id with which the sealed value begins. It is false for a value that is too
// short.
func (k *keys) made(sealed []byte) bool {
	if len(sealed) < prefixSize {
		return true
	}
	id := binary.BigEndian.Uint32(sealed[1:])
	for _, key := range k.set.handle.KeysetInfo().GetKeyInfo() {
		if key.GetKeyId() == id {
			return true
		}
	}
	return false
}
