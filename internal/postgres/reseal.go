package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/sealed"
)

// sealedColumn is a column that holds what a data key sealed for its place.
type sealedColumn struct {
	sealed.Column
	// row is the column that tells the rows of an owner apart.
	row string
	// batch is how many rows one transaction seals again: a document may have 10 MiB.
	batch int
}

// Every column whose name begins with sealed is here, except those that belong to no company. A test compares this with the schema.
var sealedColumns = []sealedColumn{
	{sealed.ServicePassword, "id", 100},
	{sealed.EndpointSecret, "id", 100},
	{sealed.EndpointPrevious, "id", 100},
	{sealed.ProviderSecret, "company_id", 100},
	{sealed.SourceSecret, "company_id", 100},
	{sealed.Document, "id", 1},
	{sealed.InvoicePDF, "invoice_id", 1},
	{sealed.Answer, "key", 20},
	{sealed.CustomerKey, "id", 100},
}

// Resealing says how to replace what an older key sealed.
type Resealing struct {
	// Prefix is what begins everything that the newest key sealed for its place.
	Prefix []byte
	// Seal opens what any key sealed and seals it with the newest one.
	Seal func(value []byte, at sealed.Place) ([]byte, error)
	// Done is called after each batch that was committed.
	Done func(column string, rows int)
}

// Reseal replaces everything in the database that an older key sealed, in small transactions, while others read and write it.
// If it is interrupted, the next call goes on where it was. The error names the row that can't be opened; later rows stay as
// they are.
func (s *Store) Reseal(ctx context.Context, r Resealing) error {
	companies, err := s.Companies(ctx)
	if err != nil {
		return err
	}
	for _, owner := range append(companies, idempotency.Administrator) {
		for _, c := range sealedColumns {
			reseal := func() (rows int, err error) {
				err = s.inOwner(ctx, owner, func(tx *Tx) error {
					if err := tx.takeTime(ctx); err != nil { // it looks for what is left among all that is sealed
						return err
					}
					rows, err = r.batch(ctx, tx.tx, c, owner)
					return err
				})
				return rows, err
			}
			if err := r.untilNone(c, reseal); err != nil {
				return fmt.Errorf("seal %s of %s again: %w", c, owner, err)
			}
		}
	}
	for owner, c := range map[string]sealedColumn{
		sealed.SigningKeys: {sealed.SigningKey, "id", 100}, sealed.InstallationKeys: {sealed.InstallationKey, "id", 100},
	} {
		err := r.untilNone(c, func() (rows int, err error) {
			err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
				rows, err = r.batch(ctx, tx, c, owner)
				return err
			})
			return rows, failed(err, "seal %s again", c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r Resealing) untilNone(c sealedColumn, reseal func() (int, error)) error {
	for {
		rows, err := reseal()
		if err != nil || rows == 0 {
			return err
		}
		r.Done(c.String(), rows)
	}
}

// batch seals some rows again. Nobody else can change them until it has finished.
func (r Resealing) batch(ctx context.Context, tx querier, c sealedColumn, owner string) (int, error) {
	type row struct {
		CTID   string
		Name   string
		Sealed []byte
	}
	found, _ := tx.Query(ctx, fmt.Sprintf(`
		select ctid::text, %[5]s, %[2]s from %[1]s where substring(%[2]s from 1 for %[3]d) <> $1 limit %[4]d for no key update`,
		c.Table, c.Name, len(r.Prefix), c.batch, c.row), r.Prefix) // its error comes out of CollectRows
	rows, err := pgx.CollectRows(found, pgx.RowToStructByPos[row])
	if err != nil {
		return 0, err
	}
	for _, old := range rows {
		value, err := r.Seal(old.Sealed, c.Of(owner, old.Name))
		if err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf(`update %s set %s = $2 where ctid = $1::tid`, c.Table, c.Name), old.CTID, value); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}
