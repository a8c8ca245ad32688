package embeddedpg

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/quittance/quittance/internal/testing/child"
)

// account is the user that runs Postgres when the caller is root; nil means the caller's own account.
type account struct {
	uid, gid uint32
	// hidden says that a folder above the data, such as /root or a private temporary folder, can't be entered by this user.
	hidden bool
}

// accountFor chooses the account and gives it the folder.
func accountFor(dir string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // no account is the answer for everybody but root
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("look at the Postgres folder: %w", err)
	}
	a := &account{}
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 0 {
		a.uid, a.gid = owner.Uid, owner.Gid
	} else if err := a.lookUp("postgres", "nobody"); err != nil {
		return nil, err
	}
	if err := a.own(dir); err != nil {
		return nil, err
	}
	a.hidden = !a.canEnterParents(dir)
	return a, nil
}

// lookUp takes the first of the names that exists on this machine.
func (a *account) lookUp(names ...string) error {
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			a.uid, a.gid = uint32(uid), uint32(gid)
			return nil
		}
	}
	return fmt.Errorf("Postgres refuses to run as root, and this machine has none of the users %v to run it as", names)
}

func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	if err := os.Chown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("hand %s to the user that runs Postgres: %w", path, err)
	}
	return nil
}

func (a *account) canEnterParents(dir string) bool {
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return false
		}
		needed, owner := os.FileMode(0o001), info.Sys().(*syscall.Stat_t)
		switch {
		case owner.Uid == a.uid:
			needed = 0o100
		case owner.Gid == a.gid:
			needed = 0o010
		}
		if info.Mode()&needed == 0 {
			return false
		}
		if parent == "/" {
			return true
		}
	}
}

// command prepares a program to run as the account, out of reach of the terminal's Ctrl-C: the caller decides when it ends.
func (a *account) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = "/" // the caller's own may be closed to the account
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.DieWithParent(cmd, syscall.SIGQUIT) // Postgres's immediate shutdown; what was committed is in the write-ahead log
	if a != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
		if a.hidden {
			ignoreFilePermissions(cmd.SysProcAttr)
		}
	}
	return cmd
}
