package session

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

// Registration is how an OpenID Connect provider knows Quittance.
type Registration struct {
	// Issuer is the provider, as it names itself: "https://login.example.ch". Everything else is found from there (OpenID Connect
	// Discovery 1.0).
	Issuer       string
	ClientID     string
	ClientSecret string // empty for a public client, which PKCE alone protects
}

// Provider is where the people of a company sign in.
type Provider struct {
	CompanyID    string
	Issuer       string
	ClientID     string
	SealedSecret []byte          // nil for a public client
	RoleClaim    string          // the claim that says what a person may do; empty when it is the same for all
	Roles        map[string]Role // by value of that claim
	DefaultRole  Role            // of a person whose claim has none of these values; empty when she may not come in
	UpdatedAt    time.Time
}

// maxRoles is how many values of a claim can be given a role.
const maxRoles = 100

// Validate brings the texts into the form in which they are kept, and returns an Invalid problem that names every field at fault.
func (p *Provider) Validate() error {
	fields := append(text.Line("client_id", &p.ClientID, 1, 500), text.Line("role_claim", &p.RoleClaim, 0, 200)...)
	if !isIssuer(p.Issuer) {
		fields = append(fields, problem.Field{Name: "issuer", Message: "must be an address such as https://login.example.ch, without user, query and fragment, of at most 1000 characters"})
	}
	for value, role := range p.Roles {
		kept := value
		if len(text.Line("roles", &kept, 1, 200)) > 0 || kept != value || !isRole(role) {
			fields = append(fields, problem.Field{Name: "roles", Message: "must give one of viewer, bookkeeper, manager to each value, which is a line of 1 to 200 characters"})
			break
		}
	}
	if p.DefaultRole != "" && !isRole(p.DefaultRole) {
		fields = append(fields, problem.Field{Name: "default_role", Message: "must be one of viewer, bookkeeper, manager"})
	}
	switch {
	case len(p.Roles) > maxRoles:
		fields = append(fields, problem.Field{Name: "roles", Message: "must name at most 100 values"})
	case len(p.Roles) > 0 && p.RoleClaim == "":
		fields = append(fields, problem.Field{Name: "role_claim", Message: "is needed when there are roles"})
	case len(p.Roles) == 0 && p.DefaultRole == "":
		fields = append(fields, problem.Field{Name: "roles", Message: "must give somebody a role, or there must be a default_role"})
	}
	return problem.InvalidFields(fields...)
}

func isIssuer(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.Opaque == "" &&
		u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && !strings.HasSuffix(issuer, "#") && len(issuer) <= 1000
}

// ranks are the roles, the one that may do the least first.
var ranks = []Role{Viewer, Bookkeeper, Manager}

func isRole(role Role) bool { return slices.Contains(ranks, role) }

// RoleOf returns the role of the person: of several, the one that may do the most. It is empty for somebody who may not come in.
func (p Provider) RoleOf(c Claims) Role {
	role := Role("")
	if p.RoleClaim != "" {
		for _, value := range c.Values(p.RoleClaim) {
			if slices.Index(ranks, p.Roles[value]) > slices.Index(ranks, role) {
				role = p.Roles[value]
			}
		}
	}
	if role == "" {
		return p.DefaultRole
	}
	return role
}

// Claims are what a provider says of a person who has signed in there, see OpenID Connect Core 1.0, 5.1.
type Claims map[string]any

// Values returns the texts that a claim has: its value, or those of its list. A claim that isn't there by that name is looked for
// within others: "realm_access.roles" is "roles" of the object "realm_access".
func (c Claims) Values(name string) []string {
	value, ok := c[name]
	if outer, within, nested := strings.Cut(name, "."); !ok && nested {
		object, _ := c[outer].(map[string]any)
		return Claims(object).Values(within)
	}
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var values []string
		for _, v := range value {
			if text, ok := v.(string); ok {
				values = append(values, text)
			}
		}
		return values
	}
	return nil
}

func (c Claims) first(names ...string) string {
	for _, name := range names {
		if values := c.Values(name); len(values) > 0 && strings.TrimSpace(values[0]) != "" {
			return values[0]
		}
	}
	return ""
}

// User returns the person. The mail address is that of a person only when the provider has verified it.
func (c Claims) User() User {
	u := User{ID: c.first("sub"), Name: c.Name()}
	if verified := c["email_verified"]; verified == true || verified == "true" {
		u.Email = c.first("email")
	}
	return u
}

// Name returns how the person is called, in at most 100 characters.
func (c Claims) Name() string {
	name := text.Identifier(c.first("name", "preferred_username", "email", "sub"))
	for utf8.RuneCountInString(name) > 100 {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return name
}

// Language returns the language in which the person wants to read, of those given; otherwise when the provider names none of them.
func (c Claims) Language(of []string, otherwise string) string {
	wanted, _, _ := strings.Cut(c.first("locale"), "-")
	if slices.Contains(of, wanted) {
		return wanted
	}
	return otherwise
}
