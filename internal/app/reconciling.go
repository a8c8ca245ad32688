package app

import (
	"context"
	"errors"
	"hash/fnv"
	"log/slog"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/workflows/contract"
)

const (
	// reconcileEvery is how often a worker holds the record of a bucket of companies against the workflows that run.
	reconcileEvery = time.Minute
	// reconcileAtMost is how often it does so where days are short.
	reconcileAtMost = 2 * time.Second
	// companyBuckets is how many buckets there are: each has its turn once in so many looks.
	companyBuckets = 5
)

// reconciling takes up what was ended from outside, such as in Temporal Web, so that it waits for nobody who notices: what had no
// workflow twice, five minutes apart. Deliveries of webhooks are due again by themselves. Taking up what runs does no harm, so every worker looks.
type reconciling struct {
	store    *postgres.Store
	commands contract.Commands
	log      *slog.Logger
	scale    int64 // how many seconds of a long wait pass in one second: 1 except in a local stack
	turn     uint32
	lacked   [companyBuckets]map[string]bool // workflows that did not run when their bucket had its turn before
}

func (r *reconciling) every() time.Duration {
	return max(reconcileEvery/time.Duration(max(r.scale, 1)), reconcileAtMost)
}

// look takes up what lacks a workflow in the bucket whose turn it is. One that can't be taken up does not keep the others from it.
func (r *reconciling) look(ctx context.Context) error {
	all, err := r.store.Companies(ctx)
	if err != nil {
		return err
	}
	turn := r.turn % companyBuckets
	r.turn++
	companies, err := r.store.Unfinished(ctx, slices.DeleteFunc(all, func(company string) bool { return bucketOf(company) != turn }))
	if err != nil {
		return err
	}
	t := takingUp{store: r.store, commands: r.commands, lacked: r.lacked[turn], lack: map[string]bool{}}
	var failed []error
	for _, company := range companies {
		failed = append(failed, t.company(ctx, company))
	}
	r.lacked[turn] = t.lack
	if t.done != (TakenUp{}) {
		r.log.WarnContext(ctx, "taken up what lacked a workflow: it was ended from outside", "payments", t.done.Payments, "refunds", t.done.Refunds,
			"payment_services", t.done.PaymentServices, "currencies", t.done.Currencies, "findings", t.done.Findings, "bank_receipts", t.done.BankReceipts)
	}
	return errors.Join(failed...)
}

func bucketOf(companyID string) uint32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(companyID))
	return hash.Sum32() % companyBuckets
}
