package session

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/quittance/quittance/internal/problem"
)

// FlowLife is how long a person has to sign in at the provider.
const FlowLife = 10 * time.Minute

// Flow is a sign-in at a provider that has begun. Nothing of it is kept here: it is sealed, and the browser brings it back.
type Flow struct {
	CompanyID string `json:"company_id"` // empty for operators
	Issuer    string `json:"issuer"`
	// State comes back from the provider with the browser, Nonce in what the provider signs, and Verifier proves to the provider
	// that the same one asks (RFC 7636).
	State     string    `json:"state"`
	Nonce     string    `json:"nonce"`
	Verifier  string    `json:"verifier"`
	ExpiresAt time.Time `json:"expires_at"`
}

// NewFlow returns a sign-in at the issuer that begins now, for a company, or for operators when there is none.
func NewFlow(companyID, issuer string, now time.Time) Flow {
	return Flow{
		CompanyID: companyID, Issuer: issuer, State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(),
		ExpiresAt: now.Add(FlowLife),
	}
}

// What a sealed flow is bound to: one of operators opens no session of a company, and the other way round.
const (
	companyFlow  = "console-sign-in"
	operatorFlow = "operator-sign-in"
)

// Seal returns the flow in a form that only OpenFlow reads.
func (f Flow) Seal(sealer Sealer) (string, error) {
	plain, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	associated := companyFlow
	if f.CompanyID == "" {
		associated = operatorFlow
	}
	sealed, err := sealer.Seal(plain, associated)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// OpenFlow returns the flow with which a browser comes back, for operators or for a company. One that is not ours, has ended, or
// was begun with another state is problem.SignInFailed.
func OpenFlow(sealed, state string, operators bool, sealer Sealer, now time.Time) (f Flow, err error) {
	associated := companyFlow
	if operators {
		associated = operatorFlow
	}
	bytes, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return f, failed("This sign-in was not begun here.")
	}
	plain, err := sealer.Open(bytes, associated)
	if err != nil || json.Unmarshal(plain, &f) != nil {
		return Flow{}, failed("This sign-in was not begun here.")
	}
	if subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) != 1 {
		return Flow{}, failed("This sign-in was begun in another window or another browser.")
	}
	if !now.Before(f.ExpiresAt) {
		return Flow{}, failed("This sign-in took longer than ten minutes.")
	}
	return f, nil
}

func failed(why string) error { return problem.New(problem.SignInFailed, "%s Begin again.", why) }
