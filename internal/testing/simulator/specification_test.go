package simulator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// specification is the published specification as data.
type specification struct {
	Endpoints     []endpoint
	Containers    map[string][]specField
	ErrorResponse struct{ Fields []specField } `json:"error_response"`
	ErrorNames    []string                     `json:"error_names"`
	Behaviors     []string
}

type endpoint struct {
	Method, URL     string
	Request         []specField
	Response        []specField
	RequestExamples []object `json:"request_examples"`
}

type specField struct {
	Name, Type, Container, Format, Example string
	Mandatory                              bool
	Values                                 []string
}

func readSpecification(t *testing.T) (spec specification) {
	t.Helper()
	data, err := os.ReadFile("../../../../shared/saferpay/spec.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("skipped: the Saferpay specification, shared/saferpay/spec.json, is not beside this repository")
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &spec))
	return spec
}

func (s specification) endpoint(t *testing.T, url string) endpoint {
	t.Helper()
	i := slices.IndexFunc(s.Endpoints, func(e endpoint) bool { return e.URL == url })
	require.GreaterOrEqual(t, i, 0, "%s is not in the specification", url)
	return s.Endpoints[i]
}

// complete replaces the placeholders of an example, and the ids in it, by what is known; by the name of the field.
func complete(example object, known map[string]any) object {
	completed := object{}
	for name, value := range example {
		if inner, ok := value.(object); ok {
			value = complete(inner, known)
		}
		if better, ok := known[name]; ok {
			value = better
		}
		completed[name] = value
	}
	return completed
}

// everything builds a request with all fields that the specification has, down to the last optional one.
func (s specification) everything(fields []specField, known map[string]any) object {
	request := object{}
	for _, f := range fields {
		request[f.Name] = s.sample(f, known)
	}
	return request
}

func (s specification) sample(f specField, known map[string]any) any {
	if value, ok := known[f.Name]; ok {
		return value
	}
	switch f.Type {
	case "object":
		return s.everything(s.Containers[f.Container], known)
	case "array of objects":
		return []any{s.everything(s.Containers[f.Container], known)}
	case "array of strings":
		if f.Values != nil {
			return []any{f.Values[0]}
		}
		return []any{"x"}
	case "integer":
		return 1
	case "boolean":
		return true
	case "date":
		return "2026-01-30T12:45:22.258+01:00"
	}
	switch {
	case f.Values != nil:
		return f.Values[0]
	case f.Example != "":
		return f.Example
	}
	return "x"
}

var formatted = regexp.MustCompile(`^(\w+)\[(\d+)\.\.(\d+)\]$`)

// format returns the length limits of a field, if it has any.
func (f specField) format() (characters string, shortest, longest int, limited bool) {
	parts := formatted.FindStringSubmatch(f.Format)
	if parts == nil {
		return "", 0, 0, false
	}
	shortest, _ = strconv.Atoi(parts[2])
	longest, _ = strconv.Atoi(parts[3])
	return parts[1], shortest, longest, true
}

var allowed = map[string]*regexp.Regexp{
	"Id": regexp.MustCompile(`^[A-Za-z0-9.:_-]*$`), "Numeric": regexp.MustCompile(`^[0-9]*$`), "AlphaNumeric": regexp.MustCompile(`^[A-Za-z0-9]*$`),
}

// violations lists what is wrong with an answer: mandatory fields that are missing, fields that the specification does
// not know, wrong types, formats and values.
func (s specification) violations(path string, fields []specField, answer object) (wrong []string) {
	known := map[string]bool{}
	for _, f := range fields {
		known[f.Name] = true
		value, present := answer[f.Name]
		at := path + "." + f.Name
		switch {
		case present:
			wrong = append(wrong, s.violation(at, f, value)...)
		case f.Mandatory:
			wrong = append(wrong, at+" is missing")
		}
	}
	for name := range answer {
		if !known[name] {
			wrong = append(wrong, path+"."+name+" is not in the specification")
		}
	}
	return wrong
}

func (s specification) violation(at string, f specField, value any) []string {
	bad := []string{fmt.Sprintf("%s = %v is no %s %s", at, value, f.Type, f.Format)}
	switch f.Type {
	case "object":
		if inner, ok := value.(object); ok {
			return s.violations(at, s.Containers[f.Container], inner)
		}
		return bad
	case "array of objects", "array of strings":
		list, ok := value.([]any)
		if !ok {
			return bad
		}
		element, wrong := f, []string{}
		element.Type = map[string]string{"array of objects": "object", "array of strings": "string"}[f.Type]
		for i, v := range list {
			wrong = append(wrong, s.violation(at+"["+strconv.Itoa(i)+"]", element, v)...)
		}
		return wrong
	case "integer":
		if n, ok := value.(float64); !ok || n != float64(int64(n)) {
			return bad
		}
		return nil
	case "boolean":
		if _, ok := value.(bool); !ok {
			return bad
		}
		return nil
	}
	text, ok := value.(string)
	if !ok || f.Values != nil && !slices.Contains(f.Values, text) || f.Type == "date" && !isDate(text) {
		return bad
	}
	if characters, shortest, longest, limited := f.format(); limited {
		n := utf8.RuneCountInString(text)
		if n < shortest || n > longest || allowed[characters] != nil && !allowed[characters].MatchString(text) {
			return bad
		}
	}
	return nil
}

// isDate accepts at most three fractional digits, and in reports no zone.
func isDate(text string) bool {
	_, fraction, _ := strings.Cut(text, ".")
	if len(strings.TrimRight(fraction, "Z+-:0123456789")) > 0 || len(strings.Split(fraction, "Z")[0]) > 9 {
		return false
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999Z07:00", "2006-01-02T15:04:05.999"} {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return false
}
