// Package csvlist reads the CSV lists of acquirers, whose columns nobody has standardised. It finds the header, guesses which column
// is what from its name and its content, and reads dates and amounts as they are written in Switzerland and around it.
package csvlist

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	textform "github.com/quittance/quittance/internal/text"
)

// What a list may hold at most.
const (
	maxRows    = 100_000
	maxColumns = 100
	maxName    = 100 // characters of a name in the header
	maxTitle   = 20  // lines before the header, such as a title and the account
)

// Table is a list as text. It is in memory as a whole.
type Table struct {
	Header []string // the names of the columns, each once, see names
	Line   int      // of the header
	Rows   []Row
}

// Row is a line of a list that is not empty, with a cell for each column.
type Row struct {
	Line  int
	Cells []string // without blanks around them; empty where the line ends early
}

// Error is why a list can't be read. Reason is a sentence without its end.
type Error struct {
	Line   int
	Reason string
}

// Error returns the line and the reason.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

func refuse(line int, format string, args ...any) *Error {
	return &Error{line, fmt.Sprintf(format, args...)}
}

// separators are those that spreadsheets and acquirers use, the likeliest first.
const separators = ";\t,"

// separatorLine is what spreadsheets understand as the first line of a CSV file.
var separatorLine = regexp.MustCompile(`(?i)^"?sep=(.)"?\r?(\n|$)`)

// Read reads a list: in UTF-8 or Windows-1252, separated by semicolons, commas or tabs. Its header is the first line of at least three
// names. A list that can't be read is an *Error.
func Read(data []byte) (Table, error) {
	text := decoded(data)
	if strings.ContainsRune(text, 0) {
		return Table{}, refuse(1, "the file is no text")
	}
	first, candidates := 1, separators
	if sep := separatorLine.FindStringSubmatch(text); sep != nil {
		text, first, candidates = text[len(sep[0]):], 2, sep[1]
	}
	var best rune
	most, header := 0, []string(nil)
	line := 0
	for _, separator := range candidates {
		if separator == '"' || separator == '\r' || separator == '\n' || separator == utf8.RuneError {
			return Table{}, refuse(1, "the first line names no separator that can be")
		}
		if names, at := findHeader(text, separator); filled(names) > most {
			best, most, header, line = separator, filled(names), names, at
		}
	}
	if header == nil {
		return Table{}, refuse(first, "the file has no line with the names of at least three columns")
	}
	if len(header) > maxColumns {
		return Table{}, refuse(first+line-1, "the file has more than %d columns", maxColumns)
	}
	t := Table{Header: names(header), Line: first + line - 1}
	err := t.read(text, best, line, first)
	return t, err
}

// decoded returns the text of a file in UTF-8, with a mark or without, or else in Windows-1252.
func decoded(data []byte) string {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if utf8.Valid(data) {
		return string(data)
	}
	text, _ := charmap.Windows1252.NewDecoder().Bytes(data) // every byte is a character
	return string(text)
}

func reader(text string, separator rune) *csv.Reader {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = separator, -1
	r.TrimLeadingSpace = separator != '\t' // else it takes empty cells for blanks
	return r
}

// value matches what stands in the lines below a header, and in no header.
var value = regexp.MustCompile(`^[-+]?\d[\d.,:'’/ -]*$`)

// findHeader returns the first line that may be a header, and its number.
func findHeader(text string, separator rune) (names []string, line int) {
	r := reader(text, separator)
	for range maxTitle + 1 {
		cells, err := r.Read()
		if err != nil {
			return nil, 0
		}
		for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
			cells = cells[:len(cells)-1]
		}
		hasValue := slices.ContainsFunc(cells, func(s string) bool { return value.MatchString(strings.TrimSpace(s)) })
		if filled(cells) >= 3 && !hasValue {
			line, _ = r.FieldPos(0)
			return cells, line
		}
	}
	return nil, 0
}

func filled(cells []string) (count int) {
	for _, s := range cells {
		if strings.TrimSpace(s) != "" {
			count++
		}
	}
	return count
}

// names returns the names in a header, each once: without more than one blank in a row, "#3" for a column without a name, and with a
// number behind one that is there already.
func names(cells []string) []string {
	all := make([]string, len(cells))
	for i, cell := range cells {
		name := strings.Map(func(r rune) rune {
			if unicode.IsControl(r) && !unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
				return -1
			}
			return r
		}, textform.Ordinary(strings.ToValidUTF8(cell, "")))
		name = cut(strings.Join(strings.Fields(name), " "), maxName)
		if len(textform.Line("name", &name, 1, maxName)) > 0 {
			name = "#" + strconv.Itoa(i+1)
		}
		unique := name
		for n := 2; slices.Contains(all[:i], unique); n++ {
			suffix := " (" + strconv.Itoa(n) + ")"
			unique = cut(name, maxName-len(suffix)) + suffix
		}
		all[i] = unique
	}
	return all
}

// read reads what stands below the header. first is the line of the file in which text begins.
func (t *Table) read(text string, separator rune, header, first int) error {
	r := reader(text, separator)
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if syntax, ok := errors.AsType[*csv.ParseError](err); ok {
			return refuse(syntax.Line+first-1, "a quote is where none may be")
		}
		line, _ := r.FieldPos(0)
		if line <= header || filled(cells) == 0 {
			continue
		}
		row := Row{Line: line + first - 1, Cells: make([]string, len(t.Header))}
		for i, cell := range cells {
			cell = textform.Identifier(cell)
			switch {
			case i < len(row.Cells):
				row.Cells[i] = cell
			case cell != "":
				return refuse(row.Line, "the line has more columns than the header, which has %d", len(t.Header))
			}
		}
		if len(t.Rows) == maxRows {
			return refuse(row.Line, "the file has more than %d lines: send it in parts", maxRows)
		}
		t.Rows = append(t.Rows, row)
	}
}

// cut returns the first characters of a name.
func cut(name string, most int) string {
	if runes := []rune(name); len(runes) > most {
		return strings.TrimSpace(string(runes[:most]))
	}
	return name
}
