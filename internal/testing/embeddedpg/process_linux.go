package embeddedpg

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const capDACOverride = 1 // CAP_DAC_OVERRIDE in capabilities(7); containers keep it by default, CAP_DAC_READ_SEARCH they drop

// ignoreFilePermissions lets the program enter folders that are closed to its user.
func ignoreFilePermissions(attr *syscall.SysProcAttr) { attr.AmbientCaps = []uintptr{capDACOverride} }

// awaitFormerServer waits up to 10 s until no process of an earlier server works in the cluster, then removes the lock file
// that a killed server leaves: its process id may by then belong to another program, which Postgres would take for a server.
func awaitFormerServer(ctx context.Context, cluster string) error {
	deadline := time.Now().Add(stopTimeout)
	for {
		pid, err := processIn(cluster)
		if err != nil {
			return fmt.Errorf("look for an earlier Postgres: %w", err)
		}
		if pid == "" {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the Postgres data in %s is in use by process %s: stop the other server first, or start with another data folder", cluster, pid)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
	if err := os.RemoveAll(filepath.Join(cluster, "postmaster.pid")); err != nil {
		return fmt.Errorf("remove the lock of an earlier Postgres: %w", err)
	}
	return nil
}

// processIn returns the id of a process whose working folder is the cluster, as it is for every Postgres process, or "".
func processIn(cluster string) (string, error) {
	cluster, err := filepath.EvalSymlinks(cluster)
	if err != nil {
		return "", err
	}
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return "", err
	}
	for _, link := range links {
		// Processes of other users can't be read, and can't be ours.
		if folder, err := os.Readlink(link); err == nil && folder == cluster {
			return filepath.Base(filepath.Dir(link)), nil
		}
	}
	return "", nil
}
