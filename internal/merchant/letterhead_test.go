package merchant_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/merchant"
)

func TestAUIDIsTakenAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	for _, written := range []string{"CHE-123.456.788", "che-123.456.788", " CHE123456788 ", "CHE 123 456 788"} {
		l := merchant.Letterhead{UID: written, VATNumber: written + " mwst"}
		assert.Empty(t, l.Validate("letterhead"), written)
		assert.Equal(t, []string{"CHE-123.456.788", "CHE-123.456.788 MWST"}, []string{l.UID, l.VATNumber})
	}
	for _, wrong := range []string{"CHE-123.456.789", "CHE-123.456.78", "CHE-123.456.7888", "DE123456788", "CHE-12A.456.788", "123.456.788"} {
		l := merchant.Letterhead{UID: wrong}
		assert.Len(t, l.Validate("letterhead"), 1, wrong)
	}
	for _, wrong := range []string{"CHE-123.456.788", "CHE-123.456.788 VAT", "CHE-123.456.789 TVA", "MWST"} {
		l := merchant.Letterhead{VATNumber: wrong}
		assert.Len(t, l.Validate("letterhead"), 1, wrong)
	}
}

// Of the ten numbers that differ in one digit, at most one has a right check digit.
func TestAMistypedDigitOfAUIDIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := []byte(fmt.Sprintf("%09d", rapid.IntRange(0, 999_999_999).Draw(t, "number")))
		place, right := rapid.IntRange(0, 8).Draw(t, "place"), 0
		for digit := range byte(10) {
			number[place] = '0' + digit
			l := merchant.Letterhead{UID: "CHE" + string(number)}
			if len(l.Validate("letterhead")) == 0 {
				right++
			}
		}
		if right > 1 {
			t.Fatalf("%d of the numbers like CHE%s are taken", right, number)
		}
	})
}

func TestALetterheadSaysHowToReachTheCompany(t *testing.T) {
	t.Parallel()
	l := merchant.Letterhead{Website: "www.demo.example/", Email: "bonjour@demo.example", UID: "CHE-123.456.788"}
	assert.Equal(t, []string{"bonjour@demo.example", "www.demo.example"}, l.Lines())
	assert.Equal(t, []string{"https://www.demo.example/", "CHE-123.456.788"}, []string{l.WebsiteURL(), l.Number()})
	l.Website, l.VATNumber = "http://demo.example", "CHE-123.456.788 TVA"
	assert.Equal(t, []string{"http://demo.example", "demo.example", "CHE-123.456.788 TVA"}, []string{l.WebsiteURL(), l.ShownWebsite(), l.Number()})
	assert.Empty(t, merchant.Letterhead{}.Lines())
	assert.Empty(t, merchant.Letterhead{}.WebsiteURL())
}
