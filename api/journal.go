package api

import (
	"context"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
)

// JournalTx is what the calls for the journal need of a transaction.
type JournalTx interface {
	Journal(ctx context.Context, f listing.Journal) (entries []ledger.Entry, next string, err error)
	Entry(ctx context.Context, id string) (ledger.Entry, error)
	HeadBefore(ctx context.Context, t time.Time) (ledger.Chain, error)
}

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
	filter.Newest = deref(r.Params.Sort) == spec.JournalNewest
	format := journalFormat(ctx)
	if format != "application/json" {
		filter.Newest = false
		return s.exportJournal(ctx, filter, format)
	}
	entries, next, err := s.journal(ctx, filter)
	if err != nil {
		return nil, err
	}
	return spec.ListJournal200JSONResponse{Data: mapped(entries, shownEntry), NextCursor: optional(next)}, nil
}

// journalFormat is in which form the caller wants the journal. Any but JSON is all of it.
func journalFormat(ctx context.Context) string {
	return accepted(ctx, "application/json", "text/csv", "application/x-ndjson")
}

func (s *server) journal(ctx context.Context, filter listing.Journal) (entries []ledger.Entry, next string, err error) {
	err = inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx JournalTx) error {
		entries, next, err = tx.Journal(ctx, filter)
		return err
	})
	return entries, next, err
}

// GetJournalEntry answers GET /journal/{entry_id}.
func (s *server) GetJournalEntry(ctx context.Context, r spec.GetJournalEntryRequestObject) (spec.GetJournalEntryResponseObject, error) {
	return answered(ctx, s, func(tx JournalTx) (spec.GetJournalEntryResponseObject, error) {
		e, err := tx.Entry(ctx, r.EntryID)
		return spec.GetJournalEntry200JSONResponse(shownEntry(e)), err
	})
}

func shownEntry(e ledger.Entry) spec.JournalEntry {
	return spec.JournalEntry{
		ID:           e.ID,
		Sequence:     e.Sequence,
		Date:         date(e.Date),
		ValueDate:    date(e.HappenedOn()),
		Text:         e.Text,
		Source:       spec.JournalSource{Kind: spec.JournalSourceKind(e.Source.Kind), ID: e.Source.ID},
		InvoiceID:    optional(e.InvoiceID),
		PaymentID:    optional(e.PaymentID),
		Reverses:     optional(e.Reverses),
		ReversedBy:   optional(e.ReversedBy),
		By:           optional(e.By),
		ExchangeRate: optional(rateOf(e)),
		Lines: mapped(e.Lines, func(l ledger.Line) spec.JournalLine {
			return spec.JournalLine{Account: l.Account, Debit: l.Debit.Value(), Credit: l.Credit.Value(), Currency: spec.Currency(l.Debit.Currency())}
		}),
		PreviousHash: e.PreviousHash,
		Hash:         e.Hash,
		CreatedAt:    e.CreatedAt,
	}
}

// rateOf returns the rate that the entry states, or "".
func rateOf(e ledger.Entry) string {
	if e.Rate.IsZero() {
		return ""
	}
	return e.Rate.String()
}
