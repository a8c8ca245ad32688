package api

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

func TestPagesHaveAllWordsInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, code := range languages {
		value := reflect.ValueOf(dictionary[code])
		for i := range value.NumField() {
			name := value.Type().Field(i).Name
			assert.False(t, value.Field(i).IsZero(), "%s lacks %s", code, name)
			if value.Field(i).Type() == reflect.TypeFor[phrase]() {
				assert.NotEmpty(t, value.Field(i).Field(0).String(), "%s lacks the title of %s", code, name)
				assert.NotEmpty(t, value.Field(i).Field(1).String(), "%s lacks the text of %s", code, name)
			}
		}
	}
}

func TestStatementsHaveAllWordsInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, code := range languages {
		value := reflect.ValueOf(statementDictionary[code])
		for i := range value.NumField() {
			assert.False(t, value.Field(i).IsZero(), "%s lacks %s", code, value.Type().Field(i).Name)
		}
		for _, kind := range ledger.SourceKinds {
			assert.NotEmpty(t, statementDictionary[code].Kinds[kind], "%s lacks the name of %s", code, kind)
		}
	}
}

func TestAmountsAreGroupedTheSwissWay(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"0.05": "0.05", "12.00": "12.00", "999.95": "999.95", "1000.00": "1’000.00", "123456.70": "123’456.70", "999999999.99": "999’999’999.99",
		"-0.05": "−0.05", "-123.00": "−123.00", "-1234.50": "−1’234.50",
	} {
		assert.Equal(t, want, swiss(money.MustParse(value, money.CHF)))
	}
}

func TestTodayIsTheSwissCalendarDay(t *testing.T) {
	t.Parallel()
	lateInUTC := time.Date(2026, 7, 31, 22, 30, 0, 0, time.UTC) // half past midnight in summer time
	assert.Equal(t, time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC), today(lateInUTC))
	assert.Equal(t, "1er\u00a0août\u00a02026", dictionary["fr"].date(lateInUTC.In(zurich)))
}
