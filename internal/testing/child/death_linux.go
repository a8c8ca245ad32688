package child

import (
	"os/exec"
	"syscall"
)

// DieWithParent makes the kernel send the command this signal when its caller is gone.
func DieWithParent(command *exec.Cmd, signal syscall.Signal) {
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Pdeathsig = signal
}
