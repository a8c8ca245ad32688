package ledger

import (
	"fmt"
	"time"
)

// Head is how far a company's journal had come at the end of a day in Switzerland. When it is signed and somebody else keeps
// it, it proves that nothing before it was changed since, not even together with all hashes.
type Head struct {
	CompanyID string
	Day       time.Time // midnight UTC
	Chain
}

// Statement returns the text that is signed: five lines, each ended by a line feed. It is part of the journal's format and must
// not change.
func (h Head) Statement() string {
	return fmt.Sprintf("Quittance journal head\ncompany: %s\nday: %s\nentries: %d\nhash: %s\n",
		h.CompanyID, h.Day.Format(time.DateOnly), h.Sequence, h.Hash)
}
