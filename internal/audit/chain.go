package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Link is an entry of the audit log in the chain of its company. A write has two: one that notes it, without a status, and one with its
// answer.
type Link struct {
	Entry
	Sequence int64 // from 1, without gaps
	// Stored is Changes as the JSON that the database keeps.
	Stored             string
	PreviousHash, Hash string
}

// digest hashes all that the link says, each value as "<its bytes>:<value>,". This is part of the format of the audit log and must not
// change: the database computes the same.
func (l Link) digest() string {
	status := ""
	if l.Status != 0 {
		status = strconv.Itoa(l.Status)
	}
	var said strings.Builder
	for _, value := range []string{
		l.PreviousHash, l.CompanyID, strconv.FormatInt(l.Sequence, 10), l.ID, l.At.UTC().Format("2006-01-02T15:04:05.000000Z"),
		l.Actor, l.Action, l.Subject, l.RequestID, status, l.Problem, l.Stored,
	} {
		fmt.Fprintf(&said, "%d:%s,", len(value), value)
	}
	sum := sha256.Sum256([]byte(said.String()))
	return hex.EncodeToString(sum[:])
}

// Chain is an audit log from its first link up to one of them: how many there are, and the hash of the last. The zero value is an
// empty log.
type Chain struct {
	Sequence int64
	Hash     string
}

// BreakError is the first link that is not as it was noted.
type BreakError struct {
	Sequence int64
	EntryID  string // empty when the link is missing
	Why      string // a sentence that follows on "audit entry 7 (aud_…)"
}

// Error names the link and says what is wrong with it.
func (b *BreakError) Error() string {
	if b.EntryID == "" {
		return fmt.Sprintf("audit entry %d %s", b.Sequence, b.Why)
	}
	return fmt.Sprintf("audit entry %d (%s) %s", b.Sequence, b.EntryID, b.Why)
}

// Next adds the next link. It returns a BreakError when that is not the one that was noted next.
func (c *Chain) Next(l Link) error {
	switch {
	case l.Sequence != c.Sequence+1:
		return &BreakError{Sequence: c.Sequence + 1, Why: "is missing"}
	case l.PreviousHash != c.Hash:
		return &BreakError{Sequence: l.Sequence, EntryID: l.ID, Why: "doesn't carry the hash of the entry before it"}
	case l.Hash != l.digest():
		return &BreakError{Sequence: l.Sequence, EntryID: l.ID, Why: "doesn't say any more what its hash was made of"}
	}
	c.Sequence, c.Hash = l.Sequence, l.Hash
	return nil
}

// Ends returns nil when the chain includes the last link that was noted, else a BreakError.
func (c *Chain) Ends(last Chain) error {
	switch {
	case c.Sequence < last.Sequence:
		return &BreakError{Sequence: c.Sequence + 1, Why: fmt.Sprintf("is missing: the last one noted was entry %d", last.Sequence)}
	case *c != last:
		return &BreakError{Sequence: c.Sequence, Why: fmt.Sprintf("was never noted like this: the last one noted was entry %d", last.Sequence)}
	default:
		return nil
	}
}
