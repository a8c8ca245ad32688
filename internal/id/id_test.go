package id_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/id"
)

func TestIdsNameTheirKindAndSortByTime(t *testing.T) {
	first := id.New(id.Invoice)
	for last := range 1000 {
		next := id.New(id.Invoice)
		assert.Less(t, first, next, last)
		first = next
	}
	assert.True(t, id.Valid(id.Invoice, first))
	assert.False(t, id.Valid(id.Payment, first))
	for _, bad := range []string{"", "inv_", "inv_x", "inv_01jd3v0s4xf8wt6k5q9x2m7h3e'", "INV_01jd3v0s4xf8wt6k5q9x2m7h3e"} {
		assert.False(t, id.Valid(id.Invoice, bad), bad)
	}
}

func TestOrderIdsSurviveEveryPaymentMethod(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		order := id.NewOrder()
		assert.Regexp(t, `^[A-Z0-9]{18}$`, order)
		assert.False(t, seen[order])
		seen[order] = true
	}
	assert.Len(t, id.NewSecret(), 27)
}

// FuzzOnlyIdsAreIds reads anything as an id, and looks for order ids in it.
func FuzzOnlyIdsAreIds(f *testing.F) {
	for _, s := range []string{"", "inv_", "inv_01k9m21t1jh6q2a0x5v8y3e7f9", "inv_81k9m21t1jh6q2a0x5v8y3e7f9", "INV_01K9M21T1JH6Q2A0X5V8Y3E7F9", "inv_01k9m21t1jh6q2a0x5v8y3e7f9\n", "QK3JH5XZ2A7BCMWN4T", "\xff"} {
		f.Add(s)
	}
	plain := regexp.MustCompile(`^inv_[0-7][0-9a-hjkmnp-tv-z]{25}$`)
	f.Fuzz(func(t *testing.T, s string) {
		assert.Equal(t, plain.MatchString(s), id.Valid(id.Invoice, s), "%q", s)
		for _, order := range id.Orders(s) {
			assert.Contains(t, s, order)
			assert.Len(t, order, 18)
		}
	})
}
