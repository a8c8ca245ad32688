package text

import (
	"net/url"
	"slices"
	"strings"
)

// IsOrigin reports whether it is a scheme and a host, such as https://invoices.example, and nothing that would be read otherwise in a
// response header. The scheme is https, or http of this machine.
func IsOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme+"://"+u.Host != s || strings.ContainsAny(s, " ;,'\"*") {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && slices.Contains([]string{"localhost", "127.0.0.1"}, u.Hostname())
}
