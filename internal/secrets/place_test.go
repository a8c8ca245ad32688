package secrets

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/sealed"
)

var here = sealed.ServicePassword.Of("cmp_1", "psv_1")

func TestWhatWasSealedForOnePlaceOpensInNoOther(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	value, err := keyring.SealAt([]byte("Demo-Password-1"), here)
	require.NoError(t, err)
	opened, err := keyring.OpenAt(value, here)
	require.NoError(t, err)
	assert.Equal(t, "Demo-Password-1", string(opened))
	for what, elsewhere := range map[string]sealed.Place{
		"another company":         sealed.ServicePassword.Of("cmp_2", "psv_1"),
		"another row":             sealed.ServicePassword.Of("cmp_1", "psv_2"),
		"another table":           sealed.Column{Table: "other_services", Name: "sealed_password"}.Of("cmp_1", "psv_1"),
		"another column":          sealed.Column{Table: "payment_services", Name: "sealed_previous"}.Of("cmp_1", "psv_1"),
		"names cut another way":   sealed.ServicePassword.Of("cmp_1", "psv_1/"),
		"an answer with its name": sealed.Answer.Of("cmp_1", "cmp_1/payment_services/sealed_password/psv_1"),
	} {
		_, err := keyring.OpenAt(value, elsewhere)
		require.ErrorIs(t, err, ErrCannotOpen, what)
	}
	_, err = keyring.OpenAt(value[1:], here)
	require.ErrorIs(t, err, ErrCannotOpen, "nor does it pass for one of before")
	_, err = keyring.Open(value[1:], "cmp_1")
	require.ErrorIs(t, err, ErrCannotOpen)

	for _, nowhere := range []sealed.Place{{}, sealed.ServicePassword.Of("", "psv_1"), sealed.ServicePassword.Of("cmp_1", "")} {
		_, err := keyring.SealAt([]byte("x"), nowhere)
		require.ErrorContains(t, err, "has no name")
	}
}

func TestWhatWasSealedBeforeThereWerePlacesStillOpensForItsOwner(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	value, err := keyring.Seal([]byte("Demo-Password-1"), "cmp_1")
	require.NoError(t, err)
	opened, err := keyring.OpenAt(value, here)
	require.NoError(t, err)
	assert.Equal(t, "Demo-Password-1", string(opened))
	_, err = keyring.OpenAt(value, sealed.ServicePassword.Of("cmp_2", "psv_1"))
	require.ErrorIs(t, err, ErrCannotOpen)
	for _, garbage := range [][]byte{nil, {}, {placed}, {placed, 1}, append([]byte{placed}, value...)} {
		_, err := keyring.OpenAt(garbage, here)
		require.ErrorIs(t, err, ErrCannotOpen)
	}
	assert.NotEqual(t, keyring.Prefix(), value[:len(keyring.Prefix())], "so that it is sealed again")
}
