package embeddedpg

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
)

// TestURLVariable names the environment variable with the superuser's URL of the server that tests use.
const TestURLVariable = "QUITTANCE_TEST_DATABASE_URL"

// RunTests runs the tests of a package (m is the *testing.M of its TestMain) with a throw-away server, whose superuser URL
// stands in TestURLVariable, and returns the exit code. A server that the variable already names is used as it is.
//
//	func TestMain(m *testing.M) { os.Exit(embeddedpg.RunTests(m)) }
func RunTests(m interface{ Run() int }) int {
	if os.Getenv(TestURLVariable) != "" {
		return m.Run()
	}
	code, err := runWithServer(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func runWithServer(run func() int) (code int, err error) {
	dir, err := os.MkdirTemp("", "quittance-postgres-")
	if err != nil {
		return 0, fmt.Errorf("make a folder for the test server: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	server, err := Start(context.Background(), Options{DataDir: dir, Password: rand.Text()})
	if err != nil {
		return 0, err
	}
	defer func() { _ = server.Stop() }()
	if err := os.Setenv(TestURLVariable, server.URL("postgres", Superuser)); err != nil {
		return 0, fmt.Errorf("name the test server: %w", err)
	}
	return run(), nil
}
