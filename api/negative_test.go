package api_test

import (
	"context"
	"encoding/json"
	"hash/crc32"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// odd are texts that callers send by mistake or on purpose, as JSON.
var odd = map[string]string{
	"empty":            `""`,
	"blank":            `" "`,
	"far too long":     `"` + strings.Repeat("x", 100_000) + `"`,
	"a zero byte":      `"a\u0000b"`,
	"control":          `"a\u0007\u001b[31m\r\nb"`,
	"right to left":    `"a\u202eb"`,
	"zero width":       `"a\u200b\ufeffb"`,
	"half a character": `"a\ud800b"`,
	"not UTF-8":        "\"a\xff\xfeb\"",
	"combined":         `"e\u0301\u0301\u0301\ud83d\udc69\u200d\ud83d\udc69"`,
	"SQL":              `"'; drop table invoices; --"`,
	"HTML":             `"<script>alert(1)</script>"`,
	"JSON":             `"\",\"status\":\"paid\",\"x\":\""`,
	"a template":       `"{{.}}${jndi:ldap://127.0.0.1/a}%s%n"`,
	"a path":           `"../../../etc/passwd"`,
}

// wrong are values of a type that no text, number, list or object has by itself.
var wrong = map[string]string{
	"null": `null`, "a number": `-1.5e300`, "a boolean": `true`, "a list": `[[]]`, "an object": `{"$ne":null}`,
}

// TestWhateverIsWrongWithAFieldIsRefusedByNameAndStoresNothing takes every field and parameter of the specification, spoils it
// in every way, and sends the rest of the request as the specification's example has it. Whatever is refused has left no trace.
func TestWhateverIsWrongWithAFieldIsRefusedByNameAndStoresNothing(t *testing.T) {
	t.Parallel()
	var sent, refused atomic.Int64
	t.Run("calls", func(t *testing.T) {
		for _, c := range operations(t) {
			if !played(c.OperationID) {
				continue
			}
			t.Run(c.OperationID, func(t *testing.T) {
				t.Parallel()
				n := newNegative(t, c)
				n.spoilBody()
				n.spoilParameters()
				sent.Add(n.sent)
				refused.Add(n.refused)
			})
		}
	})
	t.Logf("%d requests were sent: %d were refused and left no trace, %d were taken, none was answered with 5xx", sent.Load(), refused.Load(), sent.Load()-refused.Load())
	if testing.Short() {
		assert.Greater(t, sent.Load(), int64(400))
		return
	}
	assert.Greater(t, sent.Load(), int64(3000))
}

// played reports whether a call, or a way of spoiling one, is played in this run: each by make test-deep, every fourth by make test,
// spread over all calls and fields.
func played(what string) bool {
	return !testing.Short() || crc32.ChecksumIEEE([]byte(what))%4 == 0
}

// negative spoils the requests of one call.
type negative struct {
	*world
	call          operation
	example       example
	key           string
	conn          *pgx.Conn
	tracing       string
	standing      string // the trace of the request before
	sent, refused int64
}

func newNegative(t *testing.T, c operation) *negative {
	t.Helper()
	w := newWorld(t)
	good := c.example(w)
	conn, err := pgx.Connect(t.Context(), w.superuserURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	n := &negative{world: w, call: c, example: good, key: c.key(w), conn: conn, tracing: tracing(t, conn)}
	n.standing = n.trace()
	return n
}

// spoilBody spoils each field of the body in turn.
func (n *negative) spoilBody() {
	media := n.call.json()
	if media == nil {
		return
	}
	good := n.example.body
	for name, value := range merge(odd, wrong) {
		n.try("the body is "+name, n.example.path, value, "")
	}
	for _, field := range fieldsOf(media.Schema.Value, good) {
		where := strings.Join(field, ".")
		if field[len(field)-1] != "0" {
			n.try(where+" is missing", n.example.path, spoil(good, field, ""), "")
			n.try("something unknown beside "+where, n.example.path, spoil(good, append(slices.Clone(field[:len(field)-1]), "colour"), `"red"`), "colour")
		}
		for name, value := range merge(odd, wrong) {
			n.try(where+" is "+name, n.example.path, spoil(good, field, value), field[0])
		}
	}
}

// spoilParameters spoils each parameter in the path, the query and the headers.
func (n *negative) spoilParameters() {
	for _, ref := range n.call.parameters {
		p := ref.Value
		for name, value := range merge(odd, wrong) {
			var text string
			if err := json.Unmarshal([]byte(value), &text); err != nil {
				text = value
			}
			switch what := p.Name + " is " + name; p.In {
			case openapi3.ParameterInPath:
				if text != "" {
					n.try(what, strings.Replace(n.example.path, n.example.ids[p.Name], url.PathEscape(text), 1), n.example.body, "")
				}
			case openapi3.ParameterInQuery:
				n.try(what, n.example.path+"?"+url.Values{p.Name: {text}}.Encode(), n.example.body, p.Name)
			case openapi3.ParameterInHeader:
				n.try(what, n.example.path, n.example.body, p.Name, p.Name, text)
			}
		}
	}
}

// try sends a request; field is what a refusal for invalid fields has to name, if that is certain.
func (n *negative) try(what, path, body, field string, header ...string) {
	n.Helper()
	if !played(n.call.OperationID + what) {
		return
	}
	n.sent++
	r := httptest.NewRequestWithContext(n.Context(), n.call.method, "/v1/", strings.NewReader(body))
	target, err := url.Parse("http://example.com/v1" + path)
	require.NoError(n, err, what)
	r.URL, r.RequestURI = target, target.RequestURI()
	r.Header.Set("Authorization", "Bearer "+n.key)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	a := n.send(r)
	require.Less(n, a.Code, http.StatusInternalServerError, "%s: %s", what, a.Body)
	before := n.standing
	if n.standing = n.trace(); a.Code < http.StatusBadRequest {
		return
	}
	n.refused++
	require.Equal(n, before, n.standing, "%s was refused (%s) and stored all the same", what, a.Body)
	var p struct {
		Type   string
		Detail string
		Errors []struct{ Field, Message string }
	}
	require.NoError(n, json.Unmarshal(a.Body.Bytes(), &p), what)
	require.NotEmpty(n, p.Detail, what)
	if p.Type != "urn:quittance:problem:validation-failed" {
		return
	}
	require.NotEmpty(n, p.Errors, what)
	named := false
	for _, e := range p.Errors {
		require.NotEmpty(n, e.Message, what)
		named = named || field == "" || slices.Contains(strings.Split(e.Field, "."), field)
	}
	require.True(n, named, "%s: the answer names other fields: %s", what, a.Body)
}

// trace sums up what stands in the database, rows and their versions; of the log of all requests, refused ones too, nothing.
func (n *negative) trace() string {
	var trace string
	require.NoError(n, n.conn.QueryRow(n.Context(), n.tracing).Scan(&trace))
	return trace
}

// tracing is the statement of trace.
func tracing(t *testing.T, conn *pgx.Conn) (sql string) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), `
		select 'select ' || string_agg(format('(select concat(%L, count(*), ''/'', max(xmin::text::bigint), '' '') from %I)', relname || ' ', relname), ' || ' order by relname)
		from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not in ('audit_log', 'audit_heads', 'idempotency_keys', 'api_keys')`).Scan(&sql))
	return sql
}

func merge(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// fieldsOf returns the paths of all fields of the example, and of those of the schema that it leaves out.
func fieldsOf(schema *openapi3.Schema, example string) (paths [][]string) {
	var value any
	if err := json.Unmarshal([]byte(example), &value); err != nil {
		panic(err)
	}
	var walk func(value any, at []string)
	walk = func(value any, at []string) {
		switch v := value.(type) {
		case map[string]any:
			for name, inner := range v {
				path := append(slices.Clone(at), name)
				paths = append(paths, path)
				walk(inner, path)
			}
		case []any:
			if len(v) > 0 {
				path := append(slices.Clone(at), "0")
				paths = append(paths, path)
				walk(v[0], path)
			}
		}
	}
	walk(value, nil)
	for name := range schema.Properties {
		if !slices.ContainsFunc(paths, func(p []string) bool { return p[0] == name }) {
			paths = append(paths, []string{name})
		}
	}
	slices.SortFunc(paths, slices.Compare)
	return paths
}

// spoil puts value, which is JSON or would be, at the path of a JSON text; nothing there when value is empty.
func spoil(body string, path []string, value string) string {
	const mark = "\u2063spoilt\u2063"
	var tree any
	if err := json.Unmarshal([]byte(body), &tree); err != nil {
		panic(err)
	}
	at := tree
	for _, step := range path[:len(path)-1] {
		switch v := at.(type) {
		case map[string]any:
			at = v[step]
		case []any:
			at = v[0]
		}
	}
	switch v := at.(type) {
	case map[string]any:
		v[path[len(path)-1]] = mark
		if value == "" {
			delete(v, path[len(path)-1])
		}
	case []any:
		v[0] = mark
	}
	encoded, err := json.Marshal(tree)
	if err != nil {
		panic(err)
	}
	return strings.Replace(string(encoded), `"`+mark+`"`, value, 1)
}
