package webhook

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/testing/freeport"
)

// guide is the text for people who write receivers.
const guide = "../../api/webhooks.md"

// example returns the program in that language that stands in the guide.
func example(t *testing.T, language string) []byte {
	t.Helper()
	text, err := os.ReadFile(guide)
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```\n").FindAllSubmatch(text, -1)
	require.Len(t, found, 1, "the guide has one program in %s", language)
	return found[0][1]
}

// Each program of the guide believes what we send, whatever the secret's place among the signatures, and nothing else.
func TestReceiversInTheGuideBelieveOurMessagesAndNoOthers(t *testing.T) {
	t.Parallel()
	for language, command := range map[string][]string{
		"go":     {"go", "run", "receiver.go"},
		"js":     {"node", "receiver.mjs"},
		"python": {"python3", "-u", "receiver.py"},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skipf("there is no %s on this machine", command[0])
			}
			folder := t.TempDir()
			file := filepath.Join(folder, command[len(command)-1])
			require.NoError(t, os.WriteFile(file, example(t, language), 0o600))
			if language == "go" { // go run would be killed without its program
				binary := filepath.Join(folder, "receiver")
				out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, file).CombinedOutput()
				require.NoError(t, err, "%s", out)
				command = []string{binary}
			}
			client := NewClient(true)
			secret := client.NewSecret()
			url := receive(t, folder, secret, command)
			requireOnlyOurs(t, client, url, secret)
		})
	}
}

// receive runs a receiver and returns its URL once it listens.
func receive(t *testing.T, folder, secret string, command []string) (url string) {
	t.Helper()
	ports, err := freeport.Take(t.Context(), 1)
	require.NoError(t, err)
	port := strconv.Itoa(ports[0])
	ctx, stop := context.WithCancel(context.Background())
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	program.Dir = folder
	program.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret, "PORT="+port)
	var output bytes.Buffer
	program.Stdout, program.Stderr = &output, &output
	require.NoError(t, program.Start())
	t.Cleanup(func() {
		stop()
		_ = program.Wait()
		t.Logf("it printed:\n%s", output.String())
	})
	address := net.JoinHostPort("127.0.0.1", port)
	require.Eventually(t, func() bool {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		return err == nil && conn.Close() == nil
	}, time.Minute, 20*time.Millisecond)
	return "http://" + address + "/webhooks"
}

func requireOnlyOurs(t *testing.T, client *Client, url, secret string) {
	t.Helper()
	genuine := Message{URL: url, ID: "evt_1", At: time.Now(), Body: []byte(`{"type":"invoice.paid","data":{"number":"Zoë ✓"}}`)}
	for name, c := range map[string]struct {
		age     time.Duration
		secrets []string
		status  int
	}{
		"a message":                              {0, []string{secret}, http.StatusNoContent},
		"a message during a rotation":            {0, []string{client.NewSecret(), secret}, http.StatusNoContent},
		"a message that somebody recorded":       {10 * time.Minute, []string{secret}, http.StatusUnauthorized},
		"a message from the future":              {-10 * time.Minute, []string{secret}, http.StatusUnauthorized},
		"a message signed with another's secret": {0, []string{client.NewSecret()}, http.StatusUnauthorized},
		"a message without a signature":          {0, nil, http.StatusUnauthorized},
	} {
		m := genuine
		m.At, m.Secrets = m.At.Add(-c.age), c.secrets
		answer, err := client.Post(t.Context(), m)
		require.NoError(t, err, name)
		assert.Equal(t, c.status, answer.Status, name)
	}
	signature, err := signatures([]string{secret}, genuine.ID, genuine.At, genuine.Body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(bytes.ReplaceAll(genuine.Body, []byte("paid"), []byte("open"))))
	require.NoError(t, err)
	request.Header.Set("webhook-id", genuine.ID)
	request.Header.Set("webhook-timestamp", strconv.FormatInt(genuine.At.Unix(), 10))
	request.Header.Set("webhook-signature", signature)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode, "a message that was changed on the way")
}
