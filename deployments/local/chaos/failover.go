package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/testing/embeddedpg"
)

// region is the other region: a Postgres that follows ours by streaming replication. Its Temporal, worker and API are started when ours is
// lost.
type region struct {
	standby *embeddedpg.Server
	lost    int64         // bytes of the write-ahead log that did not arrive
	down    time.Duration // until everything answered again
}

// startStandby has a second Postgres follow the first one.
func (c *cluster) startStandby(ctx context.Context) (err error) {
	c.other.standby, err = c.database.Standby(ctx, embeddedpg.Options{DataDir: c.standbyFolder(), Password: c.password, Port: c.ports.otherPostgres, Durable: true})
	if err != nil {
		return err
	}
	standby := c.other.standby
	c.stops = append(c.stops, standby.Stop) // nothing is left to be stopped once it is ours
	return nil
}

func (c *cluster) standbyFolder() string { return filepath.Join(c.folder, "standby") }

// cutStandby is what comes before a region is lost: the other one hears nothing of it any more.
func (c *cluster) cutStandby(ctx context.Context) error {
	_, err := on(ctx, c.other.standby, func(conn *pgx.Conn) (int64, error) {
		if _, err := conn.Exec(ctx, "alter system set primary_conninfo = ''"); err != nil {
			return 0, err
		}
		_, err := conn.Exec(ctx, "select pg_reload_conf()")
		return 0, err
	})
	return err
}

// failover is what deployments/RUNBOOK.md says when a region is lost, with all that runs in it: the standby becomes the primary, Temporal
// is started on it, what is in flight is taken up, then worker and API are started, and payers are sent there.
func (c *cluster) failover(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	begin := time.Now()
	written, err := on(ctx, c.database.Server, position(ctx, "pg_current_wal_lsn()"))
	if err != nil {
		return err
	}
	for _, name := range c.stopOrder() {
		c.part(name).stop()
	}
	arrived, err := on(ctx, c.other.standby, position(ctx, "pg_last_wal_receive_lsn()"))
	if err != nil {
		return err
	}
	c.other.lost = written - arrived
	if _, err := on(ctx, c.other.standby, func(conn *pgx.Conn) (int64, error) {
		_, err := conn.Exec(ctx, "select pg_promote()")
		return 0, err
	}); err != nil {
		return err
	}
	if err := c.moveIn(ctx); err != nil {
		return err
	}
	if err := c.startAgain(ctx); err != nil {
		return err
	}
	for _, port := range append(c.ports.apis, c.ports.workers...) {
		if err := awaitOK(ctx, "http://"+local(port)+"/readyz"); err != nil {
			return err
		}
	}
	c.other.down = time.Since(begin)
	return nil
}

// moveIn makes the Postgres of the other region ours. Its parts reach it, and its Temporal, without the links at which faults are put in the
// way.
func (c *cluster) moveIn(ctx context.Context) error {
	c.database = &database{Server: c.other.standby, pidFile: filepath.Join(c.standbyFolder(), "cluster", "postmaster.pid")}
	c.ports.postgres, c.ports.temporal = c.ports.otherPostgres, c.ports.otherTemporal
	for _, link := range []string{apiToPostgres, workerToPostgres, temporalToPostgres} {
		c.ports.links[link] = c.ports.postgres
	}
	for _, link := range []string{apiToTemporal, workerToTemporal} {
		c.ports.links[link] = c.ports.temporal
	}
	c.operator.Close()
	var err error
	if c.operator, err = c.newOperator(); err != nil {
		return err
	}
	first := c.database
	return c.add(ctx, "postgres", func(ctx context.Context) (running, error) {
		if first != nil { // it runs already
			now := first
			first = nil
			return now, nil
		}
		return startDatabase(ctx, c.standbyFolder(), c.password, c.ports.otherPostgres)
	})
}

func position(ctx context.Context, of string) func(*pgx.Conn) (int64, error) {
	return func(conn *pgx.Conn) (at int64, err error) {
		return at, conn.QueryRow(ctx, "select ("+of+" - '0/0')::bigint").Scan(&at)
	}
}

// on does something with a server as its superuser.
func on[T any](ctx context.Context, server *embeddedpg.Server, do func(*pgx.Conn) (T, error)) (done T, err error) {
	conn, err := pgx.Connect(ctx, server.URL("postgres", embeddedpg.Superuser))
	if err != nil {
		return done, err
	}
	defer func() { _ = conn.Close(ctx) }()
	if done, err = do(conn); err != nil {
		return done, fmt.Errorf("on the Postgres at %s: %w", server.Address(), err)
	}
	return done, nil
}
