// Package process starts programs that a caller may kill at any moment, and that never outlive it.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/quittance/quittance/internal/testing/child"
)

const pollInterval = 25 * time.Millisecond

// Process is a program that runs on its own.
type Process struct {
	command *exec.Cmd
	ended   <-chan struct{}
}

// Start starts the program with these variables ("NAME=value") besides those of the caller; what it says goes to log.
//
// Should the caller die, the kernel kills the program (Linux).
func Start(log io.Writer, variables []string, program string, arguments ...string) (*Process, error) {
	command := exec.Command(program, arguments...) //nolint:noctx // our own programs, which end when they are killed
	command.Env = append(os.Environ(), variables...)
	command.Stdout, command.Stderr = log, log
	child.DieWithParent(command, syscall.SIGKILL)
	ended, err := child.Start(command)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return &Process{command, ended}, nil
}

// ID is the id of the process.
func (p *Process) ID() int { return p.command.Process.Pid }

// Kill is kill -9, and waits for the end; one that has ended stays as it is.
func (p *Process) Kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// Ended is closed when the program has ended, however that came about.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// AwaitOK waits until the URL answers 200, the program has ended, or ctx has.
func (p *Process) AwaitOK(ctx context.Context, url string) error { return AwaitOK(ctx, url, p.ended) }

// AwaitOK waits until the URL answers 200, whoever should answer has ended, or ctx has.
func AwaitOK(ctx context.Context, url string, ended <-chan struct{}) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := OK(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ended:
			return fmt.Errorf("whoever should answer %s has ended", url)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", url, err)
		}
	}
}

// OK asks the URL once; nil means that it answered 200.
func OK(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// Succeeded tells whether the program has ended, and without an error.
func (p *Process) Succeeded() bool {
	select {
	case <-p.ended:
		return p.command.ProcessState.Success()
	default:
		return false
	}
}
