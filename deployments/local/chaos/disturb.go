package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// happen lets a fault happen, counts it, and returns when its time is over or when ctx ends, which lifts it.
func (c *cluster) happen(ctx context.Context, f Fault, companies []*company) error {
	kind := f.counted()
	happened := !strings.HasPrefix(kind, ofSaferpay)
	var err error
	switch f.Kind {
	case faultKill:
		c.part(f.Target).kill(f.For)
	case faultNotifications:
		err = c.notify(ctx, f)
	case faultClock:
		c.skew.Store(int64(f.For))
	case faultAge:
		err = c.steer(ctx, http.MethodPost, "/_sim/age", object{"by": f.For.String()}, nil)
	case faultPassword:
		var n int
		if n, err = strconv.Atoi(f.Target); err == nil {
			err = companies[n].changePassword(ctx, f.For)
		}
	case faultReset, faultTerminate:
		happened = c.meddle(ctx, f)
	case faultBackup:
		err = c.dump(ctx)
	case faultRestore:
		err = c.restore(ctx)
	case faultCut:
		err = c.cutStandby(ctx)
	case faultFailover:
		err = c.failover(ctx)
	case faultDeploy:
		err = c.deploy(ctx, "chaos-"+f.Target)
	default:
		if _, network := toxics[f.Kind]; network {
			err = c.network.disturb(ctx, f)
			break
		}
		err = c.steer(ctx, http.MethodPost, "/_sim/faults",
			object{"operation": f.Target, "kind": f.Kind, "times": f.Times, "delay_ms": f.For.Milliseconds(), "error": f.Name}, nil)
	}
	if happened && err == nil {
		c.hits.add(kind)
	}
	return err
}

// notify has notifications go another way for a while.
func (c *cluster) notify(ctx context.Context, f Fault) error {
	if err := c.steer(ctx, http.MethodPost, "/_sim/notifications", object{"mode": f.Target, "delay_ms": 2000}, nil); err != nil {
		return err
	}
	pause(ctx, f.For)
	return c.steer(context.WithoutCancel(ctx), http.MethodPost, "/_sim/notifications", object{"mode": "normal"}, nil)
}

// deploy rolls a new version of the worker out, as one does: one worker is replaced, the version is promoted, and the workers of the old
// version go.
func (c *cluster) deploy(ctx context.Context, build string) error {
	c.deploying.Lock()
	defer c.deploying.Unlock()
	ctx = context.WithoutCancel(ctx)
	for slot := range c.options.Workers {
		if err := c.startWorker(ctx, slot, build); err != nil {
			return err
		}
		if slot > 0 {
			continue
		}
		if err := c.promote(ctx, build); err != nil {
			return err
		}
	}
	return nil
}

// lift ends all faults that are not over by themselves.
func (c *cluster) lift(ctx context.Context) error {
	c.skew.Store(0)
	return c.steer(ctx, http.MethodDelete, "/_sim/faults", nil, nil)
}

func kindOfPart(name string) string {
	for _, kind := range []string{"api", "worker"} {
		if len(name) > len(kind) && name[:len(kind)] == kind {
			return kind
		}
	}
	return name
}

// at runs f at that time of the run, unless the run is over before.
func at(ctx context.Context, begin time.Time, offset time.Duration, f func()) {
	pause(ctx, time.Until(begin.Add(offset)))
	if ctx.Err() == nil {
		f()
	}
}
