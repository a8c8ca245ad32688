// Package delivery brings events to webhook endpoints.
package delivery

import (
	"fmt"
	"hash/crc32"
	"time"

	"github.com/quittance/quittance/activities"
	steps "github.com/quittance/quittance/activities/delivery"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// attemptPauses are the pauses between attempts to deliver an event. After the last one it is parked: three days, less a few
// minutes, after the first attempt.
var attemptPauses = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
	8 * time.Hour, 8 * time.Hour, 12 * time.Hour, 12 * time.Hour, 12 * time.Hour, 12 * time.Hour,
}

// jitter is by which part of itself a pause is shortened at most, so that the events that a receiver missed don't come back to
// it all at once.
const jitter = 10

// Workflow is the room's processes with their one setting. TimeScale is how many seconds of a long wait pass in one second: 1
// except in a local stack.
type Workflow struct{ TimeScale int64 }

// delivering brings one event to one endpoint.
type delivering struct {
	in     contract.DeliverEvent
	clock  flow.Clock
	wishes workflow.ReceiveChannel // of the company, to try at once

	disabled bool // the endpoint was disabled because of this event
}

var do *steps.Activities

// EventDelivery sends an event to a webhook endpoint until the receiver takes it, and parks it when that takes too long. It
// is started when the events before it, of the same invoice, have reached the endpoint or are parked. On SignalTryAgain it
// begins again. As in InvoicePayment, Temporal's own cancellation request changes nothing: who wants no more events disables
// the endpoint.
func (w Workflow) EventDelivery(ctx workflow.Context, in contract.DeliverEvent) (contract.EventDelivered, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	d := &delivering{in: in, clock: flow.NewClock(ctx, w.TimeScale), wishes: workflow.GetSignalChannel(ctx, contract.SignalTryAgain)}
	for {
		end, err := d.round(ctx)
		switch {
		case err != nil:
			return contract.EventDelivered{}, err
		case end != nil && d.disabled:
			d.awaitSeen(ctx)
			if d.wishes.Len() == 0 {
				return *end, nil
			}
		case end != nil && d.wishes.Len() == 0:
			return *end, nil
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			return contract.EventDelivered{}, workflow.NewContinueAsNewError(ctx, contract.EventDeliveryType, d.in)
		}
	}
}

// round makes attempts until the delivery has ended; it returns nil when the company asked to begin again.
func (d *delivering) round(ctx workflow.Context) (*contract.EventDelivered, error) {
	for d.wishes.ReceiveAsync(nil) { // what was asked for so far is done now
	}
	var since time.Time
	for attempt, used := 1, 0; ; attempt++ {
		// 1. Send the event, unless the delivery was ended in another way, or this attempt was made before the workflow began.
		sent, err := d.send(ctx, attempt)
		if end, err := ended(sent.State, err); end != nil || err != nil {
			return end, err
		}
		if attempt == 1 {
			since = sent.Attempt.At
		}

		// 2. Record what came of it.
		var pause time.Duration
		var next time.Time
		if used < len(attemptPauses) {
			pause, used = d.pause(used, sent.RetryAfter)
			next = workflow.Now(ctx).Add(pause)
		}
		var recorded steps.Recorded
		err = flow.LocalThenActivity(ctx, flow.Books, "Record the attempt", do.RecordAttempt,
			steps.Attempted{DeliverEvent: d.in, Round: sent.Round, Attempt: sent.Attempt, Since: since, RetryAt: next}, &recorded)
		if recorded.Disabled {
			d.disabled = true
			d.notify(ctx)
		}
		if end, err := ended(recorded.State, err); end != nil || err != nil {
			return end, err
		}

		// 3. Wait for the next attempt, or for the company to ask for it.
		d.report(ctx, sent.Attempt, attempt, next)
		wished, err := workflow.AwaitWithOptions(ctx, flow.AwaitAtMost(pause, "Next attempt"), func() bool { return d.wishes.Len() > 0 })
		if wished || err != nil {
			return nil, err
		}
	}
}

func (d *delivering) send(ctx workflow.Context, attempt int) (sent steps.Sent, err error) {
	if first := d.in.First; first != nil {
		d.in.First = nil
		return steps.Sent{State: delivery.Pending, Round: first.Round, Attempt: first.Attempt, RetryAfter: first.RetryAfter}, nil
	}
	err = workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Webhook, fmt.Sprintf("Attempt %d", attempt)), do.SendEvent, d.in).Get(ctx, &sent)
	return sent, err
}

// pause returns how long to wait for the next attempt, and how many of attemptPauses are used up then. Attempts that would come
// before the receiver wants to be called again are left out, but for the last one: it takes three days whatever a receiver
// asks for.
func (d *delivering) pause(used int, asked time.Duration) (time.Duration, int) {
	var pause time.Duration
	for used < len(attemptPauses) && (pause == 0 || pause < d.clock.Shorten(asked)) {
		pause += d.clock.Shorten(d.jittered(used))
		used++
	}
	return pause, used
}

// jittered is a pause as it is for this event and endpoint, the same in every replay.
func (d *delivering) jittered(i int) time.Duration {
	of := crc32.ChecksumIEEE(fmt.Appendf(nil, "%s/%s/%d", d.in.EventID, d.in.EndpointID, i))
	return attemptPauses[i] - attemptPauses[i]/jitter*time.Duration(of%1000)/1000
}

// notify tells the company that its endpoint is disabled; the exception that says the same is raised already.
func (d *delivering) notify(ctx workflow.Context) {
	var outcome activities.Sent
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Mail, "Mail the company that its endpoint is disabled"), do.TellEndpointDisabled, d.in).Get(ctx, &outcome)
	if err != nil {
		workflow.GetLogger(ctx).Warn("mail given up", "endpoint", d.in.EndpointID, "error", err)
		outcome.Failed = flow.LateMail
	}
	if outcome.Failed == "" {
		return
	}
	if err := flow.LocalThenActivity(ctx, flow.Books, "Note that the mail failed", do.NoteMailFailure, steps.MailFailure{DeliverEvent: d.in, Sent: outcome}, nil); err != nil {
		workflow.GetLogger(ctx).Error("failure of a mail not noted", "endpoint", d.in.EndpointID, "error", err)
	}
}

// awaitSeen keeps the delivery on the operators' list until somebody has seen that the endpoint is disabled: acknowledged it, enabled
// or removed the endpoint, or asked for the event again. It looks once a day.
func (d *delivering) awaitSeen(ctx workflow.Context) {
	flow.Upsert(ctx, contract.NeedsAttention.ValueSet(true))
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("**Endpoint `%s` is disabled**: nothing has worked there for three days. Talk to the company; see its exception `webhook_disabled`.", d.in.EndpointID))
	for standing := (steps.Standing{Unseen: true}); standing.Unseen; {
		wished, err := workflow.AwaitWithOptions(ctx, flow.AwaitAtMost(d.clock.Shorten(24*time.Hour), "Has somebody seen it?"), func() bool { return d.wishes.Len() > 0 })
		if wished || err != nil {
			break
		}
		if err := flow.LocalThenActivity(ctx, flow.Books, "Has somebody seen it?", do.CheckEndpoint, d.in, &standing); err != nil {
			break
		}
	}
	d.disabled = false
	flow.Upsert(ctx, contract.NeedsAttention.ValueSet(false))
}

// ended returns how the delivery has ended, or nil while it hasn't. An endpoint that is gone is one way.
func ended(state delivery.State, err error) (*contract.EventDelivered, error) {
	switch p := flow.Refusal(err); {
	case p != nil && problem.CodeOf(contract.Problem(p)) == problem.NotFound:
		return &contract.EventDelivered{Withdrawn: true}, nil
	case err != nil:
		return nil, err
	case state == delivery.Pending:
		return nil, nil
	default:
		return &contract.EventDelivered{State: state}, nil
	}
}

// report tells operators why the event has not arrived.
func (d *delivering) report(ctx workflow.Context, last delivery.Attempt, attempts int, next time.Time) {
	if last.Worked() {
		workflow.SetCurrentDetails(ctx, "The event was taken, and the company has asked for it once more.")
		return
	}
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("**Attempt %d of %d failed:** %s. The next one is at %s, or on the signal `%s`.",
		attempts, len(attemptPauses)+1, last.Complaint(), next.UTC().Format("2006-01-02 15:04:05 UTC"), contract.SignalTryAgain))
}
