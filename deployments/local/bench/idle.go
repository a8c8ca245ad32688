package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/deployments/local/actions"
	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/workflows/contract"
)

const (
	idleCompanies = 128     // that are there
	idleProjected = 100_000 // that there might be
	idleBar       = 1000    // actions a day, at most
	// saferpayAnswers is what Saferpay takes for a company, which the simulator does not, divided by how many are asked at the same time.
	saferpayAnswers = 300 * time.Millisecond / 8
)

// idle counts what a day costs at Temporal Cloud when nobody pays anybody: each schedule runs once on the real server, for companies that are
// all idle. What is more with more companies is only the rounds of a bucket.
func (t *town) idle(ctx context.Context, progress io.Writer) ([]figure, error) {
	_, _ = fmt.Fprintln(progress, "a day on which nobody pays")
	group, founding := errgroup.WithContext(ctx)
	group.SetLimit(payers)
	for i := range idleCompanies {
		group.Go(func() error { return t.idler(founding, i) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	schedules := []string{contract.RetentionID}
	for bucket := range contract.Buckets(1) {
		schedules = append(schedules, contract.SweepBucketID(bucket), contract.HealthBucketID(bucket))
	}
	runs := map[string]*historypb.History{}
	var lasted time.Duration // of all sweeps and all looks together
	for _, id := range schedules {
		history, err := t.once(ctx, id)
		if err != nil {
			return nil, err
		}
		if runs[id] = history; id != contract.RetentionID {
			lasted += lastedOf(history)
		}
	}
	inTime := int(activities.RoundPatience / (lasted/2/idleCompanies + saferpayAnswers)) // so many companies does a round manage
	var measured, projected int
	for id, history := range runs {
		companies, most := idleProjected/contract.Buckets(1), min(activities.RoundMost, inTime)
		if id == contract.RetentionID {
			companies, most = idleProjected, activities.RoundMost // one for all, and it asks nobody at Saferpay
		}
		here := actions.Of(history)
		measured, projected = measured+here, projected+here-roundsOf(history)+companies/most+1 // that there are no more is known after a full round
	}
	return []figure{{
		what: fmt.Sprintf("idle companies' actions a day, %d of them", idleProjected), bar: fmt.Sprintf("at most %d", idleBar), missed: projected > idleBar,
		measured: fmt.Sprintf("%d, and %d counted with %d", projected, measured, idleCompanies),
	}}, nil
}

// idler is a company whose terminal nobody uses.
func (t *town) idler(ctx context.Context, i int) error {
	customer := fmt.Sprintf("8%05d", i)
	account := map[string]any{
		"customer_id": customer, "terminal_id": customer + "00", "api_username": "API_" + customer + "_00000001", "api_password": "Demo-Password-1",
	}
	atSaferpay, err := json.Marshal(map[string]any{
		"user": account["api_username"], "password": account["api_password"], "features": []string{"MANAGEMENT_API", "PAYMENT_API", "REFUND"},
		"terminals": []map[string]any{{"terminal_id": account["terminal_id"], "payment_methods": []map[string]any{{"method": "VISA", "currencies": []string{"CHF"}}}}},
	})
	if err != nil {
		return err
	}
	answer, err := t.send(ctx, http.MethodPut, t.stack.SimulatorURL()+"/_sim/customers/"+customer, "application/json", bytes.NewReader(atSaferpay))
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	as := func(key, method, path string, in, out any) error {
		body, err := json.Marshal(in)
		if err != nil {
			return err
		}
		return t.callAs(ctx, key, method, path, "application/json", bytes.NewReader(body), out)
	}
	var company, key, service struct{ ID, Key string }
	if err := as(stack.AdminKey, http.MethodPost, "/companies", map[string]any{"name": "Idle SA", "language": "fr", "canton": "VD"}, &company); err != nil {
		return err
	}
	if err := as(stack.AdminKey, http.MethodPost, "/companies/"+company.ID+"/api-keys", map[string]any{"scopes": []string{"read", "write"}}, &key); err != nil {
		return err
	}
	if err := as(key.Key, http.MethodPost, "/payment-services", map[string]any{"provider": "worldline_saferpay", "environment": "test"}, &service); err != nil {
		return err
	}
	return as(key.Key, http.MethodPut, "/payment-services/"+service.ID+"/credentials", account, nil)
}

// once has a schedule do its day's work, and returns the history of that.
func (t *town) once(ctx context.Context, scheduleID string) (*historypb.History, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	schedule := t.temporal.ScheduleClient().GetHandle(ctx, scheduleID)
	if err := schedule.Trigger(ctx, client.ScheduleTriggerOptions{}); err != nil {
		return nil, fmt.Errorf("trigger %s: %w", scheduleID, err)
	}
	for {
		described, err := schedule.Describe(ctx)
		if err != nil {
			return nil, err
		}
		if recent := described.Info.RecentActions; len(recent) > 0 {
			run := recent[len(recent)-1].StartWorkflowResult
			if err := t.temporal.GetWorkflow(ctx, run.WorkflowID, run.FirstExecutionRunID).Get(ctx, nil); err != nil {
				return nil, fmt.Errorf("what %s started: %w", scheduleID, err)
			}
			return t.events(ctx, run.WorkflowID)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%s starts nothing", scheduleID), ctx.Err())
		}
	}
}

func (t *town) events(ctx context.Context, workflowID string) (*historypb.History, error) {
	history := &historypb.History{}
	all := t.temporal.GetWorkflowHistory(ctx, workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for all.HasNext() {
		event, err := all.Next()
		if err != nil {
			return nil, err
		}
		history.Events = append(history.Events, event)
	}
	return history, nil
}

// roundsOf is how many rounds a run made.
func roundsOf(history *historypb.History) (rounds int) {
	for _, e := range history.GetEvents() {
		if e.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			rounds++
		}
	}
	return rounds
}

// lastedOf is how long a run took.
func lastedOf(history *historypb.History) time.Duration {
	events := history.GetEvents()
	return events[len(events)-1].GetEventTime().AsTime().Sub(events[0].GetEventTime().AsTime())
}
