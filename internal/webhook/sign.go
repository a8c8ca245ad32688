package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// secretBytes is how long a secret is (Standard Webhooks, "Signature scheme": 24 to 64 bytes).
const secretBytes = 32

// NewSecret returns a fresh secret in the form of Standard Webhooks: "whsec_" and the base64 of random bytes.
func (*Client) NewSecret() string {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return "whsec_" + base64.StdEncoding.EncodeToString(b)
}

// signatures returns the value of the header webhook-signature: one signature per secret, separated by spaces, so that a
// receiver that knows any of them is satisfied. The error shows no secret.
func signatures(secrets []string, id string, at time.Time, body []byte) (string, error) {
	all := make([]string, len(secrets))
	for i, secret := range secrets {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return "", fmt.Errorf("secret %d of webhook %s is not base64", i, id)
		}
		if all[i], err = signer.Sign(id, at, body); err != nil {
			return "", fmt.Errorf("sign webhook %s: %w", id, err)
		}
	}
	return strings.Join(all, " "), nil
}
