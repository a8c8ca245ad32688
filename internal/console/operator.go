package console

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// operatorSide routes what operators see.
func (s *server) operatorSide(r chi.Router) {
	r.Use(s.operatorSignedIn)
	r.Post("/sign-out", func(w http.ResponseWriter, r *http.Request) {
		s.setCookie(w, operatorCookie, "", "/operator", -1)
		http.Redirect(w, r, "/operator/sign-in", http.StatusSeeOther)
	})
	r.Get("/", func(w http.ResponseWriter, r *http.Request) { s.show(w, r, http.StatusOK, "operator-home", nil, nil) })
}

// operatorSignedIn lets operators with a session through. The API says whether the token is still worth something.
func (s *server) operatorSignedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(operatorCookie)
		if err != nil {
			s.toSignIn(w, r)
			return
		}
		encoded, token, _ := strings.Cut(cookie.Value, ".")
		name, err := base64.RawURLEncoding.DecodeString(encoded)
		if err != nil || len(name) == 0 {
			s.toSignIn(w, r)
			return
		}
		w.Header().Set("X-Frame-Options", "DENY")
		v := &visitor{Operator: string(name), token: token}
		next.ServeHTTP(w, r.WithContext(context.WithValue(as(r.Context(), token), visitorKey{}, v)))
	})
}

func (s *server) showOperatorSignIn(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "operator-sign-in", nil, nil)
}

// signOperatorIn opens a session by the operators' key; the name stands in the audit log.
func (s *server) signOperatorIn(w http.ResponseWriter, r *http.Request) {
	ctx := as(r.Context(), strings.TrimSpace(r.PostFormValue("key")))
	name := strings.TrimSpace(r.PostFormValue("name"))
	if name == "" {
		name = "operator"
	}
	opened, err := s.api.CreateOperatorSessionWithResponse(ctx, client.CreateOperatorSessionJSONRequestBody{Name: name})
	if err != nil {
		s.refused(w, r, err, "operator-sign-in", nil, map[string]string{"": "key"})
		return
	}
	s.setCookie(w, operatorCookie, base64.RawURLEncoding.EncodeToString([]byte(opened.JSON201.Name))+"."+opened.JSON201.Token, "/operator", lasting)
	next := r.PostFormValue("next")
	if !local(next, "/operator") {
		next = "/operator"
	}
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // it stays here, see local
}
