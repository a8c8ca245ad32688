// Package flow is what all workflows share: how they call activities, wait, tell the time and refuse.
package flow

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/contract"
)

// The profiles in which activities are called. There are no others. The priority of a profile is the first that an activity in it
// has, see WithOptions.
var (
	// Books is for our own database. It comes back, and nothing else can go on before it has.
	Books = workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
	}
	// Bookings is the same for what has happened already. After ten minutes a person is told.
	Bookings = workflow.ActivityOptions{
		StartToCloseTimeout:    Books.StartToCloseTimeout,
		ScheduleToCloseTimeout: 10 * time.Minute,
		RetryPolicy:            Books.RetryPolicy,
		Priority:               temporal.Priority{PriorityKey: contract.ForMoney},
	}
	// Saferpay is for calls on which nobody waits. Saferpay asks for 100 s of patience; the heartbeat finds a dead worker long
	// before that. After about nine minutes a person is told.
	Saferpay = workflow.ActivityOptions{
		StartToCloseTimeout: 110 * time.Second,
		HeartbeatTimeout:    10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumAttempts: 9},
		Priority:            temporal.Priority{PriorityKey: contract.ForMoney},
	}
	// Interactive is for calls on which somebody waits: it gives up soon and lets them try again.
	Interactive = workflow.ActivityOptions{
		StartToCloseTimeout: 110 * time.Second,
		HeartbeatTimeout:    10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumAttempts: 3},
	}
	// Once is for what Temporal must not repeat: because a repetition would move money a second time, or because the workflow
	// repeats it and shows each attempt.
	Once = workflow.ActivityOptions{
		StartToCloseTimeout: 110 * time.Second,
		HeartbeatTimeout:    10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
		Priority:            temporal.Priority{PriorityKey: contract.ForMoney},
	}
	// Round is for a part of what is done for all companies every day, see activities.Round. It ends soon by itself, so that it needs no
	// heartbeat, which costs as much as an activity. That it fails means that something is wrong for all; after about 80 minutes it is given up.
	Round = workflow.ActivityOptions{
		StartToCloseTimeout: 5 * time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumInterval: 15 * time.Minute, MaximumAttempts: 14},
		Priority:            temporal.Priority{PriorityKey: contract.ForUpkeep},
	}
	// File is for a file of a server that a company named, which may be large and come slowly. That the server does not answer is a
	// result; only faults of ours are retried here.
	File = workflow.ActivityOptions{
		StartToCloseTimeout: 15 * time.Minute,
		HeartbeatTimeout:    10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumAttempts: 5},
		Priority:            temporal.Priority{PriorityKey: contract.ForImports},
	}
	// Posting is for a mail that is sent whatever happens, in rounds of an hour. After each round a person is told.
	Posting = workflow.ActivityOptions{
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
		Priority:               temporal.Priority{PriorityKey: contract.ForPeople},
	}
	// Webhook is for one attempt at a receiver, who has 15 s. What the receiver answers, or that it does not, is a result; only
	// faults of ours are retried here.
	Webhook = workflow.ActivityOptions{
		StartToCloseTimeout: 30 * time.Second,
		HeartbeatTimeout:    10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
		Priority:            temporal.Priority{PriorityKey: contract.ForPeople},
	}
	// Mail is for a mail that is given up after three days. A mail server that is down only delays it.
	Mail = workflow.ActivityOptions{
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: 72 * time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: 15 * time.Minute},
		Priority:               temporal.Priority{PriorityKey: contract.ForPeople},
	}
)

// LateMail is why a mail failed that no mail server took or refused as long as Mail lasts.
const LateMail = "The mail server could not be reached for 72 hours, or did not take it."

// InquireLag is how long Saferpay's data may lag behind (Saferpay JSON API 1.53, Transaction/Inquire: some minutes).
const InquireLag = 10 * time.Minute

// local is how a short step of our own database is tried inside the workflow task.
var local = workflow.LocalActivityOptions{
	StartToCloseTimeout: 5 * time.Second,
	RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumAttempts: 3},
}

// LocalThenActivity runs a short step of our own database inside the workflow task. That saves five of the six events of an
// activity and a trip over the task queue. When it fails, the step goes on as an activity that operators can see. Step is the
// method of a room's Activities, in is its argument, out takes its result.
func LocalThenActivity(ctx workflow.Context, profile workflow.ActivityOptions, summary string, step, in, out any) error {
	options := local
	options.Summary = summary
	err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, options), step, in).Get(ctx, out)
	if err == nil || Refusal(err) != nil {
		return err
	}
	return workflow.ExecuteActivity(WithOptions(ctx, profile, summary), step, in).Get(ctx, out)
}

// WithOptions returns ctx for one activity call in a profile. The summary is what an operator reads in Temporal Web. The activity
// never goes before what its workflow does otherwise: its priority is that of the workflow, or of the profile when that is later.
func WithOptions(ctx workflow.Context, profile workflow.ActivityOptions, summary string) workflow.Context {
	profile.Summary = summary
	profile.Priority.PriorityKey = max(profile.Priority.PriorityKey, workflow.GetInfo(ctx).Priority.PriorityKey)
	return workflow.WithActivityOptions(ctx, profile)
}

// AwaitAtMost describes a wait of at most d. The summary is what an operator reads in Temporal Web. There is always a timer, so
// that a history replays whatever d has become.
func AwaitAtMost(d time.Duration, summary string) workflow.AwaitOptions {
	return workflow.AwaitOptions{Timeout: max(d, time.Millisecond), TimerOptions: workflow.TimerOptions{Summary: summary}}
}

// Sleep waits for d. It ends early only when ctx is cancelled, which the workflows of this product never are.
func Sleep(ctx workflow.Context, d time.Duration, summary string) {
	if err := workflow.NewTimerWithOptions(ctx, max(d, time.Millisecond), workflow.TimerOptions{Summary: summary}).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Error("wait broken off", "error", err)
	}
}
