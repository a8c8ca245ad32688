// Package idempotency has the rules of calls that their senders may repeat: the same request with the same key gets the first
// answer again.
package idempotency

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/problem"
)

const (
	// Kept is for how long a key is remembered.
	Kept = 24 * time.Hour
	// Lease is how long a request may go without an answer. After that it counts as interrupted, and a repetition is carried
	// out. No call takes that long.
	Lease = time.Minute
)

// Request is one call with its key, and what became of it.
type Request struct {
	Owner string // whose key it is: a company's id, or Administrator
	Key   string
	// Fingerprint tells requests apart, see Fingerprint.
	Fingerprint []byte
	// Seed makes the id of what the request creates, so that carrying it out again creates nothing more.
	Seed      id.Seed
	CreatedAt time.Time
	TakenAt   time.Time // when the request was last begun to be carried out
	Repeated  bool      // it was begun before and not answered; it may have taken effect
	Answer    *Answer   // nil until it was answered
}

// Administrator owns the keys of calls that no company makes.
const Administrator = "administrator"

// Answer is what the sender was told.
type Answer struct {
	Status      int
	ContentType string
	Sealed      []byte // the body, encrypted: it may hold a secret that is shown once
}

// Fingerprint returns what a repetition must have in common with the first request: method, target and body. The order of the
// fields in a JSON body doesn't matter, since many encoders shuffle them.
func Fingerprint(method, target string, body []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // 1 and 1.0 may not mean the same to the call
	var value any
	if decoder.Decode(&value) == nil && onlySpace(decoder) {
		if sorted, err := json.Marshal(value); err == nil {
			body = sorted
		}
	}
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(method), {0}, []byte(target), {0}, body} {
		_, _ = sum.Write(part) // never fails, see hash.Hash
	}
	return sum.Sum(nil)
}

// onlySpace reports whether only white space follows. A body of JSON and something after it is refused, and must not have the
// fingerprint of a body that is accepted.
func onlySpace(decoder *json.Decoder) bool {
	_, err := decoder.Token()
	return errors.Is(err, io.EOF)
}

// Repeat returns what becomes of a request whose key is in use by the first one. If the first has an Answer, the repetition
// gets it; otherwise the repetition is carried out in its place. Problems: idempotency-key-reused, request-in-progress.
func (first Request) Repeat(again Request) (Request, error) {
	switch {
	case !bytes.Equal(first.Fingerprint, again.Fingerprint):
		return Request{}, problem.New(problem.KeyReused,
			"This Idempotency-Key was sent with another request on %s. Send a new key with every new request.", first.CreatedAt.UTC().Format(time.RFC3339))
	case first.Answer == nil && again.TakenAt.Before(first.TakenAt.Add(Lease)):
		return Request{}, problem.New(problem.RequestInProgress, "The first request with this Idempotency-Key has no answer yet. Send it again in a few seconds.")
	}
	first.TakenAt, first.Repeated = again.TakenAt, true
	return first, nil
}
