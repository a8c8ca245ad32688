// Package child starts programs that never outlive their caller, however that ends.
package child

import (
	"os/exec"
	"runtime"
)

// Start starts the command; the channel is closed when it has ended, however it did.
//
// A signal of DieWithParent comes when the thread that started the command ends, not when the whole caller does: see prctl(2),
// PR_SET_PDEATHSIG. That thread is held until the command has ended, and given back then. Go would end it otherwise, and with
// it whatever else had been started from it.
func Start(command *exec.Cmd) (<-chan struct{}, error) {
	ended := make(chan struct{})
	started := make(chan error)
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // how it ended is up to the caller
		}
	}()
	return ended, <-started
}
