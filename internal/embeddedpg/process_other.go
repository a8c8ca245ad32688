//go:build !linux

package embeddedpg

import (
	"context"
	"syscall"
)

// Only Linux tells a child that its parent has died: elsewhere a killed parent leaves the server running until it is stopped.
func dieWithParent(*syscall.SysProcAttr) {}

func ignoreFilePermissions(*syscall.SysProcAttr) {}

func awaitFormerServer(context.Context, string) error { return nil }
