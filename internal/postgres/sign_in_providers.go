package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/session"
)

func scanSignInProvider(row pgx.CollectableRow) (p session.Provider, err error) {
	err = row.Scan(&p.CompanyID, &p.Issuer, &p.ClientID, &p.SealedSecret, &p.RoleClaim, &p.Roles, &p.DefaultRole, &p.UpdatedAt)
	return p, err
}

// SignInProvider returns where the company's people sign in, or problem.NotFound.
func (tx *Tx) SignInProvider(ctx context.Context) (session.Provider, error) {
	return one(ctx, tx.tx, scanSignInProvider, "sign-in provider", "of this company", `
		select company_id, issuer, client_id, sealed_secret, role_claim, roles, default_role, updated_at from sign_in_providers`)
}

// SaveSignInProvider stores where the company's people sign in, in place of what was there.
func (tx *Tx) SaveSignInProvider(ctx context.Context, p session.Provider) error {
	_, err := tx.tx.Exec(ctx, `
		insert into sign_in_providers (company_id, issuer, client_id, sealed_secret, role_claim, roles, default_role, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (company_id) do update set
			issuer = $2, client_id = $3, sealed_secret = $4, role_claim = $5, roles = $6, default_role = $7, updated_at = $8`,
		p.CompanyID, p.Issuer, p.ClientID, p.SealedSecret, p.RoleClaim, p.Roles, p.DefaultRole, p.UpdatedAt)
	return failed(err, "save the sign-in provider of %s", p.CompanyID)
}

// DeleteSignInProvider removes where the company's people sign in, or returns problem.NotFound.
func (tx *Tx) DeleteSignInProvider(ctx context.Context) error {
	return tx.save(ctx, "sign-in provider", "of this company", `delete from sign_in_providers`)
}
