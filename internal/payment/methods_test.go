package payment

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/invoice"
)

func TestAMethodWithAGapInTheTableStopsTheProgram(t *testing.T) {
	t.Parallel()
	for _, whole := range table {
		assert.NotPanics(t, func() { complete([]traits{whole}) })
		for _, field := range reflect.VisibleFields(reflect.TypeFor[traits]()) {
			gap := whole
			at := reflect.ValueOf(&gap).Elem().FieldByIndex(field.Index)
			reflect.NewAt(field.Type, at.Addr().UnsafePointer()).Elem().SetZero()
			want := fmt.Sprintf("payment: %s of the method %q is not set", field.Name, gap.method)
			assert.PanicsWithValue(t, want, func() { complete([]traits{gap}) })
		}
	}
}

func TestEveryMethodSaysWhatTheProductAsks(t *testing.T) {
	t.Parallel()
	var names []string
	for _, m := range Methods {
		assert.True(t, m.Known())
		for _, language := range invoice.Languages {
			assert.NotEmpty(t, m.Label(language), "%s has no label in %s", m, language)
			assert.NotEmpty(t, m.Word(language), "%s has no word in %s", m, language)
		}
		for _, b := range m.Brands() {
			assert.NotEmpty(t, b.Saferpay, m)
			assert.NotEmpty(t, b.Name, m)
			assert.NotContains(t, names, b.Saferpay, "two methods share it")
			names = append(names, b.Saferpay)
		}
		assert.Greater(t, m.CaptureWindow(), 2*day, "%s: two days before the end a person is told", m)
		assert.GreaterOrEqual(t, m.RefundDelay(), time.Duration(0), m)
		if wallet := m.traits().walletOf; wallet != noWallet {
			assert.Contains(t, Methods, wallet, "%s is the wallet of an unknown method", m)
		}
	}
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(Methods))), len(table), "a method stands in the table twice")
}

func TestNothingIsGuessedAboutAnUnknownMethod(t *testing.T) {
	t.Parallel()
	unknown := Method("cheque")
	assert.False(t, unknown.Known())
	assert.Empty(t, unknown.SaferpayNames())
	for name, ask := range map[string]func(){
		"label":               func() { unknown.Label("de") },
		"capture window":      func() { unknown.CaptureWindow() },
		"refund delay":        func() { unknown.RefundDelay() },
		"decides later":       func() { unknown.DecidesLater() },
		"liability condition": func() { unknown.LiabilityCondition() },
	} {
		assert.PanicsWithValue(t, `payment: there is no method "cheque"`, ask, name)
	}
}
