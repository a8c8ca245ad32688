package api

import (
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/words"
)

// statementWords is everything that a monthly statement says in one language. {…} stands for what is filled in.
type statementWords struct {
	Statement, Provisional, Closed, SubLedger, Made, Chain string

	Overview, Bookings, Sheets, Nothing, TooLong string

	Account, Name, Currency, Date, ValueDate, Number, Text, Contra, Several string

	Debit, Credit, Balance, Opening, Closing, Kind, Entries, Amount string

	Kinds map[ledger.SourceKind]string
}

// statementDictionary holds the words per language, as Swiss bookkeepers use them.
var statementDictionary = words.Languages[statementWords](wordFiles, "words/statement")
