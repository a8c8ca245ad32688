package session

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

// Sealer encrypts and authenticates: it opens only what it sealed itself for the same associated text.
type Sealer interface {
	Seal(plaintext []byte, associated string) ([]byte, error)
	Open(sealed []byte, associated string) ([]byte, error)
}

// Operator is a signed-in operator. Nothing is kept: the token itself says who it is, sealed.
type Operator struct {
	Name      string    `json:"name"`
	ExpiresAt time.Time `json:"expires_at"`
}

// NewOperator returns the session of an operator, which begins now, and its token. It ends with the operators' key. A name that
// can't be shown is problem.Invalid.
func NewOperator(name, operatorKey string, sealer Sealer, now time.Time) (token string, o Operator, err error) {
	if err := problem.InvalidFields(text.Line("name", &name, 1, 400)...); err != nil {
		return "", o, err
	}
	o = Operator{Name: name, ExpiresAt: now.Add(Life)}
	plain, err := json.Marshal(o)
	if err != nil {
		return "", o, err
	}
	sealed, err := sealer.Seal(plain, associated(operatorKey))
	return OperatorPrefix + base64.RawURLEncoding.EncodeToString(sealed), o, err
}

// OpenOperator returns who holds the token, or problem.Unauthorized.
func OpenOperator(token, operatorKey string, sealer Sealer, now time.Time) (o Operator, err error) {
	refused := problem.New(problem.Unauthorized, "This session has ended. Sign in again.")
	sealed, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, OperatorPrefix))
	if err != nil {
		return o, refused
	}
	plain, err := sealer.Open(sealed, associated(operatorKey))
	if err != nil || json.Unmarshal(plain, &o) != nil || !now.Before(o.ExpiresAt) {
		return Operator{}, refused
	}
	return o, nil
}

// associated binds a token to the operators' key: when that is changed, every session ends.
func associated(operatorKey string) string {
	return "operator-session " + hex.EncodeToString(Hash(operatorKey))
}

// Operators is where the operators of the installation sign in, and who is one: whose claim has the value. Empty for nowhere.
type Operators struct {
	Registration
	Claim, Value string
}

// Includes reports whether the person is an operator.
func (o Operators) Includes(c Claims) bool { return slices.Contains(c.Values(o.Claim), o.Value) }
