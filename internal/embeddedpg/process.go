package embeddedpg

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// process is a started program that somebody waits for.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// startProcess starts the program from an OS thread that lives until the program ends: the kernel sends the parent-death
// signal when the starting thread ends, not when the whole parent does.
func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended stands in its log
		}
		close(p.done)
	}()
	return p, <-started
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) signal(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
