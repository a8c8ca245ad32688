// Package letter writes the mails of Quittance, each in the language of its reader: to a customer about an invoice, to a
// company about its payment service, to the acquirer on behalf of a company, and to the operators. It only writes; sending
// is for others.
package letter

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
)

// Letter is a mail that is ready to be sent. ID stays the same however often it is sent.
type Letter struct {
	ID          string
	To          string
	ReplyTo     string // empty: to the sender
	Subject     string
	Text        string
	HTML        string
	Attachments []Attachment
}

// Attachment is a file that travels with a letter.
type Attachment struct {
	Name        string
	ContentType string // such as "application/pdf"
	Content     []byte
}

// page is what a letter says, in the order in which it says it. Everything but the greeting and the closing may be empty.
type page struct {
	Language string
	Note     string // above everything else
	From     string
	Colour   string // of the bar on top
	Title    string
	Greeting string
	Before   []string // paragraphs
	Facts    []fact
	Lead     string // to the steps
	Steps    []step
	Action   *step
	After    []string // paragraphs
	Closing  string
	Footer   string
}

type fact struct {
	Label, Value string
	Strong       bool
}

// step is something to do, and where.
type step struct{ Text, URL string }

// The colours of the bar: good news, nothing to do but wait, something is wrong.
const (
	good = "#14532d"
	wait = "#b7791f"
	bad  = "#b42318"
)

var (
	//go:embed page.txt
	textPage string
	//go:embed page.html
	htmlPage string

	functions = map[string]any{
		"inc":   func(i int) int { return i + 1 },
		"short": func(url string) string { return strings.TrimPrefix(url, "https://") },
	}
	text = texttemplate.Must(texttemplate.New("page").Funcs(functions).Parse(textPage))
	html = htmltemplate.Must(htmltemplate.New("page").Funcs(functions).Parse(htmlPage))
)

// render returns a letter with the page as its text and its HTML.
func (p page) render() (Letter, error) {
	var plain, rich bytes.Buffer
	if err := errors.Join(text.Execute(&plain, p), html.Execute(&rich, p)); err != nil {
		return Letter{}, fmt.Errorf("render the mail %q: %w", p.Title, err)
	}
	return Letter{Text: plain.String(), HTML: rich.String()}, nil
}

// dateLayouts are how a date is written in each language.
var dateLayouts = map[string]string{"de": "02.01.2006", "fr": "02.01.2006", "it": "02.01.2006", "en": "2 January 2006"}
