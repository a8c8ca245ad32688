package mailsink

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

//go:embed inbox.html
var inboxPage string

var inbox = template.Must(template.New("inbox").Funcs(template.FuncMap{"links": links, "document": document}).Parse(inboxPage))

func (s *Sink) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showInbox)
	mux.HandleFunc("GET /messages", s.listMessages)
	mux.HandleFunc("DELETE /messages", func(w http.ResponseWriter, _ *http.Request) {
		s.clear()
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// listMessages answers a JSON list, newest last.
func (s *Sink) listMessages(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.Messages()) // the reader has gone when it fails
}

// showInbox answers a page for people, newest first.
func (s *Sink) showInbox(w http.ResponseWriter, _ *http.Request) {
	messages := s.Messages()
	slices.Reverse(messages)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = inbox.Execute(w, messages)
}

// document makes a mail the document of a frame. The frame is sandboxed: nothing in it runs or leads away.
func document(html string) template.HTMLAttr {
	return template.HTMLAttr(`srcdoc="` + template.HTMLEscapeString(html) + `"`) // #nosec G203 -- it is escaped
}

var link = regexp.MustCompile(`https?://[^\s<>"]+`)

// links escapes a text and makes its addresses clickable.
func links(text string) template.HTML {
	var b strings.Builder
	last := 0
	for _, at := range link.FindAllStringIndex(text, -1) {
		b.WriteString(template.HTMLEscapeString(text[last:at[0]]))
		address := strings.TrimRight(text[at[0]:at[1]], ".,;:!?)")
		escaped := template.HTMLEscapeString(address)
		b.WriteString(`<a href="` + escaped + `">` + escaped + `</a>`)
		last = at[0] + len(address)
	}
	b.WriteString(template.HTMLEscapeString(text[last:]))
	return template.HTML(b.String()) // #nosec G203 -- every piece was escaped above
}
