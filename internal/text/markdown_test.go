package text

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNamesAreNoLinksInMarkdown(t *testing.T) {
	t.Parallel()
	for name, shown := range map[string]string{
		"2026-0017":                      "2026-0017",
		"RG 5/26, Müller":                "RG 5/26, Müller",
		"[pay](https://evil.example)":    `\[pay\]\(https\://evil.example\)`,
		"![](//evil.example/x)":          `\!\[\]\(//evil.example/x\)`,
		"<a href=x>":                     `\<a href=x\>`,
		"www.evil.example a@b.example":   `www\.evil.example a\@b.example`,
		"`code` **bold** \\[a\\](b) &lt": "\\`code\\` \\*\\*bold\\*\\* \\\\\\[a\\\\\\]\\(b\\) \\&lt",
	} {
		assert.Equal(t, shown, Literal(name))
	}
}
