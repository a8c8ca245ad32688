package iban_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/iban"
)

func TestValid(t *testing.T) {
	t.Parallel()
	for _, valid := range []string{"CH9300762011623852957", "LI21088100002324013AA", "DE89370400440532013000", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"} {
		assert.True(t, iban.Valid(valid), valid)
	}
	for _, invalid := range []string{"", "CH93", "CH9300762011623852958", "CH93 0076 2011 6238 5295 7", "ch9300762011623852957", "9393007620116238529", "CH93007620116238529-7"} {
		assert.False(t, iban.Valid(invalid), invalid)
	}
}
