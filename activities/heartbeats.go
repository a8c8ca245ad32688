package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
)

// Heartbeats keeps an activity that waits long for an answer alive, so that a dead worker is noticed within the heartbeat
// timeout instead of the 110 s that a call to Saferpay may take. An activity that answers soon sends none.
type Heartbeats struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity puts the heartbeats around every activity that has a heartbeat timeout.
func (*Heartbeats) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &heart{interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type heart struct {
	interceptor.ActivityInboundInterceptorBase
}

func (h *heart) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	timeout := activity.GetInfo(ctx).HeartbeatTimeout
	if timeout == 0 {
		return h.Next.ExecuteActivity(ctx, in)
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		beat := time.NewTicker(timeout / 2)
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
				activity.RecordHeartbeat(ctx)
			case <-done:
				return
			}
		}
	}()
	return h.Next.ExecuteActivity(ctx, in)
}
