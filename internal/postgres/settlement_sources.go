package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/settlement/source"
)

const selectSource = `
	select company_id, host, port, username, folder, file_pattern, host_key, auth, sealed_secret, every_hours, hour, enabled, updated_at,
		next_look_at, last_look_at, last_success_at, failing_since, failures, failure
	from settlement_sources`

func scanSource(row pgx.CollectableRow) (s source.Source, err error) {
	err = row.Scan(&s.CompanyID, &s.Host, &s.Port, &s.User, &s.Folder, &s.Pattern, &s.HostKey, &s.Auth, &s.SealedSecret, &s.EveryHours, &s.Hour,
		&s.Enabled, &s.UpdatedAt, (*zeronull.Timestamptz)(&s.NextLookAt), (*zeronull.Timestamptz)(&s.LastLookAt),
		(*zeronull.Timestamptz)(&s.LastSuccessAt), (*zeronull.Timestamptz)(&s.FailingSince), &s.Failures, &s.Failure)
	return s, err
}

// SettlementSource returns from where the company's settlement files are fetched, or problem.NotFound.
func (tx *Tx) SettlementSource(ctx context.Context) (source.Source, error) {
	return one(ctx, tx.tx, scanSource, "settlement source", "of this company", selectSource)
}

// LockSettlementSource is SettlementSource, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockSettlementSource(ctx context.Context) (source.Source, error) {
	return one(ctx, tx.tx, scanSource, "settlement source", "of this company", selectSource+` for no key update`)
}

// SaveSettlementSource stores from where the company's settlement files are fetched, in place of what was there.
func (tx *Tx) SaveSettlementSource(ctx context.Context, s source.Source) error {
	_, err := tx.tx.Exec(ctx, `
		insert into settlement_sources (company_id, host, port, username, folder, file_pattern, host_key, auth, sealed_secret, every_hours, hour,
			enabled, updated_at, next_look_at, last_look_at, last_success_at, failing_since, failures, failure)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		on conflict (company_id) do update set
			host = $2, port = $3, username = $4, folder = $5, file_pattern = $6, host_key = $7, auth = $8, sealed_secret = $9, every_hours = $10,
			hour = $11, enabled = $12, updated_at = $13, next_look_at = $14, last_look_at = $15, last_success_at = $16, failing_since = $17,
			failures = $18, failure = $19`,
		s.CompanyID, s.Host, s.Port, s.User, s.Folder, s.Pattern, s.HostKey, s.Auth, s.SealedSecret, s.EveryHours, s.Hour, s.Enabled, s.UpdatedAt,
		zeronull.Timestamptz(s.NextLookAt), zeronull.Timestamptz(s.LastLookAt), zeronull.Timestamptz(s.LastSuccessAt),
		zeronull.Timestamptz(s.FailingSince), s.Failures, s.Failure)
	return failed(err, "save the settlement source of %s", s.CompanyID)
}

// DeleteSettlementSource removes from where the company's settlement files are fetched, or returns problem.NotFound. What was fetched
// stays on record.
func (tx *Tx) DeleteSettlementSource(ctx context.Context) error {
	return tx.save(ctx, "settlement source", "of this company", `delete from settlement_sources`)
}

// DueSettlementSources returns the companies whose settlement source is to be looked at at that time.
func (s *Store) DueSettlementSources(ctx context.Context, at time.Time) (companies []string, err error) {
	all, err := s.Companies(ctx)
	if err != nil {
		return nil, err
	}
	err = s.eachCompany(ctx, all, func(batch *pgx.Batch) {
		batch.Queue(`
			select s.company_id from settlement_sources s join companies c on c.id = s.company_id where s.next_look_at <= $1 and not c.suspended`,
			at).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, pgx.RowTo[string])
			companies = append(companies, found...)
			return err
		})
	})
	return companies, err
}

const selectSourceFiles = `
	select id, company_id, name, size, modified_at, state, tries, coalesce(settlement_id, ''), reason, at from source_files`

func scanSourceFile(row pgx.CollectableRow) (f source.File, err error) {
	err = row.Scan(&f.ID, &f.CompanyID, &f.Name, &f.Size, &f.ModifiedAt, &f.State, &f.Tries, &f.SettlementID, &f.Reason, &f.At)
	f.ModifiedAt = f.ModifiedAt.UTC()
	return f, err
}

// SourceFiles returns what became of the files with these names, and all that wait.
func (tx *Tx) SourceFiles(ctx context.Context, names []string) ([]source.File, error) {
	return all(ctx, tx.tx, scanSourceFile, "read the files of a settlement source", selectSourceFiles+` where name = any($1) or state = 'waiting'`, names)
}

// RecentSourceFiles returns the files that something became of last, newest first.
func (tx *Tx) RecentSourceFiles(ctx context.Context, limit int) ([]source.File, error) {
	return all(ctx, tx.tx, scanSourceFile, "list the files of a settlement source", selectSourceFiles+` order by at desc, id desc limit $1`, limit)
}

// LockSourceFile returns a file, or problem.NotFound, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockSourceFile(ctx context.Context, id string) (source.File, error) {
	return one(ctx, tx.tx, scanSourceFile, "file", id, selectSourceFiles+` where id = $1 for no key update`, id)
}

// SaveSourceFile stores what became of a file.
func (tx *Tx) SaveSourceFile(ctx context.Context, f source.File) error {
	_, err := tx.tx.Exec(ctx, `
		insert into source_files (company_id, id, name, size, modified_at, state, tries, settlement_id, reason, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict (company_id, id) do update set state = $6, tries = $7, settlement_id = $8, reason = $9, at = $10`,
		f.CompanyID, f.ID, f.Name, f.Size, f.ModifiedAt, f.State, f.Tries, zeronull.Text(f.SettlementID), f.Reason, f.At)
	return failed(err, "save file %s", f.ID)
}
