package secrets

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	"pgregory.net/rapid"
)

func newKeyring(t require.TestingT) *Keyring {
	master, err := Generate()
	require.NoError(t, err)
	keyring, err := New(master)
	require.NoError(t, err)
	return keyring
}

func TestWhatIsSealedForACompanyOpensForThatCompanyOnly(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	rapid.Check(t, func(t *rapid.T) {
		plaintext := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "plaintext")
		company := rapid.StringN(1, 20, -1).Draw(t, "company")
		other := rapid.StringN(1, 20, -1).Filter(func(s string) bool { return s != company }).Draw(t, "other company")

		sealed, err := keyring.Seal(plaintext, company)
		require.NoError(t, err)
		opened, err := keyring.Open(sealed, company)
		require.NoError(t, err)
		assert.Equal(t, string(plaintext), string(opened))

		_, err = keyring.Open(sealed, other)
		require.ErrorIs(t, err, ErrCannotOpen)
	})
}

func TestAPasswordCannotBeSeenOrComparedInItsSealedForm(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	first, err := keyring.Seal([]byte("Demo-Password-1"), "cmp_1")
	require.NoError(t, err)
	second, err := keyring.Seal([]byte("Demo-Password-1"), "cmp_1")
	require.NoError(t, err)
	assert.NotContains(t, string(first), "Demo")
	assert.NotEqual(t, first, second, "the same password twice does not look the same")
}

func TestADamagedValueDoesNotOpen(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	sealed, err := keyring.Seal([]byte("Demo-Password-1"), "cmp_1")
	require.NoError(t, err)
	for i := range sealed {
		damaged := append([]byte(nil), sealed...)
		damaged[i] ^= 1
		_, err := keyring.Open(damaged, "cmp_1")
		require.ErrorIs(t, err, ErrCannotOpen, "byte %d", i)
	}
	_, err = keyring.Open(nil, "cmp_1")
	require.ErrorIs(t, err, ErrCannotOpen)
}

func TestNothingIsSealedWithoutAnOwner(t *testing.T) {
	t.Parallel()
	_, err := newKeyring(t).Seal([]byte("Demo-Password-1"), "")
	require.ErrorContains(t, err, "associated data is empty")
}

func TestOldValuesOpenAfterAKeyIsAdded(t *testing.T) {
	t.Parallel()
	master, err := Generate()
	require.NoError(t, err)
	before, err := New(master)
	require.NoError(t, err)
	old, err := before.Seal([]byte("Demo-Password-1"), "cmp_1")
	require.NoError(t, err)

	after, err := New(addPrimary(t, master))
	require.NoError(t, err)
	assert.NotEqual(t, before.KeyID(), after.KeyID(), "the new key is the one that seals")
	opened, err := after.Open(old, "cmp_1")
	require.NoError(t, err)
	assert.Equal(t, "Demo-Password-1", string(opened))

	fresh, err := after.Seal([]byte("Demo-Password-1"), "cmp_1")
	require.NoError(t, err)
	_, err = before.Open(fresh, "cmp_1")
	require.ErrorIs(t, err, ErrCannotOpen, "a process that has only the old key")
}

// addPrimary returns the key set with one more key, which becomes the primary one.
func addPrimary(t *testing.T, encoded []byte) []byte {
	t.Helper()
	set, err := decode(encoded)
	require.NoError(t, err)
	set, err = set.Rotated()
	require.NoError(t, err)
	rotated, err := set.encode()
	require.NoError(t, err)
	return rotated
}

func TestAMasterKeyThatIsNoneIsRefusedWithoutShowingIt(t *testing.T) {
	t.Parallel()
	handle, err := keyset.NewHandle(mac.HMACSHA256Tag256KeyTemplate())
	require.NoError(t, err)
	forSigning, err := KeySet{handle}.encode()
	require.NoError(t, err)
	tests := map[string]struct{ master, why string }{
		"empty":          {"", "not a Tink key set"},
		"not base64":     {"hunter2!", "not base64"},
		"not JSON":       {base64.StdEncoding.EncodeToString([]byte("hunter2")), "not a Tink key set"},
		"no key":         {base64.StdEncoding.EncodeToString([]byte(`{"primaryKeyId":1,"key":[]}`)), "not a Tink key set"},
		"for signatures": {string(forSigning), "not one for AEAD"},
	}
	for name, test := range tests {
		_, err := New([]byte(test.master))
		require.ErrorContains(t, err, test.why, name)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestAMasterKeyMayEndInANewline(t *testing.T) {
	t.Parallel()
	master, err := Generate()
	require.NoError(t, err)
	_, err = New(append(master, '\n'))
	require.NoError(t, err)
}

func FuzzOpeningAnythingIsSafe(f *testing.F) {
	keyring := newKeyring(f)
	sealed, err := keyring.Seal([]byte("Demo-Password-1"), "cmp_1")
	require.NoError(f, err)
	f.Add(sealed)
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, input []byte) {
		opened, err := keyring.Open(input, "cmp_2")
		require.ErrorIs(t, err, ErrCannotOpen)
		assert.Nil(t, opened)
	})
}
