package strictxml

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Reader is the stream of the elements of a file. Nothing is kept of what was passed. Its errors are an *Error for a file that is not
// sound: no XML, cut off, with declarations or entities, or nested too deep. Every other error is that of the reader below.
type Reader struct {
	xml             *xml.Decoder
	source          *Source
	depth, maxDepth int
}

// NewReader returns a reader of a file whose elements are nested at most so deep.
func NewReader(r io.Reader, maxDepth int) *Reader {
	source := &Source{Reader: r}
	return &Reader{xml: xml.NewDecoder(source), source: source, maxDepth: maxDepth}
}

// Line returns the line that is read, from 1.
func (r *Reader) Line() int {
	line, _ := r.xml.InputPos()
	return line
}

// Fault returns the error of the line that is read.
func (r *Reader) Fault(format string, args ...any) *Error { return Fault(r.Line(), format, args...) }

// Next returns the next start or end of an element, or text, which is valid until the next call; io.EOF after the document.
func (r *Reader) Next() (xml.Token, error) {
	for {
		token, err := r.xml.Token()
		if err != nil {
			return nil, r.explain(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if r.depth++; r.depth > r.maxDepth {
				return nil, r.Fault("elements are nested more than %d deep", r.maxDepth)
			}
			return token, nil
		case xml.EndElement:
			r.depth--
			return token, nil
		case xml.CharData:
			if r.depth == 0 && strings.Trim(string(token), " \t\r\n\ufeff") != "" {
				return nil, r.Fault("the file is no XML, or has text outside of the document")
			}
			return token, nil
		case xml.Directive:
			return nil, r.Fault("a document type declaration (<!…>) is not allowed")
		}
	}
}

// Children calls each with every child of the element that was opened last; each must read the child to its end.
func (r *Reader) Children(each func(child xml.StartElement) error) error {
	for {
		token, err := r.Next()
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

// Document reads the whole file, of which there is one document. It calls root with its element, which root must read to its end.
func (r *Reader) Document(root func(xml.StartElement) error) error {
	for opened := false; ; {
		token, err := r.Next()
		switch {
		case errors.Is(err, io.EOF) && !opened:
			return r.Fault("the file is empty or no XML")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if opened {
			return r.Fault("a second document follows the first")
		}
		opened = true
		if err := root(start); err != nil {
			return err
		}
	}
}

// explain turns what the XML decoder says into a fault.
func (r *Reader) explain(err error) error {
	switch {
	case r.source.Err != nil:
		return r.source.Err
	case errors.Is(err, io.EOF) && r.depth == 0:
		return io.EOF
	default:
		return Explain(err, r.Line())
	}
}
