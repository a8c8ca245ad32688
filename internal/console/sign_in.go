package console

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

const (
	// flowCookie holds a sign-in at a provider that has begun: what the API sealed, and where it leads afterwards.
	flowCookie = "quittance_sign_in"
	// providerCookie holds the company at whose provider the person signs in, so that the next sign-in goes there.
	providerCookie = "quittance_provider"
	// remembered is how long that is known, in seconds.
	remembered = 180 * 24 * 60 * 60
)

// refusedSignIn is a sign-in at a provider that did not work.
type refusedSignIn struct {
	Key   string // of its words in "signin"
	Again string // where it begins again; empty when that wouldn't help
}

// goToProvider leads a person to the provider of the company in the path.
func (s *server) goToProvider(w http.ResponseWriter, r *http.Request) {
	companyID := chi.URLParam(r, "company_id")
	begun, err := s.api.BeginConsoleSignInWithResponse(r.Context(), client.BeginConsoleSignInJSONRequestBody{CompanyID: companyID})
	if cookie, _ := r.Cookie(providerCookie); cookie != nil && cookie.Value == companyID && asRefusal(err) != nil && asRefusal(err).Status == http.StatusNotFound {
		s.setCookie(w, providerCookie, "", "/console", -1) // the company has no provider any more
		http.Redirect(w, r, "/console/sign-in?"+url.Values{"next": {r.URL.Query().Get("next")}}.Encode(), http.StatusSeeOther)
		return
	}
	if err != nil {
		s.signInRefused(w, r, err, r.URL.RequestURI())
		return
	}
	s.leave(w, r, "/console", *begun.JSON201)
}

// comeFromProvider opens the session of a person whom the provider of her company sends back.
func (s *server) comeFromProvider(w http.ResponseWriter, r *http.Request) {
	answer, next := s.comeBack(w, r, "/console")
	again := "/console/sign-in"
	if cookie, err := r.Cookie(providerCookie); err == nil {
		again += "/" + url.PathEscape(cookie.Value)
	}
	entered, err := s.api.FinishConsoleSignInWithResponse(r.Context(), answer)
	if err != nil {
		s.signInRefused(w, r, err, again)
		return
	}
	in := entered.JSON200
	s.setCookie(w, companyCookie, in.Token, "/console", lasting)
	s.setCookie(w, languageCookie, string(in.Language), "/", lasting)
	s.setCookie(w, providerCookie, in.Company.ID, "/console", remembered)
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // it stays here, see comeBack
}

func (s *server) operatorToProvider(w http.ResponseWriter, r *http.Request) {
	begun, err := s.api.BeginOperatorSignInWithResponse(r.Context())
	if err != nil {
		s.signInRefused(w, r, err, r.URL.RequestURI())
		return
	}
	s.leave(w, r, "/operator", *begun.JSON201)
}

func (s *server) operatorFromProvider(w http.ResponseWriter, r *http.Request) {
	answer, next := s.comeBack(w, r, "/operator")
	opened, err := s.api.FinishOperatorSignInWithResponse(r.Context(), answer)
	if err != nil {
		s.signInRefused(w, r, err, "/operator/sign-in")
		return
	}
	s.keepOperator(w, *opened.JSON200)
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // it stays here, see comeBack
}

// leave leads the browser to a provider. The flow waits in a cookie of this browser, so that nobody else can finish it; Lax, since it
// comes back from another site.
func (s *server) leave(w http.ResponseWriter, r *http.Request, side string, begun client.SignIn) {
	next := base64.RawURLEncoding.EncodeToString([]byte(r.URL.Query().Get("next")))
	s.setCookie(w, flowCookie, begun.Flow+"."+next, side+"/sign-in", int(begun.ExpiresAt.Sub(s.Now()).Seconds()))
	http.Redirect(w, r, begun.URL, http.StatusSeeOther)
}

// comeBack returns what the provider answered through the browser, and the page to which the sign-in leads. The flow is forgotten:
// it can't be finished twice.
func (s *server) comeBack(w http.ResponseWriter, r *http.Request, side string) (answer client.SignInAnswer, next string) {
	q := r.URL.Query()
	answer, next = client.SignInAnswer{Code: q.Get("code"), State: q.Get("state"), Iss: optional[string](q.Get("iss"))}, side
	if cookie, err := r.Cookie(flowCookie); err == nil {
		flow, encoded, _ := strings.Cut(cookie.Value, ".")
		answer.Flow = flow
		if wanted, err := base64.RawURLEncoding.DecodeString(encoded); err == nil && local(string(wanted), side) {
			next = string(wanted)
		}
	}
	s.setCookie(w, flowCookie, "", side+"/sign-in", -1)
	return answer, next
}

// signInRefused says why somebody could not sign in at a provider.
func (s *server) signInRefused(w http.ResponseWriter, r *http.Request, err error, again string) {
	p := asRefusal(err)
	if p == nil {
		s.fail(w, r, err)
		return
	}
	s.logRefusedSignIn(r, err)
	status, key := p.Status, "failed"
	switch name := strings.TrimPrefix(p.Type, "urn:quittance:problem:"); {
	case name == "sign-in-without-role":
		key = "no_role"
	case name == "sign-in-provider-unavailable":
		key = "provider_down"
	case name == "company-suspended":
		key, again = "suspended", ""
	case status == http.StatusNotFound || name == "validation-failed" && r.URL.Query().Get("state") == "" && chi.URLParam(r, "company_id") != "":
		s.notFound(w, r)
		return
	case name == "validation-failed", status == http.StatusUnauthorized: // what comes back is not what was begun, or was refused there
		status = http.StatusUnauthorized
	default:
		s.fail(w, r, err)
		return
	}
	s.show(w, r, status, "sign-in-refused", refusedSignIn{key, again}, nil)
}

// keepOperator keeps the session of an operator in the browser.
func (s *server) keepOperator(w http.ResponseWriter, o client.OperatorSession) {
	s.setCookie(w, operatorCookie, base64.RawURLEncoding.EncodeToString([]byte(o.Name))+"."+o.Token, "/operator", lasting)
}

// haveProvider reports whether operators can also come by a provider.
func (s *server) haveProvider(ctx context.Context) bool {
	found, err := s.api.GetOperatorSignInWithResponse(ctx)
	return err == nil && found.JSON200.Offered
}

// providerPage is where the people of a company sign in.
type providerPage struct {
	client.SignInProvider      // empty when there is none
	SignInURL, RedirectURL     string
	Viewers, Books, Management string // the values of the claim that give each role, one in a line
	Exists                     bool
}

func (s *server) providerRoutes(r chi.Router) {
	r.Get("/settings/sign-in", func(w http.ResponseWriter, r *http.Request) { s.showProvider(w, r, nil) })
	r.Post("/settings/sign-in", s.saveProvider)
	r.Post("/settings/sign-in/remove", s.removeProvider)
}

// showProvider shows where the company's people sign in, or the form that was refused.
func (s *server) showProvider(w http.ResponseWriter, r *http.Request, refusal error) {
	if !visitorOf(r.Context()).Manages() {
		s.message(w, r, http.StatusForbidden, "forbidden")
		return
	}
	p := providerPage{
		SignInURL:   s.PublicURL + "/console/sign-in/" + visitorOf(r.Context()).Company.ID,
		RedirectURL: s.PublicURL + "/console/sign-in/callback",
	}
	found, err := s.api.GetSignInProviderWithResponse(r.Context(), &client.GetSignInProviderParams{})
	if missing := asRefusal(err); err != nil && (missing == nil || missing.Status != http.StatusNotFound) {
		s.fail(w, r, err)
		return
	}
	if err == nil {
		p.SignInProvider, p.Exists = *found.JSON200, true
		p.Viewers, p.Books, p.Management = p.valuesOf(client.Viewer), p.valuesOf(client.Bookkeeper), p.valuesOf(client.Manager)
	}
	if refusal != nil {
		s.refused(w, r, refusal, "sign-in-provider", p, nil)
		return
	}
	s.show(w, r, http.StatusOK, "sign-in-provider", p, nil)
}

func (p providerPage) valuesOf(role client.ConsoleRole) string {
	var values []string
	for value, gives := range p.Roles {
		if gives == role {
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return strings.Join(values, "\n")
}

func (s *server) saveProvider(w http.ResponseWriter, r *http.Request) {
	body := client.NewSignInProvider{
		Issuer: strings.TrimSpace(r.PostFormValue("issuer")), ClientID: strings.TrimSpace(r.PostFormValue("client_id")),
		ClientSecret: optional[string](r.PostFormValue("client_secret")), RoleClaim: optional[string](strings.TrimSpace(r.PostFormValue("role_claim"))),
		Roles: client.SignInRoles{}, DefaultRole: optional[client.ConsoleRole](r.PostFormValue("default_role")),
	}
	for _, role := range []client.ConsoleRole{client.Viewer, client.Bookkeeper, client.Manager} { // of a value named twice, the role that may do more
		for value := range strings.Lines(r.PostFormValue("roles_" + string(role))) {
			if value = strings.TrimSpace(value); value != "" {
				body.Roles[value] = role
			}
		}
	}
	if _, err := s.api.PutSignInProviderWithResponse(r.Context(), &client.PutSignInProviderParams{}, body); err != nil {
		s.showProvider(w, r, err)
		return
	}
	s.tell(w, r, "/console/settings/sign-in", notice{Kind: "good", Key: "saved"})
}

func (s *server) removeProvider(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.DeleteSignInProviderWithResponse(r.Context(), &client.DeleteSignInProviderParams{}); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/settings/sign-in", notice{Kind: "good", Key: "provider_removed"})
}
