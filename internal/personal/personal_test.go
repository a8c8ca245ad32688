package personal_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/personal"
)

func TestWhatIsSealedForACustomerOpensWithItsKeyAndInItsPlaceOnly(t *testing.T) {
	t.Parallel()
	key := personal.NewKey()
	sealed, err := personal.Seal(key, []byte("Zoë Müller"), "invoice 1")
	require.NoError(t, err)
	opened, err := personal.Open(key, sealed, "invoice 1")
	require.NoError(t, err)
	assert.Equal(t, "Zoë Müller", string(opened))
	for name, try := range map[string]func() ([]byte, error){
		"another key":   func() ([]byte, error) { return personal.Open(personal.NewKey(), sealed, "invoice 1") },
		"no key":        func() ([]byte, error) { return personal.Open(nil, sealed, "invoice 1") },
		"another place": func() ([]byte, error) { return personal.Open(key, sealed, "invoice 2") },
		"damaged":       func() ([]byte, error) { return personal.Open(key, sealed[1:], "invoice 1") },
	} {
		_, err := try()
		require.ErrorIs(t, err, personal.ErrCannotOpen, name)
	}
}

func TestAPartOfANameIsFoundByItsPieces(t *testing.T) {
	t.Parallel()
	keys := personal.Keys{Index: personal.NewKey(), Links: personal.NewKey()}
	kept := keys.Pieces("cmp_1", personal.Name, "Zoë Müller")
	finds := func(company string, field personal.Field, part string) bool {
		return !slices.ContainsFunc(keys.Sought(company, field, part), func(h int64) bool { return !slices.Contains(kept, h) })
	}
	for _, part := range []string{"Zoë Müller", "zoë", "MÜLL", "ë m", "e", "r", "er"} {
		assert.True(t, finds("cmp_1", personal.Name, part), part)
	}
	for _, part := range []string{"Zoe", "Müllerin", "x", "zoë müllers", "yz"} {
		assert.False(t, finds("cmp_1", personal.Name, part), part)
	}
	assert.False(t, finds("cmp_2", personal.Name, "zoë"), "another company's hashes are others")
	assert.False(t, finds("cmp_1", personal.Email, "zoë"))
	assert.Empty(t, keys.Sought("cmp_1", personal.Name, ""), "everything is found by nothing")
}

func TestALinkIsTheSameUntilItIsMadeAgain(t *testing.T) {
	t.Parallel()
	keys := personal.Keys{Index: personal.NewKey(), Links: personal.NewKey()}
	token := keys.Token("inv_1", 1)
	assert.Equal(t, token, keys.Token("inv_1", 1))
	assert.Regexp(t, `^[A-Za-z0-9_-]{27}$`, token)
	assert.NotEqual(t, keys.Token("inv_1", 1), keys.Token("inv_1", 2))
	assert.NotEqual(t, keys.Token("inv_1", 1), personal.Keys{Index: keys.Index, Links: personal.NewKey()}.Token("inv_1", 1))
	assert.Equal(t, keys.Address("cmp_1", "Zoe@Example.com"), keys.Address("cmp_1", "zoe@example.com"))
	assert.NotEqual(t, keys.Address("cmp_1", "zoe@example.com"), keys.Address("cmp_2", "zoe@example.com"))
}
