package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// How many rows a list returns: the default, and the most.
const (
	defaultLimit = 50
	maxLimit     = 200
)

// query is a select that conditions are added to.
type query struct {
	sql        string
	conditions []string
	args       []any
}

// where adds a condition; each ? in it stands for the next of args.
func (q *query) where(condition string, args ...any) {
	for _, arg := range args {
		q.args = append(q.args, arg)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(q.args)), 1)
	}
	q.conditions = append(q.conditions, condition)
}

// whereSet adds the condition unless arg is empty.
func whereSet[T ~string](q *query, condition string, arg T) {
	if arg != "" {
		q.where(condition, string(arg))
	}
}

// between adds the condition that the column's day lies from one day to another, both included and a zero one without bound.
func (q *query) between(column string, from, to time.Time) {
	if !from.IsZero() {
		q.where(column+" >= ?", from)
	}
	if !to.IsZero() {
		q.where(column+" <= ?", to)
	}
}

// selected is the select with its conditions.
func (q *query) selected() string {
	if len(q.conditions) == 0 {
		return q.sql
	}
	return q.sql + " where " + strings.Join(q.conditions, " and ")
}

// page runs the query in that order and returns at most limit rows (0 stands for 50, more than 200 for 200), with the
// cursor of the last one when there are more.
func page[T any](ctx context.Context, tx *Tx, q query, order string, limit int, scan pgx.RowToFunc[T], cursor func(T) string) ([]T, string, error) {
	limit = pageSize(limit)
	rows, _ := tx.tx.Query(ctx, q.ordered(order, limit+1), q.args...) // its error comes out of CollectRows
	items, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, "", err
	}
	items, next := cut(items, limit, cursor)
	return items, next, nil
}

// pageSize returns how many rows a page has when a caller asks for limit.
func pageSize(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return min(limit, maxLimit)
}

// ordered is the select with its conditions, in that order, and with at most limit rows.
func (q *query) ordered(order string, limit int) string {
	return fmt.Sprintf("%s order by %s limit %d", q.selected(), order, limit)
}

// cut returns the first limit items, and the cursor of the last one when there are more.
func cut[T any](items []T, limit int, cursor func(T) string) ([]T, string) {
	if len(items) <= limit {
		return items, ""
	}
	return items[:limit], cursor(items[limit-1])
}

// Orders of lists by the time at which the rows were made.
const (
	newestFirst = "id desc"
	oldestFirst = "id"
)

// before continues a list that is ordered by id, newest first, after the row whose id is the cursor.
func (q *query) before(cursor, prefix string) error { return q.beyond(cursor, prefix, "id < ?") }

// beyond adds the condition on the cursor, which is the id of the last row of the page before, or empty.
func (q *query) beyond(cursor, prefix, condition string) error {
	if cursor == "" {
		return nil
	}
	if !id.Valid(prefix, cursor) {
		return badCursor()
	}
	q.where(condition, cursor)
	return nil
}

// inOrder continues a list in one of the two orders above after the row whose id is the cursor.
func (q *query) inOrder(order, cursor, prefix string) error {
	if order == oldestFirst {
		return q.beyond(cursor, prefix, "id > ?")
	}
	return q.before(cursor, prefix)
}

// onDays adds the condition that the column's time lies on a day in Switzerland from one to another, both included and a zero one
// without bound.
func (q *query) onDays(column string, from, to time.Time) {
	if !from.IsZero() {
		q.where(column+" >= ?", midnight(from))
	}
	if !to.IsZero() {
		q.where(column+" < ?", midnight(to.AddDate(0, 0, 1)))
	}
}

// midnight is when the day, which is midnight UTC, begins in Switzerland.
func midnight(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, calendar.Zurich)
}

func badCursor() error {
	return problem.InvalidFields(problem.Field{Name: "cursor", Message: "must be the next_cursor of an earlier answer"})
}

// amount returns what a numeric column and the currency beside it say. Unlike money.Parse it has no upper bound: a sum may
// be larger than any single amount.
func amount(value decimal.Decimal, currency money.Currency) money.Amount {
	return money.FromMinor(value.Shift(currency.Scale()).IntPart(), currency)
}

// zeroDate is a day, or null for the zero time, as the types of package zeronull are for others.
type zeroDate time.Time

// ScanDate reads the column.
func (d *zeroDate) ScanDate(v pgtype.Date) error {
	*d = zeroDate(v.Time)
	return nil
}

// DateValue writes the column.
func (d zeroDate) DateValue() (pgtype.Date, error) {
	return pgtype.Date{Time: time.Time(d), Valid: !time.Time(d).IsZero()}, nil
}

// zeroDecimal is a decimal, or null for zero.
type zeroDecimal decimal.Decimal

// Scan reads the column.
func (d *zeroDecimal) Scan(v any) error {
	if v == nil {
		*d = zeroDecimal{}
		return nil
	}
	return (*decimal.Decimal)(d).Scan(v)
}

// Value writes the column.
func (d zeroDecimal) Value() (driver.Value, error) {
	if decimal.Decimal(d).IsZero() {
		return nil, nil //nolint:nilnil // which is null
	}
	return decimal.Decimal(d).Value()
}

// list returns the slice, or an empty one for nil, so that JSON columns hold [] and never null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
