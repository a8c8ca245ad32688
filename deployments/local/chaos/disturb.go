package main

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// happen lets a fault happen, and returns when its time is over or when ctx ends, which lifts it.
func (c *cluster) happen(ctx context.Context, f Fault, companies []*company) error {
	if _, network := toxics[f.Kind]; network {
		c.hits.add("network: " + f.Kind)
		return c.network.disturb(ctx, f)
	}
	switch f.Kind {
	case faultKill:
		c.hits.add(f.Kind + " of " + kindOfPart(f.Target))
		c.part(f.Target).kill(f.For)
		return nil
	case faultNotifications:
		c.hits.add("notifications: " + f.Target)
		return c.notify(ctx, f)
	case faultClock:
		c.hits.add(f.Kind)
		c.skew.Store(int64(f.For))
		return nil
	case faultAge:
		c.hits.add(f.Kind)
		return c.steer(ctx, http.MethodPost, "/_sim/age", object{"by": f.For.String()}, nil)
	case faultPassword:
		c.hits.add(f.Kind)
		n, err := strconv.Atoi(f.Target)
		if err != nil {
			return err
		}
		return companies[n].changePassword(ctx, f.For)
	case faultBackup:
		c.hits.add(f.Kind)
		return c.dump(ctx)
	case faultRestore:
		c.hits.add(f.Kind)
		return c.restore(ctx)
	case faultCut:
		c.hits.add(f.Kind)
		return c.cutStandby(ctx)
	case faultFailover:
		c.hits.add(f.Kind)
		return c.failover(ctx)
	case faultDeploy:
		c.hits.add(f.Kind)
		return c.deploy(ctx, "chaos-"+f.Target)
	default:
		return c.steer(ctx, http.MethodPost, "/_sim/faults",
			object{"operation": f.Target, "kind": f.Kind, "times": f.Times, "delay_ms": f.For.Milliseconds(), "error": f.Name}, nil)
	}
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
