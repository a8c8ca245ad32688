package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/quittance/quittance/deployments/local/invariants"
)

// Options say how much happens. All that happens is derived from them.
type Options struct {
	Seed        uint64
	Duration    time.Duration // for how long payers come and faults happen
	Payments    int           // invoices that somebody pays, or tries to
	Companies   int
	Onboardings int
	Settlements int
	APIs        int
	Workers     int
	Kills       int           // of each process
	Meddlings   int           // resets and terminations of each type of workflows
	Deploys     int           // of new versions of the worker; each needs a worker of its own
	FaultEvery  time.Duration // at the most one fault in this time
	Restore     bool          // nothing else goes wrong but that everything is lost, and a backup restored
	Failover    bool          // or that a region is lost, and another one takes over
	TimeScale   int64         // how many times faster business-day waits and deadlines pass
	SettleIn    time.Duration // after the last fault
	Binary      string        // bin/quittance
}

// parts are all that can be killed.
func (o Options) parts() (names []string) {
	for i := range o.APIs {
		names = append(names, "api-"+strconv.Itoa(i+1))
	}
	for i := range o.Workers {
		names = append(names, "worker-"+strconv.Itoa(i+1))
	}
	return append(names, "temporal", "postgres")
}

// forgets reports whether what was done last is lost to us, which Saferpay knows.
func (o Options) forgets() bool { return o.Restore || o.Failover }

// nights are how many sweeps are awaited after a restore: one may have begun before, and the next ones may be planned a little later.
const nights = 6

// night is how often sweeps come.
func (o Options) night() time.Duration {
	return max(24*time.Hour/time.Duration(o.TimeScale), 5*time.Second)
}

var (
	endedPayments = []string{"captured", "failed", "aborted", "expired", "cancelled"}
	endedRefunds  = []string{"captured", "recorded", "failed"}
)

// run is one chaos run.
type run struct {
	options   Options
	cluster   *cluster
	companies []*company
	progress  io.Writer
	decided   *hits // by the operator
	share     *share

	mu       sync.Mutex
	failures []string       // of stories and faults, which must be played to their end
	untold   map[int]string // stories that are not, by the number of the visit
}

// play plays the whole plan and returns what came of it.
func play(ctx context.Context, o Options, folder string, progress io.Writer) (Report, error) {
	plan := newPlan(o)
	r := &run{options: o, progress: progress, decided: newHits(), share: newShare(), untold: map[int]string{}}
	r.say("starting %d api, %d worker, Temporal and Postgres as processes of their own; logs in %s", o.APIs, o.Workers, filepath.Join(folder, "logs"))
	var err error
	if r.cluster, err = newCluster(ctx, o, folder); err != nil {
		return Report{}, err
	}
	defer func() { _ = r.cluster.stop() }()
	for i := range o.Companies {
		c, err := r.cluster.newCompany(ctx, i)
		if err != nil {
			return Report{}, err
		}
		r.companies = append(r.companies, c)
	}
	begin := time.Now()
	r.say("%d invoices, %d onboardings and %d settlements meet %d faults in %s", o.Payments, o.Onboardings, o.Settlements, len(plan.Faults), o.Duration)

	// 1. Payers come, and faults happen.
	stories, tellers := context.WithTimeout(ctx, o.Duration+o.SettleIn)
	defer tellers()
	var telling, disturbing sync.WaitGroup
	for i, v := range plan.Visits {
		r.untold[i] = v.Story
	}
	for i, v := range plan.Visits {
		telling.Go(func() {
			at(stories, begin, v.At, func() { r.tell(stories, i, v) })
			r.mu.Lock()
			defer r.mu.Unlock()
			delete(r.untold, i)
		})
	}
	faults, lift := context.WithTimeout(ctx, o.Duration)
	defer lift()
	for _, f := range plan.Faults {
		disturbing.Go(func() { at(faults, begin, f.At, func() { r.disturb(faults, f) }) })
	}
	r.operate(faults)
	if err := r.cluster.lift(ctx); err != nil {
		return Report{}, err
	}

	// 2. Everything settles: first what was put in place of what a fault broke, such as a version or a password.
	lifted := time.Now()
	disturbing.Wait()
	if o.forgets() {
		for i, c := range r.companies {
			if err := c.importAgain(stories); err != nil {
				r.fail("what the bank has told could not be imported again by company %d: %s", i, err)
			}
		}
	}
	r.say("the faults are lifted after %s; everything settles", time.Since(begin).Round(time.Second))
	unsettled := r.settle(stories)
	settled := time.Since(lifted)
	telling.Wait()

	// 3. The books are held against Saferpay's.
	for _, kind := range plan.never(o, r.cluster.hits.all()) {
		r.fail("the fault %q never happened", kind)
	}
	report, err := r.check(ctx, unsettled)
	report.Settled = settled
	return report, err
}

func (r *run) tell(ctx context.Context, number int, v Visit) {
	var err error
	switch c := r.companies[v.Company]; v.Story {
	case storyOnboarding:
		err = c.onboard(ctx, 1000+number, v)
	case storySettlement:
		err = c.settle(ctx, number)
	default:
		err = c.tell(ctx, number, v)
	}
	if err != nil && !r.options.forgets() { // what was done after the backup is lost to us, and its story can't go on
		r.fail("the story %q of invoice %d: %s", v.Story, number, err)
	}
}

func (r *run) disturb(ctx context.Context, f Fault) {
	if err := r.cluster.happen(ctx, f, r.companies); err != nil {
		r.fail("the fault %s could not be made: %s", f, err)
	}
}

func (r *run) fail(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// operate is the operator's day while faults happen.
func (r *run) operate(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, time.Second)
		r.share.look(ctx, r.cluster)
		for _, c := range r.companies {
			_, _ = c.decide(ctx, false, r.decided) // what was not decided now is decided later
		}
	}
}

// settle waits until nothing is under way any more, and returns what still is when that takes too long.
func (r *run) settle(ctx context.Context) (unsettled []string) {
	begin, last := time.Now(), time.Now()
	for {
		unsettled = nil
		if r.options.forgets() && time.Since(begin) < nights*r.options.night() {
			unsettled = append(unsettled, "what the backup lacks is found at night only")
		}
		for i, c := range r.companies {
			if left := c.underWay(ctx, r.decided); left != "" {
				unsettled = append(unsettled, fmt.Sprintf("company %d: %s", i, left))
			}
		}
		if left := r.cluster.stuck(ctx); left != "" {
			unsettled = append(unsettled, left)
		}
		if n, story := r.left(); n > 0 {
			unsettled = append(unsettled, fmt.Sprintf("%d stories are not told, such as %q", n, story))
		}
		if len(unsettled) == 0 || ctx.Err() != nil {
			return unsettled
		}
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			r.say("  still under way: %s", strings.Join(unsettled, "; "))
		}
		pause(ctx, 500*time.Millisecond)
	}
}

// left returns how many stories are not told yet, and one of them.
func (r *run) left() (n int, story string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, story = range r.untold {
		break
	}
	return len(r.untold), story
}

// underWay says what is not at its end yet at the company, after an operator has gone through what needs one.
func (c *company) underWay(ctx context.Context, decided *hits) string {
	open, err := c.decide(ctx, true, decided)
	if err != nil {
		return err.Error()
	}
	if open > 0 {
		return fmt.Sprintf("%d exceptions are open", open)
	}
	payments, err := invariants.All[invariants.Payment](c.read(ctx), "/payments")
	if err != nil {
		return err.Error()
	}
	for _, p := range payments {
		if !slices.Contains(endedPayments, p.State) {
			return fmt.Sprintf("payment %s of %s is %s", p.ID, p.InvoiceID, p.State)
		}
	}
	refunds, err := invariants.All[invariants.Refund](c.read(ctx), "/refunds")
	if err != nil {
		return err.Error()
	}
	for _, r := range refunds {
		if !slices.Contains(endedRefunds, r.State) {
			return fmt.Sprintf("refund %s is %s", r.ID, r.State)
		}
	}
	left, err := c.unbooked(ctx)
	if err != nil {
		return err.Error()
	}
	if left != "" {
		return left
	}
	return c.untold(ctx)
}

// untold says what the receiver of webhooks has not been told yet; what was given up is sent again.
func (c *company) untold(ctx context.Context) string {
	for _, state := range []string{"parked", "pending"} {
		var page struct {
			Data []struct {
				EventID string `json:"event_id"`
			}
		}
		if err := c.must(ctx, http.MethodGet, "/webhook-endpoints/"+c.endpoint+"/deliveries?state="+state, nil, &page); err != nil {
			return err.Error()
		}
		if len(page.Data) == 0 {
			continue
		}
		if state == "parked" {
			if err := c.must(ctx, http.MethodPost, "/webhook-endpoints/"+c.endpoint+"/redeliver", nil, nil); err != nil {
				return err.Error()
			}
		}
		return fmt.Sprintf("%d deliveries are %s, such as %s", len(page.Data), state, page.Data[0].EventID)
	}
	return ""
}

func (r *run) say(format string, args ...any) { _, _ = fmt.Fprintf(r.progress, format+"\n", args...) }

// inFolder plays the plan in a folder of its own, which is kept when something is wrong.
func inFolder(ctx context.Context, o Options, progress io.Writer) (report Report, err error) {
	folder, err := os.MkdirTemp("", "quittance-chaos-")
	if err != nil {
		return Report{}, err
	}
	report, err = play(ctx, o, folder, progress)
	if err != nil || len(report.Differences) > 0 {
		report.Folder = folder
		return report, err
	}
	return report, errors.Join(err, os.RemoveAll(folder))
}
