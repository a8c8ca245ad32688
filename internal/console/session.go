package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

const (
	companyCookie  = "quittance_console"
	operatorCookie = "quittance_operations"
	languageCookie = "quittance_language"
	noticeCookie   = "quittance_notice"
	// lasting is how long a cookie is kept, in seconds: as long as a session.
	lasting = 8 * 60 * 60
)

// visitor is who looks at a page.
type visitor struct {
	client.ConsoleSession                 // of a company's person; empty for an operator
	Operator              string          // the operator's name; empty for a company's person
	summary               *client.Summary // see server.summary; nil until it is read
}

// Embedded reports whether the console stands in a frame of the invoicing product.
func (v visitor) Embedded() bool { return v.EmbedOrigin != nil }

// Books reports whether the person may book.
func (v visitor) Books() bool { return v.Role == client.Bookkeeper || v.Manages() }

// Manages reports whether the person may do everything of the company.
func (v visitor) Manages() bool { return v.Role == client.Manager }

type visitorKey struct{}

func visitorOf(ctx context.Context) *visitor {
	v, _ := ctx.Value(visitorKey{}).(*visitor)
	return v
}

// signedIn lets people with a session through, and sends others to the sign-in page, which leads back.
func (s *server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(companyCookie)
		if err != nil {
			s.toSignIn(w, r)
			return
		}
		ctx := as(r.Context(), cookie.Value)
		current, err := s.api.GetConsoleSessionWithResponse(ctx)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		v := &visitor{ConsoleSession: *current.JSON200}
		if v.Embedded() {
			w.Header().Set("Content-Security-Policy", policy(*v.EmbedOrigin))
			if !within(r.URL.Path, v.Page) {
				s.notFound(w, r.WithContext(context.WithValue(ctx, visitorKey{}, v)))
				return
			}
		} else {
			w.Header().Set("X-Frame-Options", "DENY")
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, visitorKey{}, v)))
	})
}

// within reports whether a path is a page or lies below it.
func within(path, page string) bool {
	page, _, _ = strings.Cut(page, "?")
	return path == page || strings.HasPrefix(path, strings.TrimSuffix(page, "/")+"/") || path == "/console/sign-out"
}

// toSignIn asks who it is, and comes back to the page afterwards. A form is not sent again: its page is shown.
func (s *server) toSignIn(w http.ResponseWriter, r *http.Request) {
	page, back := "/console/sign-in", r.URL.RequestURI()
	if strings.HasPrefix(r.URL.Path, "/operator") {
		page = "/operator/sign-in"
	}
	side := strings.TrimSuffix(page, "/sign-in")
	if r.Method != http.MethodGet {
		back = side
		if referer, err := url.Parse(r.Referer()); err == nil && local(referer.RequestURI(), back) {
			back = referer.RequestURI()
		}
	}
	if cookie, err := r.Cookie(providerCookie); err == nil && side == "/console" {
		page += "/" + url.PathEscape(cookie.Value)
	}
	http.Redirect(w, r, page+"?"+url.Values{"next": {back}}.Encode(), http.StatusSeeOther)
}

// local reports whether an address is a page of that side of the console, and so leads nowhere else.
func local(address, side string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host == "" && u.Scheme == "" && (u.Path == side || strings.HasPrefix(u.Path, side+"/")) && !strings.ContainsAny(address, "\\\r\n")
}

// setCookie keeps a value in the browser, out of reach of scripts and other sites.
func (s *server) setCookie(w http.ResponseWriter, name, value, path string, seconds int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever the console is served over TLS
		Name: name, Value: value, Path: path, MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure,
	})
}

// enter opens a link of the invoicing product. In a frame the cookie belongs to that site alone (Partitioned), which is what
// today's browsers allow third parties.
func (s *server) enter(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead { // the link is still to be opened
		return
	}
	entered, err := s.api.EnterConsoleWithResponse(as(r.Context(), r.URL.Query().Get("code")))
	if err != nil {
		s.logRefusedSignIn(r, err)
		if p := asRefusal(err); p != nil && (p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden) {
			s.message(w, r, http.StatusUnauthorized, "link_used")
			return
		}
		s.fail(w, r, err)
		return
	}
	in := entered.JSON200
	cookie := &http.Cookie{
		Name: companyCookie, Value: in.Token, Path: "/console", MaxAge: lasting, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure,
	}
	if in.EmbedOrigin != nil {
		cookie.SameSite, cookie.Secure, cookie.Partitioned = http.SameSiteNoneMode, true, true
	}
	http.SetCookie(w, cookie)
	s.setCookie(w, languageCookie, string(in.Language), "/", lasting) // as the links of the languages do, which replace it
	s.setCookie(w, providerCookie, "", "/console", -1)
	http.Redirect(w, r, in.Page, http.StatusSeeOther)
}

// showSignIn asks for a key of the company: for small installations, and those who try Quittance.
func (s *server) showSignIn(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "sign-in", nil, nil)
}

// signIn opens a session by a key of the company. One that may only read opens that of a viewer.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	ctx := as(r.Context(), strings.TrimSpace(r.PostFormValue("key")))
	var link *client.CreateConsoleSessionResponse
	var err error
	for _, role := range []client.ConsoleRole{client.Manager, client.Viewer} {
		link, err = s.api.CreateConsoleSessionWithResponse(ctx, client.NewConsoleSession{
			Role: role, User: client.ConsoleUser{ID: "key", Name: s.lookOf(r).words.say("signin.by_key")},
		})
		if p := asRefusal(err); p == nil || p.Status != http.StatusForbidden {
			break
		}
	}
	if err != nil {
		s.logRefusedSignIn(r, err)
		s.refused(w, r, err, "sign-in", nil, map[string]string{"": "key"})
		return
	}
	opened, err := url.Parse(link.JSON201.URL)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	entered, err := s.api.EnterConsoleWithResponse(as(r.Context(), opened.Query().Get("code")))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, companyCookie, entered.JSON200.Token, "/console", lasting)
	s.setCookie(w, providerCookie, "", "/console", -1)
	next := r.PostFormValue("next")
	if !local(next, "/console") {
		next = "/console"
	}
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // it stays here, see local
}

// logRefusedSignIn writes a line, with the browser's address, for a sign-in that the API refused.
func (s *server) logRefusedSignIn(r *http.Request, err error) {
	if p := asRefusal(err); p != nil && p.Status < http.StatusInternalServerError {
		address, _ := clientAddress(r)
		s.Logger.WarnContext(r.Context(), "sign-in refused", "route", chi.RouteContext(r.Context()).RoutePattern(), "status", p.Status, "address", address)
	}
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.EndConsoleSessionWithResponse(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, companyCookie, "", "/console", -1)
	http.Redirect(w, r, "/console/sign-in", http.StatusSeeOther)
}

// lookOf is the console in the language that the person chose, else that of the session, else the browser's.
func (s *server) lookOf(r *http.Request) *look {
	wishes := []string{r.URL.Query().Get("lang")}
	if cookie, err := r.Cookie(languageCookie); err == nil {
		wishes = append(wishes, cookie.Value)
	}
	if v := visitorOf(r.Context()); v != nil {
		wishes = append(wishes, string(v.Language))
	}
	for wish := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		wishes = append(wishes, strings.TrimSpace(wish)[:min(2, len(strings.TrimSpace(wish)))])
	}
	for _, wish := range wishes {
		if slices.Contains(languages, wish) {
			return s.looks[wish]
		}
	}
	return s.looks["de"]
}
