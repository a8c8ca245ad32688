package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// TestThingsOfAnotherCompanyAreNotThere sends every request of the specification with the key of another company, about the things of
// the first one: named in the path, in the query, in the body, in a file, and by a cursor of its lists. Nothing of the first is told,
// and nothing of it changes.
func TestThingsOfAnotherCompanyAreNotThere(t *testing.T) {
	t.Parallel()
	var tried atomic.Int64
	t.Cleanup(func() { t.Logf("%d requests about another company's things told and changed nothing", tried.Load()) })
	for _, o := range operations(t) {
		if slices.Contains(onlyAdmin, o.OperationID) || slices.Contains(withoutKey, o.OperationID) || ofTheConsole[o.OperationID] != nil {
			continue
		}
		t.Run(o.OperationID, func(t *testing.T) {
			t.Parallel()
			s := newStranger(t, o)
			if o.RequestBody != nil && o.json() == nil {
				s.tryFiles()
				return
			}
			if answer := s.try(s.theirs.path, s.theirs.body); strings.Contains(o.path, "_id}") {
				answer.problem(http.StatusNotFound, "not-found")
			}
			s.tryOwn()
			s.tryQueries()
			tried.Add(s.tried)
		})
	}
}

// stranger is a company that knows all ids of another.
type stranger struct {
	*world
	call        operation
	theirs, own example
	cursor      string   // of the other's list
	ids         []string // the other's
	orders      []string
	conn        *pgx.Conn
	tracing     string
	standing    string
	tried       int64
}

// idsIn finds the ids in a text.
var idsIn = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{26}\b`)

func newStranger(t *testing.T, o operation) *stranger {
	t.Helper()
	w := newWorld(t)
	s := &stranger{world: w, call: o, theirs: o.example(w)}
	if slices.ContainsFunc(o.parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == "cursor" }) {
		page := w.call(o.method, with(s.theirs.path, "limit", "1"), o.key(w), nil).json(http.StatusOK)
		s.cursor, _ = page["next_cursor"].(string)
	}
	other := w.company.ID
	w.company, w.key = w.newCompany("Andere AG", "de")
	w.commands.companyID = w.company.ID
	s.own = o.example(w)

	var err error
	s.conn, err = pgx.Connect(t.Context(), w.superuserURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.conn.Close(context.WithoutCancel(t.Context())) })
	const tables = `from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
		where table_schema = 'public' and table_type = 'BASE TABLE' and column_name = 'company_id'`
	require.NoError(t, s.conn.QueryRow(t.Context(), `
		select 'select ' || string_agg(format('(select concat(%L, count(*), ''/'', max(xmin::text::bigint), '' '') from %I where company_id = %L)', table_name || ' ', table_name, $1::text), ' || ' order by table_name) `+tables, other).Scan(&s.tracing))
	var listing string
	require.NoError(t, s.conn.QueryRow(t.Context(), `
		select string_agg(format('select id from %I where company_id = %L', table_name, $1::text), ' union all ') `+tables+`
		and exists (select from information_schema.columns i where i.table_name = c.table_name and i.column_name = 'id' and i.data_type = 'text')`, other).Scan(&listing))
	rows, err := s.conn.Query(t.Context(), listing)
	require.NoError(t, err)
	s.ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	rows, err = s.conn.Query(t.Context(), `select order_id from payments where company_id = $1`, other)
	require.NoError(t, err)
	s.orders, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(s.ids), 5)
	s.standing = s.trace()
	return s
}

// trace sums up the rows of the other company and their versions.
func (s *stranger) trace() (trace string) {
	require.NoError(s, s.conn.QueryRow(s.Context(), s.tracing).Scan(&trace))
	return trace
}

// with adds a parameter to a path.
func with(path, name, value string) string {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + name + "=" + url.QueryEscape(value)
}

// try sends the call with the stranger's key, and finds that the other company has told nothing but what was named, and keeps what it had.
func (s *stranger) try(path, body string, header ...string) answer {
	s.Helper()
	r := httptest.NewRequestWithContext(s.Context(), s.call.method, "/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	commands := s.commands.seen()
	a := s.send(r)
	s.tried++
	require.Less(s, a.Code, http.StatusInternalServerError, "%s: %s", path, a.Body)
	told := a.Body.String()
	for _, id := range s.ids {
		if a.Code < http.StatusBadRequest || !strings.Contains(path+body, id) {
			require.NotContains(s, told, id, "%s %s", path, body)
		}
	}
	require.Equal(s, s.standing, s.trace(), "%s %s changed something: %s", path, body, told)
	for _, command := range s.commands.seen()[len(commands):] {
		for _, id := range s.ids {
			require.NotContains(s, command, id, "%s %s", path, body)
		}
	}
	return a
}

// tryOwn names the other's things in a request about the stranger's own.
func (s *stranger) tryOwn() {
	for i, id := range idsIn.FindAllString(s.own.body, -1) {
		prefix := id[:4]
		for _, theirs := range s.ids {
			if strings.HasPrefix(theirs, prefix) {
				s.try(s.own.path, strings.Replace(s.own.body, id, theirs, i+1))
			}
		}
	}
}

// tryQueries names the other's things in each parameter of the query, and goes on in the other's list.
func (s *stranger) tryQueries() {
	for _, parameter := range s.call.parameters {
		if p := parameter.Value; p.In == "query" && p.Schema.Value.Type.Is("string") && p.Schema.Value.Format == "" && p.Schema.Value.Enum == nil {
			for _, id := range slices.Concat(s.ids, s.orders) {
				s.try(with(s.own.path, p.Name, id), s.own.body)
			}
		}
	}
	if s.cursor != "" {
		s.try(with(with(s.own.path, "limit", "1"), "cursor", s.cursor), s.own.body)
	}
}

// tryFiles sends files to what takes such: to the other's things, and files that name the other's orders to its own.
func (s *stranger) tryFiles() {
	switch s.call.OperationID {
	case "uploadDocument":
		s.upload(s.theirs.path, file{"file", "a.pdf", "application/pdf", pdf}).problem(http.StatusNotFound, "not-found")
	case "putInvoicePdf":
		s.try(s.theirs.path, pdf, "Content-Type", "application/pdf").problem(http.StatusNotFound, "not-found")
	case "putLogo":
		s.try(s.own.path, picture(s, 1, 1), "Content-Type", "image/png")
	case "importExchangeRates":
		s.try(s.own.path, "<wechselkurse/>", "Content-Type", "application/xml")
	case "importSettlement":
		for i, order := range s.orders {
			payout := strings.Repeat("I", i+1)
			s.try(s.own.path, csvHeader+"WL-"+payout+",2026-11-20,payment,"+order+",CHF,108.00,2.30,105.70\n", "Content-Type", "text/csv")
		}
		s.try(s.own.path, credit("2026-11-19", "105.70", "WORLDLINE SCHWEIZ AG"), "Content-Type", "text/xml")
	default:
		require.Fail(s, "the test has no file for the call")
	}
	require.Equal(s, s.standing, s.trace())
}
