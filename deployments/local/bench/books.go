package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
)

// books is a company with a long journal, and a key to read it.
type books struct {
	companyID string
	key       string
	invoiceID string // of some entry in the middle
}

// firstDay is that of the oldest entry; a thousand entries are a day.
var firstDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// lastDay is when the journal is read.
var lastDay = firstDay.AddDate(0, 0, longJournal/1000-1).Add(20 * time.Hour)

// keep stores a company whose journal has so many entries. They are sealed here and copied past the triggers, which takes
// seconds instead of minutes and leaves the same rows behind.
func keep(ctx context.Context, store *postgres.Store, superuserURL string, entries int) (books, error) {
	b := books{companyID: id.New(id.Company), key: "qk_test_" + id.NewSecret()}
	now := time.Now().UTC()
	err := errors.Join(
		store.CreateCompany(ctx, merchant.Company{
			ID: b.companyID, Name: "Bench SA", Language: "fr", Canton: "VD", ReceiptAccount: merchant.DefaultReceiptAccount,
			FeeAccount: merchant.DefaultFeeAccount, Liability: merchant.Require, CreatedAt: now,
		}),
		store.CreateAPIKey(ctx, merchant.APIKey{
			ID: id.New(id.APIKey), CompanyID: b.companyID, Prefix: b.key[:12], Hash: merchant.HashKey(b.key), Scopes: []string{merchant.ScopeRead}, CreatedAt: now,
		}),
	)
	if err != nil {
		return b, err
	}
	conn, err := pgx.Connect(ctx, superuserURL)
	if err != nil {
		return b, err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "set session_replication_role = replica"); err != nil {
		return b, err
	}
	var entryRows, lineRows [][]any
	chain := ledger.Chain{}
	for i := range entries {
		e := b.entry(i)
		e = e.Seal(chain.Hash)
		chain = ledger.Chain{Sequence: e.Sequence, Hash: e.Hash}
		if i == entries/2 {
			b.invoiceID = e.InvoiceID
		}
		entryRows = append(entryRows, []any{
			e.CompanyID, e.Sequence, e.ID, e.Date, e.Text, string(e.Source.Kind), e.Source.ID, zeronull.Text(e.InvoiceID),
			zeronull.Text(e.PaymentID), len(e.Lines), e.PreviousHash, e.Hash, e.CreatedAt,
		})
		for n, l := range e.Lines {
			lineRows = append(lineRows, []any{e.CompanyID, e.Sequence, n + 1, l.Account, string(l.Debit.Currency()), l.Debit.Decimal(), l.Credit.Decimal()})
		}
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"journal_entries"}, []string{
		"company_id", "sequence", "id", "date", "text", "source_kind", "source_id", "invoice_id", "payment_id", "line_count", "previous_hash", "hash", "created_at",
	}, pgx.CopyFromRows(entryRows))
	if err != nil {
		return b, fmt.Errorf("copy the entries: %w", err)
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"journal_lines"}, []string{
		"company_id", "sequence", "position", "account", "currency", "debit", "credit",
	}, pgx.CopyFromRows(lineRows))
	if err != nil {
		return b, fmt.Errorf("copy the lines: %w", err)
	}
	if _, err := conn.Exec(ctx, "analyze"); err != nil {
		return b, err
	}
	_, err = conn.Exec(ctx, `
		insert into daily_turnovers select company_id, account, currency, date, source_kind, sum(debit), sum(credit), count(*)
		from journal_lines join journal_entries using (company_id, sequence) where company_id = $1 group by 1, 2, 3, 4, 5`, b.companyID)
	if err != nil {
		return b, fmt.Errorf("add up the days: %w", err)
	}
	_, err = conn.Exec(ctx, "update journal_heads set sequence = $2, hash = $3, booked_at = $4 where company_id = $1", b.companyID, chain.Sequence, chain.Hash, now)
	if err != nil {
		return b, err
	}
	_, err = conn.Exec(ctx, `
		insert into invoices (company_id, id, number, status, amount, currency, amount_paid, customer_name, customer_email, customer_language,
			description, due_date, token, created_at, issued_at)
		select $1, 'inv_' || lpad(i::text, 26, '0'), 'B-' || i, case when i % 10 = 0 then 'open' else 'cancelled' end, 108, 'CHF', 0,
			'Marie Favre ' || i, '', 'fr', '', $3::date + i % 30 - 10, $1 || i, $3, $3
		from generate_series(1, $2) i`, b.companyID, invoicesKept, lastDay)
	if err != nil {
		return b, fmt.Errorf("write the invoices: %w", err)
	}
	_, err = conn.Exec(ctx, "vacuum analyze")
	return b, err
}

// invoicesKept is how many invoices a company with a long journal has.
const invoicesKept = 10_000

// entry is one of a company that is mostly paid online: of twenty entries there are a refund, a payout and one by hand.
func (b books) entry(i int) ledger.Entry {
	day := firstDay.AddDate(0, 0, i/1000)
	e := ledger.Receipt(ledger.Occasion{
		CompanyID: b.companyID, Language: "fr", InvoiceID: id.New(id.Invoice), InvoiceNumber: fmt.Sprintf("2026-%06d", i), PaymentID: id.New(id.Payment),
		Amount: money.FromMinor(int64(i%50_000)+1000, money.CHF), Day: day,
	}, ledger.SystemBank, ledger.Receivables)
	net, fee := money.FromMinor(99_000, money.CHF), money.FromMinor(1000, money.CHF)
	switch i % 20 {
	case 7:
		e = ledger.Refund(ledger.Occasion{
			CompanyID: b.companyID, Language: "fr", InvoiceID: e.InvoiceID, InvoiceNumber: fmt.Sprintf("2026-%06d", i), PaymentID: e.PaymentID,
			Amount: fee, Day: day,
		}, ledger.SystemBank, ledger.Receivables, id.New(id.Refund))
	case 13:
		e = ledger.Entry{CompanyID: b.companyID, Date: day, Text: "Worldline", Source: ledger.Source{Kind: ledger.FromSettlement, ID: id.New(id.Settlement)}, Lines: []ledger.Line{
			ledger.Debit(ledger.Bank, net), ledger.Debit(ledger.ChargesOnBank, fee), ledger.Credit(ledger.SystemBank, net.Add(fee)),
		}}
	case 19:
		e = ledger.Entry{CompanyID: b.companyID, Date: day, Text: "Frais", Source: ledger.Source{Kind: ledger.FromManual, ID: id.New(id.ManualEntry)}, Lines: []ledger.Line{
			ledger.Debit(ledger.ChargesOnBank, fee), ledger.Credit(ledger.Bank, fee),
		}}
	}
	e.ID, e.Sequence, e.CreatedAt = id.New(id.JournalEntry), int64(i)+1, day.Add(time.Duration(i%1000)*time.Minute)
	return e
}
