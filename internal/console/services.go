package console

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// event is one line of a timeline.
type event struct {
	Kind  string // good, bad, act, next; empty for an ordinary one
	Title string
	Lines []string
	At    time.Time
}

// servicePage is a payment service with what its page shows.
type servicePage struct {
	client.PaymentService
	Late     bool
	Days     [][]waitDay // of the verification, by week; none when nothing is waited for
	Askable  []client.Currency
	Timeline []event
	Drafts   int // without a payment service
}

// waitDay is one weekday of a wait.
type waitDay struct {
	Day                           time.Time
	Past, Today, Earliest, Latest bool
}

func (s *server) serviceRoutes(r chi.Router) {
	r.Get("/payment-services", s.services)
	r.Get("/payment-services/new", func(w http.ResponseWriter, r *http.Request) { s.show(w, r, http.StatusOK, "service-new", nil, nil) })
	r.Post("/payment-services", s.addService)
	r.Route("/payment-services/{id}", func(r chi.Router) {
		r.Get("/", s.service)
		r.Get("/credentials", s.credentials)
		r.Post("/credentials", s.submitCredentials)
		r.Post("/documents", s.sendDocument)
		r.Post("/currencies", s.requestCurrency)
		r.Post("/default", s.makeDefault)
		r.Get("/disconnect", func(w http.ResponseWriter, r *http.Request) {
			s.showService(w, r, http.StatusOK, "service-disconnect", nil)
		})
		r.Post("/disconnect", s.disconnect)
	})
}

func (s *server) services(w http.ResponseWriter, r *http.Request) {
	found, err := s.api.ListPaymentServicesWithResponse(r.Context(), &client.ListPaymentServicesParams{})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var pages []servicePage
	for _, service := range found.JSON200.Data {
		pages = append(pages, s.servicePage(r, service))
	}
	s.show(w, r, http.StatusOK, "services", pages, nil)
}

func (s *server) servicePage(r *http.Request, p client.PaymentService) servicePage {
	v, now := p.Verification, s.Now()
	page := servicePage{PaymentService: p, Late: overdue(p)}
	if p.Status == client.PaymentServiceStatusInVerification && v.SubmittedAt != nil && v.DueAt != nil && v.EarliestAt != nil {
		page.Days = waitDays(*v.SubmittedAt, *v.EarliestAt, *v.DueAt, now)
	}
	for _, currency := range []client.Currency{client.CurrencyEUR, client.CurrencyUSD, client.CurrencyGBP} {
		known := slices.ContainsFunc(p.Currencies, func(c client.CurrencyStatus) bool {
			return c.Currency == currency && c.Status != client.CurrencyStatusStatusRejected
		})
		if p.Status == client.PaymentServiceStatusActive && !known {
			page.Askable = append(page.Askable, currency)
		}
	}
	l := s.lookOf(r)
	for _, step := range slices.Backward(p.Timeline) {
		e := event{Title: l.of("service_steps", step.What), At: step.At}
		if step.About != nil && slices.Contains([]client.PaymentServiceWhat{client.PaymentServiceWhatCurrencyRequested, client.PaymentServiceWhatCurrencyActive, client.PaymentServiceWhatCurrencyRejected}, step.What) {
			e.Title += ": " + *step.About
		}
		switch step.What {
		case client.PaymentServiceWhatActive, client.PaymentServiceWhatCurrencyActive:
			e.Kind = "good"
		case client.PaymentServiceWhatSuspended, client.PaymentServiceWhatRejected, client.PaymentServiceWhatContractsLost:
			e.Kind = "bad"
		case client.PaymentServiceWhatOverdue, client.PaymentServiceWhatNotMailed, client.PaymentServiceWhatDocumentRefused:
			e.Kind = "act"
		}
		page.Timeline = append(page.Timeline, e)
	}
	return page
}

// overdue reports whether the acquirer's verification takes longer than it should.
func overdue(p client.PaymentService) bool {
	return p.Status == client.PaymentServiceStatusInVerification &&
		slices.ContainsFunc(p.Timeline, func(step client.PaymentServiceStep) bool { return step.What == client.PaymentServiceWhatOverdue })
}

// waitDays returns the weekdays of a wait, by week, from the day after it began to its last.
func waitDays(begun, earliest, due, now time.Time) (weeks [][]waitDay) {
	day := func(t time.Time) time.Time {
		t = t.In(zurich)
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	for d := day(begun).AddDate(0, 0, 1); !d.After(day(due)); d = d.AddDate(0, 0, 1) {
		if d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
			continue
		}
		if len(weeks) == 0 || d.Weekday() == time.Monday {
			weeks = append(weeks, nil)
		}
		last := len(weeks) - 1
		weeks[last] = append(weeks[last], waitDay{Day: d, Past: d.Before(day(now)), Today: d.Equal(day(now)), Earliest: d.Equal(day(earliest)), Latest: d.Equal(day(due))})
	}
	return weeks
}

// showService shows a page about the payment service that the path names.
func (s *server) showService(w http.ResponseWriter, r *http.Request, status int, name string, f *form) {
	found, err := s.api.GetPaymentServiceWithResponse(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, status, name, s.servicePage(r, *found.JSON200), f)
}

// refusedAt shows a page about the payment service again, with what was typed and why it was refused.
func (s *server) refusedAt(w http.ResponseWriter, r *http.Request, err error, name string, fields map[string]string) {
	found, lost := s.api.GetPaymentServiceWithResponse(r.Context(), chi.URLParam(r, "id"))
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	s.refused(w, r, err, name, s.servicePage(r, *found.JSON200), fields)
}

func (s *server) service(w http.ResponseWriter, r *http.Request) {
	s.showService(w, r, http.StatusOK, "service", nil)
}

func (s *server) addService(w http.ResponseWriter, r *http.Request) {
	body := client.NewPaymentService{Provider: "worldline_saferpay", Environment: client.Environment(r.PostFormValue("environment"))}
	if name := r.PostFormValue("name"); name != "" {
		body.Name = &name
	}
	made, err := s.api.CreatePaymentServiceWithResponse(r.Context(), body, once(r))
	if err != nil {
		s.refused(w, r, err, "service-new", nil, nil)
		return
	}
	http.Redirect(w, r, "/console/payment-services/"+made.JSON201.ID+"/credentials", http.StatusSeeOther) //nolint:gosec // a path of ours
}

func (s *server) credentials(w http.ResponseWriter, r *http.Request) {
	s.showService(w, r, http.StatusOK, "service-credentials", nil)
}

func (s *server) submitCredentials(w http.ResponseWriter, r *http.Request) {
	saved, err := s.api.SubmitCredentialsWithResponse(r.Context(), chi.URLParam(r, "id"), client.Credentials{
		CustomerID: r.PostFormValue("customer_id"), TerminalID: r.PostFormValue("terminal_id"),
		APIUsername: r.PostFormValue("api_username"), APIPassword: r.PostFormValue("api_password"),
	})
	if err != nil {
		s.refusedAt(w, r, err, "service-credentials", map[string]string{"credentials-rejected": "api_password"})
		return
	}
	n := notice{Kind: "good", Key: "service_verifying"}
	if saved.JSON200.Status == client.PaymentServiceStatusActive {
		n.Key = "service_active"
	}
	s.tell(w, r, "/console/payment-services/"+saved.JSON200.ID, n)
}

func (s *server) sendDocument(w http.ResponseWriter, r *http.Request) {
	body, contentType, err := upload(r, "file")
	if err == nil {
		_, err = s.api.UploadDocumentWithBodyWithResponse(r.Context(), chi.URLParam(r, "id"), contentType, body, once(r))
	}
	if err != nil {
		s.refusedAt(w, r, err, "service", map[string]string{"": "file"})
		return
	}
	s.tell(w, r, "/console/payment-services/"+chi.URLParam(r, "id"), notice{Kind: "good", Key: "document_sent"})
}

func (s *server) requestCurrency(w http.ResponseWriter, r *http.Request) {
	currency := r.PostFormValue("currency")
	_, err := s.api.RequestCurrencyWithResponse(r.Context(), chi.URLParam(r, "id"), client.NewCurrency{Currency: client.NewCurrencyCurrency(currency)}, once(r))
	if err != nil {
		s.refusedAt(w, r, err, "service", map[string]string{"": "currency"})
		return
	}
	s.tell(w, r, "/console/payment-services/"+chi.URLParam(r, "id"), notice{Kind: "good", Key: "currency_requested", Args: []any{currency}})
}

func (s *server) makeDefault(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.MakeDefaultPaymentServiceWithResponse(r.Context(), chi.URLParam(r, "id"), once(r)); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/payment-services", notice{Kind: "good", Key: "service_default"})
}

func (s *server) disconnect(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.DisconnectPaymentServiceWithResponse(r.Context(), chi.URLParam(r, "id")); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/payment-services/"+chi.URLParam(r, "id"), notice{Kind: "good", Key: "service_disconnected"})
}

// upload returns the file of a form as the body of a call. No file is one that the API refuses by name.
func upload(r *http.Request, field string) (body io.Reader, contentType string, err error) {
	file, header, err := r.FormFile(field)
	var content []byte
	name, kind := "", "application/octet-stream"
	if err == nil {
		defer func() { _ = file.Close() }()
		if content, err = io.ReadAll(file); err != nil {
			return nil, "", err
		}
		name, kind = filepath.Base(header.Filename), header.Header.Get("Content-Type")
	}
	var out bytes.Buffer
	parts := multipart.NewWriter(&out)
	part, err := parts.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(field, name)}, "Content-Type": {kind},
	})
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = parts.Close()
	}
	return &out, parts.FormDataContentType(), err
}
