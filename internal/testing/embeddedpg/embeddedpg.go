// Package embeddedpg runs a Postgres server of its own for the local stack and for tests: the programs come from the
// operating system, the data lives in a folder of the caller, and the server never outlives the process that started it.
package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/quittance/quittance/internal/testing/child"
	"github.com/quittance/quittance/internal/testing/freeport"
)

// Superuser is the role that owns a new server. Only administration uses it: row-level security doesn't bind a superuser.
const Superuser = "postgres"

const (
	startTimeout = 60 * time.Second // crash recovery after a kill can take a while on a slow disk
	stopTimeout  = 10 * time.Second
	pollInterval = 20 * time.Millisecond

	invalidPassword = "28P01" // SQLSTATE invalid_password
)

var plain = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// Options says where and how a server runs.
type Options struct {
	// DataDir is the folder of the server: its cluster and the log of its last start. It is made when it doesn't exist.
	DataDir string
	// Password of every role, letters and digits only. It is set when the folder is initialised and must stay the same.
	Password string
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// Durable keeps every commit on disk before it is acknowledged. Tests leave it off: they are faster, and lose
	// nothing that they need when the machine (not only the server) crashes.
	Durable bool
	// Statistics counts the statements of every database and their time, in pg_stat_statements, for measurements.
	Statistics bool
}

// Server is a running Postgres server.
type Server struct {
	options Options
	bin     binaries
	account *account
	server  *exec.Cmd
	done    <-chan struct{}
}

// Start runs the server in options.DataDir and returns when it accepts connections; a new folder is initialised first.
// It listens on 127.0.0.1 only and always asks for the password.
//
// As root it runs as another user, since Postgres refuses root: the one who owns the data, else "postgres", else "nobody".
// When the calling process dies, however that happens, the kernel stops the server with it (Linux).
func Start(ctx context.Context, options Options) (*Server, error) {
	dir, err := filepath.Abs(options.DataDir)
	if err != nil {
		return nil, fmt.Errorf("find the Postgres folder: %w", err)
	}
	options.DataDir = dir
	s := &Server{options: options}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := s.launch(ctx)
		// Somebody else may take the free port before Postgres does; then another free port will do.
		if options.Port == 0 && errors.Is(err, syscall.EADDRINUSE) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

// Standby starts another server in a new folder, which follows this one by streaming replication until it is promoted.
func (s *Server) Standby(ctx context.Context, options Options) (*Server, error) {
	standby := &Server{options: options, bin: s.bin}
	if err := os.MkdirAll(options.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the standby: %w", err)
	}
	var err error
	if standby.account, err = accountFor(options.DataDir); err != nil {
		return nil, err
	}
	copying := standby.account.command(ctx, filepath.Join(filepath.Dir(s.bin.postgres), "pg_basebackup"), "--pgdata="+standby.cluster(), "--write-recovery-conf",
		"--wal-method=stream", "--checkpoint=fast", "--dbname="+s.URL("postgres", Superuser))
	if out, err := copying.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("copy Postgres to %s: %w: %s", options.DataDir, err, lastLine(out))
	}
	return Start(ctx, options)
}

// URL returns the connection URL of a role in a database.
func (s *Server) URL(database, role string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(role, s.options.Password),
		Host:     s.Address(),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Address returns host and port, such as "127.0.0.1:15432".
func (s *Server) Address() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.options.Port))
}

// Done is closed when the server has ended, whether it was stopped or died.
func (s *Server) Done() <-chan struct{} { return s.done }

// Stop ends all sessions, writes a checkpoint and waits for the server to end; after 10 s it is killed.
// Stopping a server that has ended does nothing.
func (s *Server) Stop() error {
	// Postgres calls these "fast" and "immediate" shutdown.
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		if err := s.signal(signal); err != nil {
			return fmt.Errorf("stop Postgres: %w", err)
		}
		select {
		case <-s.done:
			return nil
		case <-time.After(stopTimeout):
		}
	}
	return fmt.Errorf("stop Postgres: process %d doesn't end", s.server.Process.Pid)
}

// signal sends the server a signal; one that has ended needs none.
func (s *Server) signal(signal syscall.Signal) error {
	if err := s.server.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// EnsureDatabase makes a database, the role that owns it and the roles of others where they don't exist. The roles may log in and
// nothing else: they are no superusers, so row-level security holds for them.
func (s *Server) EnsureDatabase(ctx context.Context, database, owner string, others ...string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres", Superuser))
	if err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()

	type missing struct{ exists, name, create string }
	var statements []missing
	for _, role := range append([]string{owner}, others...) {
		// DDL takes no parameters; Start has checked that the password needs no quoting.
		create := "create role " + pgx.Identifier{role}.Sanitize() + " login password '" + s.options.Password + "'"
		statements = append(statements, missing{"select 1 from pg_roles where rolname = $1", role, create})
	}
	create := "create database " + pgx.Identifier{database}.Sanitize() + " owner " + pgx.Identifier{owner}.Sanitize()
	statements = append(statements, missing{"select 1 from pg_database where datname = $1", database, create})
	for _, st := range statements {
		tag, err := conn.Exec(ctx, st.exists, st.name)
		if err == nil && tag.RowsAffected() == 0 {
			_, err = conn.Exec(ctx, st.create)
		}
		if err != nil {
			return fmt.Errorf("create %q in Postgres: %w", st.name, err)
		}
	}
	return nil
}

func (s *Server) cluster() string { return filepath.Join(s.options.DataDir, "cluster") }
func (s *Server) logFile() string { return filepath.Join(s.options.DataDir, "postgres.log") }

// prepare finds the programs and the account, and initialises a new folder.
func (s *Server) prepare(ctx context.Context) error {
	if !plain.MatchString(s.options.Password) {
		return errors.New("the Postgres password must consist of letters and digits")
	}
	var err error
	if s.bin, err = findBinaries(ctx, s.cluster()); err != nil {
		return err
	}
	if err = os.MkdirAll(s.options.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the Postgres folder: %w", err)
	}
	if s.account, err = accountFor(s.options.DataDir); err != nil {
		return err
	}
	if _, err := os.Stat(s.cluster()); err == nil {
		return nil
	}
	return s.initialise(ctx)
}

// initialise runs initdb beside the final place and renames the result, so that an interrupted start leaves no half a cluster.
func (s *Server) initialise(ctx context.Context) error {
	unfinished := s.cluster() + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("initialise Postgres: %w", err)
	}
	passwordFile := filepath.Join(s.options.DataDir, "password")
	if err := os.WriteFile(passwordFile, []byte(s.options.Password+"\n"), 0o600); err != nil {
		return fmt.Errorf("hand the password to initdb: %w", err)
	}
	defer func() { _ = os.Remove(passwordFile) }()
	if err := s.account.own(passwordFile); err != nil {
		return err
	}
	args := []string{
		"--pgdata=" + unfinished, "--username=" + Superuser, "--pwfile=" + passwordFile, "--auth=scram-sha-256",
		"--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
	}
	if !s.options.Durable {
		args = append(args, "--no-sync")
	}
	if out, err := s.account.command(ctx, s.bin.initdb, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("initialise Postgres in %s: %w: %s", s.options.DataDir, err, lastLine(out))
	}
	if err := os.Rename(unfinished, s.cluster()); err != nil {
		return fmt.Errorf("initialise Postgres: %w", err)
	}
	return nil
}

// launch starts the server once and waits until it answers.
func (s *Server) launch(ctx context.Context) error {
	if err := awaitFormerServer(ctx, s.cluster()); err != nil {
		return err
	}
	port := s.options.Port
	if port == 0 {
		free, err := freeport.Take(ctx, 1)
		if err != nil {
			return fmt.Errorf("find a free port for Postgres: %w", err)
		}
		port = free[0]
	}
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the Postgres log: %w", err)
	}
	defer func() { _ = log.Close() }()

	settings := []string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port), "unix_socket_directories=",
		"max_connections=200", "timezone=UTC", "log_timezone=UTC",
	}
	if !s.options.Durable {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	if s.options.Statistics {
		settings = append(settings, "shared_preload_libraries=pg_stat_statements")
	}
	args := []string{"-D", s.cluster()}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	// The server must outlive ctx, which only bounds the start.
	cmd := s.account.command(context.WithoutCancel(ctx), s.bin.postgres, args...)
	cmd.Stdout, cmd.Stderr = log, log
	s.server = cmd
	if s.done, err = child.Start(cmd); err != nil {
		return fmt.Errorf("start Postgres: %w", err)
	}
	s.options.Port = port
	if err := s.awaitReady(ctx); err != nil {
		_ = s.signal(syscall.SIGKILL)
		<-s.done
		s.options.Port = 0
		return err
	}
	return nil
}

func (s *Server) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := s.answers(ctx)
		if err == nil {
			return nil
		}
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code == invalidPassword {
			return fmt.Errorf("the Postgres data in %s were made with another password", s.options.DataDir)
		}
		select {
		case <-tick.C:
		case <-s.done:
			return s.startFailure()
		case <-ctx.Done():
			return fmt.Errorf("Postgres did not get ready on %s: %w", s.Address(), err)
		}
	}
}

// answers connects and makes sure that it is this server, not another one that holds the port, which answers.
func (s *Server) answers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres", Superuser))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var folder string
	if err := conn.QueryRow(ctx, "show data_directory").Scan(&folder); err != nil {
		return err
	}
	if folder != s.cluster() {
		return fmt.Errorf("the server on %s keeps its data in %s: %w", s.Address(), folder, syscall.EADDRINUSE)
	}
	return nil
}

// startFailure says why the server ended, in the words of its own log.
func (s *Server) startFailure() error {
	log, err := os.ReadFile(s.logFile())
	if err != nil {
		return fmt.Errorf("Postgres ended while it started, and its log can't be read: %w", err)
	}
	if strings.Contains(string(log), "could not bind") {
		return fmt.Errorf("Postgres can't listen on %s: %w", s.Address(), syscall.EADDRINUSE)
	}
	return fmt.Errorf("Postgres ended while it started: %s (the whole log: %s)", lastLine(log), s.logFile())
}

func lastLine(output []byte) string {
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	return lines[len(lines)-1]
}
