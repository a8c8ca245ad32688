package export

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestNoCellIsAFormulaWhateverStandsBeforeIt(t *testing.T) {
	t.Parallel()
	for _, formula := range []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\n-1", `"=1+1"`, "'=1", "＝1", " \t＋1", "\tplain",
	} {
		assert.Equal(t, "'"+formula, Cell(formula), "%q", formula)
	}
	for _, text := range []string{"", "Rechnung 2026-17", "a=b", "Müller & Co.", "1 - 2", "«=»", " Dupont", `"Chez Marie"`} {
		assert.Equal(t, text, Cell(text))
	}
	rapid.Check(t, func(r *rapid.T) {
		before := rapid.StringMatching("[ \t\r\n\u00a0\u200b\u2028\ufeff\"']*").Draw(r, "before")
		formula := before + rapid.SampledFrom([]string{"=", "+", "-", "@"}).Draw(r, "sign") + rapid.String().Draw(r, "rest")
		assert.Equal(r, "'"+formula, Cell(formula))
	})
}
