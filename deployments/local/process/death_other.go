//go:build !linux

package process

import "os/exec"

// dieWithParent can't be had elsewhere: a caller that is killed leaves its programs behind.
func dieWithParent(*exec.Cmd) {}
