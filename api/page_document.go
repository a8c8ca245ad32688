package api

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// PagesTx is what the public pages need of a transaction.
type PagesTx interface {
	Alone() // see postgres.Tx
	Company(ctx context.Context) (merchant.Company, error)
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	Payment(ctx context.Context, id string) (payment.Payment, error)
	InvoiceDocument(ctx context.Context, invoiceID string) (listing.Document, error)
}

// document is what the pages know about one invoice.
type document struct {
	token     string
	company   merchant.Company
	hasLogo   bool
	invoice   invoice.Invoice
	offers    []payment.Method      // what the payer can choose from; none when there is nothing to pay
	payment   payment.Payment       // the one that the payer returns from, on the return page
	returnURL string                // where the payer wants to go after a payment; empty for the document
	running   payment.Payment       // one that may still become money, so that nobody is to pay again; it has no id when there is none
	account   *merchant.BankAccount // to which the payer can pay by bank; nil when there is nothing to pay, or no account
}

// document reads the online document that the token opens. An invoice that was never issued has none.
func (s *server) document(ctx context.Context, token string) (document, error) {
	companyID, invoiceID, err := s.opened(ctx, token)
	if err != nil {
		return document{}, err
	}
	return s.documentOf(ctx, token, companyID, invoiceID, "")
}

// documentOf is document once it is known whose invoice the token opens, with the payment of that id unless it is empty.
func (s *server) documentOf(ctx context.Context, token, companyID, invoiceID, paymentID string) (document, error) {
	var read listing.Document
	err := inCompany(ctx, s.Store, companyID, func(tx PagesTx) (err error) {
		tx.Alone()
		read, err = tx.InvoiceDocument(ctx, invoiceID)
		return err
	})
	if err != nil {
		return document{}, err
	}
	if err := s.mustBeShown(read.Company, read.Invoice); err != nil {
		return document{}, err
	}
	d := document{token: token, company: read.Company, invoice: read.Invoice, hasLogo: read.HasLogo, running: running(read), offers: offers(read.PaymentServices, read.Invoice)}
	if paymentID != "" {
		of := slices.IndexFunc(read.Payments, func(p payment.Payment) bool { return p.ID == paymentID })
		if of < 0 {
			return document{}, problem.New(problem.NotFound, "Payment %s is not one of invoice %s.", paymentID, invoiceID)
		}
		d.payment = read.Payments[of]
	}
	if d.invoice.Status.Payable() && d.running.ID == "" && len(read.Accounts) > 0 {
		d.account = &read.Accounts[0]
	}
	return d, nil
}

// opened returns which invoice the token opens. A link that another one took the place of is a linkEndedError.
func (s *server) opened(ctx context.Context, token string) (companyID, invoiceID string, err error) {
	companyID, invoiceID, err = s.Store.OnlineDocument(ctx, token)
	s.time.Use(companyID)
	if problem.CodeOf(err) != problem.LinkEnded {
		return companyID, invoiceID, err
	}
	return "", "", inCompany(ctx, s.Store, companyID, func(tx PagesTx) error {
		inv, err := tx.Invoice(ctx, invoiceID)
		if err != nil {
			return err
		}
		return linkEnded(inv)
	})
}

// linkEndedError says that a link has ended, to a payer who speaks that language.
type linkEndedError struct {
	error
	language string
}

// Unwrap returns the problem.
func (e *linkEndedError) Unwrap() error { return e.error }

func linkEnded(inv invoice.Invoice) error {
	return &linkEndedError{problem.New(problem.LinkEnded, "The link of invoice %s has ended.", inv.Number), inv.Customer.Language}
}

// mustBeShown returns the problem that an invoice has no online document, or none any more.
func (s *server) mustBeShown(c merchant.Company, inv invoice.Invoice) error {
	if inv.IssuedAt.IsZero() {
		return problem.New(problem.NotFound, "Invoice %s has not been issued.", inv.ID)
	}
	if end := c.LinkEnds(inv); !end.IsZero() && !s.now().Before(end) {
		return linkEnded(inv)
	}
	return nil
}

// running returns the newest payment that is in progress while the invoice can still be paid.
func running(d listing.Document) payment.Payment {
	for _, p := range d.Payments {
		if d.Invoice.Status.Payable() && p.State.InProgress() {
			return p
		}
	}
	return payment.Payment{}
}

// offers returns the methods of those of the invoice's payment services that can collect it now.
func offers(services []merchant.PaymentService, inv invoice.Invoice) []payment.Method {
	offered := map[payment.Method]bool{}
	for _, service := range services {
		if inv.Status.Payable() && service.Collects(inv.Amount.Currency()) == nil {
			for _, method := range service.Offers(inv.Amount.Currency()) {
				offered[method] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(payment.Methods), func(m payment.Method) bool { return !offered[m] })
}

// again returns the address that looks at the payment again, in that language. Without refreshes it asks as a payer's return does.
func (d document) again(p payment.Payment, code string, refreshes int) string {
	query := url.Values{"payment": {p.ID}, "lang": {code}}
	if refreshes > 0 {
		query.Set("wait", strconv.Itoa(refreshes))
	}
	return d.path() + "/return?" + query.Encode()
}

func (d document) path() string { return "/i/" + url.PathEscape(d.token) }

// payURL returns where the buttons lead.
func (d document) payURL(code string) string {
	query := url.Values{"lang": {code}}
	if _, allowed := d.company.ReturnAddress(d.returnURL, d.invoice.ID); allowed {
		query.Set("return_url", d.returnURL)
	}
	return d.path() + "/pay?" + query.Encode()
}

// notice tells the payer what has just happened; its tone is success, waiting, info or trouble.
type notice struct {
	Tone string
	phrase
	Detail string // in the payment provider's words
}

// documentPage is what document.html shows.
type documentPage struct {
	frame
	Notice      *notice
	Company     string
	LogoURL     string       // empty for none
	Letterhead  []letterLine // of the company, line by line
	PDFURL      string
	Customer    string
	Number      string
	Description string
	Status      string // open, overdue, partially_paid, paid, refunded or cancelled
	StatusText  string
	Currency    string
	Amount      string // what is due, or was
	AmountText  string
	Total       string // of the invoice, when only a part is still due
	DueBy       string
	IssuedOn    string
	Address     []string     // of the customer, line by line
	Charged     *chargedPage // nil when the invoice doesn't say
	ByBank      *bankPage    // nil when it can't be paid so
	Short       bool         // it and its QR-bill fit on one page of paper
	PaidOn      string
	Received    string // what was paid, when some of it was refunded
	Refunded    string // and how much that is
	Offers      []offer
	NotOnline   bool
	PayURL      string
	ReloadURL   string // where to look again
}

// shortRows is how many rows leave room for a QR-bill on the first page of a printed document. A longer one has its QR-bill on a page of
// its own.
const shortRows = 9

// onOnePage reports whether the document and its QR-bill fit on one page, as far as can be said before it is set.
func onOnePage(inv invoice.Invoice, charged *chargedPage) bool {
	const perRow = 70 // characters, a few less than there is room for
	rows := strings.Count(inv.Description, "\n") + len(inv.Description)/perRow + len(inv.Customer.Name)/(perRow/2)
	if charged != nil {
		for _, row := range charged.Rows {
			rows += 1 + strings.Count(row.Description, "\n") + len(row.Description+row.Detail)/perRow
		}
		rows += len(charged.Taxes) + 3 // net, total, and what is said of the tax
	}
	return rows <= shortRows
}

// letterLine is a line of the company's letterhead, with where it leads.
type letterLine struct {
	Text string
	URL  template.URL // empty for none
}

// letterLines returns what stands below the company's name.
func letterLines(l merchant.Letterhead) []letterLine {
	urls := map[string]string{l.Email: "mailto:" + l.Email, l.Phone: "tel:" + strings.Map(dialled, l.Phone), l.ShownWebsite(): l.WebsiteURL()}
	//nolint:gosec // each begins with a scheme of ours, and was checked before it was kept
	lines := mapped(l.Lines(), func(line string) letterLine { return letterLine{line, template.URL(urls[line])} })
	if number := l.Number(); number != "" {
		lines = append(lines, letterLine{Text: number})
	}
	return lines
}

// dialled keeps of a phone number what is dialled.
func dialled(r rune) rune {
	if strings.ContainsRune("+0123456789", r) {
		return r
	}
	return -1
}

// offer is a button of the online document.
type offer struct {
	Method payment.Method
	Label  string
	Marks  []template.HTML
}

// offersIn returns the buttons for the methods, in that language.
func offersIn(code string, methods []payment.Method) []offer {
	return mapped(methods, func(m payment.Method) offer { return offer{Method: m, Label: m.Label(code), Marks: marks(m)} })
}

// marks returns the marks of the brands behind a method, for those that have one in pages/marks.
func marks(m payment.Method) (list []template.HTML) {
	for _, name := range m.SaferpayNames() {
		if mark, err := pageFiles.ReadFile("pages/marks/" + strings.ToLower(name) + ".svg"); err == nil {
			list = append(list, template.HTML(mark)) //nolint:gosec // it is ours
		}
	}
	return list
}

// page returns the online document as it is shown, in that language.
func (s *server) page(d document, code string, n *notice) documentPage {
	inv, t := d.invoice, dictionary[code]
	p := documentPage{
		frame:       newFrame(code, d.path(), url.Values{}),
		Company:     d.company.Name,
		Letterhead:  letterLines(d.company.Letterhead),
		PDFURL:      d.path() + "/invoice.pdf?lang=" + code,
		Customer:    customerName(inv, t),
		Number:      inv.Number,
		Description: inv.Description,
		Status:      string(inv.Status),
		Currency:    string(inv.Amount.Currency()),
		Amount:      swiss(inv.Amount),
		AmountText:  t.Amount,
		DueBy:       t.date(inv.DueDate),
		IssuedOn:    t.date(inv.IssueDate()),
		Address:     inv.Content.Address.Lines(),
		Charged:     charged(inv, t),
		ByBank:      d.byBank(code),
		Offers:      offersIn(code, d.offers),
		NotOnline:   inv.Status.Payable() && len(d.offers) == 0,
		PayURL:      d.payURL(code),
	}
	if !inv.Customer.ErasedAt.IsZero() {
		p.PDFURL = "" // it would name nobody
	}
	p.Short = onOnePage(inv, p.Charged)
	if d.hasLogo {
		p.LogoURL = d.path() + "/logo"
	}
	if !inv.AmountRefunded.IsZero() {
		p.Received, p.Refunded = swiss(inv.AmountPaid.Add(inv.AmountRefunded)), swiss(inv.AmountRefunded)
	}
	if d.running.ID != "" {
		n = d.stillRunning(n, t)
		p.ReloadURL = d.again(d.running, code, 0)
	} else if n != nil && n.phrase == t.InProgress { // the record doesn't know it yet
		p.ReloadURL = d.path() + "?lang=" + code
	}
	if p.Notice = n; p.ReloadURL != "" {
		p.Offers, p.NotOnline = nil, false
	}
	p.Title = t.Invoice + " " + inv.Number + " – " + d.company.Name
	switch {
	case inv.Overdue(today(s.now())):
		p.Status, p.StatusText = "overdue", t.Overdue
	case inv.Status == invoice.Paid:
		p.StatusText, p.PaidOn = t.Paid, t.date(inv.PaidAt.In(zurich))
		if p.Refunded != "" {
			p.Status, p.StatusText = "refunded", t.PartlyRefunded
			if inv.AmountPaid.IsZero() {
				p.StatusText = t.Refunded
			}
		}
	case inv.Status == invoice.Cancelled:
		p.StatusText = t.Cancelled
	case inv.Status == invoice.PartiallyPaid:
		p.StatusText = t.PartiallyPaid
	default:
		p.StatusText = t.Open
	}
	if inv.Status == invoice.PartiallyPaid {
		p.AmountText, p.Amount, p.Total = t.AmountDue, swiss(inv.AmountDue()), swiss(inv.Amount)
	}
	return p
}

// customerName is how the page calls the customer.
func customerName(inv invoice.Invoice, t pageWords) string {
	if !inv.Customer.ErasedAt.IsZero() {
		return t.Erased
	}
	return inv.Customer.Name
}

// stillRunning says what is known of the payment that is in progress. A payer who returns from another one, which has ended, reads
// first what became of that.
func (d document) stillRunning(outcome *notice, t pageWords) *notice {
	running := &notice{Tone: "waiting", phrase: inProgress(d.running, t)}
	switch {
	case d.payment.ID == "":
		return running
	case !d.payment.State.Final():
		return outcome
	case d.payment.State == payment.Captured:
		running.Detail = outcome.Text + " " + t.AnotherRuns
	default: // its text would ask for another try
		running.Detail = strings.TrimSpace(outcome.Detail + " " + t.NothingTaken + " " + t.AnotherRuns)
	}
	running.Title = outcome.Title
	return running
}

// inProgress says what is known of a payment that is in progress.
func inProgress(p payment.Payment, t pageWords) phrase {
	said := map[payment.State]phrase{payment.Pending: t.Pending, payment.Authorized: t.Booking, payment.Unknown: t.Unclear}[p.State]
	return said.fill("amount", string(p.Amount.Currency())+"\u00a0"+swiss(p.Amount)).fill("date", t.date(p.CreatedAt.In(zurich)))
}

// showDocument answers GET /i/{token}.
func (s *server) showDocument(w http.ResponseWriter, r *http.Request) {
	d, err := s.document(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		s.showError(w, r, err)
		return
	}
	render(w, http.StatusOK, "document.html", s.page(d, languageOf(r, d.invoice.Customer.Language), nil))
}
