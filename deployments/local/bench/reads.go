package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

const (
	readRounds = 3
	readFor    = 2 * time.Second // each of a round
	readAmong  = 10_000          // invoices of the company
	readBar    = 0.2             // times as many as of bare calls, at least
)

// reads measures GET /v1/invoices/{id} beside a bare call over HTTP that reads the row by its key and nothing
// else: no key of a caller, no company's share, no payments, receipts and bank accounts.
func (t *town) reads(ctx context.Context, progress io.Writer) ([]figure, error) {
	_, _ = fmt.Fprintln(progress, "reading an invoice")
	drafts, err := t.drafts(ctx, "R", 1)
	if err != nil {
		return nil, err
	}
	id := drafts[0].ID
	pool, err := pgxpool.New(ctx, t.stack.PostgresURL(productDatabase))
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	var companyID string
	if err := pool.QueryRow(ctx, "select company_id from invoices where id = $1", id).Scan(&companyID); err != nil {
		return nil, err
	}
	var columns string
	err = pool.QueryRow(ctx, `
		select string_agg(quote_ident(column_name), ', ') from information_schema.columns
		where table_schema = 'public' and table_name = 'invoices' and is_generated = 'NEVER'`).Scan(&columns)
	if err != nil {
		return nil, err
	}
	_, err = pool.Exec(ctx, fmt.Sprintf(`
		insert into invoices (%[1]s) select %[1]s from (
			select (jsonb_populate_record(i, jsonb_build_object('id', left(i.id, -8) || lpad(n::text, 8, '0'), 'number', 'R-' || n))).*
			from invoices i, generate_series(1, $2) n where i.id = $1
		) copies`, columns), id, readAmong)
	if err := errors.Join(err, t.analyze(ctx)); err != nil {
		return nil, err
	}
	byAPI := func(ctx context.Context) error {
		var read struct{ ID string }
		return t.call(ctx, http.MethodGet, "/invoices/"+id, nil, &read)
	}
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		row, err := readRow(r.Context(), pool, companyID, id)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(row) // who broke it off learns nothing
	}))
	defer bare.Close()
	barely := func(ctx context.Context) error {
		answer, err := t.send(ctx, http.MethodGet, bare.URL, "application/json", http.NoBody)
		if err != nil {
			return err
		}
		var read struct{ ID string }
		err = errors.Join(json.NewDecoder(answer.Body).Decode(&read), answer.Body.Close())
		if err == nil && read.ID != id {
			err = fmt.Errorf("read %q", read.ID)
		}
		return err
	}
	var ours, others int
	for range readRounds {
		n, err := repeat(ctx, byAPI)
		if err != nil {
			return nil, err
		}
		ours += n
		if n, err = repeat(ctx, barely); err != nil {
			return nil, err
		}
		others += n
	}
	took := readRounds * readFor.Seconds()
	return []figure{{what: "reads of an invoice a second, beside a bare call for its row", bar: fmt.Sprintf("at least %.1f times as many", readBar), missed: float64(ours) < readBar*float64(others), measured: fmt.Sprintf("%.0f to %.0f: %.2f times as many",
		float64(ours)/took, float64(others)/took, float64(ours)/float64(others))}}, nil
}

// readRow reads an invoice by its key and nothing else.
func readRow(ctx context.Context, pool *pgxpool.Pool, companyID, id string) (row map[string]any, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) (err error) {
		rows, _ := tx.Query(ctx, "select * from invoices where company_id = $1 and id = $2", companyID, id) // its error comes out of CollectExactlyOneRow
		row, err = pgx.CollectExactlyOneRow(rows, pgx.RowToMap)
		return err
	})
	return row, err
}

// repeat runs one as often as it can for readFor, several at once, and returns how often that was.
func repeat(ctx context.Context, one func(context.Context) error) (times int, err error) {
	counts := make([]int, payers)
	group, ctx := errgroup.WithContext(ctx)
	end := time.Now().Add(readFor)
	for i := range counts {
		group.Go(func() error {
			for ; time.Now().Before(end); counts[i]++ {
				if err := one(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = group.Wait()
	for _, n := range counts {
		times += n
	}
	return times, err
}
