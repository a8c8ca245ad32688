package mrx

import (
	"encoding/xml"
	"io"

	"github.com/quittance/quittance/internal/strictxml"
	textform "github.com/quittance/quittance/internal/text"
)

// What a file may hold at most, beside its entries. Real files stay far below.
const (
	maxDepth = 40
	maxText  = 4096 // bytes of one text
)

// tokens is the stream of elements, and of their texts.
type tokens struct{ *strictxml.Reader }

func newTokens(r io.Reader) *tokens { return &tokens{strictxml.NewReader(r, maxDepth)} }

// skip reads the element that was opened last to its end.
func (t *tokens) skip() error {
	return t.Children(func(xml.StartElement) error { return t.skip() })
}

// text returns the text of the element that was opened last, without the space around it.
func (t *tokens) text(of string) (string, error) {
	var text []byte
	for {
		token, err := t.Next()
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.CharData:
			if text = append(text, token...); len(text) > maxText {
				return "", t.Fault("the text of %s has more than %d bytes", of, maxText)
			}
		case xml.StartElement:
			if err := t.skip(); err != nil {
				return "", err
			}
		case xml.EndElement:
			return textform.Identifier(string(text)), nil
		}
	}
}
