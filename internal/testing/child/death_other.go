//go:build !linux

package child

import (
	"os/exec"
	"syscall"
)

// DieWithParent can only be had on Linux: elsewhere a caller that is killed leaves its programs behind.
func DieWithParent(*exec.Cmd, syscall.Signal) {}
