//go:build !linux

package embeddedpg

import (
	"context"
	"syscall"
)

func ignoreFilePermissions(*syscall.SysProcAttr) {}

func awaitFormerServer(context.Context, string) error { return nil }
