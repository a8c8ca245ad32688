package session_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/session"
)

func TestAPersonIsCalledByTheBestNameThatTheProviderSays(t *testing.T) {
	t.Parallel()
	for want, claims := range map[string]session.Claims{
		"Claire Favre":           {"sub": "1", "name": " Claire Favre ", "preferred_username": "cf"},
		"cf":                     {"sub": "1", "name": " ", "preferred_username": "cf"},
		"c.favre@example.ch":     {"sub": "1", "email": "c.favre@example.ch"},
		"1":                      {"sub": "1", "name": 7},
		strings.Repeat("é", 100): {"sub": "1", "name": strings.Repeat("é", 101)},
	} {
		assert.Equal(t, want, claims.Name())
	}
}

func TestOnlyAVerifiedMailAddressIsThePersons(t *testing.T) {
	t.Parallel()
	for _, verified := range []any{true, "true"} {
		assert.Equal(t, "a@b.ch", session.Claims{"email": "a@b.ch", "email_verified": verified}.User().Email)
	}
	for _, not := range []any{nil, false, "false", "yes", 1.0} {
		assert.Empty(t, session.Claims{"email": "a@b.ch", "email_verified": not}.User().Email)
	}
}

func TestAClaimIsFoundByItsWholeNameBeforeWithinOthers(t *testing.T) {
	t.Parallel()
	c := session.Claims{"https://example.ch/roles": []any{"a"}, "a": map[string]any{"b": map[string]any{"c": "x"}}, "a.b": "y"}
	assert.Equal(t, []string{"a"}, c.Values("https://example.ch/roles"))
	assert.Equal(t, []string{"x"}, c.Values("a.b.c"))
	assert.Equal(t, []string{"y"}, c.Values("a.b"))
	assert.Empty(t, c.Values("a"))
	assert.Empty(t, c.Values("nothing"))
	assert.Empty(t, c.Values(""))
}
