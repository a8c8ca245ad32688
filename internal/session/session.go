// Package session has the rules of who works in the console: a person of a company, who comes with a link that works once and
// then holds a token, and an operator, who looks after all companies.
package session

import (
	"crypto/sha256"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

const (
	// LinkLife is for how long the link can be opened.
	LinkLife = 5 * time.Minute
	// Life is for how long a session lasts after its link was opened: a working day.
	Life = 8 * time.Hour
)

// LinkPrefix begins every code of a link, TokenPrefix every token of a company's session, and OperatorPrefix that of an operator's.
const (
	LinkPrefix     = "qcl_"
	TokenPrefix    = "qcs_"
	OperatorPrefix = "qos_"
)

// Role says what a person may do.
type Role string

// The roles: a viewer reads, a bookkeeper also books, and a manager may do all that the company may.
const (
	Viewer     Role = "viewer"
	Bookkeeper Role = "bookkeeper"
	Manager    Role = "manager"
)

// User is the person, in the words of the product from which she comes.
type User struct {
	ID    string
	Name  string
	Email string // empty when it was not told
}

// Session lets one person act for one company.
type Session struct {
	ID        string
	CompanyID string
	// Hash is the SHA-256 of what opens it: the link's code until the link is opened, the token from then on.
	Hash        []byte
	User        User
	Role        Role
	Language    string // one of invoice.Languages
	Page        string // the path in the console to which the link leads, such as "/console/payment-services"
	EmbedOrigin string // the only site that may frame it, such as "https://invoices.example"; empty for none
	Accent      string // the colour of buttons and links, such as "#0d5c4d"; empty for Quittance's own
	CreatedAt   time.Time
	EnteredAt   time.Time // when the link was opened; zero before
	ExpiresAt   time.Time // of the link before it is opened, of the session after
	Suspended   bool      // its company is
}

// Home is where a link leads when nothing else is said.
const Home = "/console"

var isColour = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// New returns a session that waits for its link to be opened, with the code for the link. Texts are brought into the form in
// which they are kept; an Invalid problem names every field at fault.
func New(s Session, now time.Time) (code string, _ Session, _ error) {
	fields := append(text.Line("user.id", &s.User.ID, 1, 255), text.Line("user.name", &s.User.Name, 1, 200)...)
	fields = append(fields, text.Email("user.email", &s.User.Email)...)
	if !isRole(s.Role) {
		fields = append(fields, problem.Field{Name: "role", Message: "must be one of viewer, bookkeeper, manager"})
	}
	if !slices.Contains(invoice.Languages, s.Language) {
		fields = append(fields, problem.Field{Name: "language", Message: "must be one of de, fr, it, en"})
	}
	if s.Page == "" {
		s.Page = Home
	}
	if !Local(s.Page) {
		fields = append(fields, problem.Field{Name: "page", Message: "must be a path of the console, such as /console/payment-services"})
	}
	if s.EmbedOrigin != "" && !text.IsOrigin(s.EmbedOrigin) {
		fields = append(fields, problem.Field{Name: "embed_origin", Message: "must be an origin such as https://invoices.example, without a path"})
	}
	if s.Accent != "" && !isColour.MatchString(s.Accent) {
		fields = append(fields, problem.Field{Name: "accent", Message: "must be a colour such as #0d5c4d"})
	}
	if err := problem.InvalidFields(fields...); err != nil {
		return "", Session{}, err
	}
	code = LinkPrefix + id.NewSecret()
	s.Hash, s.CreatedAt, s.ExpiresAt = Hash(code), now, now.Add(LinkLife)
	return code, s, nil
}

// Enter opens the session and returns its token. A link that was opened before, or too late, is problem.Unauthorized.
func (s *Session) Enter(now time.Time) (token string, err error) {
	if !s.EnteredAt.IsZero() || !now.Before(s.ExpiresAt) {
		return "", problem.New(problem.Unauthorized, "This link was used already, or is older than %d minutes. Open the console again from where you came.", int(LinkLife.Minutes()))
	}
	token = TokenPrefix + id.NewSecret()
	s.Hash, s.EnteredAt, s.ExpiresAt = Hash(token), now, now.Add(Life)
	return token, nil
}

// Open reports whether the session can be used now.
func (s Session) Open(now time.Time) bool { return !s.EnteredAt.IsZero() && now.Before(s.ExpiresAt) }

// Actor returns how the audit log names the person.
func (u User) Actor() string { return u.Name + " (" + u.ID + ")" }

// Hash returns what is kept of a code or a token: its SHA-256. Both are 160 random bits, so a slow hash would add nothing.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Local reports whether the path stays within the console: it can't lead a browser to another site.
func Local(path string) bool {
	u, err := url.Parse(path)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && !strings.Contains(path, `\`) && len(path) <= 500 &&
		(u.Path == Home || strings.HasPrefix(u.Path, Home+"/")) && !strings.Contains(u.Path, "..")
}
