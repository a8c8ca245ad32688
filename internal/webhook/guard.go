package webhook

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"syscall"
)

// maxURL is the length of the longest URL, in bytes.
const maxURL = 2000

// ports are those at which receivers on the public internet are reached.
var ports = []uint16{443, 8443}

// errNotPublic is also what a company is told, of an unknown name as well: nothing must tell what our resolver knows.
var errNotPublic = errors.New("its host name leads to no address on the public internet")

// guard decides which addresses messages go to: those of the public internet.
type guard struct {
	loopback bool // also lets messages go to this machine, at any port and without TLS
	anyPort  bool // of the public internet
}

// control is called by the dialer with the address that it is about to connect to, after the name was resolved: a name that
// leads elsewhere than when it was checked changes nothing. It returns errNotPublic for an address that is refused.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	switch {
	case err != nil:
		return errNotPublic
	case g.loopback && to.Addr().IsLoopback():
		return nil
	case (g.anyPort || slices.Contains(ports, to.Port())) && public(to.Addr()):
		return nil
	default:
		return errNotPublic
	}
}

// What is wrong with where a URL leads. A name that is unknown and one that leads into a network of ours are refused with the same words.
var (
	errOtherPort = errors.New("must have port 443 or 8443")
	errNowhere   = errors.New("must lead to an address on the public internet, by a host name that public DNS knows")
)

// check returns what is wrong with a URL, as the end of a sentence that begins with "url".
func (g guard) check(ctx context.Context, raw string) error {
	u, err := url.Parse(raw)
	if err != nil || !u.IsAbs() || u.Opaque != "" || u.Hostname() == "" || len(raw) > maxURL {
		return errors.New("must be a URL such as https://shop.example.ch/webhooks, of at most 2000 characters")
	}
	switch {
	case !ascii(raw):
		return errors.New("must have nothing but printable ASCII characters: write a host name in Punycode and the rest percent-encoded")
	case u.User != nil:
		return errors.New("must hold no user name or password; the signature says who we are")
	case u.Fragment != "":
		return errors.New("must have no fragment (#…), which is never sent")
	case u.Scheme != "https" && (u.Scheme != "http" || !g.loopback):
		return errors.New("must begin with https://")
	}
	port, err := portOf(u)
	if err != nil {
		return errors.New("must have a port from 1 to 65535")
	}
	if !g.loopback && !slices.Contains(ports, port) {
		return errOtherPort // before the name is looked up: what is answered must not tell which names there are in our networks
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return errNowhere
	}
	for _, address := range addresses {
		address = address.Unmap()
		if g.loopback && address.IsLoopback() {
			continue
		}
		if u.Scheme != "https" {
			return errors.New("must begin with https:// unless it leads to this machine")
		}
		if !slices.Contains(ports, port) {
			return errOtherPort
		}
		if !public(address) {
			return errNowhere
		}
	}
	return nil
}

func portOf(u *url.URL) (uint16, error) {
	switch {
	case u.Port() != "":
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err == nil && port == 0 {
			err = strconv.ErrRange
		}
		return uint16(port), err
	case u.Scheme == "http":
		return 80, nil
	default:
		return 443, nil
	}
}

func ascii(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c <= ' ' || c > '~' })
}
