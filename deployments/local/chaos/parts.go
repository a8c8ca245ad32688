package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/quittance/quittance/deployments/local/process"
	"github.com/quittance/quittance/internal/testing/embeddedpg"
)

const (
	readyWithin    = 90 * time.Second // on a machine that is busy with everything else
	promotedWithin = 4 * time.Minute
	restartAfter   = 500 * time.Millisecond
)

// running is a program that can be killed.
type running interface {
	Kill()
	Ended() <-chan struct{}
}

// part is kept running, as a supervisor does in production: whenever it ends it is started again.
type part struct {
	name  string
	start func(ctx context.Context) (running, error) // returns once it has been started, not once it is ready

	mu      sync.Mutex
	now     running
	down    time.Duration // how long it stays down when it ends
	killed  bool          // by us
	falls   int           // how often it ended by itself
	stopped bool
	done    chan struct{}
}

// newPart starts the program and keeps it running until stop.
func newPart(ctx context.Context, name string, start func(context.Context) (running, error)) (*part, error) {
	p := &part{name: name, start: start, done: make(chan struct{})}
	first, err := start(ctx)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.now = first
	go p.keep(context.WithoutCancel(ctx))
	return p, nil
}

func (p *part) keep(ctx context.Context) {
	defer close(p.done)
	for {
		<-p.current().Ended()
		p.mu.Lock()
		if p.stopped {
			p.mu.Unlock()
			return
		}
		down := p.down
		if !p.killed {
			p.falls++
			down = restartAfter
		}
		p.killed = false
		p.mu.Unlock()
		time.Sleep(down)
		for !p.again(ctx) {
			time.Sleep(restartAfter)
		}
	}
}

// again starts the program once more; it tells whether that worked, or is not wanted any more.
func (p *part) again(ctx context.Context) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return true
	}
	next, err := p.start(ctx)
	if err != nil {
		return false
	}
	p.now = next
	return true
}

func (p *part) current() running {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// kill is kill -9; the program stays down for a while.
func (p *part) kill(down time.Duration) {
	p.mu.Lock()
	p.down, p.killed = down, true
	now := p.now
	p.mu.Unlock()
	now.Kill()
}

// stop ends the program for good.
func (p *part) stop() {
	p.mu.Lock()
	p.stopped = true
	now := p.now
	p.mu.Unlock()
	now.Kill()
	<-p.done
}

func (p *part) fallen() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.falls
}

// product returns how "quittance api" or "quittance worker" is started with these variables.
func product(binary, command, logFile string, variables []string) func(context.Context) (running, error) {
	return func(context.Context) (running, error) { return startLogged(logFile, variables, binary, command) }
}

func startLogged(logFile string, variables []string, program string, arguments ...string) (*process.Process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) // #nosec G304 -- in the folder of this run
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the program has its own
	return process.Start(log, variables, program, arguments...)
}

// database is a Postgres server, which is a process of its own already.
type database struct {
	*embeddedpg.Server
	pidFile string
}

// startDatabase starts Postgres so that it keeps what it has acknowledged when it is killed.
func startDatabase(ctx context.Context, folder, password string, port int) (*database, error) {
	server, err := embeddedpg.Start(ctx, embeddedpg.Options{DataDir: folder, Password: password, Port: port, Durable: true})
	if err != nil {
		return nil, err
	}
	return &database{Server: server, pidFile: filepath.Join(folder, "cluster", "postmaster.pid")}, nil
}

// Ended is closed when the server has ended.
func (d *database) Ended() <-chan struct{} { return d.Done() }

// Kill is kill -9 of the server; its sessions end when they notice.
func (d *database) Kill() {
	content, err := os.ReadFile(d.pidFile)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	first, _, _ := bytes.Cut(content, []byte("\n"))
	if pid, err := strconv.Atoi(string(first)); err == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-d.Done()
}
