package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/testing/freeport"
)

// serving runs a handler as the processes of Quittance do, until stop is called; ended then tells how it ended.
func serving(t *testing.T, handler http.Handler) (address string, stop context.CancelFunc, ended chan error) {
	t.Helper()
	ports, err := freeport.Take(t.Context(), 1)
	require.NoError(t, err)
	address = net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
	ctx, stop := context.WithCancel(t.Context())
	ended = make(chan error, 1)
	go func() { ended <- serve(ctx, address, handler, slog.New(slog.DiscardHandler)) }()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		return err == nil && conn.Close() == nil
	}, 10*time.Second, 10*time.Millisecond)
	return address, stop, ended
}

func TestRequestThatIsBeingAnsweredIsFinishedWhenTheProcessStops(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	address, stop, ended := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-goOn
		_, _ = io.WriteString(w, "booked")
	}))
	answers := make(chan string, 1)
	go func() {
		answer, err := http.Get("http://" + address)
		if err != nil {
			answers <- err.Error()
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		answers <- string(body)
	}()
	<-begun
	stop()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 10*time.Second, 10*time.Millisecond, "nobody new is let in")
	close(goOn)
	assert.Equal(t, "booked", <-answers)
	assert.NoError(t, <-ended)
}

func TestClientsThatDawdleOrSendTooMuchAreCutOff(t *testing.T) {
	t.Parallel()
	address, stop, _ := serving(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(stop)
	for what, sends := range map[string]string{
		"no end of a header": "GET / HTTP/1.1\r\nHost: pay.example.ch\r\nX-Slow: ",
		"a header too large": "GET / HTTP/1.1\r\nHost: pay.example.ch\r\nX-Large: " + strings.Repeat("x", 80<<10) + "\r\n\r\n",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
			_, err = io.WriteString(conn, sends)
			require.NoError(t, err)
			answer, err := io.ReadAll(conn)
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
			assert.NotContains(t, string(answer), "200 OK")
		})
	}
}
