package api

import (
	"context"
	"net/http"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/ledger/export"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// ExportsTx is what the calls for exports of the journal need of a transaction.
type ExportsTx interface {
	Company(ctx context.Context) (merchant.Company, error)
	Accounts(ctx context.Context) ([]ledger.Account, error)
	Journal(ctx context.Context, f listing.Journal) (entries []ledger.Entry, next string, err error)
	Titles(ctx context.Context, invoiceIDs []string) (byInvoice map[string]export.Title, err error)
	EntryRates(ctx context.Context, sequences []int64) (bySequence map[int64]ledger.Rates, err error)
	InsertExport(ctx context.Context, e export.Export) (export.Export, error)
	Export(ctx context.Context, id string) (export.Export, error)
	Exports(ctx context.Context, f listing.Exports) (exports []export.Export, next string, err error)
}

// ListJournalExports answers GET /journal-exports.
func (s *server) ListJournalExports(ctx context.Context, r spec.ListJournalExportsRequestObject) (spec.ListJournalExportsResponseObject, error) {
	return answered(ctx, s, func(tx ExportsTx) (spec.ListJournalExportsResponseObject, error) {
		exports, next, err := tx.Exports(ctx, listing.Exports{Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit)})
		return spec.ListJournalExports200JSONResponse{Data: mapped(exports, shownExport), NextCursor: optional(next)}, err
	})
}

// TakeJournalExport answers POST /journal-exports.
func (s *server) TakeJournalExport(ctx context.Context, r spec.TakeJournalExportRequestObject) (spec.TakeJournalExportResponseObject, error) {
	e := export.Export{
		ID: newID(ctx, id.JournalExport), CompanyID: callerOf(ctx).companyID, Format: export.Format(r.Body.Format), From: r.Body.From.Time, To: r.Body.To.Time,
		By: callerOf(ctx).actor(), TakenAt: s.now(),
	}
	if d := r.Body.Datev; d != nil {
		e.DATEV = export.Client{Consultant: d.ConsultantNumber, Number: d.ClientNumber, YearBegins: time.Date(e.From.Year(), 1, 1, 0, 0, 0, 0, time.UTC), Currency: money.CHF}
		if d.YearBegins != nil {
			e.DATEV.YearBegins = d.YearBegins.Time
		}
		if d.Currency != nil {
			e.DATEV.Currency = money.Currency(*d.Currency)
		}
	} else if e.Format == export.DATEV {
		return nil, problem.InvalidFields(problem.Field{Name: "datev", Message: "is required for the format datev"})
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	return answered(ctx, s, func(tx ExportsTx) (spec.TakeJournalExportResponseObject, error) {
		taken, err := tx.InsertExport(ctx, e)
		return spec.TakeJournalExport201JSONResponse(shownExport(taken)), err
	})
}

// GetJournalExport answers GET /journal-exports/{export_id}.
func (s *server) GetJournalExport(ctx context.Context, r spec.GetJournalExportRequestObject) (spec.GetJournalExportResponseObject, error) {
	return answered(ctx, s, func(tx ExportsTx) (spec.GetJournalExportResponseObject, error) {
		e, err := tx.Export(ctx, r.ExportID)
		return spec.GetJournalExport200JSONResponse(shownExport(e)), err
	})
}

// GetJournalExportFile answers GET /journal-exports/{export_id}/file.
func (s *server) GetJournalExportFile(ctx context.Context, r spec.GetJournalExportFileRequestObject) (spec.GetJournalExportFileResponseObject, error) {
	return answered(ctx, s, func(tx ExportsTx) (spec.GetJournalExportFileResponseObject, error) {
		e, err := tx.Export(ctx, r.ExportID)
		if err != nil {
			return nil, err
		}
		company, err := tx.Company(ctx)
		if err != nil {
			return nil, err
		}
		accounts, err := tx.Accounts(ctx)
		if err != nil {
			return nil, err
		}
		file := journalFile{Export: e, books: export.Books{Language: company.Language, Accounts: map[string]string{}}}
		for _, a := range accounts {
			file.books.Accounts[a.Number] = a.Names[company.Language]
		}
		file.lines = func(cursor string) (lines []export.Line, next string, err error) {
			err = inCompany(ctx, s.Store, e.CompanyID, func(tx ExportsTx) error {
				lines, next, err = exportLines(ctx, tx, e, cursor)
				return err
			})
			return lines, next, err
		}
		file.first, file.next, err = exportLines(ctx, tx, e, "")
		return file, err
	})
}

// exportPage is how many entries a file reads at once.
const exportPage = 200

// exportLines returns the lines of the next entries of the export.
func exportLines(ctx context.Context, tx ExportsTx, e export.Export, cursor string) (lines []export.Line, next string, err error) {
	if e.Until == 0 {
		return nil, "", nil
	}
	entries, next, err := tx.Journal(ctx, listing.Journal{From: e.From, To: e.To, Until: e.Until, Cursor: cursor, Limit: exportPage})
	if err != nil {
		return nil, "", err
	}
	var about []string
	sequences := make([]int64, len(entries))
	for i, entry := range entries {
		sequences[i] = entry.Sequence
		if entry.InvoiceID != "" {
			about = append(about, entry.InvoiceID)
		}
	}
	titles, err := tx.Titles(ctx, about)
	if err != nil {
		return nil, "", err
	}
	rates, err := tx.EntryRates(ctx, sequences)
	for _, entry := range entries {
		pairs, rates := entry.Pairs(), rates[entry.Sequence]
		values := rates.Values(pairs)
		for i, pair := range pairs {
			lines = append(lines, export.Line{Pair: pair, Rate: rates[pair.Amount.Currency()], Value: values[i], Entry: entry, Title: titles[entry.InvoiceID]})
		}
	}
	return lines, next, err
}

// journalFile is an export that is read page by page while it is sent.
type journalFile struct {
	export.Export
	books export.Books
	first []export.Line // of the first page
	next  string        // the cursor of the page after it
	lines func(cursor string) (lines []export.Line, next string, err error)
}

// VisitGetJournalExportFileResponse sends the pages. An error after the first one breaks the answer off, so that nobody takes a part for
// the whole.
func (f journalFile) VisitGetJournalExportFileResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", f.ContentType())
	w.Header().Set("Content-Disposition", `attachment; filename="`+f.FileName()+`"`)
	file, deadline := f.Begin(w, f.books), http.NewResponseController(w)
	for lines, next := f.first, f.next; ; {
		_ = deadline.SetWriteDeadline(time.Now().Add(pageTimeout)) // where there is none, as in tests, nothing needs to be put off
		for _, line := range lines {
			file.Write(line)
		}
		if err := file.Flush(); err != nil || next == "" {
			return err
		}
		var err error
		if lines, next, err = f.lines(next); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func shownExport(e export.Export) spec.JournalExport {
	answer := spec.JournalExport{
		ID: e.ID, Number: e.Number, Format: spec.JournalExportFormat(e.Format), From: date(e.From), To: date(e.To), EntriesUntil: e.Until,
		LaterEntries: e.Later, TakenAt: e.TakenAt, TakenBy: e.By, File: e.FileName(),
	}
	if e.Format == export.DATEV {
		begins, currency := date(e.DATEV.YearBegins), spec.Currency(e.DATEV.Currency)
		answer.Datev = &spec.DATEVClient{ConsultantNumber: e.DATEV.Consultant, ClientNumber: e.DATEV.Number, YearBegins: &begins, Currency: &currency}
	}
	return answer
}
