package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/csvlist"
)

const selectColumns = `select id, company_id, header, columns, currency, payouts, saved_at, saved_by from settlement_columns`

func scanColumns(row pgx.CollectableRow) (c csvlist.Saved, err error) {
	err = row.Scan(&c.ID, &c.CompanyID, &c.Header, &c.Columns, &c.Currency, &c.Payouts, &c.SavedAt, &c.SavedBy)
	return c, err
}

// AllColumns returns every mapping of the company, oldest first.
func (tx *Tx) AllColumns(ctx context.Context) ([]csvlist.Saved, error) {
	return all(ctx, tx.tx, scanColumns, "list the columns of lists", selectColumns+` order by id`)
}

// ColumnsOf returns the mapping for lists with that header, if there is one.
func (tx *Tx) ColumnsOf(ctx context.Context, header []string) (c csvlist.Saved, found bool, err error) {
	return optional(ctx, tx.tx, scanColumns, "look up the columns of a list", selectColumns+` where fingerprint = $1`, csvlist.Fingerprint(header))
}

// SaveColumns stores a mapping in place of the one for the same header, whose id it keeps.
func (tx *Tx) SaveColumns(ctx context.Context, c csvlist.Saved) error {
	_, err := tx.tx.Exec(ctx, `
		insert into settlement_columns (company_id, id, fingerprint, header, columns, currency, payouts, saved_at, saved_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (company_id, fingerprint) do update set columns = $5, currency = $6, payouts = $7, saved_at = $8, saved_by = $9`,
		c.CompanyID, c.ID, csvlist.Fingerprint(c.Header), c.Header, c.Columns, c.Currency, c.Payouts, c.SavedAt, c.SavedBy)
	return failed(err, "save the columns of a list")
}

// DeleteColumns removes a mapping, or returns problem.NotFound.
func (tx *Tx) DeleteColumns(ctx context.Context, id string) error {
	return tx.save(ctx, "column mapping", id, `delete from settlement_columns where id = $1`, id)
}
