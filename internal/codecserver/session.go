package codecserver

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
)

const (
	// sessionLife is how long a sign-in lasts: a shift.
	sessionLife = 8 * time.Hour
	cookie      = "quittance_operator"
	// wrongKeys is how many wrong keys an address may try in a minute. Right ones don't count, and other addresses are let alone.
	wrongKeys = 10
)

// byKey is who shows the operators' key itself, as the temporal command does.
const byKey = "key"

// reader is who reads payloads.
type reader struct {
	Name    string    `json:"name"` // as she typed it, or byKey
	Session string    `json:"session"`
	Ends    time.Time `json:"ends"`
}

type readerKey struct{}

// longestName is how many bytes of a name are kept.
const longestName = 100

// signedIn lets requests through that show a session, or the operators' key itself.
func (s server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, signedIn := s.sessionOf(r)
		if scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " "); !signedIn && strings.EqualFold(scheme, "Bearer") {
			isKey, over := s.isKey(w, r, key)
			if over {
				return
			}
			signedIn, who = isKey, reader{Name: byKey}
		}
		if !signedIn {
			http.Error(w, "Sign in at this address to read payloads.", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), readerKey{}, who)))
	})
}

// isKey reports whether it is the operators' key. Once too many wrong ones came from the address it answers with 429, over, whatever
// the key is.
func (s server) isKey(w http.ResponseWriter, r *http.Request, key string) (right, over bool) {
	from := address(r)
	if _, wrong, _ := s.wrongKeys.Status(from); wrong >= wrongKeys && s.wrongKeys.RespondOnLimit(w, r, from) {
		return false, true
	}
	got, want := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(s.OperatorKey()))
	if subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
		return true, false
	}
	s.Logger.WarnContext(r.Context(), "wrong operator key", "address", from)
	return false, s.wrongKeys.RespondOnLimit(w, r, from)
}

// address returns the address of the client, by which wrong keys are counted.
func address(r *http.Request) string {
	address := middleware.GetClientIP(r.Context()) // set when a proxy stands in front
	if address == "" {
		address, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	return httprate.CanonicalizeIP(address)
}

// associated binds a session to the operators' key: when that changes, every session ends. No other sealed value can be taken for one.
func (s server) associated() string {
	sum := sha256.Sum256([]byte(s.OperatorKey()))
	return "codec-session " + hex.EncodeToString(sum[:])
}

// sessionOf returns whose session the request shows, and whether it shows one that has not ended.
func (s server) sessionOf(r *http.Request) (who reader, ok bool) {
	c, err := r.Cookie(cookie)
	if err != nil {
		return who, false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return who, false
	}
	text, err := s.Sealer.Open(sealed, s.associated())
	if err != nil || json.Unmarshal(text, &who) != nil {
		return reader{}, false
	}
	return who, s.Now().Before(who.Ends)
}

func (s server) signIn(w http.ResponseWriter, r *http.Request) {
	right, over := s.isKey(w, r, r.PostFormValue("key"))
	if over {
		return
	}
	if !right {
		s.show(w, http.StatusUnauthorized, page{Wrong: true})
		return
	}
	name := strings.TrimSpace(r.PostFormValue("name"))
	who := reader{Name: shortened(cmp.Or(name, "operator"), longestName), Session: rand.Text(), Ends: s.Now().Add(sessionLife)}
	text, err := json.Marshal(who)
	if err == nil {
		text, err = s.Sealer.Seal(text, s.associated())
	}
	if err != nil {
		s.Logger.ErrorContext(r.Context(), "session not sealed", "error", err)
		http.Error(w, "This is our mistake. We have logged it.", http.StatusInternalServerError)
		return
	}
	s.Logger.InfoContext(r.Context(), "operator signed in", "who", who.Name, "session", who.Session, "address", address(r))
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever Temporal Web is served over TLS
		Name: cookie, Value: base64.RawURLEncoding.EncodeToString(text), Path: "/", MaxAge: int(sessionLife.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: strings.HasPrefix(s.TemporalWebURL, "https:"),
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
