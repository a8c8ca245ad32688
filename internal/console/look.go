package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	_ "time/tzdata" // a container may come without time zones

	"go.yaml.in/yaml/v3"
)

//go:embed all:pages words console.css
var files embed.FS

// languages are those of the console, in the order of the words files.
var languages = []string{"de", "fr", "it", "en"}

// zurich is the time zone of all times on the pages.
var zurich = func() *time.Location {
	location, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		panic(err) // the zones are compiled in above
	}
	return location
}()

// asset is a file whose name says its content, so that browsers may keep it for ever.
type asset struct {
	path, contentType string
	content           []byte
}

var stylesheet = func() asset {
	content, err := files.ReadFile("console.css")
	if err != nil {
		panic(err) // it is embedded above
	}
	sum := sha256.Sum256(content)
	return asset{"/console/console-" + hex.EncodeToString(sum[:6]) + ".css", "text/css; charset=utf-8", content}
}()

func (a asset) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", a.contentType)
	_, _ = w.Write(a.content)
}

// dictionary holds the words of one language by key, such as "invoices.title".
type dictionary map[string]string

// dictionaries are the words of all languages. Each file of words is a subject: key: [de, fr, it, en].
var dictionaries = func() map[string]dictionary {
	all := map[string]dictionary{}
	for _, language := range languages {
		all[language] = dictionary{}
	}
	names, _ := fs.Glob(files, "words/*.yaml") // the pattern is right
	for _, name := range names {
		content, _ := files.ReadFile(name) // it is embedded above
		var words map[string][]string
		if err := yaml.Unmarshal(content, &words); err != nil {
			panic(fmt.Sprintf("console: %s: %v", name, err))
		}
		subject := strings.TrimSuffix(path.Base(name), ".yaml")
		for key, in := range words {
			if len(in) != len(languages) || slices.Contains(in, "") {
				panic(fmt.Sprintf("console: %s: %s is not said in every language", name, key))
			}
			for i, language := range languages {
				all[language][subject+"."+key] = in[i]
			}
		}
	}
	return all
}()

// say returns the words of a key, filled in as fmt.Sprintf does. It panics on a key that there isn't.
func (d dictionary) say(key string, args ...any) string {
	words, ok := d[key]
	if !ok {
		panic("console: no words for " + key)
	}
	if len(args) == 0 {
		return words
	}
	return fmt.Sprintf(words, args...)
}

// has returns the words of a key that may be missing.
func (d dictionary) has(key string) (string, bool) {
	words, ok := d[key]
	return words, ok
}

// look is the console in one language.
type look struct {
	language string
	words    dictionary
	pages    map[string]*template.Template
}

func newLooks(temporalWebURL string) map[string]*look {
	looks := map[string]*look{}
	names, _ := fs.Glob(files, "pages/*.html") // the pattern is right
	for _, language := range languages {
		l := &look{language: language, words: dictionaries[language], pages: map[string]*template.Template{}}
		base := template.Must(template.New("").Funcs(l.funcs()).Funcs(template.FuncMap{"workflow": workflowAt(temporalWebURL)}).ParseFS(files, "pages/_*.html"))
		for _, name := range names {
			if name := path.Base(name); !strings.HasPrefix(name, "_") {
				page := template.Must(base.Clone())
				l.pages[strings.TrimSuffix(name, ".html")] = template.Must(page.ParseFS(files, "pages/"+name))
			}
		}
		looks[language] = l
	}
	return looks
}

// workflowAt returns what finds a workflow in Temporal Web: the address of those of that id, or of all that need attention; "" when
// Temporal Web has no address here.
func workflowAt(temporalWebURL string) func(id string) string {
	return func(id string) string {
		switch {
		case temporalWebURL == "":
			return ""
		case id == "attention":
			return temporalWebURL + "/workflows?" + url.Values{"query": {`NeedsAttention = true AND ExecutionStatus = "Running"`}}.Encode()
		}
		return temporalWebURL + "/workflows/" + url.PathEscape(id)
	}
}
