package id_test

import (
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
