package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/testing/embeddedpg"
)

// betweenDumps is how much later the product's database is dumped than Temporal's, so that they are of different moments.
const betweenDumps = 2 * time.Second

// dump makes a backup of all databases while everything runs: Temporal's first, as deployments/BACKUP.md says.
func (c *cluster) dump(ctx context.Context) error {
	for _, name := range []string{visibilityDatabase, temporalDatabase, productDatabase} {
		if name == productDatabase {
			pause(ctx, betweenDumps)
		}
		if err := c.postgresTool(ctx, "pg_dump", "--format=custom", "--file="+c.dumpOf(name), "--dbname="+c.database.URL(name, embeddedpg.Superuser)); err != nil {
			return err
		}
	}
	return nil
}

// restore is what happens after a fire: everything is gone but the backup, and Saferpay, which knows more than the backup does.
func (c *cluster) restore(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	for _, name := range c.stopOrder() {
		if name != "postgres" {
			c.part(name).stop()
		}
	}
	for _, name := range []string{visibilityDatabase, temporalDatabase, productDatabase} {
		if err := c.restoreDatabase(ctx, name); err != nil {
			return err
		}
	}
	return c.startAgain(ctx)
}

// startAgain starts everything on databases that are of an earlier moment than Saferpay's.
func (c *cluster) startAgain(ctx context.Context) error {
	if err := c.startTemporal(ctx); err != nil {
		return err
	}
	if err := await(ctx, "quittance migrate", func(ctx context.Context) error { return c.command(ctx, nil, "migrate") }); err != nil {
		return err
	}
	if err := await(ctx, "quittance admin take-up", func(ctx context.Context) error { return c.command(ctx, nil, "admin", "take-up") }); err != nil {
		return err
	}
	for slot := range c.builds {
		if err := c.startWorker(ctx, slot, c.builds[slot]); err != nil {
			return err
		}
	}
	return c.startAPIs(ctx)
}

func (c *cluster) restoreDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, c.database.URL("postgres", embeddedpg.Superuser))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	owner := temporalRole
	if name == productDatabase {
		owner = productDatabase
	}
	for _, statement := range []string{"drop database " + name + " with (force)", "create database " + name + " owner " + owner} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return c.postgresTool(ctx, "pg_restore", "--exit-on-error", "--dbname="+c.database.URL(name, embeddedpg.Superuser), c.dumpOf(name))
}

func (c *cluster) dumpOf(database string) string { return filepath.Join(c.folder, database+".dump") }

// postgresTool runs a client program of Postgres, of the newest version that is installed.
func (c *cluster) postgresTool(ctx context.Context, program string, arguments ...string) error {
	installed, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
	if err != nil {
		return err
	}
	if len(installed) > 0 {
		program = slices.MaxFunc(installed, func(a, b string) int { return versionOf(a) - versionOf(b) })
	}
	out, err := exec.CommandContext(ctx, program, arguments...).CombinedOutput() // #nosec G204 -- on this run's databases
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(program), err, out)
	}
	return nil
}

// versionOf is the major version in /usr/lib/postgresql/17/bin/pg_dump.
func versionOf(program string) int {
	version, _ := strconv.Atoi(strings.Split(program, "/")[4])
	return version
}
