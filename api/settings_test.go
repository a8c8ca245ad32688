package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSettingsChangeOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	settings := map[string]any{"receipt_account": "1029", "fee_account": "6940", "liability_shift": "require", "language": "fr", "warnings": []any{}}
	assert.Equal(t, settings, w.call("GET", "/settings", w.key, nil).json(http.StatusOK))

	for field, value := range map[string]string{"fee_account": "2030", "liability_shift": "prefer", "language": "it"} {
		settings[field] = value
		assert.Equal(t, settings, w.call("PATCH", "/settings", w.key, map[string]string{field: value}).json(http.StatusOK))
	}
	assert.Equal(t, settings, w.call("PATCH", "/settings", w.key, `{}`).json(http.StatusOK))
	assert.Equal(t, settings, w.call("GET", "/settings", w.key, nil).json(http.StatusOK))
}

func TestChangedReceiptAccountIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, change := range []struct {
		account  string
		warnings []any
	}{{"1029", []any{}}, {"1020", []any{"receipt-account-changed"}}, {"1020", []any{}}, {"1029", []any{"receipt-account-changed"}}} {
		changed := w.call("PATCH", "/settings", w.key, map[string]string{"receipt_account": change.account}).json(http.StatusOK)
		assert.Equal(t, change.account, changed["receipt_account"])
		assert.Equal(t, change.warnings, changed["warnings"])
	}
}

func TestSettingsThatCannotBeAreNotHalfChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.call("GET", "/settings", w.key, nil).json(http.StatusOK)
	refused := w.call("PATCH", "/settings", w.key, `{"language":"de","receipt_account":"1020","fee_account":"9999"}`)
	assert.Equal(t, []string{"fee_account"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
	assert.Equal(t, before, w.call("GET", "/settings", w.key, nil).json(http.StatusOK))
}

func TestReceiptsAreNotBookedOnTheAccountAgainstWhichTheyAreBooked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, account := range []string{"1100", "2030"} {
		refused := w.call("PATCH", "/settings", w.key, map[string]string{"receipt_account": account})
		assert.Equal(t, []string{"receipt_account"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
	}
	assert.Equal(t, "1029", w.call("GET", "/settings", w.key, nil).json(http.StatusOK)["receipt_account"])
}
