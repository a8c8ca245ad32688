package freeport_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/testing/freeport"
)

func TestPortsCanBeListenedOnAndAreNotAmongThoseOfOutgoingConnections(t *testing.T) {
	taken := map[int]bool{}
	for range 10 {
		ports, err := freeport.Take(t.Context(), 8)
		require.NoError(t, err)
		require.Len(t, ports, 8)
		for _, port := range ports {
			assert.False(t, taken[port], "port %d was handed out twice", port)
			taken[port] = true
			assert.Less(t, port, 32768)
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
			require.NoError(t, err)
			require.NoError(t, listener.Close())
		}
	}
}

func TestAPortInUseIsNotHandedOut(t *testing.T) {
	ports, err := freeport.Take(t.Context(), 1)
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0])))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })

	for range 60 { // more than a block holds
		others, err := freeport.Take(t.Context(), 8)
		require.NoError(t, err)
		assert.NotContains(t, others, ports[0])
	}
}
