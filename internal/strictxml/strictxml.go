// Package strictxml is what the readers of XML from outside have in common: faults with their lines, and what the XML decoder says in
// words for people.
package strictxml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Error says what is wrong with a file, and where.
type Error struct {
	Line   int    // from 1
	Reason string // a sentence without its end, such as "Amt is negative"
}

// Error returns the line and the reason.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Fault returns the error of that line.
func Fault(line int, format string, args ...any) *Error {
	return &Error{line, fmt.Sprintf(format, args...)}
}

// Explain turns what the XML decoder says at that line into a fault.
func Explain(err error, line int) *Error {
	syntax, isSyntax := errors.AsType[*xml.SyntaxError](err)
	switch {
	case errors.Is(err, io.EOF), isSyntax && syntax.Msg == "unexpected EOF":
		return Fault(line, "the file ends in the middle: it was cut off")
	case isSyntax && strings.HasPrefix(syntax.Msg, "invalid UTF-8"):
		return Fault(syntax.Line, "the file is not in UTF-8")
	case isSyntax && strings.Contains(syntax.Msg, "entity"):
		return Fault(syntax.Line, "only the five entities of XML itself, such as &amp;, are allowed")
	case isSyntax:
		return Fault(syntax.Line, "the file is no well-formed XML: %s", syntax.Msg)
	case strings.HasPrefix(err.Error(), "xml: encoding"):
		return Fault(line, "the file declares another encoding than UTF-8")
	default: // such as a version of XML that there isn't
		return Fault(line, "the file can't be read: %s", strings.TrimPrefix(err.Error(), "xml: "))
	}
}

// Quoted returns a text of a file in a form that is safe to show to people.
func Quoted(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return strconv.Quote(s)
}

// Source remembers that reading failed, which says nothing about the file.
type Source struct {
	Reader io.Reader
	Err    error
}

// Read reads from the reader.
func (s *Source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.Err = err
	}
	return n, err
}
