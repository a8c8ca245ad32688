// Package pdf says whether a PDF of somebody else's can be passed on: one that people can read, and that does nothing by itself.
package pdf

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/carlos7ags/folio/core"
	"github.com/carlos7ags/folio/reader"
)

const (
	maxInflated = 64 << 20 // bytes; more is not an invoice
	maxStreams  = 20_000
	maxDepth    = 64
)

var (
	errUnreadable = errors.New("must be a PDF that can be read; this one is damaged, or something else")
	errEncrypted  = errors.New("must not be encrypted")
	errTooMuch    = errors.New("must be simpler: it holds more than can be looked into")
)

// acts says of each name of PDF with which something begins that acts, or that carries something else along, what to call it.
var acts = map[string]string{
	"JavaScript": "JavaScript", "JS": "JavaScript", "AA": "actions that run by themselves (AA)", "Launch": "an action that starts a program (Launch)",
	"EmbeddedFile": "files (EmbeddedFile)", "EmbeddedFiles": "files (EmbeddedFiles)", "FileAttachment": "files (FileAttachment)",
	"RichMedia": "media (RichMedia)", "Rendition": "media (Rendition)", "XFA": "a form of XFA", "SubmitForm": "an action that sends a form (SubmitForm)",
	"ImportData": "an action that reads a file (ImportData)", "GoToE": "an action that opens a file (GoToE)", "GoToR": "an action that opens a file (GoToR)",
}

// Check returns nil for a PDF that can be passed on, else what is wrong with it, without a subject. It looks twice: at the objects as a
// program shows them, and at everything that stands in the file, also what its tables of contents hide.
func Check(data []byte) (err error) {
	defer func() {
		if recover() != nil { // of the library, which no file may bring down
			err = errUnreadable
		}
	}()
	if !bytes.HasPrefix(data, []byte("%PDF-")) {
		return errUnreadable
	}
	if err := scan(data); err != nil {
		return err
	}
	r, err := reader.ParseWithOptions(data, reader.ReadOptions{MemoryLimits: reader.MemoryLimits{
		MaxStreamSize: maxInflated, MaxTotalAlloc: 4 * maxInflated, MaxObjectCount: 200_000,
	}})
	switch {
	case errors.Is(err, reader.ErrMemoryLimitExceeded):
		return errTooMuch
	case errors.Is(err, reader.ErrInvalidPassword), errors.Is(err, reader.ErrUnsupportedEncryption):
		return errEncrypted
	case err != nil || r.PageCount() < 1:
		return errUnreadable
	}
	if _, err := r.Page(0); err != nil {
		return errUnreadable
	}
	return inspect(r)
}

// inspect looks at every object that the file's table of contents names.
func inspect(r *reader.PdfReader) error {
	if r.Trailer().Get("Encrypt") != nil {
		return errEncrypted
	}
	if err := walk(r.Trailer(), r, 0); err != nil {
		return err
	}
	for n := 1; n <= r.MaxObjectNumber(); n++ {
		object, err := r.ResolveObject(core.NewPdfIndirectReference(n, 0))
		if err != nil {
			continue // a hole in the table
		}
		if err := walk(object, r, 0); err != nil {
			return err
		}
	}
	return nil
}

func walk(object core.PdfObject, r *reader.PdfReader, depth int) error {
	if depth > maxDepth {
		return errTooMuch
	}
	switch o := object.(type) {
	case *core.PdfName:
		if len(o.Value) > 2 { // a short one is only harmful as a key
			return refused(o.Value)
		}
	case *core.PdfArray:
		for _, element := range o.All() {
			if err := walk(element, r, depth+1); err != nil {
				return err
			}
		}
	case *core.PdfStream:
		return walk(o.Dict, r, depth+1)
	case *core.PdfDictionary:
		for key, value := range o.All() {
			if key == "OpenAction" && !isPlace(value, r) {
				return errors.New("must not hold an action that runs when it is opened (OpenAction)")
			}
			if err := errors.Join(refused(key), walk(value, r, depth+1)); err != nil {
				return err
			}
		}
	}
	return nil
}

// isPlace reports whether an OpenAction only says which page to show first, as many office programs write it.
func isPlace(object core.PdfObject, r *reader.PdfReader) bool {
	resolved, err := r.ResolveObject(object)
	_, array := resolved.(*core.PdfArray)
	return err == nil && array
}

func refused(name string) error {
	if what, found := acts[name]; found {
		return fmt.Errorf("must not hold %s", what)
	}
	return nil
}

// scan looks for names in the bytes of the file, and in its compressed streams that may hold objects. Names of few letters are left to
// inspect: they are found in any picture.
func scan(data []byte) error {
	if err := scanNames(data); err != nil {
		return err
	}
	inflated, streams, rest := 0, 0, data
	for {
		at := bytes.Index(rest, []byte("stream"))
		if at < 0 {
			return nil
		}
		ended := at >= 3 && string(rest[at-3:at]) == "end"
		rest = rest[at+len("stream"):]
		content := bytes.TrimLeft(rest[:min(len(rest), 4)], "\r\n \t")
		content = rest[min(len(rest), 4)-len(content):]
		if ended || len(content) < 2 || content[0]&0x0f != 8 || (int(content[0])<<8|int(content[1]))%31 != 0 {
			continue // no stream, or not of Flate
		}
		if streams++; streams > maxStreams {
			return errTooMuch
		}
		objects, err := inflate(content[2:], maxInflated-inflated)
		if err != nil {
			return err
		}
		inflated += len(objects)
		if err := scanNames(objects); err != nil {
			return err
		}
	}
}

// inflate returns what a stream holds if that may be objects: it then begins with their numbers, or a comment. A stream that breaks off
// is returned as far as it goes.
func inflate(compressed []byte, most int) ([]byte, error) {
	from := flate.NewReader(bytes.NewReader(compressed))
	var out bytes.Buffer
	for decided := false; ; {
		before := out.Len()
		n, err := io.CopyN(&out, from, 4<<10)
		if begin := bytes.TrimLeft(out.Bytes()[before:], " \t\r\n\f\x00"); !decided && len(begin) > 0 {
			if !strings.ContainsRune("%0123456789+-", rune(begin[0])) {
				return nil, nil
			}
			decided = true
		}
		if out.Len() > most {
			return nil, errTooMuch
		}
		if err != nil || n == 0 {
			return out.Bytes(), nil //nolint:nilerr // see above
		}
	}
}

// scanNames refuses bytes in which a name of at least three letters stands that acts.
func scanNames(data []byte) error {
	for {
		at := bytes.IndexByte(data, '/')
		if at < 0 {
			return nil
		}
		data = data[at+1:]
		var name strings.Builder
		for i := 0; i < len(data) && name.Len() < 20; i++ {
			c := data[i]
			if strings.IndexByte("\x00\t\n\f\r ()<>[]{}/%", c) >= 0 {
				break
			}
			if c == '#' && i+2 < len(data) { // two hexadecimal digits stand for any character
				var decoded [1]byte
				if _, err := hex.Decode(decoded[:], data[i+1:i+3]); err == nil {
					c, i = decoded[0], i+2
				}
			}
			name.WriteByte(c)
		}
		if name.Len() > 2 {
			if name.String() == "Encrypt" {
				return errEncrypted
			}
			if err := refused(name.String()); err != nil {
				return err
			}
		}
	}
}
