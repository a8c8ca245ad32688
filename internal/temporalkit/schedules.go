package temporalkit

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/secrets"
)

// ResealSchedules encrypts the arguments of schedules again if an older key encrypted them. It returns how many schedules it
// changed. Unlike workflows, schedules never end by themselves.
func ResealSchedules(ctx context.Context, c client.Client, keyring *secrets.Keyring) (resealed int, err error) {
	all, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return 0, fmt.Errorf("list the schedules: %w", err)
	}
	for all.HasNext() {
		schedule, err := all.Next()
		if err != nil {
			return resealed, fmt.Errorf("list the schedules: %w", err)
		}
		changed := false
		err = c.ScheduleClient().GetHandle(ctx, schedule.ID).Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				action, ok := in.Description.Schedule.Action.(*client.ScheduleWorkflowAction)
				if !ok {
					return nil, temporal.ErrSkipScheduleUpdate
				}
				if changed, err = resealArgs(action.Args, keyring); err != nil {
					return nil, err
				}
				if !changed {
					return nil, temporal.ErrSkipScheduleUpdate
				}
				return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, nil
			},
		})
		if err != nil {
			return resealed, fmt.Errorf("encrypt schedule %s again: %w", schedule.ID, err)
		}
		if changed {
			resealed++
		}
	}
	return resealed, nil
}

// resealArgs replaces the arguments. The SDK hands them over as they are on the server.
func resealArgs(args []any, keyring *secrets.Keyring) (changed bool, err error) {
	for i, arg := range args {
		payload, ok := arg.(*commonpb.Payload)
		if !ok || payload.GetMetadata()[metadataKeyID] == nil || string(payload.GetMetadata()[metadataKeyID]) == keyring.KeyID() {
			continue
		}
		c := codec{keyring: keyring, place: labelled(payload)} // it stays what it is, for whom it is
		decoded, err := c.Decode([]*commonpb.Payload{payload})
		if err != nil {
			return false, err
		}
		encoded, err := c.Encode(decoded)
		if err != nil {
			return false, err
		}
		args[i], changed = encoded[0], true
	}
	return changed, nil
}
