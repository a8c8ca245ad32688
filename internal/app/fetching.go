package app

import (
	"context"
	"errors"
	"time"

	"github.com/quittance/quittance/internal/postgres"
)

// fetchEvery is how often a worker looks for settlement sources that are due.
const fetchEvery = 20 * time.Second

// sources starts a look at each settlement source whose time has come. The record says when that is, so that changed settings, and what
// a person asks for, count from the next time on. Only one look at a source runs at a time, so every worker may start it.
type sources struct {
	store *postgres.Store
	fetch func(ctx context.Context, companyID string) error
	now   func() time.Time
}

// look starts them. One that can't be started does not keep the others from it.
func (f sources) look(ctx context.Context) error {
	companies, err := f.store.DueSettlementSources(ctx, f.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, company := range companies {
		failed = append(failed, f.fetch(ctx, company))
	}
	return errors.Join(failed...)
}
