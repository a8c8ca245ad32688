// Package docs makes a page for people of the OpenAPI document: every call with its fields, an example of the request and of
// each answer, every schema and every problem. It needs no script and nothing from elsewhere.
package docs

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

//go:embed page.html
var layout string

// Style is the page's stylesheet.
//
//go:embed style.css
var Style []byte

var pageTemplate = template.Must(template.New("page").Parse(layout))

// Problem is a type of problem that calls can answer with.
type Problem struct {
	Name   string
	Status int
	Title  string
}

// Page renders the document as a page of HTML that takes its style from the address style. An error means that the document has
// something in it that the page can't show.
func Page(doc *openapi3.T, problems []Problem, style string) ([]byte, error) {
	r := renderer{markdown: goldmark.New(goldmark.WithExtensions(extension.Table)), base: doc.Servers[0].URL}
	slices.SortFunc(problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Name, b.Name)) })
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, page{
		Title: doc.Info.Title, Intro: r.html(doc.Info.Description), Groups: r.groups(doc), Schemas: r.schemas(doc), Style: style,
		Problems: problems, ProblemsIntro: r.html(*doc.Components.Responses["Problem"].Value.Description),
	})
	if err := cmp.Or(err, r.err); err != nil {
		return nil, fmt.Errorf("the page of the API's documentation: %w", err)
	}
	return out.Bytes(), nil
}

type page struct {
	Title   string
	Intro   template.HTML
	Groups  []group
	Schemas []schema
	Style   string

	Problems      []Problem
	ProblemsIntro template.HTML
}

// group is all calls with the same tag.
type group struct {
	Name, Anchor string
	Intro        template.HTML
	Calls        []call
}

type call struct {
	Anchor, Method, Path, Summary string
	Administrator                 bool // needs the administrator's key
	Description                   template.HTML
	Parameters                    []field
	Body                          *body
	Answers                       []answer
}

// body is what is sent or answered, in one type or several.
type body struct {
	Types   string // such as application/json
	Type    template.HTML
	Fields  []field
	Example string
}

// answer has no body when it is a problem, which look the same everywhere.
type answer struct {
	Status      string
	Description template.HTML
	Body        *body
}

type schema struct {
	Name, Anchor string
	Description  template.HTML
	Type         template.HTML
	Fields       []field
	Example      string
}

// field is a property of an object, or a parameter with the place that it stands in.
type field struct {
	Name, In    string
	Required    bool
	Type        template.HTML
	Description template.HTML
}

// renderer keeps the first error, so that the page can be put together without asking after each piece.
type renderer struct {
	markdown goldmark.Markdown
	base     string // what the path of each call begins with
	err      error
}

// html renders Markdown. The document is ours, and raw HTML in it is left out.
func (r *renderer) html(markdown string) template.HTML {
	var out bytes.Buffer
	if err := r.markdown.Convert([]byte(markdown), &out); err != nil {
		r.err = cmp.Or(r.err, err)
	}
	return template.HTML(out.String()) //nolint:gosec // see above
}

func (r *renderer) json(value any) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // the template escapes
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		r.err = cmp.Or(r.err, err)
	}
	return out.String()
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// groups returns the calls by tag, in the order of the document's tags, and within one by path and method.
func (r *renderer) groups(doc *openapi3.T) (groups []group) {
	for _, tag := range doc.Tags {
		g := group{Name: tag.Name, Anchor: anchor("tag", tag.Name), Intro: r.html(tag.Description)}
		for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
			item := doc.Paths.Value(path)
			for _, method := range methods {
				if operation := item.GetOperation(method); operation != nil && slices.Contains(operation.Tags, tag.Name) {
					g.Calls = append(g.Calls, r.call(method, path, item, operation))
				}
			}
		}
		groups = append(groups, g)
	}
	return groups
}

func (r *renderer) call(method, path string, item *openapi3.PathItem, o *openapi3.Operation) call {
	c := call{
		Anchor: o.OperationID, Method: method, Path: r.base + path, Summary: o.Summary, Description: r.html(o.Description), Administrator: o.Security != nil,
	}
	for _, p := range append(slices.Clone(item.Parameters), o.Parameters...) {
		c.Parameters = append(c.Parameters, field{
			Name: p.Value.Name, In: p.Value.In, Required: p.Value.Required, Type: typeOf(p.Value.Schema),
			Description: r.html(cmp.Or(p.Value.Description, p.Value.Schema.Value.Description)),
		})
	}
	if o.RequestBody != nil {
		c.Body = r.body(o.RequestBody.Value.Content)
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses.Map())) { // "default" comes after the numbers
		a := answer{Status: status}
		ref := o.Responses.Value(status)
		if a.Description = r.html(*ref.Value.Description); status == "default" {
			a = answer{Status: "Others", Description: `are <a href="#problems">problems</a> that every call has.`}
		}
		if ref.Ref == "" {
			a.Body = r.body(ref.Value.Content)
		}
		c.Answers = append(c.Answers, a)
	}
	return c
}

// body describes the JSON among the types, or the first.
func (r *renderer) body(content openapi3.Content) *body {
	types := slices.Sorted(maps.Keys(content))
	if len(types) == 0 {
		return nil
	}
	first := types[0]
	if i := slices.IndexFunc(types, func(t string) bool { return strings.HasSuffix(t, "json") }); i >= 0 {
		first = types[i]
	}
	b := body{Types: strings.Join(types, ", ")}
	if media := content[first]; media.Schema != nil {
		b.Type = typeOf(media.Schema)
		b.Fields = r.fields(media.Schema.Value)
		if strings.HasSuffix(first, "json") {
			b.Example = r.json(ExampleOf(media))
		}
	}
	return &b
}

func (r *renderer) schemas(doc *openapi3.T) (all []schema) {
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		ref := doc.Components.Schemas[name]
		s := schema{
			Name: name, Anchor: anchor("schema", name), Description: r.html(ref.Value.Description), Fields: r.fields(ref.Value),
			Type: typeOf(&openapi3.SchemaRef{Value: ref.Value}),
		}
		if len(s.Fields) > 0 {
			s.Example = r.json(Example(ref))
		}
		all = append(all, s)
	}
	return all
}

// fields returns the properties, the required ones first, in the order in which the document requires them.
func (r *renderer) fields(s *openapi3.Schema) (fields []field) {
	for _, part := range s.AllOf {
		fields = append(fields, r.fields(part.Value)...)
	}
	optional := slices.DeleteFunc(slices.Sorted(maps.Keys(s.Properties)), func(name string) bool { return slices.Contains(s.Required, name) })
	for _, name := range append(slices.Clone(s.Required), optional...) {
		if property := s.Properties[name]; property != nil {
			fields = append(fields, field{
				Name: name, Required: slices.Contains(s.Required, name), Type: typeOf(property), Description: r.html(property.Value.Description),
			})
		}
	}
	return fields
}

// typeOf names the type of a schema and links to it when it has a name; what limits it stands behind.
func typeOf(ref *openapi3.SchemaRef) template.HTML {
	if ref.Ref != "" {
		name := path.Base(ref.Ref)
		return template.HTML(`<a href="#` + anchor("schema", name) + `">` + template.HTMLEscapeString(name) + `</a>`) //nolint:gosec // names of the document
	}
	s := ref.Value
	switch {
	case len(s.AllOf) > 0:
		return typeOf(s.AllOf[0])
	case len(s.Enum) > 0:
		values := make([]string, len(s.Enum))
		for i, value := range s.Enum {
			values[i] = "<code>" + template.HTMLEscapeString(fmt.Sprint(value)) + "</code>"
		}
		return template.HTML(strings.Join(values, " ")) //nolint:gosec // escaped above
	case s.Type.Is(openapi3.TypeArray):
		return "list of " + typeOf(s.Items)
	case s.Type.Is(openapi3.TypeObject) && s.AdditionalProperties.Schema != nil:
		return "object of " + typeOf(s.AdditionalProperties.Schema)
	}
	return template.HTML(template.HTMLEscapeString(strings.Join(append(s.Type.Slice(), limits(s)...), ", "))) //nolint:gosec // escaped
}

func limits(s *openapi3.Schema) (limits []string) {
	if s.Format != "" {
		limits = append(limits, s.Format)
	}
	switch {
	case s.MaxLength != nil && s.MinLength > 0:
		limits = append(limits, fmt.Sprintf("%d to %d characters", s.MinLength, *s.MaxLength))
	case s.MaxLength != nil:
		limits = append(limits, fmt.Sprintf("at most %d characters", *s.MaxLength))
	}
	if s.Min != nil && s.Max != nil {
		limits = append(limits, fmt.Sprintf("%g to %g", *s.Min, *s.Max))
	}
	return limits
}

// anchor is the name of a place on the page.
func anchor(kind, name string) string {
	return kind + "-" + strings.ToLower(strings.ReplaceAll(name, " ", "-"))
}
