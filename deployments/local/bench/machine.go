package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The databases of the stack.
const (
	productDatabase    = "quittance"
	temporalDatabase   = "temporal"
	visibilityDatabase = "temporal_visibility"
)

// usage is what the parts have used since they were started.
type usage struct {
	cpu        map[string]time.Duration // by part; Postgres by database
	statements map[string]int64         // by database
	commits    map[string]int64         // by database
}

// gauge reads what the parts use.
type gauge struct {
	processes map[string]int // by part
	postgres  *pgx.Conn
}

func newGauge(ctx context.Context, postgresURL string, processes map[string]int) (gauge, error) {
	conn, err := pgx.Connect(ctx, postgresURL)
	if err != nil {
		return gauge{}, err
	}
	_, err = conn.Exec(ctx, "create extension if not exists pg_stat_statements")
	return gauge{processes, conn}, err
}

func (g gauge) read(ctx context.Context) (usage, error) {
	u := usage{cpu: map[string]time.Duration{}, statements: map[string]int64{}, commits: map[string]int64{}}
	for part, pid := range g.processes {
		used, err := cpuOf(pid)
		if err != nil {
			return u, err
		}
		u.cpu[part] = used
	}
	rows, err := g.postgres.Query(ctx, `
		select d.datname, coalesce(sum(s.calls), 0)::bigint, coalesce(sum(s.calls) filter (where s.query ilike 'commit%'), 0)::bigint,
			(select coalesce(array_agg(a.pid), '{}') from pg_stat_activity a where a.datname = d.datname and a.pid <> pg_backend_pid())
		from pg_database d left join pg_stat_statements s on s.dbid = d.oid
		where d.datname = any($1) group by d.datname`, []string{productDatabase, temporalDatabase, visibilityDatabase})
	if err != nil {
		return u, err
	}
	defer rows.Close()
	for rows.Next() {
		var database string
		var statements, commits int64
		var backends []int32
		if err := rows.Scan(&database, &statements, &commits, &backends); err != nil {
			return u, err
		}
		u.statements[database], u.commits[database] = statements, commits
		for _, pid := range backends {
			if used, err := cpuOf(int(pid)); err == nil { // else it has just ended
				u.cpu["Postgres, "+database] += used
			}
		}
	}
	return u, rows.Err()
}

// since is what was used after before. Connections that ended meanwhile took their share with them.
func (u usage) since(before usage) usage {
	return u.combine(before, -1)
}

// total is the CPU of all parts.
func (u usage) total() (sum time.Duration) {
	for _, used := range u.cpu {
		sum += used
	}
	return sum
}

func (u usage) plus(other usage) usage { return u.combine(other, 1) }

func (u usage) combine(other usage, sign int64) usage {
	out := usage{cpu: map[string]time.Duration{}, statements: map[string]int64{}, commits: map[string]int64{}}
	for part, used := range u.cpu {
		out.cpu[part] = used + time.Duration(sign)*other.cpu[part]
	}
	for database, n := range u.statements {
		out.statements[database] = n + sign*other.statements[database]
		out.commits[database] = u.commits[database] + sign*other.commits[database]
	}
	return out
}

// ticks is how many of them a second of /proc/<pid>/stat has (proc(5): USER_HZ, 100 on every Linux that Go runs on).
const ticks = 100

// cpuOf is the time that all threads of a process have used (proc(5), /proc/<pid>/stat: utime and stime).
func cpuOf(pid int) (time.Duration, error) {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, err
	}
	_, after, found := strings.Cut(string(content), ") ") // the name before may hold anything
	fields := strings.Fields(after)
	if !found || len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat can't be read: %q", pid, content)
	}
	var sum int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// memoryOf is what a process has in memory (proc(5), /proc/<pid>/status: VmRSS), in bytes.
func memoryOf(pid int) (int64, error) {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no VmRSS", pid)
}
