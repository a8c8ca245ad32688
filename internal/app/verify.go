package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/quittance/quittance/internal/audit"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
)

// VerifyJournals walks the hash chains of the journals in the database, and holds them against kept heads: those show also a
// journal that was changed together with all its hashes. Without a companyID it walks those of all companies. Each gets a line: how
// many entries there are, or the first broken one. The error says how many are broken.
func VerifyJournals(ctx context.Context, cfg config.Config, say Say, companyID string, kept ...SignedHead) error {
	return verifyChains(ctx, cfg, say, "journal", companyID, kept, func(store *postgres.Store, companyID string) (int64, error) {
		own := slices.DeleteFunc(slices.Clone(kept), func(h SignedHead) bool { return h.CompanyID != companyID })
		chain, err := store.VerifyJournal(ctx, companyID, func(c ledger.Chain) error { return sameAs(own, c) })
		if err != nil {
			return 0, err
		}
		return chain.Sequence, reaches(chain, own)
	})
}

// VerifyAudits walks the hash chains of the audit logs as VerifyJournals does those of the journals.
func VerifyAudits(ctx context.Context, cfg config.Config, say Say, companyID string) error {
	return verifyChains(ctx, cfg, say, "audit log", companyID, nil, func(store *postgres.Store, companyID string) (int64, error) {
		chain, err := store.VerifyAudit(ctx, companyID)
		return chain.Sequence, err
	})
}

func verifyChains(ctx context.Context, cfg config.Config, say Say, what, companyID string, kept []SignedHead,
	verify func(store *postgres.Store, companyID string) (entries int64, err error),
) error {
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal())
	if err != nil {
		return fmt.Errorf("QUITTANCE_DATABASE_URL: %w", err)
	}
	defer store.Close()
	all, companies := companyID == "", []string{companyID}
	if all {
		if companies, err = store.Companies(ctx); err != nil {
			return err
		}
	}
	for _, head := range kept {
		if !slices.Contains(companies, head.CompanyID) {
			return fmt.Errorf("the head of %s is one of company %s, which is not among those to verify", head.Day, head.CompanyID)
		}
	}
	broken := 0
	for _, companyID := range companies {
		entries, err := verify(store, companyID)
		fault := faultOf(err)
		if all && problem.CodeOf(err) == problem.NotFound {
			fault = errors.New("the end of its chain is gone")
		}
		switch {
		case fault != nil:
			broken++
			say("The %s of %s is broken: %s.", what, companyID, fault)
		case err != nil:
			return err
		default:
			say("The %s of %s is intact: %d entries.", what, companyID, entries)
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d of %d are broken", broken, len(companies))
	}
	return nil
}

// faultOf returns the fault of a chain that err is about, or nil.
func faultOf(err error) error {
	if fault, ok := errors.AsType[*ledger.BreakError](err); ok {
		return fault
	}
	if fault, ok := errors.AsType[*audit.BreakError](err); ok {
		return fault
	}
	return nil
}
