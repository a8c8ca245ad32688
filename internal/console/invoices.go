package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// invoicePage is an invoice with what its pages show.
type invoicePage struct {
	client.Invoice
	Tab      string
	State    string // its status, or overdue
	Names    map[string]string
	Refunds  []client.Refund
	Timeline []event
	Reasons  []client.PaidReason
	Services []serviceChoice
}

// Draft and Open report what may be done with it.
func (p invoicePage) Draft() bool { return p.Status == client.InvoiceStatusDraft }

func (p invoicePage) Open() bool {
	return p.Status == client.InvoiceStatusOpen || p.Status == client.InvoiceStatusPartiallyPaid
}

// serviceChoice is a payment service that may be switched on for an invoice.
type serviceChoice struct {
	client.PaymentService
	On       bool
	Currency bool // it takes the invoice's currency
}

// Possible reports whether it can be switched on.
func (c serviceChoice) Possible() bool {
	return c.Status == client.PaymentServiceStatusActive && c.Currency
}

func (s *server) invoiceRoutes(r chi.Router) {
	r.Get("/invoices", s.invoices)
	r.Get("/invoices/new", func(w http.ResponseWriter, r *http.Request) { s.show(w, r, http.StatusOK, "invoice-new", nil, nil) })
	r.Post("/invoices", s.draft)
	r.Route("/invoices/{id}", func(r chi.Router) {
		r.Get("/", s.onInvoice("invoice", "overview"))
		r.Get("/content", s.onInvoice("invoice-content", "content"))
		r.Get("/conditions", s.onInvoice("invoice-conditions", "conditions"))
		r.Get("/entries", s.onInvoice("invoice-entries", "entries"))
		r.Get("/issue", s.onInvoice("invoice-issue", ""))
		r.Get("/cancel", s.onInvoice("invoice-cancel", ""))
		r.Get("/erase", s.onInvoice("invoice-erase", ""))
		r.Get("/link", s.onInvoice("invoice-link", ""))
		r.Get("/pdf", s.invoicePDF)
		r.Post("/pdf", s.putPDF)
		r.Post("/pdf/remove", s.removePDF)
		r.Post("/content", s.changeContent)
		r.Post("/conditions", s.changeConditions)
		r.Post("/issue", s.issue)
		r.Post("/send", s.sendAgain)
		r.Post("/reminders", s.stopReminders)
		r.Post("/cancel", s.cancel)
		r.Post("/erase", s.erase)
		r.Post("/link", s.newLink)
		r.Post("/receipts", s.receipt)
	})
	r.Get("/receipts/{invoice}/{receipt}/void", s.askVoid)
	r.Post("/receipts/{invoice}/{receipt}/void", s.void)
}

// optional returns a pointer to a filter that was given, else nil.
func optional[T ~string](value string) *T {
	if value == "" {
		return nil
	}
	typed := T(value)
	return &typed
}

func (s *server) invoices(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	params := &client.ListInvoicesParams{Q: optional[client.SearchText](strings.TrimSpace(q.Get("q"))), Cursor: optional[client.Cursor](q.Get("cursor"))}
	if status := q.Get("status"); status == "overdue" {
		late := true
		params.Overdue = &late
	} else {
		params.Status = optional[client.InvoiceStatus](status)
	}
	params.From, params.To = period(q)
	found, err := s.api.ListInvoicesWithResponse(r.Context(), params)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "invoices", found.JSON200, nil)
}

// search leads straight to the invoice of an exact number.
func (s *server) search(w http.ResponseWriter, r *http.Request) {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	found, err := s.api.ListInvoicesWithResponse(r.Context(), &client.ListInvoicesParams{Number: optional[string](q)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if q != "" && len(found.JSON200.Data) == 1 {
		http.Redirect(w, r, "/console/invoices/"+found.JSON200.Data[0].ID, http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, "/console/invoices?"+url.Values{"q": {q}}.Encode(), http.StatusSeeOther)
}

func (s *server) onInvoice(name, tab string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := s.invoicePage(r, tab)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.show(w, r, http.StatusOK, name, p, nil)
	}
}

// refusedOn shows a page about the invoice again, with what was typed and why it was refused.
func (s *server) refusedOn(w http.ResponseWriter, r *http.Request, err error, name, tab string, fields map[string]string) {
	p, lost := s.invoicePage(r, tab)
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	s.refused(w, r, err, name, p, fields)
}

func (s *server) invoicePage(r *http.Request, tab string) (p invoicePage, err error) {
	ctx, id := r.Context(), chi.URLParam(r, "id")
	if id == "" {
		id = chi.URLParam(r, "invoice")
	}
	found, err := s.api.GetInvoiceWithResponse(ctx, id)
	if err != nil {
		return p, err
	}
	p = invoicePage{Invoice: *found.JSON200, Tab: tab, State: string(found.JSON200.Status), Names: map[string]string{}}
	if p.Overdue {
		p.State = "overdue"
	}
	services, err := s.api.ListPaymentServicesWithResponse(ctx, &client.ListPaymentServicesParams{})
	if err != nil {
		return p, err
	}
	for _, service := range services.JSON200.Data {
		p.Names[service.ID] = service.Name
		if service.Status == client.PaymentServiceStatusDisconnected || service.Status == client.PaymentServiceStatusRejected {
			continue
		}
		p.Services = append(p.Services, serviceChoice{
			PaymentService: service, On: slices.Contains(p.PaymentServiceIds, service.ID),
			Currency: slices.ContainsFunc(service.Currencies, func(c client.CurrencyStatus) bool {
				return c.Currency == p.Currency && c.Status == client.CurrencyStatusStatusActive
			}),
		})
	}
	if tab == "" || tab == "content" || tab == "conditions" {
		return p, nil
	}
	for _, payment := range p.Payments {
		if payment.State != client.PaymentStateCaptured {
			continue
		}
		refunds, err := s.api.ListRefundsWithResponse(ctx, &client.ListRefundsParams{PaymentID: &payment.ID})
		if err != nil {
			return p, err
		}
		p.Refunds = append(p.Refunds, refunds.JSON200.Data...)
	}
	story, err := s.api.GetInvoiceTimelineWithResponse(ctx, id)
	if err != nil {
		return p, err
	}
	p.Reasons = story.JSON200.Reasons
	l := s.lookOf(r)
	for _, step := range slices.Backward(story.JSON200.Steps) {
		if step.What == "call" { // the audit log's business
			continue
		}
		p.Timeline = append(p.Timeline, l.invoiceEvent(step))
	}
	return p, nil
}

// invoiceEvent says a step of an invoice.
func (l *look) invoiceEvent(step client.InvoiceStep) event {
	subject, state, _ := strings.Cut(step.What, ".")
	e := event{Title: l.of("steps", step.What), At: step.At}
	if subject == "payment" || subject == "refund" || subject == "dispute" {
		shown := l.state(subject, state)
		e.Title = l.words.say("steps."+subject) + ": " + shown.Word
		e.Kind = map[string]string{"good": "good", "bad": "bad", "act": "act"}[shown.Shape]
	}
	switch step.What {
	case "invoice.paid":
		e.Kind = "good"
	case "exception.raised":
		e.Kind = "act"
	case "invoice.email_failed", "invoice.reminder_failed":
		e.Kind = "bad"
	}
	return e
}

func (s *server) draft(w http.ResponseWriter, r *http.Request) {
	currency := r.PostFormValue("currency")
	due, err := typedDay(r, "due_date")
	if err != nil {
		s.refused(w, r, err, "invoice-new", nil, nil)
		return
	}
	lines, includeVAT := typedLines(r), r.PostFormValue("prices_include_vat") == "true"
	body := client.NewInvoice{
		Number: r.PostFormValue("number"), Currency: client.Currency(currency), Amount: amountUnless(r, lines), DueDate: due,
		Customer: client.NewCustomer{
			Name: r.PostFormValue("customer.name"), Language: client.Language(r.PostFormValue("customer.language")), Email: optional[string](strings.TrimSpace(r.PostFormValue("customer.email"))),
			Address: typedAddress(r),
		},
		Lines: &lines, PricesIncludeVat: &includeVAT,
		Description: optional[string](r.PostFormValue("description")),
	}
	made, err := s.api.CreateInvoiceWithResponse(r.Context(), body, once(r))
	if err != nil {
		s.refused(w, r, err, "invoice-new", nil, map[string]string{"invoice-number-taken": "number"})
		return
	}
	s.tell(w, r, "/console/invoices/"+made.JSON201.ID+"/conditions", notice{Kind: "good", Key: "draft_made"})
}

func (s *server) changeContent(w http.ResponseWriter, r *http.Request) {
	id, currency := chi.URLParam(r, "id"), r.PostFormValue("currency")
	name, email := r.PostFormValue("customer.name"), strings.TrimSpace(r.PostFormValue("customer.email"))
	language, description, number := client.Language(r.PostFormValue("customer.language")), r.PostFormValue("description"), r.PostFormValue("number")
	lines, includeVAT := typedLines(r), r.PostFormValue("prices_include_vat") == "true"
	due, err := typedDay(r, "due_date")
	if err == nil {
		err = s.sameInvoice(r, id)
	}
	if err == nil {
		_, err = s.api.UpdateInvoiceWithResponse(r.Context(), id, client.InvoiceChanges{
			Number: &number, Currency: optional[client.Currency](currency), Amount: amountUnless(r, lines), DueDate: &due, Description: &description,
			Customer: &client.CustomerChanges{Name: &name, Email: &email, Language: &language, Address: typedAddress(r)},
			Lines:    &lines, PricesIncludeVat: &includeVAT,
		})
	}
	if err != nil {
		s.refusedOn(w, r, err, "invoice-content", "content", map[string]string{"invoice-number-taken": "number"})
		return
	}
	s.tell(w, r, "/console/invoices/"+id+"/content", notice{Kind: "good", Key: "saved"})
}

func (s *server) changeConditions(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // what can't be read has no values
	id, ids := chi.URLParam(r, "id"), client.PaymentServiceIds{}
	ids = append(ids, r.PostForm["payment_service_ids"]...)
	due, err := typedDay(r, "due_date")
	if err == nil {
		err = s.sameInvoice(r, id)
	}
	if err == nil {
		_, err = s.api.UpdateInvoiceWithResponse(r.Context(), id, client.InvoiceChanges{PaymentServiceIds: &ids, DueDate: &due})
	}
	if err != nil {
		s.refusedOn(w, r, err, "invoice-conditions", "conditions", map[string]string{"": "payment_service_ids"})
		return
	}
	s.tell(w, r, "/console/invoices/"+id+"/conditions", notice{Kind: "good", Key: "conditions_saved"})
}

func (s *server) issue(w http.ResponseWriter, r *http.Request) {
	id, send := chi.URLParam(r, "id"), r.PostFormValue("send_email") == "true"
	if _, err := s.api.IssueInvoiceWithResponse(r.Context(), id, client.IssueOptions{SendEmail: &send}, once(r)); err != nil {
		s.refusedOn(w, r, err, "invoice-issue", "", map[string]string{})
		return
	}
	s.tell(w, r, "/console/invoices/"+id, notice{Kind: "good", Key: "issued"})
}

func (s *server) sendAgain(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	_, err := s.api.SendInvoiceWithResponse(r.Context(), id, client.SendOptions{Email: optional[string](strings.TrimSpace(r.PostFormValue("email")))}, once(r))
	if err != nil {
		s.refusedOn(w, r, err, "invoice", "overview", map[string]string{"": "email"})
		return
	}
	s.tell(w, r, "/console/invoices/"+id, notice{Kind: "good", Key: "mail_queued"})
}

func (s *server) cancel(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	if _, err := s.api.CancelInvoiceWithResponse(r.Context(), id, once(r)); err != nil {
		s.refusedOn(w, r, err, "invoice-cancel", "", map[string]string{})
		return
	}
	s.tell(w, r, "/console/invoices/"+id, notice{Kind: "good", Key: "invoice_cancelled"})
}

func (s *server) receipt(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	day, err := typedDay(r, "date")
	if err == nil {
		_, err = s.api.RecordReceiptWithResponse(r.Context(), id, client.NewReceipt{
			Amount: parseAmount(r.PostFormValue("amount")), Date: day, Account: strings.TrimSpace(r.PostFormValue("account")),
			Reference: optional[string](r.PostFormValue("reference")),
		}, once(r))
	}
	if err != nil {
		s.refusedOn(w, r, err, "invoice", "overview", map[string]string{"receipt-exceeds-invoice": "amount"})
		return
	}
	s.tell(w, r, "/console/invoices/"+id, notice{Kind: "good", Key: "receipt_booked"})
}

// voidPage is a receipt that may be taken back.
type voidPage struct {
	Invoice invoicePage
	Receipt client.InvoiceReceipt
}

func (s *server) voidPage(r *http.Request) (v voidPage, err error) {
	v.Invoice, err = s.invoicePage(r, "")
	for _, receipt := range v.Invoice.Receipts {
		if receipt.ID == chi.URLParam(r, "receipt") {
			v.Receipt = receipt
			return v, err
		}
	}
	if err == nil {
		err = &refusal{Status: http.StatusNotFound}
	}
	return v, err
}

func (s *server) askVoid(w http.ResponseWriter, r *http.Request) {
	v, err := s.voidPage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "receipt-void", v, nil)
}

func (s *server) void(w http.ResponseWriter, r *http.Request) {
	_, err := s.api.VoidReceiptWithResponse(r.Context(), chi.URLParam(r, "receipt"), client.ReceiptVoid{Reason: r.PostFormValue("reason")}, once(r))
	if err != nil {
		v, lost := s.voidPage(r)
		if lost != nil {
			s.fail(w, r, lost)
			return
		}
		s.refused(w, r, err, "receipt-void", v, map[string]string{})
		return
	}
	s.tell(w, r, "/console/invoices/"+chi.URLParam(r, "invoice"), notice{Kind: "good", Key: "receipt_voided"})
}

// dueIn returns when a new draft is due unless another day is typed: in thirty days.
func dueIn(now time.Time) string { return now.In(zurich).AddDate(0, 0, 30).Format("02.01.2006") }
