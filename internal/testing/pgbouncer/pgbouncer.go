// Package pgbouncer starts PgBouncer before a database of a test, as a large installation has it.
package pgbouncer

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/testing/freeport"
)

// Bounded is the connect_query that docs/operating.md names.
const Bounded = `set jit = off; set statement_timeout = '30s'; set lock_timeout = '10s'; set idle_in_transaction_session_timeout = '60s'`

// Start starts Debian's PgBouncer in transaction mode before the database, with fewer connections than the tests want, and returns the
// URL that leads through it.
func Start(t testing.TB, databaseURL, connectQuery string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // which is not on everybody's PATH
	}
	require.FileExists(t, program, "install the Debian package pgbouncer")
	behind, err := url.Parse(databaseURL)
	require.NoError(t, err)
	ports, err := freeport.Take(t.Context(), 1)
	require.NoError(t, err)
	folder, err := os.MkdirTemp("", "pgbouncer") // which another user reaches, unlike t.TempDir
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	password, _ := behind.User.Password()
	users, settings := filepath.Join(folder, "users.txt"), filepath.Join(folder, "pgbouncer.ini")
	require.NoError(t, os.WriteFile(users, fmt.Appendf(nil, "%q %q\n", behind.User.Username(), password), 0o644)) //nolint:gosec // for the user that it runs as
	quoted := bytes.ReplaceAll([]byte(connectQuery), []byte("'"), []byte("''"))
	configured := fmt.Appendf(nil, `
[databases]
* = host=%s port=%s connect_query='%s'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = plain
auth_file = %s
pool_mode = transaction
default_pool_size = 3
`, behind.Hostname(), behind.Port(), quoted, ports[0], users)
	require.NoError(t, os.WriteFile(settings, configured, 0o644))                         //nolint:gosec // for the user that it runs as
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program, settings) // until the test has cleaned up
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	command.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() == 0 { // PgBouncer refuses to be root
		require.NoError(t, os.Chmod(folder, 0o755)) //nolint:gosec // for the user that it runs as
		command.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
	require.Eventually(t, func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	behind.Host = address
	through := behind.Query()
	through.Set("pooler", "transaction")
	behind.RawQuery = through.Encode()
	return behind.String()
}
