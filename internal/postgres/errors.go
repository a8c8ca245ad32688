package postgres

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/quittance/quittance/internal/problem"
)

// The conditions that mean something here, from PostgreSQL's "Error Codes" appendix.
const (
	badCharacter        = "22021" // text that isn't UTF-8, or holds a zero byte
	badJSONCharacter    = "22P05"
	numericOutOfRange   = "22003"
	foreignKeyViolation = "23503"
	uniqueViolation     = "23505"
	checkViolation      = "23514"
	noDataFound         = "P0002" // of a function that needs a row
	deadlockDetected    = "40P01"
	undefinedTable      = "42P01"
)

func isCode(err error, code string) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == code
}

// violates reports whether err says that the named constraint (or unique index) was violated.
func violates(err error, code, constraint string) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == code && e.ConstraintName == constraint
}

// failed adds to err what was being done; nil stays nil. A character that no text may hold, and a sum that is too large, become
// problems of the caller.
func failed(err error, doing string, args ...any) error {
	switch {
	case err == nil:
		return nil
	case isCode(err, badCharacter), isCode(err, badJSONCharacter):
		return problem.New(problem.Invalid, "A text holds a character that can't be stored.")
	case isCode(err, numericOutOfRange), violates(err, checkViolation, "journal_lines_debit_check"), violates(err, checkViolation, "journal_lines_credit_check"):
		return problem.New(problem.Invalid, "An amount, or a sum of amounts, is larger than can be booked.")
	default:
		return fmt.Errorf(doing+": %w", append(args, err)...)
	}
}
