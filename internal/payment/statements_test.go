package payment

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEveryNameOnAStatementIsOfABrandThatAMethodHas(t *testing.T) {
	t.Parallel()
	for _, name := range BrandNames() {
		assert.NotEmpty(t, MethodOfBrand(BrandAtSaferpay(name)), name)
	}
	assert.Equal(t, []string{"VISA", "MASTERCARD", "TWINT", "NOBODY"},
		[]string{BrandAtSaferpay("vsdb"), BrandAtSaferpay("DMC"), BrandAtSaferpay("Twint"), BrandAtSaferpay("nobody")})
	assert.Equal(t, []Method{"", "twint", "card"}, []Method{MethodOfBrand("NOBODY"), MethodOfBrand("TWINT"), MethodOfBrand("VISA")})
	assert.Equal(t, []string{"TWINT", ""}, []string{TWINT.OnlyBrand(), Card.OnlyBrand()})
}
