package webhook

import (
	"net/netip"
	"slices"
)

// ipv6Unicast is all of IPv6 that IANA gives out for the internet (RFC 4291, 2.4). Outside of it lie loopback, unspecified,
// link-local, site-local, unique-local and multicast addresses, the discard prefix, segment routing, and the forms that carry
// an IPv4 address: IPv4-mapped, -compatible, -translated, NAT64.
var ipv6Unicast = netip.MustParsePrefix("2000::/3")

// notPublic is what isn't the internet although it is IPv4 or lies within ipv6Unicast.
var notPublic = prefixes(
	"0.0.0.0/8",       // this network, unspecified
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // carrier-grade NAT
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, with the metadata services of clouds
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.31.196.0/24", // AS112, answers for names of private networks
	"192.52.193.0/24", // multicast tunnels
	"192.88.99.0/24",  // relays of 6to4
	"192.168.0.0/16",  // private
	"192.175.48.0/24", // AS112
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast

	"2001::/23",         // protocol assignments, with Teredo, benchmarks and ORCHID
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4, carries an IPv4 address
	"2620:4f:8000::/48", // AS112
	"3fff::/20",         // documentation

	// Looks public and is inside of a cloud: Azure's WireServer
	// (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
	"168.63.129.16/32",
)

// public reports whether an address is one of the public internet. It refuses every block of IANA's registries of
// special-purpose addresses, also those that can be reached globally: none of them is where a company has its shop.
// The registries are kept by RFC 6890 and its update RFC 8190:
// https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry.
// It refuses an IPv4 address that is written as an IPv6 one; unmap it first where that form means the IPv4 address.
func public(a netip.Addr) bool {
	if !a.Is4() && !ipv6Unicast.Contains(a) { // contains nothing with a zone
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}

func prefixes(texts ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		parsed[i] = netip.MustParsePrefix(text)
	}
	return parsed
}
