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

// FuzzNoIBANStaysValidWithAnotherCharacter changes one character of whatever is valid.
func FuzzNoIBANStaysValidWithAnotherCharacter(f *testing.F) {
	for _, s := range []string{"", "CH9300762011623852957", "MT84MALT011000012345MTLCAST001S", "CH93\x000762011623852957", "ÄH9300762011623852957"} {
		f.Add(s, 5, byte('1'))
	}
	f.Fuzz(func(t *testing.T, s string, at int, digit byte) {
		if !iban.Valid(s) {
			return
		}
		assert.Regexp(t, `^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$`, s)
		place := 4 + max(at, -at-1)%(len(s)-4)
		if s[place] > '9' || s[place] == '0'+digit%10 {
			return
		}
		changed := []byte(s)
		changed[place] = '0' + digit%10
		assert.False(t, iban.Valid(string(changed)), "%s and %s", s, changed)
	})
}
