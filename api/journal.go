package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
)

// ListJournal answers GET /journal.
func (s *server) ListJournal(ctx context.Context, r spec.ListJournalRequestObject) (spec.ListJournalResponseObject, error) {
	filter := listing.Journal{
		Account:    deref(r.Params.Account),
		From:       deref(r.Params.From).Time,
		To:         deref(r.Params.To).Time,
		InvoiceID:  deref(r.Params.InvoiceID),
		PaymentID:  deref(r.Params.PaymentID),
		SourceKind: ledger.SourceKind(deref(r.Params.Source)),
		Cursor:     deref(r.Params.Cursor),
		Limit:      deref(r.Params.Limit),
	}
	if csvPreferred(ctx) {
		filter.Cursor, filter.Limit = "", 200
	}
	entries, next, err := s.journal(ctx, filter)
	if err != nil {
		return nil, err
	}
	if csvPreferred(ctx) {
		return journalCSV{entries, next, func(cursor string) ([]ledger.Entry, string, error) {
			filter.Cursor = cursor
			return s.journal(ctx, filter)
		}}, nil
	}
	return spec.ListJournal200JSONResponse{Data: mapped(entries, shownEntry), NextCursor: optional(next)}, nil
}

func (s *server) journal(ctx context.Context, filter listing.Journal) (entries []ledger.Entry, next string, err error) {
	err = s.Store.InCompany(ctx, callerOf(ctx).companyID, func(tx Tx) error {
		entries, next, err = tx.Journal(ctx, filter)
		return err
	})
	return entries, next, err
}

func shownEntry(e ledger.Entry) spec.JournalEntry {
	return spec.JournalEntry{
		ID:        e.ID,
		Sequence:  e.Sequence,
		Date:      date(e.Date),
		ValueDate: date(e.HappenedOn()),
		Text:      e.Text,
		Source:    spec.JournalSource{Kind: spec.JournalSourceKind(e.Source.Kind), ID: e.Source.ID},
		InvoiceID: optional(e.InvoiceID),
		PaymentID: optional(e.PaymentID),
		Reverses:  optional(e.Reverses),
		By:        optional(e.By),
		Lines: mapped(e.Lines, func(l ledger.Line) spec.JournalLine {
			return spec.JournalLine{Account: l.Account, Debit: l.Debit.Value(), Credit: l.Credit.Value(), Currency: spec.Currency(l.Debit.Currency())}
		}),
		PreviousHash: e.PreviousHash,
		Hash:         e.Hash,
		CreatedAt:    e.CreatedAt,
	}
}

type csvKey struct{}

// preferCSV notes that the caller wants CSV; the generated handlers don't see the request's headers.
func preferCSV(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), "text/csv") {
			r = r.WithContext(context.WithValue(r.Context(), csvKey{}, true))
		}
		next.ServeHTTP(w, r)
	})
}

func csvPreferred(ctx context.Context) bool { return ctx.Value(csvKey{}) != nil }

// journalCSV is a whole selection of the journal, read page by page while it is sent.
type journalCSV struct {
	entries []ledger.Entry // the first page
	next    string         // the cursor of the page after it
	more    func(cursor string) ([]ledger.Entry, string, error)
}

// VisitListJournalResponse sends the rows. An error after the first page breaks the answer off, so that nobody takes a part
// for the whole.
func (j journalCSV) VisitListJournalResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="journal.csv"`)
	rows := csv.NewWriter(w)
	_ = rows.Write([]string{"entry", "date", "text", "source_kind", "source_id", "account", "debit", "credit", "currency"})
	for {
		for _, e := range j.entries {
			for _, l := range e.Lines {
				_ = rows.Write([]string{
					e.ID, e.Date.Format(time.DateOnly), e.Text, string(e.Source.Kind), e.Source.ID, l.Account,
					l.Debit.Value(), l.Credit.Value(), string(l.Debit.Currency()),
				})
			}
		}
		rows.Flush()
		if err := rows.Error(); err != nil || j.next == "" {
			return err
		}
		var err error
		if j.entries, j.next, err = j.more(j.next); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}
