package webhook

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// special are the blocks of IANA's two registries of special-purpose addresses with their names there, and what else is no
// global unicast (RFC 4291, RFC 5771).
var special = map[string]string{
	"0.0.0.0/8":          `"This network"`,
	"0.0.0.0/32":         `"This host on this network"`,
	"10.0.0.0/8":         "Private-Use",
	"100.64.0.0/10":      "Shared Address Space",
	"127.0.0.0/8":        "Loopback",
	"169.254.0.0/16":     "Link Local",
	"172.16.0.0/12":      "Private-Use",
	"192.0.0.0/24":       "IETF Protocol Assignments",
	"192.0.0.0/29":       "IPv4 Service Continuity Prefix",
	"192.0.0.8/32":       "IPv4 dummy address",
	"192.0.0.9/32":       "Port Control Protocol Anycast",
	"192.0.0.10/32":      "Traversal Using Relays around NAT Anycast",
	"192.0.0.170/32":     "NAT64/DNS64 Discovery",
	"192.0.0.171/32":     "NAT64/DNS64 Discovery",
	"192.0.2.0/24":       "Documentation (TEST-NET-1)",
	"192.31.196.0/24":    "AS112-v4",
	"192.52.193.0/24":    "AMT",
	"192.88.99.0/24":     "Deprecated (6to4 Relay Anycast)",
	"192.88.99.2/32":     "6a44-relay anycast address",
	"192.168.0.0/16":     "Private-Use",
	"192.175.48.0/24":    "Direct Delegation AS112 Service",
	"198.18.0.0/15":      "Benchmarking",
	"198.51.100.0/24":    "Documentation (TEST-NET-2)",
	"203.0.113.0/24":     "Documentation (TEST-NET-3)",
	"240.0.0.0/4":        "Reserved",
	"255.255.255.255/32": "Limited Broadcast",
	"224.0.0.0/4":        "multicast, not in the registry",

	"::1/128":           "Loopback Address",
	"::/128":            "Unspecified Address",
	"::ffff:0:0/96":     "IPv4-mapped Address",
	"64:ff9b::/96":      "IPv4-IPv6 Translat.",
	"64:ff9b:1::/48":    "IPv4-IPv6 Translat.",
	"100::/64":          "Discard-Only Address Block",
	"100:0:0:1::/64":    "Dummy IPv6 Prefix",
	"2001::/23":         "IETF Protocol Assignments",
	"2001::/32":         "TEREDO",
	"2001:1::1/128":     "Port Control Protocol Anycast",
	"2001:1::2/128":     "Traversal Using Relays around NAT Anycast",
	"2001:1::3/128":     "DNS-SD Service Registration Protocol Anycast",
	"2001:2::/48":       "Benchmarking",
	"2001:3::/32":       "AMT",
	"2001:4:112::/48":   "AS112-v6",
	"2001:10::/28":      "Deprecated (previously ORCHID)",
	"2001:20::/28":      "ORCHIDv2",
	"2001:30::/28":      "Drone Remote ID Protocol Entity Tags Prefix",
	"2001:db8::/32":     "Documentation",
	"2002::/16":         "6to4",
	"2620:4f:8000::/48": "Direct Delegation AS112 Service",
	"3fff::/20":         "Documentation",
	"5f00::/16":         "Segment Routing (SRv6) SIDs",
	"fc00::/7":          "Unique-Local",
	"fe80::/10":         "Link-Local Unicast",
	"::/96":             "IPv4-compatible, deprecated, not in the registry",
	"::ffff:0:0:0/96":   "IPv4-translated, not in the registry",
	"fec0::/10":         "site-local, deprecated, not in the registry",
	"ff00::/8":          "multicast, not in the registry",
	"::/3":              "not given out for the internet",
	"4000::/2":          "not given out for the internet",
	"8000::/1":          "not given out for the internet",
}

func TestNoSpecialPurposeAddressIsPublic(t *testing.T) {
	t.Parallel()
	for block, name := range special {
		prefix := netip.MustParsePrefix(block)
		require.Equal(t, prefix.Masked(), prefix, block)
		for _, address := range []netip.Addr{prefix.Addr(), prefix.Addr().Next(), last(prefix).Prev(), last(prefix)} {
			if !prefix.Contains(address) {
				continue // a block of one address
			}
			assert.False(t, public(address), "%s: %s", address, name)
			assert.False(t, public(netip.AddrFrom16(address.As16())), "%s as IPv6: %s", address, name)
			to := net.JoinHostPort(address.String(), "443")
			require.ErrorIs(t, guard{}.control("tcp", to, nil), errNotPublic, "%s: %s", address, name)
			if !address.IsLoopback() {
				require.ErrorIs(t, guard{loopback: true}.control("tcp", to, nil), errNotPublic, "%s: %s", address, name)
			}
		}
	}
}

// TestTheNeighboursOfSpecialPurposeAddressesArePublic walks over the edges of every block.
func TestTheNeighboursOfSpecialPurposeAddressesArePublic(t *testing.T) {
	t.Parallel()
	inAny := func(address netip.Addr) bool {
		for block := range special {
			if netip.MustParsePrefix(block).Contains(address) {
				return true
			}
		}
		return false
	}
	neighbours := 0
	for block := range special {
		prefix := netip.MustParsePrefix(block)
		for _, address := range []netip.Addr{prefix.Addr().Prev(), last(prefix).Next()} {
			if address.IsValid() && !inAny(address) {
				assert.True(t, public(address), "%s, next to %s", address, block)
				neighbours++
			}
		}
	}
	assert.Greater(t, neighbours, 30)
	for _, address := range []string{"1.1.1.1", "9.9.9.9", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2001:200::1", "2606:4700::1111", "2a00:1450:400a::1"} {
		assert.True(t, public(netip.MustParseAddr(address)), address)
	}
}

func TestWhatIsNoPlainAddressIsNotPublic(t *testing.T) {
	t.Parallel()
	assert.False(t, public(netip.Addr{}))
	assert.False(t, public(netip.MustParseAddr("2606:4700::1111%eth0")), "a zone names an interface of this machine")
	assert.False(t, public(netip.MustParseAddr("::ffff:9.9.9.9")))
	for _, address := range []string{"", "9.9.9.9", "9.9.9.9:", "9.9.9.9:https", "example.ch:443", "/run/postgresql", "[2606:4700::1111%eth0]:443", "9.9.9.9:80"} {
		require.ErrorIs(t, guard{}.control("tcp", address, nil), errNotPublic, address)
		require.ErrorIs(t, guard{loopback: true}.control("tcp", address, nil), errNotPublic, address)
	}
	require.NoError(t, guard{}.control("tcp", "9.9.9.9:443", nil))
}

// last returns the last address of a block.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	address, _ := netip.AddrFromSlice(b)
	return address
}
