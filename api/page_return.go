package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
)

// How a return page waits for the payment: it holds its answer back for a moment, in which most payments are settled, and
// then refreshes itself so many times.
const (
	returnPatience = 3 * time.Second
	returnFirst    = 20 * time.Millisecond  // a payment is booked some 40 ms after the payer is back
	returnInterval = 200 * time.Millisecond // between looks later
	maxRefreshes   = 15
	// lastMoment is how long after the end of a payment page somebody who paid at the last moment may still be on the way back.
	lastMoment = 2 * time.Minute
)

// payerReturned answers GET /i/{token}/return, where Saferpay sends the payer after the payment page. A payer who came from a product's
// own document is sent back there. Only the first call is a sign of life of the payer; with wait=1, 2, … it is the page that refreshes
// itself.
func (s *server) payerReturned(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	token, paymentID := chi.URLParam(r, "token"), query.Get("payment")
	if !id.Valid(id.Payment, paymentID) {
		http.Redirect(w, r, "/i/"+url.PathEscape(token), http.StatusSeeOther)
		return
	}
	refreshes, _ := strconv.Atoi(query.Get("wait")) // anything else than a number is the first call
	companyID, invoiceID, err := s.opened(r.Context(), token)
	if err == nil {
		err = s.awaitOutcome(r, companyID, invoiceID, paymentID, refreshes == 0)
	}
	if err != nil {
		s.showError(w, r, err)
		return
	}
	d, err := s.documentOf(r.Context(), token, companyID, invoiceID, paymentID)
	if err != nil {
		s.showError(w, r, err)
		return
	}
	if address, ok := d.company.ReturnAddress(query.Get("return_url"), d.invoice.ID); ok {
		http.Redirect(w, r, address, http.StatusSeeOther) //nolint:gosec // to an origin that the company chose
		return
	}
	s.showOutcome(w, r, d, refreshes)
}

// awaitOutcome looks at the payment until it is decided, for as long as the payer's patience lasts, or only once when enough pages are
// held back already. Before that it tells the invoice's workflow that the payer is back, if that is news.
func (s *server) awaitOutcome(r *http.Request, companyID, invoiceID, paymentID string, news bool) error {
	ctx := r.Context()
	patient := s.holds.begin(paymentID)
	if patient {
		defer s.holds.end(paymentID)
	}
	deadline := time.After(s.ReturnPatience)
	for pause := returnFirst; ; pause = min(pause*3/2, returnInterval) {
		var p payment.Payment
		err := inCompany(ctx, s.Store, companyID, func(tx PagesTx) (err error) {
			tx.Alone()
			p, err = tx.Payment(ctx, paymentID)
			return err
		})
		if err != nil || p.State.Final() || p.InvoiceID != invoiceID {
			return err
		}
		if news && !s.heard.lately(p.ID, s.now()) {
			s.reportReturn(r, p)
		}
		if news = false; !patient {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-deadline:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// reportReturn tells the invoice's workflow that the payer is back. When that fails there is still Saferpay's notification,
// and nothing that the payer could do about it.
func (s *server) reportReturn(r *http.Request, p payment.Payment) {
	ctx, cancel := context.WithTimeout(r.Context(), s.ReturnPatience)
	defer cancel()
	if err := s.hint(ctx, p, s.Collection.PayerReturned); err != nil {
		_ = s.asProblem(r, err) // for the log
	}
}

// showOutcome shows what has become of the payment, above the invoice.
func (s *server) showOutcome(w http.ResponseWriter, r *http.Request, d document, refreshes int) {
	language := languageOf(r, d.invoice.Customer.Language)
	if d.payment.State == payment.Redirected && !d.payment.ExpiresAt.IsZero() && s.now().After(d.payment.ExpiresAt.Add(lastMoment)) {
		d.payment.State = payment.Expired // as it will be recorded, once Saferpay's data have caught up
	}
	p := s.page(d, language, outcome(d, dictionary[language]))
	for i := range p.Languages {
		p.Languages[i].URL = d.again(d.payment, p.Languages[i].Code, max(refreshes, 1))
	}
	if !d.payment.State.Final() {
		p.Offers, p.NotOnline = nil, false // a second payment is the last thing to ask for now
		p.ReloadURL = d.again(d.payment, language, 0)
		if refreshes < maxRefreshes && d.payment.State != payment.Pending {
			p.Refresh = d.again(d.payment, language, refreshes+1)
		}
		switch {
		case d.payment.State == payment.Unknown, p.Refresh == "" && d.payment.State.InProgress():
			p.Notice.phrase = inProgress(d.payment, p.Words)
		case p.Refresh == "":
			p.Notice.phrase = p.Words.TakesLonger
		}
	}
	render(w, http.StatusOK, "document.html", p)
}

// outcome says what has become of the payment.
func outcome(d document, t pageWords) *notice {
	switch {
	case d.payment.State == payment.Captured:
		at := d.payment.Timeline[len(d.payment.Timeline)-1].At
		received := t.Received.fill("amount", string(d.payment.Amount.Currency())+"\u00a0"+swiss(d.payment.Amount)).fill("date", t.date(at.In(zurich)))
		return &notice{Tone: "success", phrase: received}
	case !d.payment.State.Final():
		return &notice{Tone: "waiting", phrase: t.Confirming}
	case d.invoice.Status == invoice.Paid:
		return &notice{Tone: "success", phrase: t.AlreadyPaid}
	case d.invoice.Status == invoice.Cancelled && d.payment.State == payment.Cancelled:
		return &notice{Tone: "info", phrase: t.Withdrawn}
	case d.invoice.Status == invoice.Cancelled:
		return &notice{Tone: "info", phrase: t.NoLongerDue}
	case d.payment.State == payment.Aborted:
		return &notice{Tone: "info", phrase: t.Aborted}
	case d.payment.State == payment.Expired:
		return &notice{Tone: "info", phrase: t.Expired}
	case d.payment.State == payment.Cancelled && d.payment.Failure.Name == string(payment.LessIsDue):
		return &notice{Tone: "info", phrase: t.LessDue}
	case d.payment.State == payment.Cancelled:
		return &notice{Tone: "trouble", phrase: t.Released}
	case d.payment.Failure.PayerMessage != "": // which says what to do next
		return &notice{Tone: "trouble", phrase: phrase{t.Declined.Title, t.NothingTaken}, Detail: d.payment.Failure.PayerMessage}
	default:
		return &notice{Tone: "trouble", phrase: t.Declined}
	}
}
