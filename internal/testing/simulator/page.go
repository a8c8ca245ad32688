package simulator

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"hash/crc32"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "templates/*.html"))

// view is what the payment page's templates show.
type view struct {
	Text      texts
	Page      *page
	Amount    string
	Cards     []testCard // offered ones; empty without a card contract
	Twint     bool
	PayTwint  bool   // TWINT is chosen
	TwintCode string // five digits, as TWINT shows them
	Problem   string // what is wrong with the entry
	Holder    string // the only entry that is shown again: a number might be a real one
	Challenge string // the test card that is to be confirmed
	Ended     string // why one cannot pay here
}

// Number lets the template list a test card.
func (c testCard) Number() string { return c.number }

// Brand lets the template list a test card.
func (c testCard) Brand() string { return c.brand }

func (s *Simulator) routePaymentPage() {
	const path = "/vt2/api/PaymentPage/{customerId}/{terminalId}/{token}"
	s.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		if p, ok := s.payable(w, r, s.openPage); ok {
			render(w, http.StatusOK, "pay", viewOf(p, r))
		}
	})
	s.mux.HandleFunc("POST "+path, s.submitPage)
}

// payable finds the page of the request, or tells the payer why one cannot pay there.
func (s *Simulator) payable(w http.ResponseWriter, r *http.Request, find func(token string) (*page, error)) (*page, bool) {
	p, err := find(r.PathValue("token"))
	if err == nil {
		return p, true
	}
	s.endPage(w, r, p, err)
	return nil, false
}

func (s *Simulator) endPage(w http.ResponseWriter, r *http.Request, p *page, err error) {
	if p == nil {
		p = &page{}
	}
	v := viewOf(p, r)
	switch {
	case errors.Is(err, errPageFinished):
		v.Ended = v.Text.Finished
	case errors.Is(err, errPageExpired):
		v.Ended = v.Text.Expired
	default:
		v.Ended = v.Text.Unknown
	}
	render(w, pageErrorStatus(err), "ended", v)
}

// submitPage handles all buttons. The one pressed comes as the form value "do".
func (s *Simulator) submitPage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	p, ok := s.payable(w, r, s.openedPage)
	if !ok {
		return
	}
	v := viewOf(p, r)
	var result verdict
	switch r.FormValue("do") {
	case actionAbort:
		result = failed(saferpay.NameTransactionAborted)
	case "decline":
		tried, _ := p.payWith(r.FormValue("number"))
		result = tried.means.refused(saferpay.Name3DSAuthenticationFailed)
	default:
		means, problem := s.entry(p, r)
		if problem == "" {
			var err error
			if result, err = p.payWith(means); err != nil {
				problem = v.Text.entryProblem(err)
			}
		}
		if problem != "" {
			v.Problem, v.Holder, v.PayTwint = problem, r.FormValue("holder"), r.FormValue("method") == "twint"
			render(w, http.StatusUnprocessableEntity, "pay", v)
			return
		}
		if card, _ := findCard(means); card.challenge && r.FormValue("do") != "confirm" {
			v.Challenge = card.number
			render(w, http.StatusOK, "challenge", v)
			return
		}
	}
	if _, err := s.finish(p.Token, result); err != nil {
		s.endPage(w, r, p, err)
		return
	}
	http.Redirect(w, r, p.ReturnURL, http.StatusSeeOther)
}

// entry reads the means of payment from the form: "twint" or a card number whose other data are in order.
func (s *Simulator) entry(p *page, r *http.Request) (means, problem string) {
	if r.FormValue("method") == "twint" || !p.offersCards() {
		return "twint", ""
	}
	number := strings.NewReplacer(" ", "", "-", "").Replace(r.FormValue("number"))
	words := textsFor(p.languages(r)...)
	switch {
	case r.FormValue("do") == "confirm": // the rest was checked before the challenge
	case !inFuture(r.FormValue("expiry"), s.now()):
		problem = words.BadExpiry
	case !threeDigits.MatchString(r.FormValue("cvc")):
		problem = words.BadCVC
	case strings.TrimSpace(r.FormValue("holder")) == "":
		problem = words.NoHolder
	}
	if _, ok := findCard(number); !ok {
		problem = words.NotATestCard
	}
	return number, problem
}

func (t texts) entryProblem(err error) string {
	if errors.Is(err, errNotOffered) {
		return t.NotOffered
	}
	return t.NotATestCard
}

var (
	threeDigits = regexp.MustCompile(`^[0-9]{3}$`)
	expiryDate  = regexp.MustCompile(`^(0[1-9]|1[0-2]) ?/? ?([0-9]{2})$`)
)

// inFuture reads MM/YY; a card is good to the end of its month.
func inFuture(expiry string, now time.Time) bool {
	parts := expiryDate.FindStringSubmatch(strings.TrimSpace(expiry))
	if parts == nil {
		return false
	}
	month, err := time.Parse("01/06", parts[1]+"/"+parts[2])
	return err == nil && month.AddDate(0, 1, 0).After(now)
}

func viewOf(p *page, r *http.Request) view {
	v := view{Text: textsFor(p.languages(r)...), Page: p, Twint: p.offers(methodTwint)}
	v.Amount = p.Sum()
	for _, card := range testCards {
		if p.offers(card.brand) {
			v.Cards = append(v.Cards, card)
		}
	}
	v.PayTwint, v.TwintCode = len(v.Cards) == 0, p.twintCode()
	return v
}

// twintCode is the same whenever the page is shown.
func (p *page) twintCode() string {
	return fmt.Sprintf("%05d", crc32.ChecksumIEEE([]byte(p.Token))%100000)
}

func render(w http.ResponseWriter, status int, name string, data any) {
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, name+".html", data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}
