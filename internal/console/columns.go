package console

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// columnsPage is what the columns of the acquirer's lists are, and a list of which nobody has said it yet.
type columnsPage struct {
	Saved    []client.SettlementColumns
	List     *client.ColumnsProposal // of which somebody has to say it; nil for none
	Proposal string                  // the same, as the form carries it
	Content  string                  // its file, as the form carries it
	Faults   []fault                 // of the file, as its columns were read
}

// columnFields are the fields in the order in which the form has them, with what of a mapping they are.
var columnFields = []struct {
	name string
	of   func(*client.ColumnPlaces) **string
}{
	{"payout_date", func(p *client.ColumnPlaces) **string { return &p.PayoutDate }},
	{"payout_reference", func(p *client.ColumnPlaces) **string { return &p.PayoutReference }},
	{"transaction_date", func(p *client.ColumnPlaces) **string { return &p.TransactionDate }},
	{"order_id", func(p *client.ColumnPlaces) **string { return &p.OrderID }},
	{"authorization_code", func(p *client.ColumnPlaces) **string { return &p.AuthorizationCode }},
	{"card_number", func(p *client.ColumnPlaces) **string { return &p.CardNumber }},
	{"brand", func(p *client.ColumnPlaces) **string { return &p.Brand }},
	{"type", func(p *client.ColumnPlaces) **string { return &p.Type }},
	{"currency", func(p *client.ColumnPlaces) **string { return &p.Currency }},
	{"gross", func(p *client.ColumnPlaces) **string { return &p.Gross }},
	{"fee", func(p *client.ColumnPlaces) **string { return &p.Fee }},
	{"net", func(p *client.ColumnPlaces) **string { return &p.Net }},
}

// Fields returns the names of the fields.
func (columnsPage) Fields() (names []string) {
	for _, f := range columnFields {
		names = append(names, f.name)
	}
	return names
}

// Place returns the column of a field in a mapping; empty for none.
func (columnsPage) Place(field string, p client.ColumnPlaces) string {
	for _, f := range columnFields {
		if name := *f.of(&p); f.name == field && name != nil {
			return *name
		}
	}
	return ""
}

func (s *server) columnsPage(r *http.Request) (p columnsPage, err error) {
	found, err := s.api.ListSettlementColumnsWithResponse(r.Context())
	if err != nil {
		return p, err
	}
	p.Saved = found.JSON200.Data
	return p, nil
}

// columns shows what is confirmed.
func (s *server) columns(w http.ResponseWriter, r *http.Request) {
	p, err := s.columnsPage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "settlement-columns", p, nil)
}

// askColumns asks what the columns of a list are. The form carries the file, so that it is imported as soon as that is said.
func (s *server) askColumns(w http.ResponseWriter, r *http.Request, proposal client.ColumnsProposal, content []byte) {
	p, err := s.columnsPage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.List, p.Proposal, p.Content = &proposal, string(mustJSON(proposal)), packed(content)
	s.show(w, r, http.StatusOK, "settlement-columns", p, nil)
}

// confirmColumns keeps what the columns are, and imports the file.
func (s *server) confirmColumns(w http.ResponseWriter, r *http.Request) {
	var proposal client.ColumnsProposal
	_ = json.Unmarshal([]byte(r.PostFormValue("proposal")), &proposal) // without a header, the API refuses it
	confirmed := client.NewSettlementColumns{
		Header: proposal.Header, Payouts: client.ColumnsPayouts(r.PostFormValue("payouts")), Currency: optional[client.Currency](r.PostFormValue("currency")),
	}
	for _, f := range columnFields {
		*f.of(&confirmed.Columns) = optional[string](r.PostFormValue("columns." + f.name))
	}
	if confirmed.Columns.Currency != nil {
		confirmed.Currency = nil
	}
	_, err := s.api.PutSettlementColumnsWithResponse(r.Context(), confirmed)
	if err == nil {
		var content []byte
		if content, err = unpacked(r.PostFormValue("content")); err == nil {
			var imported *client.ImportSettlementResponse
			if imported, err = s.api.ImportSettlementWithBodyWithResponse(r.Context(), "text/csv", bytes.NewReader(content), once(r)); err == nil {
				s.tellImported(w, r, imported)
				return
			}
		}
	}
	p, lost := s.columnsPage(r)
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	p.List, p.Proposal, p.Content = &proposal, r.PostFormValue("proposal"), r.PostFormValue("content")
	if refused := asRefusal(err); refused != nil && refused.Type == "urn:quittance:problem:settlement-file-refused" {
		p.Faults, refused.Errors = refused.Errors, nil // they are of the file, and no field of the form
	}
	s.refused(w, r, err, "settlement-columns", p, map[string]string{})
}

func (s *server) removeColumns(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.DeleteSettlementColumnsWithResponse(r.Context(), chi.URLParam(r, "columns")); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/payouts/columns", notice{Kind: "good", Key: "columns_removed"})
}

// packed returns a file as a form carries it.
func packed(content []byte) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(content) // into memory
	_ = z.Close()
	return base64.RawURLEncoding.EncodeToString(out.Bytes())
}

// unpacked returns the file that a form carries.
func unpacked(text string) ([]byte, error) {
	z, err := gzip.NewReader(base64.NewDecoder(base64.RawURLEncoding, bytes.NewReader([]byte(text))))
	if err != nil {
		return nil, unreadable("content")
	}
	content, err := io.ReadAll(io.LimitReader(z, maxForm)) // what is larger, the API refuses
	if err != nil {
		return nil, unreadable("content")
	}
	return content, nil
}

// Options returns what can be chosen of a header, and nothing, which is called none.
func (columnsPage) Options(header []string, none string) (options [][]string) {
	options = append(options, []string{"", none})
	for _, name := range header {
		options = append(options, []string{name, name})
	}
	return options
}
