package console

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/api/client"
)

// page is what every page is made of.
type page struct {
	Name    string // of its file in pages
	Visitor *visitor
	Path    string
	Query   url.Values
	Next    string // where a sign-in leads
	Now     time.Time
	Notice  *notice
	Form    form
	Once    string         // makes the form one that can be sent twice and is done once
	Summary client.Summary // for the menu; empty where there is none, or when it can't be read
	Links   []languageLink
	Data    any // of the page
}

type languageLink struct {
	Code, URL string
	Current   bool
}

// notice is what a page says about what was just done.
type notice struct {
	Kind string `json:"k"` // good, act, bad
	Key  string `json:"w"` // its words are notices.<Key> and notices.<Key>_text
	Args []any  `json:"a,omitempty"`
}

// form is a form with what was typed into it, and why it was refused.
type form struct {
	Values  url.Values
	Refused string            // the sentence of the whole; empty when it was not refused
	Faults  map[string]string // by field
	Order   []string          // of the faults
}

// Value returns what stands in a field: what was typed, else what is there already. A password never comes back.
func (f form) Value(field string, otherwise ...any) string {
	if f.Values != nil && f.Values.Has(field) {
		return f.Values.Get(field)
	}
	if len(otherwise) == 0 || otherwise[0] == nil { // a field that begins empty
		return ""
	}
	if text, ok := deref(otherwise[0]).(string); ok {
		return text
	}
	return shownValue(otherwise[0])
}

// shownValue writes a value as a field of a form holds it. A pointer to nothing, such as an address that there isn't, is empty.
func shownValue(v any) string {
	if text := string(mustJSON(v)); text != "null" {
		return strings.Trim(text, `"`)
	}
	return ""
}

// Is reports whether a choice is taken. What stands there already counts where another form of the page was sent.
func (f form) Is(field, value string, otherwise ...any) bool {
	if f.Values.Has(field) || f.Values != nil && len(otherwise) == 0 {
		return slices.Contains(f.Values[field], value)
	}
	return len(otherwise) > 0 && shownValue(otherwise[0]) == value
}

func mustJSON(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err) // what the API gives can be written
	}
	return out
}

// show answers with a page once it is complete, so that a mistake in a template becomes an answer of its own.
func (s *server) show(w http.ResponseWriter, r *http.Request, status int, name string, data any, f *form) {
	l := s.lookOf(r)
	p := page{Name: name, Visitor: visitorOf(r.Context()), Path: r.URL.Path, Query: r.URL.Query(), Next: r.FormValue("next"), Now: s.Now(), Data: data, Once: rand.Text()}
	if f != nil {
		p.Form = *f
	}
	if r.Method == http.MethodGet {
		p.Notice = s.takeNotice(w, r)
	}
	if asked := r.URL.Query().Get("lang"); asked == l.language {
		s.setCookie(w, languageCookie, asked, "/", 365*24*60*60)
	}
	query := r.URL.Query()
	for _, code := range languages {
		query.Set("lang", code)
		p.Links = append(p.Links, languageLink{code, r.URL.Path + "?" + query.Encode(), code == l.language})
	}
	if p.Visitor != nil && p.Visitor.Operator == "" && !p.Visitor.Embedded() { // who has no menu needs none
		p.Summary, _ = s.summary(r)
	}
	var out bytes.Buffer
	if err := l.pages[name].ExecuteTemplate(&out, "page", p); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w)
}

// summary returns what the company sees of itself at a glance. It is read once a page.
func (s *server) summary(r *http.Request) (client.Summary, error) {
	v := visitorOf(r.Context())
	if v.summary == nil {
		found, err := s.api.GetSummaryWithResponse(r.Context())
		if err != nil {
			return client.Summary{}, err
		}
		v.summary = found.JSON200
	}
	return *v.summary, nil
}

// tell keeps a notice for the next page, and leads there.
func (s *server) tell(w http.ResponseWriter, r *http.Request, to string, n notice) {
	side := "/" + strings.Split(r.URL.Path, "/")[1]
	s.setCookie(w, noticeCookie, base64.RawURLEncoding.EncodeToString(mustJSON(n)), side, 60)
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // a path of ours
}

// takeNotice returns what was kept for this page, once.
func (s *server) takeNotice(w http.ResponseWriter, r *http.Request) *notice {
	cookie, err := r.Cookie(noticeCookie)
	if err != nil {
		return nil
	}
	s.setCookie(w, noticeCookie, "", "/"+strings.Split(r.URL.Path, "/")[1], -1)
	var n notice
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || json.Unmarshal(text, &n) != nil {
		return nil
	}
	if _, known := s.lookOf(r).words.has("notices." + n.Key); !known || !slices.Contains([]string{"good", "act", "bad"}, n.Kind) {
		return nil
	}
	return &n
}

// Words returns the notice's title and text in a language.
func (n notice) Words(d func(string, ...any) string) [2]string {
	return [2]string{d("notices." + n.Key), ""}
}

// message shows a page about something that has nothing else to show; its words are messages.<key> and messages.<key>_text.
func (s *server) message(w http.ResponseWriter, r *http.Request, status int, key string) {
	s.show(w, r, status, "message", key, nil)
}

// fail shows why a page can't be shown, or an act be done.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := asRefusal(err)
	switch {
	case p == nil:
		s.Logger.ErrorContext(r.Context(), "console call failed", "error", err)
		s.message(w, r, http.StatusBadGateway, "down")
	case p.Status == http.StatusUnauthorized:
		s.toSignIn(w, r)
	case p.Status == http.StatusForbidden:
		s.message(w, r, http.StatusForbidden, "forbidden")
	case p.Status == http.StatusNotFound:
		s.notFound(w, r)
	case p.Status == http.StatusTooManyRequests:
		s.message(w, r, p.Status, "too_many")
	case p.Status >= http.StatusInternalServerError:
		s.message(w, r, http.StatusServiceUnavailable, "down")
	default:
		s.show(w, r, p.Status, "refused", s.lookOf(r).reason(p), nil)
	}
}

// refused shows the form again with what was typed, and says beside each field what is wrong with it. fields names the field to
// which a refusal as a whole belongs, by problem name; "" for all others.
func (s *server) refused(w http.ResponseWriter, r *http.Request, err error, name string, data any, fields map[string]string) {
	p := asRefusal(err)
	if p == nil || p.Status >= http.StatusInternalServerError || p.Status == http.StatusNotFound || (p.Status == http.StatusForbidden || p.Status == http.StatusUnauthorized) && visitorOf(r.Context()) != nil {
		s.fail(w, r, err)
		return
	}
	l := s.lookOf(r)
	f := form{Values: r.PostForm, Refused: l.reason(p), Faults: map[string]string{}}
	if p.Type == fileRefused {
		f.fault("file", f.Refused)
		p.Errors = nil
	}
	for _, fault := range p.Errors {
		fault.Field = indexes.ReplaceAllString(fault.Field, "") // a field of the form holds the whole list
		message := f.Refused
		if p.Type == "urn:quittance:problem:validation-failed" {
			message = l.complaint(fault)
		}
		f.fault(fault.Field, message)
	}
	if field, ok := fields[strings.TrimPrefix(p.Type, "urn:quittance:problem:")]; ok && len(p.Errors) == 0 {
		f.fault(field, f.Refused)
	} else if field, ok := fields[""]; ok && len(p.Errors) == 0 {
		f.fault(field, f.Refused)
	}
	s.show(w, r, http.StatusUnprocessableEntity, name, data, &f)
}

// indexes matches the places of list items in the name of a field, such as payout_ibans.0.
var indexes = regexp.MustCompile(`\.[0-9]+`)

func (f *form) fault(field, message string) {
	if f.Faults[field] == "" {
		f.Faults[field] = message
		f.Order = append(f.Order, field)
	}
}

// reason says a refusal in the language of the look.
func (l *look) reason(p *refusal) string {
	words, ok := l.words.has("problems." + strings.TrimPrefix(p.Type, "urn:quittance:problem:"))
	switch {
	case !ok:
		return p.Detail
	case p.Type == fileRefused && len(p.Errors) > 0:
		return l.ofFile(words, p.Errors[0])
	default:
		return words
	}
}

// fileRefused is the problem of a settlement file.
const fileRefused = "urn:quittance:problem:settlement-file-refused"

// ofFile says what is wrong with a settlement file: what kind it is of, if it is never taken, else the place and the technical reason.
func (l *look) ofFile(words string, first fault) string {
	if kind, ok := strings.CutPrefix(first.Field, "format."); ok {
		if says, ok := l.words.has("files." + kind); ok {
			return says
		}
	}
	return strings.TrimSuffix(words, ".") + " (" + first.Field + ": " + first.Message + ")."
}

// complaint says what is wrong with a field in the language of the look, as far as it has words for it.
func (l *look) complaint(f fault) string {
	for _, key := range []string{"faults." + f.Field, "faults." + f.Message} {
		if words, ok := l.words.has(key); ok {
			return words
		}
	}
	if l.language == "en" {
		return f.Message
	}
	return l.words.say("faults.other")
}

// once lets a form that is sent twice take effect once.
func once(r *http.Request) client.RequestEditorFn {
	key := r.PostFormValue("_once")
	if key == "" || len(key) > 100 {
		key = rand.Text()
	}
	return client.Repeatable(key)
}
