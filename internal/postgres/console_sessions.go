package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/session"
)

const selectConsoleSessions = `
	select id, company_id, hash, user_id, user_name, user_email, role, language, page, embed_origin, accent, created_at, entered_at, expires_at,
		(select suspended from companies c where c.id = company_id)
	from console_sessions where hash = $1`

func scanConsoleSession(row pgx.CollectableRow) (c session.Session, err error) {
	err = row.Scan(&c.ID, &c.CompanyID, &c.Hash, &c.User.ID, &c.User.Name, &c.User.Email, &c.Role, &c.Language, &c.Page, &c.EmbedOrigin, &c.Accent,
		&c.CreatedAt, (*zeronull.Timestamptz)(&c.EnteredAt), &c.ExpiresAt, &c.Suspended)
	return c, err
}

// CreateConsoleSession stores a session of a company. The same id again changes nothing.
func (s *Store) CreateConsoleSession(ctx context.Context, c session.Session) error {
	return s.InCompany(ctx, c.CompanyID, func(tx *Tx) error {
		if _, err := tx.tx.Exec(ctx, `delete from console_sessions where expires_at < $1`, c.CreatedAt.Add(-session.Life)); err != nil {
			return failed(err, "forget old sessions of %s", c.CompanyID)
		}
		_, err := tx.tx.Exec(ctx, `
			insert into console_sessions (id, company_id, hash, user_id, user_name, user_email, role, language, page, embed_origin, accent, created_at, expires_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			on conflict (id) do update set hash = $3 where console_sessions.entered_at is null`,
			c.ID, c.CompanyID, c.Hash, c.User.ID, c.User.Name, c.User.Email, c.Role, c.Language, c.Page, c.EmbedOrigin, c.Accent, c.CreatedAt, c.ExpiresAt)
		return failed(err, "create console session %s", c.ID)
	})
}

// ConsoleSession returns the session that opens with what has that SHA-256, see session.Hash, or problem.NotFound.
func (s *Store) ConsoleSession(ctx context.Context, hash []byte) (session.Session, error) {
	return shown(ctx, s, scanConsoleSession, "session", hash, selectConsoleSessions,
		`select set_config('quittance.company_id', company_id, true) from console_sessions where hash = $1`) // so that its company is seen too
}

// EnterConsole lets enter open the session whose link has the code with that SHA-256. Of two at once one gets problem.NotFound,
// which is also the answer when there is no such link.
func (s *Store) EnterConsole(ctx context.Context, hash []byte, enter func(*session.Session) error) (c session.Session, err error) {
	known, err := s.ConsoleSession(ctx, hash)
	if err != nil {
		return c, err
	}
	err = s.InCompany(ctx, known.CompanyID, func(tx *Tx) error {
		if c, err = one(ctx, tx.tx, scanConsoleSession, "session", known.ID, selectConsoleSessions+` for update`, hash); err != nil {
			return err
		}
		if err := enter(&c); err != nil {
			return err
		}
		return tx.save(ctx, "session", c.ID, `update console_sessions set hash = $2, entered_at = $3, expires_at = $4 where id = $1`,
			c.ID, c.Hash, c.EnteredAt, c.ExpiresAt)
	})
	return c, err
}

// EndConsoleSession makes a session useless from that time on.
func (s *Store) EndConsoleSession(ctx context.Context, companyID, sessionID string, at time.Time) error {
	return s.InCompany(ctx, companyID, func(tx *Tx) error {
		return tx.save(ctx, "session", sessionID, `update console_sessions set expires_at = least(expires_at, $2) where id = $1`, sessionID, at)
	})
}
