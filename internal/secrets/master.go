package secrets

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/hashicorp/vault/api"
	"github.com/tink-crypto/tink-go-hcvault/v2/integration/hcvault"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// wrapPurpose is the associated data of wrapped data keys. Nothing else that the master key encrypted can be taken for data
// keys.
const wrapPurpose = "quittance data keys"

// Master wraps the data keys, so that the database can keep them (envelope encryption). It is a key set that an operator keeps,
// or a key that never leaves a key management system.
type Master struct {
	// Name says which key wraps, for people. It is no secret.
	Name string

	wraps   tink.AEAD
	unwraps []tink.AEAD // that one first, then those of before
	local   *KeySet     // the key set, when it is none of a key management system
}

// OpenMaster returns the master key. The master key of before still unwraps, until "admin rotate-keys" has wrapped the data
// keys with the current one. Each of the two is either a key set as Generate returns it, or the URI of a key:
//
//	hcvault://vault.example.ch:8200/transit/keys/quittance
//
// is a key of the transit engine of HashiCorp Vault or OpenBao. OpenMaster does not call it. The error never shows any part of
// a key set.
func OpenMaster(current string, before ...string) (*Master, error) {
	m, err := openOne(current)
	if err != nil {
		return nil, err
	}
	for _, reference := range before {
		old, err := openOne(reference)
		if err != nil {
			return nil, fmt.Errorf("the master key of before: %w", err)
		}
		m.unwraps = append(m.unwraps, old.unwraps...)
		if m.local == nil {
			m.local = old.local
		}
	}
	return m, nil
}

func openOne(reference string) (*Master, error) {
	if strings.HasPrefix(reference, "hcvault://") {
		return openVault(reference)
	}
	if scheme, _, isURI := strings.Cut(reference, "://"); isURI {
		return nil, fmt.Errorf("no key management system is known by %s://, only hcvault://", scheme)
	}
	set, err := decode([]byte(reference))
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(set.handle)
	if err != nil {
		return nil, errors.New("the master key is not one for AEAD encryption")
	}
	return &Master{Name: "key " + set.Primary() + " of the master key set", wraps: primitive, unwraps: []tink.AEAD{primitive}, local: &set}, nil
}

// openVault takes the token, the certificate authority and the like from the variables of Vault's own command (VAULT_TOKEN,
// VAULT_CACERT, …). VAULT_ADDR or VAULT_AGENT_ADDR lead to an agent on this machine.
func openVault(uri string) (*Master, error) {
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Host == "" || parsed.User != nil {
		return nil, errors.New("the URI of the master key is not like hcvault://vault.example.ch:8200/transit/keys/quittance")
	}
	options := api.DefaultConfig()
	if options.Error != nil {
		return nil, fmt.Errorf("a variable of Vault can't be read: %w", options.Error)
	}
	if os.Getenv(api.EnvVaultAddress) == "" {
		options.Address = "https://" + parsed.Host
	}
	client, err := api.NewClient(options)
	if err != nil {
		return nil, fmt.Errorf("reach Vault: %w", err)
	}
	kms, err := hcvault.NewClientWithAEADOptions("hcvault://"+parsed.Host, client.Logical())
	if err != nil {
		return nil, fmt.Errorf("reach Vault: %w", err)
	}
	remote, err := kms.GetAEAD(uri)
	if err != nil {
		return nil, fmt.Errorf("the URI of the master key: %w", err)
	}
	return &Master{Name: uri, wraps: remote, unwraps: []tink.AEAD{remote}}, nil
}

// Local returns the key set that is the master key, or was before; false when neither is a key set.
func (m *Master) Local() (KeySet, bool) {
	if m.local == nil {
		return KeySet{}, false
	}
	return *m.local, true
}

// Wrap returns the set in a form that only the master key opens: Tink's EncryptedKeyset. The ids of its keys stay readable.
func (m *Master) Wrap(set KeySet) ([]byte, error) {
	var wrapped bytes.Buffer
	if err := set.handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&wrapped), m.wraps, []byte(wrapPurpose)); err != nil {
		return nil, fmt.Errorf("wrap the data keys with %s: %w", m.Name, err)
	}
	return wrapped.Bytes(), nil
}

// Unwrap returns what Wrap wrapped, with this master key or the one before.
func (m *Master) Unwrap(wrapped []byte) (KeySet, error) {
	var refusals []error
	for _, master := range m.unwraps {
		handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), master, []byte(wrapPurpose))
		if err == nil {
			return KeySet{handle}, nil
		}
		refusals = append(refusals, err)
	}
	return KeySet{}, fmt.Errorf("the master key doesn't open the data keys of this database (%w)", errors.Join(refusals...))
}
