package qrbill_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/qrbill"
)

// made draws the reference of some invoice, of either kind.
func made(r *rapid.T) (id string, reference qrbill.Reference) {
	id = rapid.StringMatching(`inv_[0-9a-z]{26}`).Draw(r, "id")
	reference, err := qrbill.ReferenceFor(rapid.SampledFrom([]string{ordinaryIBAN, qrIBAN}).Draw(r, "account"), id)
	require.NoError(r, err)
	return id, reference
}

func TestBothReferencesOfAnInvoiceShareTheirNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		id, _ := made(r)
		scor, err := qrbill.ReferenceFor(ordinaryIBAN, id)
		require.NoError(r, err)
		qrr, err := qrbill.ReferenceFor(qrIBAN, id)
		require.NoError(r, err)
		assert.Len(r, scor.Number(), 20)
		assert.Equal(r, scor.Number(), qrr.Number())
		assert.Equal(r, []bool{true, true, false, false}, []bool{scor.IsFor(id), qrr.IsFor(id), scor.IsFor(id + "x"), qrr.IsFor(id + "x")})
	})
}

func TestReferenceIsFoundWhereverItStandsInAText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		_, reference := made(r)
		written := rapid.SampledFrom([]string{reference.String(), reference.Grouped(), strings.ToLower(reference.String())}).Draw(r, "written")
		before := rapid.SampledFrom([]string{"", "Rechnung 2026-0042, ", "/REF/", "QRR", "REF "}).Draw(r, "before")
		after := rapid.SampledFrom([]string{"", " danke", "/", " CHF 108.00", " Rg. 17"}).Draw(r, "after")
		assert.Contains(r, qrbill.Find(before+written+after), reference.String())
	})
	assert.Empty(t, qrbill.Find("2026-11-24 108.00 CH93 0076 2011 6238 5295 7 RF18 5390"))
	assert.Empty(t, qrbill.Find("2100000000031394714300090171234"), "a longer number is something else")
}

func TestMistypedDigitOrTwoThatChangedPlacesAreNear(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		_, reference := made(r)
		typed := []byte(reference.String())
		at := rapid.IntRange(5, len(typed)-1).Draw(r, "at")
		if rapid.Bool().Draw(r, "swapped") && typed[at-1] != typed[at] {
			typed[at-1], typed[at] = typed[at], typed[at-1]
		} else {
			typed[at] = '0' + (typed[at]-'0'+byte(rapid.IntRange(1, 9).Draw(r, "by")))%10
		}
		assert.Contains(r, qrbill.Near(string(typed)), reference)
	})
}

func FuzzFind(f *testing.F) {
	for _, text := range []string{"RF18539007547034", "21 00000 00003 13947 14300 09017", "RF RF", "ÄRF1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, found := range qrbill.Find(text) {
			if r, err := qrbill.ParseReference(found); err == nil {
				assert.Equal(t, found, r.String())
			}
		}
	})
}
