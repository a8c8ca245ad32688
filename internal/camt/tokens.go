package camt

import (
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/quittance/quittance/internal/strictxml"
	textform "github.com/quittance/quittance/internal/text"
)

// What a file may hold at most. Real statements stay far below. The limits protect the reader from files that are no
// statements.
const (
	maxDepth = 40
	maxText  = 4096 // bytes of one text; ISO 20022 has none above 2048 characters
)

// tokens passes on the elements of the message and nothing else: no declarations, comments or processing instructions, no
// elements of other namespaces, no attributes but the currency. Each element gets its line as an attribute, so that structs can
// keep it. Everything that a statement has no use for, and an attacker has, is an error here.
type tokens struct {
	xml       *xml.Decoder
	namespace string // of the root element, which fixes the version
	began     int    // the line on which the token begins
	depth     int
	skipping  int                    // depth within SplmtryData, whose content is anybody's
	text      int                    // bytes since the last tag
	seen      [maxDepth + 1][]string // of each open element, the children that are in once
}

// once names elements that no element has twice: of two amounts a reader would silently take one.
var once = []string{
	"GrpHdr", "MsgId", "Acct", "IBAN", "Amt", "CdtDbtInd", "Sts", "RvslInd", "BookgDt", "ValDt", "Dt", "DtTm", "AcctSvcrRef",
	"EndToEndId", "ChrgInclInd", "NbOfTxs", "TtlAmt", "NbOfNtries", "Sum",
}

// lineAttribute and currencyAttribute are all the attributes that get through.
const (
	lineAttribute     = "line"
	currencyAttribute = "Ccy"
)

func newTokens(r io.Reader) *tokens {
	return &tokens{xml: xml.NewDecoder(r)}
}

// Token returns the next element or text of the message; io.EOF after the last.
func (t *tokens) Token() (xml.Token, error) {
	for {
		t.began = t.line()
		token, err := t.xml.Token()
		if err != nil {
			return nil, t.explain(err)
		}
		token, err = t.admit(token)
		if token != nil || err != nil {
			return token, err
		}
	}
}

// admit returns the token as it gets through, nil when it is of no interest.
func (t *tokens) admit(token xml.Token) (xml.Token, error) {
	switch token := token.(type) {
	case xml.StartElement:
		return t.open(token)
	case xml.EndElement:
		t.depth, t.text = t.depth-1, 0
		if t.skipping > 0 {
			t.skipping--
			return nil, nil
		}
		return token, nil
	case xml.CharData:
		if text := strings.TrimLeft(string(token), " \t\r\n\ufeff"); t.depth == 0 && text != "" {
			// The decoder makes a line end of a lone carriage return, too, which its own count of lines doesn't.
			before := strings.Count(string(token[:len(token)-len(text)]), "\n")
			return nil, strictxml.Fault(min(t.began+before, t.line()), "the file is no XML, or has text outside of the document")
		}
		if t.text += len(token); t.text > maxText {
			return nil, t.fault("a text has more than %d bytes", maxText)
		}
		if t.skipping > 0 || t.depth == 0 {
			return nil, nil
		}
		return xml.CharData(textform.Ordinary(string(token))), nil
	case xml.Directive:
		return nil, t.fault("a document type declaration (<!…>) is not allowed")
	}
	return nil, nil
}

func (t *tokens) open(start xml.StartElement) (xml.Token, error) {
	t.depth, t.text = t.depth+1, 0
	if t.depth > maxDepth {
		return nil, t.fault("elements are nested more than %d deep", maxDepth)
	}
	if t.depth == 1 {
		if t.namespace != "" {
			return nil, t.fault("a second document follows the first")
		}
		t.namespace = cmp.Or(start.Name.Space, "none")
	}
	if t.skipping > 0 || start.Name.Local == "SplmtryData" {
		t.skipping++
		return nil, nil
	}
	if start.Name.Space != t.namespace && t.depth > 1 {
		return nil, t.fault("element %s is not of the namespace of the document", strictxml.Quoted(start.Name.Local))
	}
	if slices.Contains(once, start.Name.Local) {
		if slices.Contains(t.seen[t.depth-1], start.Name.Local) {
			return nil, t.fault("element %s is there twice", start.Name.Local)
		}
		t.seen[t.depth-1] = append(t.seen[t.depth-1], start.Name.Local)
	}
	t.seen[t.depth] = nil
	attributes := []xml.Attr{{Name: xml.Name{Local: lineAttribute}, Value: strconv.Itoa(t.line())}}
	for _, a := range start.Attr {
		if a.Name.Space == "" && a.Name.Local == currencyAttribute {
			attributes = append(attributes, a)
		}
	}
	start.Attr = attributes
	return start, nil
}

func (t *tokens) line() int {
	line, _ := t.xml.InputPos()
	return line
}

func (t *tokens) fault(format string, args ...any) *Error {
	return strictxml.Fault(t.line(), format, args...)
}

// explain turns what the XML decoder says into a fault. What failed while it read is for Read to say.
func (t *tokens) explain(err error) error {
	switch {
	case errors.Is(err, io.EOF) && t.depth == 0 && t.namespace != "":
		return io.EOF
	case errors.Is(err, io.EOF) && t.depth == 0:
		return t.fault("the file is empty or no XML")
	default:
		return strictxml.Explain(err, t.line())
	}
}
