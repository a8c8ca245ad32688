// Package personal keeps what is known of a customer as a person apart from the books: sealed with a key that the customer has alone,
// so that all of it becomes unreadable when the key is deleted, and found again by hashes that only this installation can make.
package personal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// ErrCannotOpen means that a value is damaged, or was sealed with another key or for another place.
var ErrCannotOpen = errors.New("the personal fields can't be opened with the customer's key")

// KeySize is the length of every key here, in bytes.
const KeySize = 32

// NewKey returns a random key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	return key
}

// Seal encrypts plaintext with the key of a customer (AES-256-GCM). The result opens only for the same place.
func Seal(key, plaintext []byte, place string) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	return gcm.Seal(nil, nil, plaintext, []byte(place)), nil //nolint:gosec // it makes a random nonce itself
}

// Open decrypts what Seal returned, or returns ErrCannotOpen.
func Open(key, sealed []byte, place string) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	plaintext, err := gcm.Open(nil, nil, sealed, []byte(place))
	if err != nil {
		return nil, ErrCannotOpen
	}
	return plaintext, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, ErrCannotOpen
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Keys are those of the installation. What they make can't be made, or guessed at, from the database alone.
type Keys struct {
	// Index makes the hashes by which customers are found.
	Index []byte
	// Links makes the tokens of online documents.
	Links []byte
}

// Address returns by what a customer of the company with that mail address is found. Case doesn't matter.
func (k Keys) Address(companyID, email string) []byte {
	return mac(k.Index, "address", companyID, strings.ToLower(email))
}

// Token returns the token of the online document of an invoice, 160 bits safe in a URL. Another version is another token.
func (k Keys) Token(invoiceID string, version int) string {
	return base64.RawURLEncoding.EncodeToString(mac(k.Links, "document", invoiceID, strconv.Itoa(version))[:20])
}

// longest is the length of the longest pieces, in characters.
const longest = 3

// Field is one of the fields that are searched.
type Field string

// The fields that are searched.
const (
	Name  Field = "name"
	Email Field = "email"
)

// Pieces returns the hashes of all pieces of one to three characters of the text, whatever its case: what the database keeps of a
// field so that Sought finds it.
func (k Keys) Pieces(companyID string, field Field, text string) []int64 {
	return k.pieces(companyID, field, text, 1, longest)
}

// Sought returns the hashes that all stand among the Pieces of a text in which the part stands. They rarely do so otherwise: only when
// the part is longer than three characters, and all its pieces stand in the text elsewhere.
func (k Keys) Sought(companyID string, field Field, part string) []int64 {
	length := min(longest, len([]rune(strings.ToLower(part))))
	return k.pieces(companyID, field, part, length, length)
}

func (k Keys) pieces(companyID string, field Field, text string, shortest, longest int) []int64 {
	runes := []rune(strings.ToLower(text))
	seen := map[string]bool{}
	for length := shortest; length <= longest; length++ {
		for start := 0; start+length <= len(runes) && length > 0; start++ {
			seen[string(runes[start:start+length])] = true
		}
	}
	hashes := make([]int64, 0, len(seen))
	for piece := range seen {
		hashes = append(hashes, int64(binary.BigEndian.Uint64(mac(k.Index, string(field), companyID, piece)))) //nolint:gosec // any 64 bits will do
	}
	slices.Sort(hashes)
	return hashes
}

// mac hashes the texts with the key (HMAC with SHA-256). No two lists of texts give the same.
func mac(key []byte, texts ...string) []byte {
	hash := hmac.New(sha256.New, key)
	for _, text := range texts {
		_, _ = hash.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text)))) //nolint:gosec // no text is as long as that
		_, _ = hash.Write([]byte(text))
	}
	return hash.Sum(nil)
}
