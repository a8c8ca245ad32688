package console

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// payoutsPage is the list of payouts.
type payoutsPage struct {
	Data       []client.Payout
	NextCursor *string
}

// payoutPage is a payout, with what it may pay.
type payoutPage struct {
	client.Payout
	Open   []client.Standing // what waits for a payout in its currency, when somebody may decide
	Picked []string          // the ids of a candidate that was picked
	Kept   *client.Amount    // its fee
}

func (s *server) payoutRoutes(r chi.Router) {
	r.Get("/payouts", s.payouts)
	r.Post("/payouts", s.importFile)
	r.Get("/payouts/files", s.files)
	r.Get("/payouts/files/{file}", s.imported)
	r.Get("/payouts/columns", s.columns)
	r.Post("/payouts/columns", s.confirmColumns)
	r.Post("/payouts/columns/{columns}/remove", s.removeColumns)
	r.Route("/payouts/{id}", func(r chi.Router) {
		r.Get("/", s.payout)
		r.Get("/items", s.payoutItems)
		r.Post("/confirm", s.confirm)
		r.Post("/dismiss", s.dismiss)
		r.Post("/reopen", s.reopen)
	})
}

func (s *server) payoutsPage(r *http.Request) (p payoutsPage, err error) {
	q := r.URL.Query()
	found, err := s.api.ListPayoutsWithResponse(r.Context(), &client.ListPayoutsParams{
		State: optional[client.PayoutState](q.Get("state")), Cursor: optional[client.Cursor](q.Get("cursor")),
		SettlementID: optional[string](q.Get("settlement_id")),
	})
	if err != nil {
		return p, err
	}
	return payoutsPage{found.JSON200.Data, found.JSON200.NextCursor}, nil
}

func (s *server) payouts(w http.ResponseWriter, r *http.Request) {
	p, err := s.payoutsPage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "payouts", p, nil)
}

// importFile hands the file to the API as it is, which finds out what it is.
func (s *server) importFile(w http.ResponseWriter, r *http.Request) {
	content, err := uploaded(r, "file")
	if err == nil {
		var imported *client.ImportSettlementResponse
		if imported, err = s.api.ImportSettlementWithBodyWithResponse(r.Context(), contentType(content), bytes.NewReader(content), once(r)); err == nil {
			s.tellImported(w, r, imported)
			return
		}
		if refused := asRefusal(err); refused != nil && refused.Columns != nil {
			s.askColumns(w, r, *refused.Columns, content)
			return
		}
	}
	p, lost := s.payoutsPage(r)
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	s.refused(w, r, err, "payouts", p, map[string]string{"": "file"})
}

// contentType returns the type of a file of which only the content is known.
func contentType(content []byte) string {
	switch {
	case bytes.HasPrefix(content, []byte("PK")):
		return "application/zip"
	case bytes.HasPrefix(content, []byte("\x1f\x8b")):
		return "application/gzip"
	case bytes.HasPrefix(bytes.TrimLeft(content, "\ufeff \r\n\t"), []byte("<")):
		return "text/xml"
	default:
		return "text/csv"
	}
}

// imported says what an import has brought, and what it has left out.
func (l *look) imported(found client.Settlement) string {
	says := []string{l.words.say("payouts.imported", found.PayoutCount, found.UnmatchedCount, found.ReceiptCount)}
	for _, s := range found.Statements {
		switch {
		case s.Skipped != nil && *s.Skipped:
			says = append(says, l.words.say("payouts.imported_foreign", s.Account, s.Entries))
		case s.Page != nil && len(s.Page.Missing) > 0:
			says = append(says, l.words.say("payouts.imported_missing", s.Account, strings.Trim(fmt.Sprint(s.Page.Missing), "[]")))
		}
	}
	if found.PassedOver != nil {
		says = append(says, l.words.say("payouts.imported_not", strings.Join(*found.PassedOver, ", ")))
	}
	return strings.Join(says, " ")
}

// tellImported leads on from a file that was taken in.
func (s *server) tellImported(w http.ResponseWriter, r *http.Request, imported *client.ImportSettlementResponse) {
	found := cmp.Or(imported.JSON201, imported.JSON200) // 200 is for a file that was imported before
	page := "/console/payouts"
	if found.ReceiptCount > 0 {
		page += "/files/" + found.ID
	}
	s.tell(w, r, page, notice{Kind: "good", Key: "imported", Args: []any{s.lookOf(r).imported(*found)}})
}

// files lists what was imported, by hand and by itself.
func (s *server) files(w http.ResponseWriter, r *http.Request) {
	found, err := s.api.ListSettlementsWithResponse(r.Context(), &client.ListSettlementsParams{Cursor: optional[client.Cursor](r.URL.Query().Get("cursor"))})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "settlements", found.JSON200, nil)
}

// sumOf adds up the counts of a file by state.
func sumOf(counts map[string]int) (sum int) {
	for _, count := range counts {
		sum += count
	}
	return sum
}

// filePage is what a file has told, with one page of its receipts.
type filePage struct {
	client.Settlement
	NextCursor *string
}

// imported shows what a file has told.
func (s *server) imported(w http.ResponseWriter, r *http.Request) {
	found, err := s.api.GetSettlementWithResponse(r.Context(), chi.URLParam(r, "file"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	receipts, err := s.api.ListSettlementReceiptsWithResponse(r.Context(), found.JSON200.ID, &client.ListSettlementReceiptsParams{
		Cursor: optional[client.Cursor](r.URL.Query().Get("cursor")),
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := filePage{*found.JSON200, receipts.JSON200.NextCursor}
	page.Receipts = receipts.JSON200.Data
	s.show(w, r, http.StatusOK, "settlement", page, nil)
}

func (s *server) payout(w http.ResponseWriter, r *http.Request) {
	p, err := s.payoutPage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "payout", p, nil)
}

// itemsPage is one page of what a payout pays.
type itemsPage struct {
	client.Payout
	Items      []client.PayoutItem
	NextCursor *string
}

func (s *server) payoutItems(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	found, err := s.api.GetPayoutWithResponse(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	items, err := s.api.ListPayoutItemsWithResponse(r.Context(), id, &client.ListPayoutItemsParams{
		Cursor: optional[client.Cursor](r.URL.Query().Get("cursor")),
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "payout-items", itemsPage{*found.JSON200, items.JSON200.Data, items.JSON200.NextCursor}, nil)
}

func (s *server) payoutPage(r *http.Request) (p payoutPage, err error) {
	found, err := s.api.GetPayoutWithResponse(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return p, err
	}
	p.Payout = *found.JSON200
	if undecided := p.State == client.Proposed || p.State == client.Unmatched; !undecided || !visitorOf(r.Context()).Books() {
		return p, nil
	}
	if i, err := strconv.Atoi(r.URL.Query().Get("candidate")); err == nil && i >= 0 && i < len(p.Candidates) {
		p.Picked, p.Kept = p.Candidates[i].Items, p.Candidates[i].Fee
	}
	currency, most := p.Currency, client.Limit(mostOpen)
	if p.Exchanged != nil {
		currency = p.Exchanged.Currency
	}
	stands, err := s.api.GetReconciliationWithResponse(r.Context(), &client.GetReconciliationParams{Currency: &currency, Limit: &most})
	if err != nil {
		return p, err
	}
	for _, open := range stands.JSON200.Data {
		if open.ExpectedPayout != nil {
			p.Open = append(p.Open, open)
		}
	}
	return p, nil
}

// mostOpen is how many payments and refunds can be picked from, the oldest ones.
const mostOpen = 200

// confirm books the proposal, or what was picked by hand.
func (s *server) confirm(w http.ResponseWriter, r *http.Request) {
	decision := client.PayoutDecision{Note: optional[string](r.PostFormValue("note")), Account: optional[client.AccountNumber](strings.TrimSpace(r.PostFormValue("account")))}
	if items := r.PostForm["items"]; len(items) > 0 {
		decision.Items = &items
	}
	if fee := parseAmount(r.PostFormValue("fee")); fee != "" {
		decision.Fee = &fee
	}
	_, err := s.api.ConfirmPayoutWithResponse(r.Context(), chi.URLParam(r, "id"), decision, once(r))
	s.decided(w, r, err, "payout_booked")
}

func (s *server) dismiss(w http.ResponseWriter, r *http.Request) {
	_, err := s.api.DismissPayoutWithResponse(r.Context(), chi.URLParam(r, "id"), client.PayoutNote{Note: optional[string](r.PostFormValue("note"))}, once(r))
	s.decided(w, r, err, "payout_dismissed")
}

func (s *server) reopen(w http.ResponseWriter, r *http.Request) {
	_, err := s.api.ReopenPayoutWithResponse(r.Context(), chi.URLParam(r, "id"), client.PayoutNote{Note: optional[string](r.PostFormValue("note"))}, once(r))
	s.decided(w, r, err, "payout_reopened")
}

// decided leads back to the payout, and says what came of the decision. Who comes second is told.
func (s *server) decided(w http.ResponseWriter, r *http.Request, err error, said string) {
	id := chi.URLParam(r, "id")
	if err == nil {
		s.tell(w, r, "/console/payouts/"+id, notice{Kind: "good", Key: said})
		return
	}
	p, lost := s.payoutPage(r)
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	s.refused(w, r, err, "payout", p, map[string]string{})
}
