package secrets

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memory is a shelf.
type memory struct {
	wrapped []byte
	err     error
	looks   int
}

func (m *memory) DataKeys(context.Context) ([]byte, error) {
	m.looks++
	return m.wrapped, m.err
}

func newMaster(t *testing.T, before ...string) (*Master, string) {
	t.Helper()
	encoded, err := Generate()
	require.NoError(t, err)
	master, err := OpenMaster(string(encoded), before...)
	require.NoError(t, err)
	return master, string(encoded)
}

// newShelf has the wrapped data keys on it.
func newShelf(t *testing.T, master *Master) (*memory, KeySet) {
	t.Helper()
	set, err := NewKeySet()
	require.NoError(t, err)
	wrapped, err := master.Wrap(set)
	require.NoError(t, err)
	return &memory{wrapped: wrapped}, set
}

func (m *memory) put(t *testing.T, master *Master, set KeySet, err error) KeySet {
	t.Helper()
	require.NoError(t, err)
	m.wrapped, err = master.Wrap(set)
	require.NoError(t, err)
	return set
}

func TestAProcessThatRunsTakesUpANewDataKey(t *testing.T) {
	t.Parallel()
	master, _ := newMaster(t)
	shelf, set := newShelf(t, master)
	first, err := Open(t.Context(), shelf, master)
	require.NoError(t, err)
	second, err := Open(t.Context(), shelf, master)
	require.NoError(t, err)
	old, err := first.SealAt([]byte("Demo-Password-1"), here)
	require.NoError(t, err)
	assert.Equal(t, first.Prefix(), old[:6])

	set, err = set.Rotated()
	set = shelf.put(t, master, set, err)
	require.NoError(t, first.Look(t.Context()))
	assert.Equal(t, set.Primary(), first.KeyID())
	fresh, err := first.SealAt([]byte("Demo-Password-1"), here)
	require.NoError(t, err)
	assert.Equal(t, first.Prefix(), fresh[:6])
	for name, sealed := range map[string][]byte{"sealed before": old, "sealed with a key that this process hasn't seen": fresh} {
		opened, err := second.OpenAt(sealed, here)
		require.NoError(t, err, name)
		assert.Equal(t, "Demo-Password-1", string(opened), name)
	}
	assert.Equal(t, set.Primary(), second.KeyID(), "it looked because it had to")

	t.Run("and a removed one opens nothing", func(t *testing.T) {
		assert.Len(t, set.Others(), 1)
		set, err = set.Newest()
		set = shelf.put(t, master, set, err)
		assert.Empty(t, set.Others())
		require.NoError(t, second.Look(t.Context()))
		_, err := second.OpenAt(old, here)
		require.ErrorIs(t, err, ErrCannotOpen)
		_, err = second.OpenAt(fresh, here)
		require.NoError(t, err)
	})
	t.Run("and garbage makes nobody look", func(t *testing.T) {
		looks := shelf.looks
		for _, garbage := range [][]byte{nil, {1}, append(append([]byte{}, fresh[:6]...), 7)} {
			_, err := second.OpenAt(garbage, here)
			require.ErrorIs(t, err, ErrCannotOpen)
		}
		assert.Equal(t, looks, shelf.looks)
	})
	t.Run("and when the keys can't be looked up, the reason is told", func(t *testing.T) {
		shelf.err = context.DeadlineExceeded
		_, err := second.OpenAt(old, here)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, ErrCannotOpen, "it may open a moment later")
	})
}

func TestTheMasterKeyIsReplacedByWrappingTheDataKeysAnew(t *testing.T) {
	t.Parallel()
	old, oldKey := newMaster(t)
	shelf, set := newShelf(t, old)
	alone, _ := newMaster(t)
	_, err := Open(t.Context(), shelf, alone)
	require.ErrorContains(t, err, "the master key doesn't open the data keys of this database")

	next, nextKey := newMaster(t, oldKey)
	_, err = Open(t.Context(), shelf, next)
	require.NoError(t, err, "with the old one beside it")
	shelf.put(t, next, set, nil)
	only, err := OpenMaster(nextKey)
	require.NoError(t, err)
	_, err = Open(t.Context(), shelf, only)
	require.NoError(t, err, "the old one isn't needed any more")
	_, err = Open(t.Context(), shelf, old)
	require.Error(t, err, "and opens nothing")
	assert.NotContains(t, err.Error(), oldKey)
}

func TestAURIThatNamesNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	for uri, why := range map[string]string{
		"aws-kms://arn:aws:kms:eu-central-2:1:key/x": "only hcvault://",
		"hcvault://": "is not like hcvault://",
		"hcvault://root:hunter2@vault/transit/keys/name": "is not like hcvault://",
		"hcvault://vault/transit/quittance":              "malformed keyPath",
	} {
		_, err := OpenMaster(uri)
		require.ErrorContains(t, err, why, uri)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

// vault is the part of HashiCorp Vault's transit engine that encrypts
// (https://developer.hashicorp.com/vault/api-docs/secret/transit).
type vault struct {
	token    string
	versions []cipher.AEAD
}

func (v *vault) rotate(t *testing.T) {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	require.NoError(t, err)
	v.versions = append(v.versions, gcm)
}

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fail := func(status int, why string) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"errors": []string{why}})
	}
	if r.Header.Get("X-Vault-Token") != v.token {
		fail(http.StatusForbidden, "permission denied")
		return
	}
	var request struct {
		Plaintext      []byte `json:"plaintext"`
		Ciphertext     string `json:"ciphertext"`
		AssociatedData []byte `json:"associated_data"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		fail(http.StatusBadRequest, err.Error())
		return
	}
	data := map[string]any{}
	switch r.Method + " " + r.URL.Path {
	case "PUT /v1/transit/encrypt/quittance":
		sealed := v.versions[len(v.versions)-1].Seal(nil, nil, request.Plaintext, request.AssociatedData)
		data["ciphertext"] = "vault:v" + string(rune('0'+len(v.versions))) + ":" + base64.StdEncoding.EncodeToString(sealed)
	case "PUT /v1/transit/decrypt/quittance":
		version, text, found := strings.Cut(strings.TrimPrefix(request.Ciphertext, "vault:v"), ":")
		if !found || len(version) != 1 {
			fail(http.StatusBadRequest, "invalid ciphertext: no prefix")
			return
		}
		sealed, _ := base64.StdEncoding.DecodeString(text)
		plaintext, err := v.versions[version[0]-'1'].Open(nil, nil, sealed, request.AssociatedData)
		if err != nil {
			fail(http.StatusBadRequest, "cipher: message authentication failed")
			return
		}
		data["plaintext"] = plaintext
	default:
		fail(http.StatusNotFound, "no handler for route")
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
}

func TestTheMasterKeyMayStayInVault(t *testing.T) {
	v := &vault{token: "hvs.test"}
	v.rotate(t)
	server := httptest.NewServer(v)
	defer server.Close()
	t.Setenv("VAULT_ADDR", server.URL)
	t.Setenv("VAULT_TOKEN", v.token)
	local, localKey := newMaster(t)
	shelf, set := newShelf(t, local)

	remote, err := OpenMaster("hcvault://vault.example.ch/transit/keys/quittance", localKey)
	require.NoError(t, err)
	_, err = Open(t.Context(), shelf, remote)
	require.NoError(t, err, "on the way into Vault")
	shelf.put(t, remote, set, nil)

	v.rotate(t)
	remote, err = OpenMaster("hcvault://vault.example.ch/transit/keys/quittance")
	require.NoError(t, err)
	keyring, err := Open(t.Context(), shelf, remote)
	require.NoError(t, err, "also after Vault rotated its key")
	assert.Equal(t, set.Primary(), keyring.KeyID())

	v.token = "hvs.another"
	_, err = Open(t.Context(), shelf, remote)
	require.ErrorContains(t, err, "permission denied")
	assert.NotContains(t, err.Error(), "hvs.test")
}

// FuzzNothingUnwrapsThatWasNotWrapped gives anything for wrapped data keys, and for the name of a master key.
func FuzzNothingUnwrapsThatWasNotWrapped(f *testing.F) {
	encoded, err := Generate()
	require.NoError(f, err)
	master, err := OpenMaster(string(encoded))
	require.NoError(f, err)
	other, err := NewKeySet()
	require.NoError(f, err)
	wrapped, err := master.Wrap(other)
	require.NoError(f, err)
	for _, seed := range [][]byte{wrapped, wrapped[:20], []byte("hcvault://h/transit/keys/k"), []byte("hcvault://"), []byte("gcp-kms://k"), []byte("e30="), nil} {
		f.Add(seed)
	}
	stranger, err := OpenMaster(string(mustGenerate(f)))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, input []byte) {
		_, err := stranger.Unwrap(input)
		require.Error(t, err)
		if m, err := OpenMaster(string(input)); err == nil {
			require.NotEmpty(t, m.Name)
		}
	})
}

func mustGenerate(t require.TestingT) []byte {
	encoded, err := Generate()
	require.NoError(t, err)
	return encoded
}
