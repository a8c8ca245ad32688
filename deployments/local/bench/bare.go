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

// The bare workflow is what a payment would cost if nothing were done in it: it is started by an update, takes another one and two
// signals, and runs as many activities as a payment does, three of them local and two of their own, all empty. It writes no
// payload, no search attribute and no row.
const bareQueue = "bare"

const (
	updateOpen   = "open"
	updatePage   = "page"
	signalReturn = "returned"
	signalNotify = "notified"
)

func nothing(context.Context) error { return nil }

func bare(ctx workflow.Context) error {
	local := func(ctx workflow.Context) error {
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 5 * time.Second})
		return workflow.ExecuteLocalActivity(ctx, nothing).Get(ctx, nil)
	}
	regular := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	var opened, paged, told bool
	if err := workflow.SetUpdateHandler(ctx, updateOpen, func(ctx workflow.Context) error {
		return workflow.Await(ctx, func() bool { return opened })
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandler(ctx, updatePage, func(ctx workflow.Context) error {
		err := local(ctx)
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
		if err := workflow.ExecuteActivity(regular, nothing).Get(ctx, nil); err != nil {
			return err
		}
	}
	if err := local(ctx); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// serveBare runs a worker for bare workflows until the returned function is called.
func serveBare(c client.Client) (stop func(), err error) {
	w := worker.New(c, bareQueue, worker.Options{})
	w.RegisterWorkflow(bare)
	w.RegisterActivity(nothing)
	return w.Stop, w.Start()
}

// runBare drives one bare workflow as a payer and Saferpay drive a payment.
func runBare(ctx context.Context, c client.Client, id string) (t timing, err error) {
	begun := time.Now()
	start := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: id, TaskQueue: bareQueue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}, bare)
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
