package camt

import (
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/strictxml"
)

// How many entries one file may have, and how many pages a statement.
const (
	maxEntries = 100_000
	maxPages   = 1000
)

// messages are the root elements and the names of what they hold, per message that is understood.
var messages = map[string]struct{ root, statement string }{
	"camt.053.001.04": {"BkToCstmrStmt", "Stmt"},
	"camt.053.001.08": {"BkToCstmrStmt", "Stmt"},
	"camt.054.001.04": {"BkToCstmrDbtCdtNtfctn", "Ntfctn"},
	"camt.054.001.08": {"BkToCstmrDbtCdtNtfctn", "Ntfctn"},
}

const namespacePrefix = "urn:iso:std:iso:20022:tech:xsd:"

// Read reads one message and calls each with every entry and the account of its statement, in the order of the file. It returns a
// *Error for a file that can't be read: no XML, another message or version, declarations and entities, another encoding than
// UTF-8, a file that was cut off, a statement without its account, repeated elements. Every other error is the reader's.
func Read(r io.Reader, each func(account string, e Entry)) (File, error) {
	input := &strictxml.Source{Reader: r}
	tokens := newTokens(input)
	file, err := (&reader{tokens: tokens, xml: xml.NewTokenDecoder(tokens), each: each}).file()
	if input.Err != nil {
		return File{}, input.Err
	}
	return file, err
}

// reader walks through a message and decodes one entry at a time.
type reader struct {
	tokens  *tokens
	xml     *xml.Decoder
	each    func(account string, e Entry)
	entries int
}

func (r *reader) file() (File, error) {
	root, err := r.next()
	if err != nil {
		return File{}, err
	}
	message := strings.TrimPrefix(root.Name.Space, namespacePrefix)
	kind, known := messages[message]
	if root.Name.Local != "Document" || !known || message == root.Name.Space {
		return File{}, r.fault("this is no camt.053 or camt.054 of version 04 or 08: the document is %s in the namespace %s",
			strictxml.Quoted(root.Name.Local), strictxml.Quoted(root.Name.Space))
	}
	file := File{Message: message}
	bodies := 0
	err = r.children(func(child xml.StartElement) error {
		if child.Name.Local != kind.root {
			return r.fault("%s is expected in a %s, not %s", kind.root, message, strictxml.Quoted(child.Name.Local))
		}
		if bodies++; bodies > 1 {
			return r.fault("element %s is there twice", kind.root)
		}
		return r.body(&file, kind.statement)
	})
	if err != nil {
		return File{}, err
	}
	if _, err := r.xml.Token(); !errors.Is(err, io.EOF) {
		return File{}, r.broken(err)
	}
	if file.ID == "" {
		return File{}, r.fault("GrpHdr/MsgId is missing")
	}
	if len(file.Statements) == 0 {
		return File{}, r.fault("there is no %s in the file", kind.statement)
	}
	return file, nil
}

func (r *reader) body(file *File, statement string) error {
	return r.children(func(child xml.StartElement) error {
		switch child.Name.Local {
		case "GrpHdr":
			var header wireHeader
			if err := r.decode(&header, child); err != nil {
				return err
			}
			if file.ID = clean(header.ID); file.ID == "" {
				return strictxml.Fault(header.Line, "GrpHdr/MsgId is missing")
			}
			file.page = header.Pages.page()
			var err error
			file.Created, err = timestamp(header.Line, "CreDtTm", header.Made)
			return err
		case statement:
			s, err := r.statement(child, file.page)
			file.Statements = append(file.Statements, s)
			return err
		default:
			return r.skip()
		}
	})
}

func (r *reader) statement(start xml.StartElement, page Page) (Statement, error) {
	s := Statement{Line: lineOf(start), Page: page}
	var sums sums
	err := r.children(func(child xml.StartElement) (err error) {
		switch child.Name.Local {
		case "Id":
			err = r.decode(&s.ID, child)
		case "ElctrncSeqNb":
			err = r.decode(&s.Sequence, child)
		case "StmtPgntn", "NtfctnPgntn":
			var pages wirePages
			if err = r.decode(&pages, child); err == nil {
				s.Page = pages.page()
			}
		case "FrToDt":
			var period wirePeriod
			if err = r.decode(&period, child); err != nil {
				return err
			}
			if s.From, err = timestamp(lineOf(child), "FrDtTm", period.From); err == nil {
				s.To, err = timestamp(lineOf(child), "ToDtTm", period.To)
			}
		case "Acct":
			var account wireAccount
			if err = r.decode(&account, child); err == nil {
				err = account.read(&s)
			}
		case "Bal":
			var balance wireBalance
			if err = r.decode(&balance, child); err == nil {
				s.fault(sums.balance(balance))
			}
		case "TxsSummry":
			err = r.decode(&sums.told, child)
		case "Ntry":
			err = r.entry(child, &s, &sums)
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return s, err
	}
	if s.ID = clean(s.ID); s.ID == "" {
		return s, strictxml.Fault(s.Line, "%s/Id is missing", start.Name.Local)
	}
	if s.Account == "" {
		return s, strictxml.Fault(s.Line, "%s/Acct/Id is missing", start.Name.Local)
	}
	s.Sequence = cmp.Or(clean(s.Sequence), s.ID)
	if s.Page.Whole() {
		s.Page = Page{}
		s.fault(sums.check())
	} else {
		s.Page.Opening, s.Page.Closing, s.Page.Booked = sums.page()
	}
	return s, nil
}

// fault takes note of the first error.
func (s *Statement) fault(err *Error) {
	if s.Fault == nil {
		s.Fault = err
	}
}

func (r *reader) entry(start xml.StartElement, s *Statement, sums *sums) error {
	if r.entries++; r.entries > maxEntries {
		return r.fault("the file has more than %d entries", maxEntries)
	}
	var wire wireEntry
	if err := r.decode(&wire, start); err != nil {
		return err
	}
	if s.Account == "" {
		return strictxml.Fault(s.Line, "Acct/Id is missing before the first Ntry")
	}
	entry := wire.read()
	sums.add(wire, entry.Booked)
	s.Entries++
	r.each(s.Account, entry)
	return nil
}

// children calls each with the start of every child of the element that was opened last; each must read the child to its end.
func (r *reader) children(each func(child xml.StartElement) error) error {
	for {
		token, err := r.xml.Token()
		if err != nil {
			return r.broken(err)
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

// next returns the next start of an element.
func (r *reader) next() (xml.StartElement, error) {
	for {
		token, err := r.xml.Token()
		if err != nil {
			return xml.StartElement{}, r.broken(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

func (r *reader) decode(into any, start xml.StartElement) error {
	return r.broken(r.xml.DecodeElement(into, &start))
}

func (r *reader) skip() error { return r.broken(r.xml.Skip()) }

// broken returns the fault behind an error of the decoder; nil stays nil.
func (r *reader) broken(err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	return r.fault("the file can't be read: %v", err)
}

func (r *reader) fault(format string, args ...any) *Error { return r.tokens.fault(format, args...) }

func lineOf(start xml.StartElement) int {
	i := slices.IndexFunc(start.Attr, func(a xml.Attr) bool { return a.Name.Local == lineAttribute })
	return number(start.Attr[i].Value)
}
