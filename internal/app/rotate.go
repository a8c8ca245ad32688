package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/temporalkit"
)

// settle is how long after a rotation every process that runs seals with the new key: when it has looked twice.
const settle = 2 * secrets.Refresh

// Say is told what a command does, in sentences.
type Say func(format string, args ...any)

// RotateKeys adds a data key, which seals from then on, wraps the keys with the master key of now, and seals everything in
// the database and in Temporal's schedules again, while API and worker run. One that was interrupted is finished instead, without
// another key. What workflows carry stays as it is, and readable.
func RotateKeys(ctx context.Context, cfg config.Config, log *slog.Logger, say Say) error {
	r, err := newRotation(ctx, cfg, log, say)
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.add(ctx); err != nil {
		return err
	}
	if err := r.everywhere(ctx); err != nil {
		return err
	}
	if err := r.reseal(ctx); err != nil {
		return fmt.Errorf("%w\nWhat was sealed again stays so; run the command again to go on", err)
	}
	return r.finish(ctx)
}

// ForgetOldKeys removes all data keys but the newest, so that what they sealed never opens again. It refuses while
// something that is needed may be sealed with one of them: the last rotation was not finished, or a workflow still runs that
// began before its end.
func ForgetOldKeys(ctx context.Context, cfg config.Config, log *slog.Logger, say Say) error {
	r, err := newRotation(ctx, cfg, log, say)
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.reseal(ctx); err != nil {
		return err
	}
	var set secrets.KeySet
	var old []string
	err = r.store.ChangeDataKeys(ctx, func(k *postgres.DataKeyChange) error {
		if k.ResealedAt.IsZero() {
			return errors.New("the last rotation was not finished: run \"quittance admin rotate-keys\" first")
		}
		if set, err = r.master.Unwrap(k.Wrapped); err != nil {
			return err
		}
		if old = set.Others(); len(old) == 0 {
			return nil
		}
		if err := r.refuseWhileNeeded(ctx, cfg.Temporal.Namespace, k.ResealedAt); err != nil {
			return err
		}
		if set, err = set.Newest(); err != nil {
			return err
		}
		k.Wrapped, err = r.master.Wrap(set)
		return err
	})
	switch {
	case err != nil:
		return err
	case len(old) == 0:
		say("There is only one data key, %s. Nothing is removed.", set.Primary())
	default:
		say("Removed: %s. What they sealed never opens again: not in backups, and not in histories of ended workflows that Temporal still keeps.", strings.Join(old, ", "))
	}
	return nil
}

// rotation is one run of the command.
type rotation struct {
	parts
	say     Say
	rotated time.Time
}

func newRotation(ctx context.Context, cfg config.Config, log *slog.Logger, say Say) (*rotation, error) {
	if err := cfg.ForCommand(); err != nil {
		return nil, err
	}
	p, err := connect(ctx, cfg, log, origin.Quittance)
	if err != nil {
		return nil, err
	}
	return &rotation{parts: p, say: say}, nil
}

// add makes a new data key, unless there is one for which an earlier run didn't finish.
func (r *rotation) add(ctx context.Context) error {
	var set secrets.KeySet
	var goesOn bool
	err := r.store.ChangeDataKeys(ctx, func(k *postgres.DataKeyChange) (err error) {
		if set, err = r.master.Unwrap(k.Wrapped); err != nil {
			return err
		}
		if goesOn = k.ResealedAt.IsZero(); !goesOn {
			if set, err = set.Rotated(); err != nil {
				return err
			}
			k.RotatedAt, k.ResealedAt = now(), time.Time{}
		}
		r.rotated = k.RotatedAt
		k.Wrapped, err = r.master.Wrap(set)
		return err
	})
	if err != nil {
		return err
	}
	if goesOn {
		r.say("An earlier rotation was not finished: going on with data key %s.", set.Primary())
	} else {
		r.say("Data key %s was added and seals from now on.", set.Primary())
	}
	r.say("The data keys are wrapped by %s.", r.master.Name)
	r.say("Older data keys still open: %s.", strings.Join(set.Others(), ", "))
	return r.keyring.Look(ctx)
}

// everywhere waits until every process seals with the new key.
func (r *rotation) everywhere(ctx context.Context) error {
	wait := time.Until(r.rotated.Add(settle))
	if wait <= 0 {
		return nil
	}
	r.say("Waiting %s until every process that runs has taken it up.", wait.Round(time.Second))
	select {
	case <-ctx.Done():
		return fmt.Errorf("%w: run the command again to go on", ctx.Err())
	case <-time.After(wait):
		return nil
	}
}

// reseal seals everything again that an older key sealed.
func (r *rotation) reseal(ctx context.Context) error {
	done := map[string]int{}
	err := r.store.Reseal(ctx, postgres.Resealing{
		Prefix: r.keyring.Prefix(),
		Seal: func(value []byte, at sealed.Place) ([]byte, error) {
			plaintext, err := r.keyring.OpenAt(value, at)
			if err != nil {
				return nil, err
			}
			return r.keyring.SealAt(plaintext, at)
		},
		Done: func(column string, rows int) { done[column] += rows },
	})
	if err == nil {
		done["Temporal's schedules"], err = temporalkit.ResealSchedules(ctx, r.temporal, r.keyring)
	}
	for _, what := range slices.Sorted(maps.Keys(done)) {
		r.say("  %-36s %d sealed again", what, done[what])
	}
	return err
}

// finish notes that nothing needs the older keys any more but what workflows carry.
func (r *rotation) finish(ctx context.Context) error {
	err := r.store.ChangeDataKeys(ctx, func(k *postgres.DataKeyChange) error {
		if k.RotatedAt.Equal(r.rotated) { // otherwise somebody has rotated again since, and finishes that
			k.ResealedAt = now()
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.say("Done. Older keys stay for what workflows carry; \"quittance admin forget-old-keys\" removes them once those have ended.")
	return nil
}

// refuseWhileNeeded returns an error while a workflow runs that began before the time, and may carry something older.
func (r *rotation) refuseWhileNeeded(ctx context.Context, namespace string, before time.Time) error {
	query := fmt.Sprintf("ExecutionStatus = 'Running' AND StartTime < '%s'", before.UTC().Format(time.RFC3339Nano))
	running, err := r.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: query})
	if err != nil {
		return fmt.Errorf("count the workflows that still run: %w", err)
	}
	if running.GetCount() > 0 {
		return fmt.Errorf("%d workflows still run that began before the last rotation, and need the older keys. Temporal Web lists them: %s", running.GetCount(), query)
	}
	return nil
}
