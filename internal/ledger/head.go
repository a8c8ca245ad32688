package ledger

import (
	"fmt"
	"time"
)

// Head is how far a company's journal had come at the end of a day in Switzerland. Signed and kept by somebody else, it
// proves that nothing up to there was changed since, not even together with all hashes.
type Head struct {
	CompanyID string
	Day       time.Time // midnight UTC
	Chain
}

// Statement is what is signed: five lines of text, each ended by a line feed. It is part of the journal's format and must
// not change.
func (h Head) Statement() string {
	return fmt.Sprintf("Quittance journal head\ncompany: %s\nday: %s\nentries: %d\nhash: %s\n",
		h.CompanyID, h.Day.Format(time.DateOnly), h.Sequence, h.Hash)
}
