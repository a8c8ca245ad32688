package main

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// bare is what a payment would cost if nothing were done in it: a workflow that is started by an update, takes another one and two
// signals, and runs as many activities as a payment does, all empty. It writes no payload, no search attribute and no row. Where
// that is asked for, two of them are local: those that stand for steps of our own database.
type bare struct {
	queue string
	local bool
}

const (
	bareType     = "Bare"
	updateOpen   = "open"
	updatePage   = "page"
	signalReturn = "returned"
	signalNotify = "notified"
)

func nothing(context.Context) error { return nil }

func (b bare) workflow(ctx workflow.Context) error {
	regular := func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
		return workflow.ExecuteActivity(ctx, nothing).Get(ctx, nil)
	}
	local := regular
	if b.local {
		local = func(ctx workflow.Context) error {
			ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 5 * time.Second})
			return workflow.ExecuteLocalActivity(ctx, nothing).Get(ctx, nil)
		}
	}
	var opened, paged, told bool
	if err := workflow.SetUpdateHandler(ctx, updateOpen, func(ctx workflow.Context) error {
		return workflow.Await(ctx, func() bool { return opened })
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandler(ctx, updatePage, func(ctx workflow.Context) error {
		err := regular(ctx)
		paged = true
		return err
	}); err != nil {
		return err
	}
	for _, signal := range []string{signalReturn, signalNotify} {
		workflow.Go(ctx, func(ctx workflow.Context) {
			workflow.GetSignalChannel(ctx, signal).Receive(ctx, nil)
			told = true
		})
	}
	if err := local(ctx); err != nil {
		return err
	}
	opened = true
	if err := workflow.Await(ctx, func() bool { return paged }); err != nil {
		return err
	}
	if _, err := workflow.AwaitWithTimeout(ctx, 24*time.Hour, func() bool { return told }); err != nil {
		return err
	}
	for range 2 {
		if err := regular(ctx); err != nil {
			return err
		}
	}
	if err := local(ctx); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// serve runs a worker for bare workflows until the returned function is called.
func (b bare) serve(c client.Client) (stop func(), err error) {
	w := worker.New(c, b.queue, worker.Options{})
	w.RegisterWorkflowWithOptions(b.workflow, workflow.RegisterOptions{Name: bareType})
	w.RegisterActivity(nothing)
	return w.Stop, w.Start()
}

// run drives one bare workflow as a payer and Saferpay drive a payment.
func (b bare) run(ctx context.Context, c client.Client, id string) (t timing, err error) {
	begun := time.Now()
	start := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: id, TaskQueue: b.queue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}, bareType)
	opened, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions:          client.UpdateWorkflowOptions{UpdateName: updateOpen, WaitForStage: client.WorkflowUpdateStageCompleted},
	})
	if err == nil {
		err = opened.Get(ctx, nil)
	}
	if err != nil {
		return t, fmt.Errorf("start a bare workflow: %w", err)
	}
	t.start = time.Since(begun)
	begun = time.Now()
	paged, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: id, UpdateName: updatePage, WaitForStage: client.WorkflowUpdateStageCompleted})
	if err == nil {
		err = paged.Get(ctx, nil)
	}
	if err != nil {
		return t, fmt.Errorf("update a bare workflow: %w", err)
	}
	t.payNow = time.Since(begun)
	begun = time.Now()
	for _, signal := range []string{signalNotify, signalReturn} {
		if err := c.SignalWorkflow(ctx, id, "", signal, nil); err != nil {
			return t, err
		}
	}
	err = c.GetWorkflow(ctx, id, "").Get(ctx, nil)
	t.paid = time.Since(begun)
	return t, err
}
