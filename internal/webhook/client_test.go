package webhook

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func message(url string, secrets ...string) Message {
	return Message{URL: url, ID: "evt_1", At: time.Now(), Body: []byte(`{"type":"invoice.paid"}`), Secrets: secrets}
}

func TestAMessageIsSignedWithEverySecret(t *testing.T) {
	t.Parallel()
	c := NewClient(true)
	first, second := c.NewSecret(), c.NewSecret()
	got := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		for _, secret := range []string{first, second} {
			verifier, err := standardwebhooks.NewWebhook(secret)
			assert.NoError(t, err)
			assert.NoError(t, verifier.Verify(body, r.Header))
		}
		got <- r.Header
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	answer, err := c.Post(t.Context(), message(server.URL, first, second))
	require.NoError(t, err)
	assert.Equal(t, Answer{Status: http.StatusAccepted}, answer)
	header := <-got
	assert.Equal(t, "application/json", header.Get("Content-Type"))
	assert.Equal(t, "evt_1", header.Get("Webhook-Id"))
	assert.Empty(t, header.Get("Authorization"))
}

func TestASecretThatIsNoneIsNotSentAndNotSaid(t *testing.T) {
	t.Parallel()
	_, err := NewClient(true).Post(t.Context(), message("http://127.0.0.1:1", "whsec_hunter2!"))
	require.ErrorIs(t, err, ErrNotSent)
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestNoConnectionIsMadeToAnAddressThatIsNotPublic(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).AddrPort().Port()
	c := NewClient(false)
	for _, url := range []string{
		server.URL,
		"https://" + net.JoinHostPort("localhost", "443"), // a name whose address changed since it was checked
		"https://127.0.0.1", "https://[::1]", "https://[::ffff:127.0.0.1]", "https://10.0.0.1", "https://169.254.169.254", "https://[fd00::1]",
	} {
		_, err := c.Post(t.Context(), message(url, c.NewSecret()))
		require.ErrorIs(t, err, errNotPublic, url)
		assert.NotContains(t, err.Error(), "127.0.0.1")
	}
	local := guard{loopback: true}
	require.NoError(t, local.control("tcp4", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String(), nil))
	require.Error(t, local.control("tcp4", "10.0.0.1:443", nil), "a local stack reaches this machine and nothing else inside")
}

// inside are addresses that must not be reached, with why.
var inside = map[string]string{
	"0.0.0.0": "this host", "10.1.2.3": "private", "100.64.0.1": "carrier-grade NAT", "127.0.0.1": "loopback", "127.255.0.1": "loopback",
	"169.254.169.254": "link-local, metadata", "172.16.0.1": "private", "172.31.255.255": "private", "192.0.0.192": "metadata of another cloud",
	"192.168.1.1": "private", "198.18.0.1": "benchmarks", "224.0.0.1": "multicast", "240.0.0.1": "reserved", "255.255.255.255": "broadcast",
	"::": "unspecified", "::1": "loopback", "::ffff:10.0.0.1": "IPv4-mapped", "::ffff:127.0.0.1": "IPv4-mapped", "::127.0.0.1": "IPv4-compatible",
	"64:ff9b::a00:1": "NAT64", "64:ff9b:1::a00:1": "local NAT64", "100::1": "discard", "2001::1": "Teredo", "2001:db8::1": "documentation",
	"2002:a00:1::1": "6to4", "fc00::1": "unique-local", "fd00:ec2::254": "unique-local, metadata", "fe80::1": "link-local",
	"fec0::1": "site-local", "ff02::1": "multicast", "5f00::1": "segment routing",
	"168.63.129.16": "metadata of a cloud, at an address like others", "100.100.100.200": "metadata of another cloud", "192.0.2.1": "documentation",
	"198.51.100.1": "documentation", "203.0.113.1": "documentation", "192.88.99.1": "6to4 relays", "::ffff:0:7f00:1": "IPv4-translated",
	"64:ff9b::7f00:1": "NAT64 of loopback", "64:ff9b::a9fe:a9fe": "NAT64 of metadata", "2002:7f00:1::": "6to4 of loopback",
	"2001:0:7f00:1::": "Teredo server", "2001:10::1": "ORCHID", "3fff::1": "documentation", "fe80::5efe:7f00:1": "ISATAP",
}

func TestEveryAddressInsideIsRefusedWhenItIsEnteredAndWhenItIsDialled(t *testing.T) {
	t.Parallel()
	for _, g := range []guard{{}, {loopback: true}} {
		for address, why := range inside {
			if parsed := netip.MustParseAddr(address); g.loopback && parsed.Unmap().IsLoopback() {
				continue
			}
			host := address
			if strings.Contains(address, ":") {
				host = "[" + address + "]"
			}
			require.Error(t, g.check(t.Context(), "https://"+host+"/"), "%s is %s", address, why)
			require.ErrorIs(t, g.control("tcp", host+":443", nil), errNotPublic, "%s is %s", address, why)
		}
	}
	for _, address := range []string{"9.9.9.9", "192.0.1.1", "2606:4700::1111"} {
		host := netip.AddrPortFrom(netip.MustParseAddr(address), 443).String()
		require.NoError(t, guard{}.check(t.Context(), "https://"+host), address)
		network := map[bool]string{true: "tcp4", false: "tcp6"}[netip.MustParseAddr(address).Is4()]
		require.NoError(t, guard{}.control(network, host, nil), address)
		require.ErrorIs(t, guard{}.control(network, strings.Replace(host, "443", "22", 1), nil), errNotPublic, "a port of something else")
	}
}

func TestURLsThatAreNoneOfOurReceiversAreRefused(t *testing.T) {
	t.Parallel()
	for raw, complaint := range map[string]string{
		"":                    "must be a URL",
		"shop.example.ch":     "must be a URL",
		"https:/hooks":        "must be a URL",
		"mailto:a@example.ch": "must be a URL",
		"https://9.9.9.9/" + strings.Repeat("x", maxURL): "at most 2000",
		"http://9.9.9.9/":               "must begin with https://",
		"ftp://9.9.9.9/":                "must begin with https://",
		"gopher://9.9.9.9/":             "must begin with https://",
		"https://user:pw@9.9.9.9/":      "no user name or password",
		"https://9.9.9.9/#part":         "no fragment",
		"https://9.9.9.9:22/":           "port 443 or 8443",
		"https://9.9.9.9:0/":            "port from 1 to 65535",
		"https://9.9.9.9:65979/":        "port from 1 to 65535",
		"https://127.0.0.1:443/":        "public internet",
		"https://localhost/":            "public internet",
		"https://bücher.example/":       "Punycode",
		"https://localhost./":           "",
		"https://LOCALHOST/":            "public internet",
		"https://%6c%6fcalhost/":        "must be a URL",
		"https://127.1/":                "",
		"https://0x7f000001/":           "",
		"https://0177.0.0.1/":           "",
		"https://2130706433/":           "",
		"https://[::1%25lo]/":           "public internet",
		"https://[fe80::1%25eth0]/":     "",
		"https://9.9.9.9:443@127.0.0.1": "no user name or password",
		"https://9.9.9.9\\@127.0.0.1/":  "must be a URL",
		"https://9.9.9.9\r\nX: y/":      "must be a URL",
		"https://no-such-host.invalid/": "public internet",
	} {
		require.ErrorContains(t, NewClient(false).Check(t.Context(), raw), complaint, raw)
	}
	local := NewClient(true)
	require.NoError(t, local.Check(t.Context(), "http://127.0.0.1:9999/hooks"))
	require.NoError(t, local.Check(t.Context(), "http://localhost:9999/hooks"))
	require.ErrorContains(t, local.Check(t.Context(), "http://9.9.9.9/"), "must begin with https://")
	require.NoError(t, NewClient(false).Check(t.Context(), "https://9.9.9.9:8443/hooks?shop=1"))
}

func TestAReceiverMayAskForTimeInSecondsOrByADate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "0": 0, "-5": 0, "1e3": 0, "soon": 0, "99999999999": 0, "4294967295": 4294967295 * time.Second,
		"Fri, 27 Nov 2026 21:00:00 GMT": time.Hour, "Fri, 27 Nov 2026 19:00:00 GMT": 0,
	} {
		assert.Equal(t, want, retryAfter(header, now), header)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	c := NewClient(true)
	answer, err := c.Post(t.Context(), message(server.URL, c.NewSecret()))
	require.NoError(t, err)
	assert.Equal(t, Answer{Status: http.StatusTooManyRequests, RetryAfter: 90 * time.Second}, answer)
}

func TestRedirectsAreAnswersLikeOthers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/", r.URL.Path, "the redirect was followed")
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	c := NewClient(true)
	answer, err := c.Post(t.Context(), message(server.URL, c.NewSecret()))
	require.NoError(t, err)
	assert.Equal(t, http.StatusTemporaryRedirect, answer.Status)
}

func TestAnswersOfAnySizeAreNotKept(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil { // for as long as somebody listens
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	c := NewClient(true)
	answer, err := c.Post(t.Context(), message(server.URL, c.NewSecret()))
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, answer.Status)
}

func TestWhyThereWasNoAnswerIsSaidWithoutAnyAddress(t *testing.T) {
	t.Parallel()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	closing := listener(t, func(conn net.Conn) { _ = conn.Close() })
	chatting := listener(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "220 mail.example.ch ESMTP\r\n")
		_ = conn.Close()
	})
	nobody := listener(t, nil)
	c := NewClient(true)
	for url, why := range map[string]string{
		untrusted.URL:                    "its TLS certificate is not valid",
		"http://" + nobody:               "the connection was refused",
		"http://" + closing:              "the connection was closed before an answer came",
		"http://" + chatting:             "there was no answer that is HTTP",
		"https://no-such-host.invalid/x": "its host name leads to no address on the public internet",
	} {
		_, err := c.Post(t.Context(), message(url, c.NewSecret()))
		require.EqualError(t, err, why, url)
	}
}

// listener does something with every connection; with nothing to do, nobody listens any more.
func listener(t *testing.T, do func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	if do == nil {
		require.NoError(t, l.Close())
		return l.Addr().String()
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1024))
			do(conn)
		}
	}()
	return l.Addr().String()
}

func TestAWorkerThatStopsHasNotSent(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(reached)
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer server.Close()
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		<-reached
		stop()
	}()
	c := NewClient(true)
	_, err := c.Post(ctx, message(server.URL, c.NewSecret()))
	require.ErrorIs(t, err, ErrNotSent)
}

func FuzzNoURLLeadsInside(f *testing.F) {
	for address := range inside {
		f.Add("https://" + address + "/")
		f.Add("https://[" + address + "]:443/x")
	}
	f.Add("https://0x7f.1/")
	f.Add("https://2130706433/")
	f.Add("https://9.9.9.9@127.0.0.1/")
	g := guard{}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := url.Parse(raw)
		if err != nil || g.check(t.Context(), raw) != nil {
			return
		}
		if address, err := netip.ParseAddr(u.Hostname()); err == nil {
			port, err := portOf(u)
			require.NoError(t, err)
			require.NoError(t, g.control("tcp", netip.AddrPortFrom(address.Unmap(), port).String(), nil), raw)
		}
		require.Equal(t, "https", u.Scheme)
	})
}

func FuzzNoReceiverAsksForTimeThatHasPassed(f *testing.F) {
	for _, header := range []string{"", "120", "-1", "4294967296", "Fri, 27 Nov 2026 21:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		f.Add(header)
	}
	now := time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		require.GreaterOrEqual(t, retryAfter(header, now), time.Duration(0), header)
	})
}
