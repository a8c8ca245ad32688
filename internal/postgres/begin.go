package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// statements runs statements in a transaction of one company. The transaction begins together with the first of them, which saves a round
// trip of every transaction.
type statements struct {
	conn    *pgxpool.Conn
	company string
	options pgx.TxOptions // for a transaction that has not begun yet
	tx      pgx.Tx        // nil until then
	alone   bool          // there is no transaction around: each statement, or batch, is one
}

// begin sends what the batch holds behind the beginning of the transaction.
func (s *statements) begin(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	var whole pgx.Batch
	if !s.alone {
		whole.BeginTx(s.options)
	}
	whole.Queue("select set_config('quittance.company_id', $1, true)", s.company)
	first := whole.Len()
	whole.QueuedQueries = append(whole.QueuedQueries, b.QueuedQueries...)
	results := s.conn.SendBatch(ctx, &whole)
	if !s.alone {
		s.tx = results.Tx()
	}
	for range first {
		_, _ = results.Exec() // its error comes back from whatever is asked next
	}
	return results
}

// Exec runs a statement.
func (s *statements) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	if s.tx != nil {
		return s.tx.Exec(ctx, sql, args...)
	}
	results := s.begin(ctx, alone(sql, args))
	tag, err = results.Exec()
	if closed := results.Close(); err == nil {
		err = closed
	}
	return tag, err
}

// Query runs a query. Its rows must be closed, as pgx's collecting functions do.
func (s *statements) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if s.tx != nil {
		return s.tx.Query(ctx, sql, args...)
	}
	results := s.begin(ctx, alone(sql, args))
	rows, err := results.Query()
	return firstRows{rows, results}, err
}

// SendBatch runs the batch.
func (s *statements) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if s.tx != nil {
		return s.tx.SendBatch(ctx, b)
	}
	return s.begin(ctx, b)
}

// commit commits what has begun.
func (s *statements) commit(ctx context.Context) error {
	if s.tx == nil {
		return nil
	}
	return s.tx.Commit(ctx)
}

// rollback undoes what is neither committed nor undone yet.
func (s *statements) rollback(ctx context.Context) {
	if s.tx != nil {
		_ = s.tx.Rollback(ctx) // a connection on which that fails is not used again
	}
}

func alone(sql string, args []any) *pgx.Batch {
	var b pgx.Batch
	b.Queue(sql, args...)
	return &b
}

// firstRows are the rows of the query that a transaction begins with.
type firstRows struct {
	pgx.Rows
	results pgx.BatchResults
}

// Close ends the batch too, so that the connection can be used again.
func (r firstRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // an error of the query is in Err
}
