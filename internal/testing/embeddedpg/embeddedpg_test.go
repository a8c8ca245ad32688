package embeddedpg

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

const password = "secret"

// serveVariable makes the test binary run as the parent of a server in the folder that the variable names.
const serveVariable = "EMBEDDEDPG_TEST_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		server, err := Start(context.Background(), Options{DataDir: dir, Password: password})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(server.URL("postgres", Superuser))
		select {} // until it is killed
	}
	os.Exit(m.Run())
}

func TestDataSurviveACrashOfTheServer(t *testing.T) {
	options := Options{DataDir: t.TempDir(), Password: password, Durable: true}
	server := start(t, options)
	execute(t, server.URL("postgres", Superuser), "create table kept (n int)", "insert into kept values (42)")

	require.NoError(t, server.signal(syscall.SIGKILL))
	<-server.Done()
	// Another program may have got the process id that the dead server left in its lock file.
	lock := fmt.Sprintf("%d\n%s\n", os.Getpid(), server.cluster())
	require.NoError(t, os.WriteFile(filepath.Join(server.cluster(), "postmaster.pid"), []byte(lock), 0o600))

	server = start(t, options)
	conn := connect(t, server.URL("postgres", Superuser))
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), "select n from kept").Scan(&n))
	require.Equal(t, 42, n)
}

func TestAFolderServesOneServerAtATime(t *testing.T) {
	dir := t.TempDir()
	start(t, Options{DataDir: dir, Password: password})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, Options{DataDir: dir, Password: password})
	require.Error(t, err)
}

func TestDatabaseOwnerIsNoSuperuser(t *testing.T) {
	server := start(t, Options{DataDir: t.TempDir(), Password: password})
	for range 2 { // the second time finds it
		require.NoError(t, server.EnsureDatabase(t.Context(), "shop", "keeper", "clerk"))
	}
	conn := connect(t, server.URL("shop", "keeper"))
	_, err := conn.Exec(t.Context(), "create table goods (n int)")
	require.NoError(t, err, "the owner may change its database")
	var super, bypassesRowSecurity bool
	require.NoError(t, conn.QueryRow(t.Context(), "select rolsuper, rolbypassrls from pg_roles where rolname = 'keeper'").Scan(&super, &bypassesRowSecurity))
	require.False(t, super)
	require.False(t, bypassesRowSecurity)
	_, err = connect(t, server.URL("shop", "clerk")).Exec(t.Context(), "drop table goods")
	require.ErrorContains(t, err, "must be owner")
}

func TestServerAsksForThePassword(t *testing.T) {
	server := start(t, Options{DataDir: t.TempDir(), Password: password})
	_, err := pgx.Connect(t.Context(), "postgres://postgres:guess@"+server.Address()+"/postgres")
	require.ErrorContains(t, err, "password authentication failed")
}

func TestAnotherPasswordIsSaid(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, start(t, Options{DataDir: dir, Password: password}).Stop())
	_, err := Start(t.Context(), Options{DataDir: dir, Password: "changed"})
	require.ErrorContains(t, err, "made with another password")
}

func TestTakenPortIsNamed(t *testing.T) {
	first := start(t, Options{DataDir: t.TempDir(), Password: password})
	_, err := Start(t.Context(), Options{DataDir: t.TempDir(), Password: password, Port: first.options.Port})
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.ErrorContains(t, err, first.Address())
}

func TestDataOfAVersionThatIsNotInstalledAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "cluster"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cluster", "PG_VERSION"), []byte("8\n"), 0o600))
	_, err := Start(t.Context(), Options{DataDir: dir, Password: password})
	require.ErrorContains(t, err, "install postgresql-8")
}

func start(t *testing.T, options Options) *Server {
	t.Helper()
	server, err := Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	return server
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn := connect(t, url)
	for _, statement := range statements {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
}
