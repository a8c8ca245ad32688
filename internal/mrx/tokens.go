package mrx

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/quittance/quittance/internal/strictxml"
)

// What a file may hold at most, beside its entries. Real files stay far below.
const (
	maxDepth = 40
	maxText  = 4096 // bytes of one text
)

// tokens is the stream of elements. Nothing is kept of what was passed.
type tokens struct {
	xml    *xml.Decoder
	reader *strictxml.Source
	depth  int
}

func newTokens(r io.Reader) *tokens {
	input := &strictxml.Source{Reader: r}
	return &tokens{xml: xml.NewDecoder(input), reader: input}
}

// next returns the next start or end of an element, or text; io.EOF after the document.
func (t *tokens) next() (xml.Token, error) {
	for {
		token, err := t.xml.Token()
		if err != nil {
			return nil, t.explain(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if t.depth++; t.depth > maxDepth {
				return nil, t.fault("elements are nested more than %d deep", maxDepth)
			}
			return token, nil
		case xml.EndElement:
			t.depth--
			return token, nil
		case xml.CharData:
			if t.depth == 0 && strings.Trim(string(token), " \t\r\n\ufeff") != "" {
				return nil, t.fault("the file is no XML, or has text outside of the document")
			}
			return token, nil
		case xml.Directive:
			return nil, t.fault("a document type declaration (<!…>) is not allowed")
		}
	}
}

// children calls each with every child of the element that was opened last; each must read the child to its end.
func (t *tokens) children(each func(child xml.StartElement) error) error {
	for {
		token, err := t.next()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if err := each(token); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// skip reads the element that was opened last to its end.
func (t *tokens) skip() error {
	return t.children(func(xml.StartElement) error { return t.skip() })
}

// text returns the text of the element that was opened last, without the space around it.
func (t *tokens) text(of string) (string, error) {
	var text []byte
	for {
		token, err := t.next()
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.CharData:
			if text = append(text, token...); len(text) > maxText {
				return "", t.fault("the text of %s has more than %d bytes", of, maxText)
			}
		case xml.StartElement:
			if err := t.skip(); err != nil {
				return "", err
			}
		case xml.EndElement:
			return strings.TrimSpace(string(text)), nil
		}
	}
}

func (t *tokens) line() int {
	line, _ := t.xml.InputPos()
	return line
}

func (t *tokens) fault(format string, args ...any) *Error {
	return strictxml.Fault(t.line(), format, args...)
}

// explain turns what the XML decoder says into a fault.
func (t *tokens) explain(err error) error {
	switch {
	case t.reader.Err != nil:
		return t.reader.Err
	case errors.Is(err, io.EOF) && t.depth == 0:
		return io.EOF
	default:
		return strictxml.Explain(err, t.line())
	}
}
