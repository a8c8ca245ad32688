package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/ledger/export"
	"github.com/quittance/quittance/internal/listing"
)

// exportJournal answers with all that the filter chooses, as CSV or as lines of JSON.
func (s *server) exportJournal(ctx context.Context, filter listing.Journal, format string) (spec.ListJournalResponseObject, error) {
	filter.Cursor, filter.Limit = "", 200
	entries, next, err := s.journal(ctx, filter)
	if err != nil {
		return nil, err
	}
	return journalExport{format, entries, next, func(cursor string) ([]ledger.Entry, string, error) {
		filter.Cursor = cursor
		return s.journal(ctx, filter)
	}}, nil
}

// journalExport is a whole selection of the journal, read page by page while it is sent: what it takes to answer doesn't
// grow with the journal. Entries that are booked while it is sent come at the end.
type journalExport struct {
	format  string
	entries []ledger.Entry // the first page
	next    string         // the cursor of the page after it
	more    func(cursor string) ([]ledger.Entry, string, error)
}

// pageTimeout is how long a caller may take to receive one page of an export.
const pageTimeout = time.Minute

// VisitListJournalResponse sends the pages. An error after the first one breaks the answer off, so that nobody takes a part
// for the whole.
func (j journalExport) VisitListJournalResponse(w http.ResponseWriter) error {
	write := writeNDJSON(w)
	if j.format == "text/csv" {
		write = writeCSV(w)
	}
	deadline := http.NewResponseController(w)
	for {
		_ = deadline.SetWriteDeadline(time.Now().Add(pageTimeout)) // where there is none, as in tests, nothing needs to be put off
		if err := write(j.entries); err != nil || j.next == "" {
			return err
		}
		var err error
		if j.entries, j.next, err = j.more(j.next); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// columns of the journal as CSV. New ones come at the end: callers may count.
var columns = []string{
	"entry", "date", "text", "source_kind", "source_id", "account", "debit", "credit", "currency",
	"value_date", "sequence", "invoice_id", "payment_id", "reverses",
}

// writeCSV begins a file of comma-separated values in UTF-8.
func writeCSV(w http.ResponseWriter) func([]ledger.Entry) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="journal.csv"`)
	rows := csv.NewWriter(w)
	_ = rows.Write(columns)
	return func(entries []ledger.Entry) error {
		for _, e := range entries {
			for _, l := range e.Lines {
				_ = rows.Write([]string{
					e.ID, e.Date.Format(time.DateOnly), export.Cell(e.Text), string(e.Source.Kind), e.Source.ID, l.Account,
					l.Debit.Value(), l.Credit.Value(), string(l.Debit.Currency()), e.HappenedOn().Format(time.DateOnly),
					strconv.FormatInt(e.Sequence, 10), e.InvoiceID, e.PaymentID, e.Reverses,
				})
			}
		}
		rows.Flush()
		return rows.Error() // of any of the rows
	}
}

// writeNDJSON begins a file with one entry per line.
func writeNDJSON(w http.ResponseWriter) func([]ledger.Entry) error {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", `attachment; filename="journal.ndjson"`)
	lines := json.NewEncoder(w)
	return func(entries []ledger.Entry) error {
		for _, e := range entries {
			if err := lines.Encode(shownEntry(e)); err != nil {
				return err
			}
		}
		return nil
	}
}
