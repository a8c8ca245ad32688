package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The profiles in which activities are called; there are no others.
var (
	// books: our own database. It comes back, and nothing else can go on before it has.
	books = workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
	}
	// bookings: the same for what has happened already, see insist. After ten minutes a person is told.
	bookings = workflow.ActivityOptions{
		StartToCloseTimeout:    books.StartToCloseTimeout,
		ScheduleToCloseTimeout: 10 * time.Minute,
		RetryPolicy:            books.RetryPolicy,
	}
	// saferpay: nobody waits. Saferpay asks for 100 s of patience; the heartbeat finds a dead worker long before that. After
	// about nine minutes a person is told, see insist.
	saferpay = workflow.ActivityOptions{
		StartToCloseTimeout: 110 * time.Second,
		HeartbeatTimeout:    10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumAttempts: 9},
	}
	// interactive: somebody waits for Saferpay's answer, so give up soon and let them try again.
	interactive = workflow.ActivityOptions{
		StartToCloseTimeout: 110 * time.Second,
		HeartbeatTimeout:    10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumAttempts: 3},
	}
	// once: what must never be repeated by itself, because a repetition would move money a second time.
	once = workflow.ActivityOptions{
		StartToCloseTimeout: 110 * time.Second,
		HeartbeatTimeout:    10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
	}
	// posting: a mail that will be sent whatever happens, in rounds of an hour, after each of which a person is told.
	posting = workflow.ActivityOptions{
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
	}
	// webhook: what the receiver answers, or that it doesn't, is a result; only faults of ours are retried here. A receiver has
	// 15 s.
	webhook = workflow.ActivityOptions{
		StartToCloseTimeout: 30 * time.Second,
		HeartbeatTimeout:    10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
	}
	// mail: a mail server that is down only delays.
	mail = workflow.ActivityOptions{
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: 72 * time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: 15 * time.Minute},
	}
)

// The attempts that a step gets inside the workflow task, before it becomes an activity of its own.
var (
	booksInside = workflow.LocalActivityOptions{
		StartToCloseTimeout: 5 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumAttempts: 3},
	}
	// askInside: nobody waits, and while Saferpay is slow the workflow task is better let go.
	askInside = workflow.LocalActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
	}
	// pageInside: opening a payment page twice is harmless, and the payer waits.
	pageInside = workflow.LocalActivityOptions{
		StartToCloseTimeout: 110 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
	}
)

// inside runs a step that every payment takes inside the workflow task, which saves five of the six events of an activity and
// a trip over the task queue; when that fails, the step goes on as an activity that operators can see. Name is the
// activity's, since a local activity is found by it.
func inside(ctx workflow.Context, local workflow.LocalActivityOptions, profile workflow.ActivityOptions, summary, name string, in, out any) error {
	local.Summary = summary
	err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, local), name, in).Get(ctx, out)
	if err == nil || refusal(err) != nil {
		return err
	}
	return workflow.ExecuteActivity(with(ctx, profile, summary), name, in).Get(ctx, out)
}

// inBooks runs a step of our own database inside the workflow task.
func inBooks(ctx workflow.Context, summary, name string, in, out any) error {
	return inside(ctx, booksInside, books, summary, name, in, out)
}

// with returns ctx for one activity call in a profile; the summary is what an operator reads in Temporal Web.
func with(ctx workflow.Context, profile workflow.ActivityOptions, summary string) workflow.Context {
	profile.Summary = summary
	return workflow.WithActivityOptions(ctx, profile)
}

// nap describes a wait of at most d; the summary is what an operator reads in Temporal Web. There is always a timer, so that
// a history replays whatever d has become.
func nap(d time.Duration, summary string) workflow.AwaitOptions {
	return workflow.AwaitOptions{Timeout: max(d, time.Millisecond), TimerOptions: workflow.TimerOptions{Summary: summary}}
}

// patched tells whether the change is part of this history: of every one that comes here for the first time under this code, see
// README.md.
func patched(ctx workflow.Context, change string) bool {
	return workflow.GetVersion(ctx, change, workflow.DefaultVersion, 1) != workflow.DefaultVersion
}
