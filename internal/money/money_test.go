package money_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/money"
)

func TestAmountsAreReadExactlyOrRefusedWithAReason(t *testing.T) {
	for in, want := range map[string]string{"108.00": "108.00", "108": "108.00", "0.05": "0.05", "-3.5": "-3.50", "999999999.99": "999999999.99", "1.230": "1.23"} {
		a, err := money.Parse(in, money.CHF)
		require.NoError(t, err, in)
		assert.Equal(t, want, a.Value())
	}
	for in, why := range map[string]string{
		"1.234": "decimals", "": "decimal number", "1e3": "decimal number", "1,5": "decimal number", " 1": "decimal number", ".5": "decimal number",
		"1.": "decimal number", "NaN": "decimal number", "0x10": "decimal number", "+1": "decimal number", "1000000000": "larger", "١": "decimal number",
	} {
		_, err := money.Parse(in, money.CHF)
		require.ErrorContains(t, err, why, in)
	}
	_, err := money.Parse("1.00", "XXX")
	require.ErrorContains(t, err, "not supported")
}

func TestMinorUnitsAndJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-99_999_999_999, 99_999_999_999).Draw(t, "minor")
		currency := rapid.SampledFrom([]money.Currency{money.CHF, money.EUR, money.USD, money.GBP}).Draw(t, "currency")
		a := money.FromMinor(n, currency)
		assert.Equal(t, n, a.Minor())
		parsed, err := money.Parse(a.Value(), currency)
		require.NoError(t, err)
		assert.True(t, parsed.Equal(a))
		data, err := json.Marshal(a)
		require.NoError(t, err)
		var back money.Amount
		require.NoError(t, json.Unmarshal(data, &back))
		assert.True(t, back.Equal(a), string(data))
		assert.True(t, a.Add(a.Neg()).IsZero())
	})
}

func TestTwoCurrenciesNeverAddUp(t *testing.T) {
	assert.Panics(t, func() { money.Zero(money.CHF).Add(money.Zero(money.EUR)) })
	assert.Panics(t, func() { money.Zero(money.CHF).Cmp(money.Zero(money.EUR)) })
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"108.00", "-1", "1.234", "1e9", "", "99999999999999999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		a, err := money.Parse(in, money.CHF)
		if err != nil {
			return
		}
		again, err := money.Parse(a.Value(), money.CHF)
		require.NoError(t, err)
		assert.True(t, again.Equal(a))
	})
}
