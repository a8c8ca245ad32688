package text

import "strings"

// Literal returns what people have written so that Markdown shows it as it is: it becomes no link, no picture and no HTML. Temporal Web
// shows summaries and details as Markdown (CommonMark, "Backslash escapes").
func Literal(s string) string { return literal.Replace(s) }

var literal = func() *strings.Replacer {
	var pairs []string
	for _, c := range "\\`*_[]()<>!|~:@&" {
		pairs = append(pairs, string(c), "\\"+string(c))
	}
	return strings.NewReplacer(append(pairs, "www.", `www\.`, "WWW.", `WWW\.`)...)
}()
