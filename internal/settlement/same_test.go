package settlement

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/money"
)

func TestATextWithTheNumberOfAnotherPayoutIsNotAboutThisOne(t *testing.T) {
	t.Parallel()
	days, err := calendar.ForCanton("ZH")
	require.NoError(t, err)
	day := time.Date(2026, 11, 6, 0, 0, 0, 0, time.UTC)
	listed := Telling{Teller: Teller(CSV), References: []string{"WL-00000"}, Pays: []string{"QAA222222222222222"}, Amount: money.MustParse("73.50", money.CHF), Day: day}
	for text, want := range map[string]likeness{
		"WORLDLINE SCHWEIZ AG":                   near,
		"WORLDLINE SCHWEIZ AG WL-00000":          named,
		"WORLDLINE SCHWEIZ AG WL-00003":          another,
		"WORLDLINE SCHWEIZ AG WL-00003 WL-00000": named,
		"WORLDLINE SCHWEIZ AG NR. 20261106":      near,
	} {
		told := Telling{Teller: Bank, Mentions: []string{text}, Amount: listed.Amount, Day: day.AddDate(0, 0, 3)}
		assert.Equal(t, want, known(days, []Telling{listed}, told), text)
	}
}
