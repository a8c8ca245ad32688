// Package text is the one place that says what text Quittance takes in from people and programs, and in which form it is kept.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/runenames"

	"github.com/quittance/quittance/internal/problem"
)

// forms are what programs write without meaning it: Windows line ends, tabs, and soft hyphens, which word processors leave behind.
var forms = strings.NewReplacer("\r\n", "\n", "\t", " ", softHyphen, "")

const (
	softHyphen         = "\u00ad"
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// Ordinary returns s in the form in which text is kept: line ends are LF, tabs are spaces, soft hyphens are gone, and what looks the
// same is the same (Unicode normalization form C).
func Ordinary(s string) string { return norm.NFC.String(forms.Replace(s)) }

// Identifier returns s in the form in which names that people compare by eye are kept: ordinary, without blanks around it.
func Identifier(s string) string { return strings.TrimSpace(Ordinary(s)) }

// Line makes the value ordinary. It returns what keeps it from being a line of minimum to maximum characters, as the fault of the
// field of that name, or nil.
func Line(name string, value *string, minimum, maximum int) []problem.Field {
	return check(name, value, minimum, maximum, false)
}

// Lines is Line for a text that may have several lines.
func Lines(name string, value *string, minimum, maximum int) []problem.Field {
	return check(name, value, minimum, maximum, true)
}

func check(name string, value *string, minimum, maximum int, lines bool) []problem.Field {
	message := refused(*value, lines)
	*value = Ordinary(*value)
	n := utf8.RuneCountInString(*value)
	switch {
	case message != "":
	case strings.TrimSpace(*value) == "" && minimum > 0:
		message = fmt.Sprintf("must have %d to %d characters, and not only blanks", minimum, maximum)
	case n > maximum && minimum == 0:
		message = fmt.Sprintf("must have at most %d characters; it has %d", maximum, n)
	case n > maximum, utf8.RuneCountInString(strings.TrimSpace(*value)) < minimum:
		message = fmt.Sprintf("must have %d to %d characters; it has %d", minimum, maximum, n)
	default:
		return nil
	}
	return []problem.Field{{Name: name, Message: message}}
}

// refused names the first character that a text must not hold and its place, counted from 1 in what was sent. It returns "" when
// there is none.
func refused(s string, lines bool) string {
	if !utf8.ValidString(s) {
		return "must be text in UTF-8"
	}
	line, column := 1, 0
	var before rune
	for i, r := range s {
		column++
		rest := s[i+utf8.RuneLen(r):]
		after, _ := utf8.DecodeRuneInString(rest)
		switch {
		case r == '\n' && lines:
			line, column = line+1, 0
		case r == '\r' && after == '\n', r == '\t', string(r) == softHyphen:
		case (r == zeroWidthJoiner || r == zeroWidthNonJoiner) && joinable(before) && joinable(after):
		case r == utf8.RuneError || !unicode.IsGraphic(r):
			return "must not hold " + Name(r) + place(line, column, strings.Contains(s, "\n"))
		}
		before = r
	}
	return ""
}

// joinable reports whether a joiner beside r has a meaning: in the scripts of Persian or Hindi, and in emoji such as a family.
func joinable(r rune) bool {
	return r != utf8.RuneError && unicode.In(r, unicode.L, unicode.M, unicode.So, unicode.Sk)
}

func place(line, column int, manyLines bool) string {
	if manyLines {
		return fmt.Sprintf(" (line %d, character %d)", line, column)
	}
	return fmt.Sprintf(" (character %d)", column)
}

// controls are the names of control characters that people meet; Unicode calls all of them <control>.
var controls = map[rune]string{
	0x00: "NULL", 0x07: "BELL", 0x08: "BACKSPACE", '\n': "LINE FEED", 0x0b: "LINE TABULATION", 0x0c: "FORM FEED", '\r': "CARRIAGE RETURN",
	0x1b: "ESCAPE", 0x7f: "DELETE", 0x85: "NEXT LINE",
}

// Name returns a character as Unicode names it, such as "U+200B ZERO WIDTH SPACE".
func Name(r rune) string {
	name := controls[r]
	if name == "" {
		name = runenames.Name(r)
	}
	if name == "" { // not assigned
		name = "unassigned"
	}
	return fmt.Sprintf("%U %s", r, name)
}
