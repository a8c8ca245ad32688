package console

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAmountsAreReadAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"1’234.50": "1234.50", "1'234.5": "1234.50", " 1234,5 ": "1234.50", "1 234": "1234.00", "0.05": "0.05", "007": "7.00",
		"": "", "abc": "abc", "1.234": "1.234", "-5": "-5", "1''2": "1''2",
	} {
		assert.Equal(t, want, parseAmount(typed), typed)
	}
}

func TestDaysAreReadAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"28.11.2026": "2026-11-28", "1.2.26": "2026-02-01", " 2026-11-28 ": "2026-11-28", "31.02.2026": "", "": "", "tomorrow": ""} {
		day, ok := parseDate(typed)
		assert.Equal(t, want != "", ok, typed)
		if ok {
			assert.Equal(t, want, day.String())
		}
	}
}
