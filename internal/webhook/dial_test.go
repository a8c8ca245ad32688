package webhook

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestADialReachesEveryPortOfThePublicInternetAndNothingInside(t *testing.T) {
	t.Parallel()
	for address := range inside {
		_, err := NewDial(false)(t.Context(), "tcp", net.JoinHostPort(address, "22"))
		require.Error(t, err, address)
		assert.NotContains(t, err.Error(), address)
	}
	g := guard{anyPort: true}
	for _, port := range []string{"22", "2222", "443"} {
		require.NoError(t, g.control("tcp4", "9.9.9.9:"+port, nil))
		require.Error(t, g.control("tcp4", "10.0.0.1:"+port, nil))
	}
}

func TestADialReachesThisMachineOnlyInALocalStack(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := server.Addr().String()
	_, err = NewDial(false)(t.Context(), "tcp", address)
	require.EqualError(t, err, "leads to no address on the public internet")
	conn, err := NewDial(true)(t.Context(), "tcp", address)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, server.Close())
	_, err = NewDial(true)(t.Context(), "tcp", address)
	require.EqualError(t, err, "refused the connection")
}
