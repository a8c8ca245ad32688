package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oapi-codegen/runtime/types"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/api/client"
)

// homePage answers what needs the person, and where the money is.
type homePage struct {
	Tasks    []task
	Waits    []servicePage // for the acquirer; nothing to do
	Account  string
	Balances []client.Balance
	Area     *area
	Month    string
	Received []monthly
	Payments []client.Payment
	Services int
}

// task is one thing that needs the person.
type task struct {
	Title, Text, Currency, Amount, Link, Verb string
	urgency                                   int // 0 first
}

// monthly is what came in a currency in a month, and what is still open.
type monthly struct {
	Currency client.Currency
	Paid     string
	Count    int
}

// mostOnHome is how many rows of a list the page reads.
const mostOnHome = 50

func (s *server) home(w http.ResponseWriter, r *http.Request) {
	ctx, l, p, limit := r.Context(), s.lookOf(r), homePage{}, mostOnHome
	services, err := s.api.ListPaymentServicesWithResponse(ctx, &client.ListPaymentServicesParams{})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, service := range services.JSON200.Data {
		p.Services++
		page, link := s.servicePage(r, service), "/console/payment-services/"+service.ID
		switch {
		case service.Environment == client.EnvironmentTest && service.Status != client.PaymentServiceStatusInVerification:
		case service.Status == client.PaymentServiceStatusSuspended:
			p.Tasks = append(p.Tasks, task{l.words.say("services.suspended", service.Name), l.words.say("services.suspended_text"), "", "", link + "/credentials", l.words.say("home.renew"), 1})
		case service.Status == client.PaymentServiceStatusAwaitingCredentials:
			p.Tasks = append(p.Tasks, task{l.words.say("home.credentials", service.Name), l.words.say("home.credentials_text"), "", "", link + "/credentials", l.words.say("services.continue"), 3})
		case page.Days != nil:
			p.Waits = append(p.Waits, page)
		}
	}
	open := true
	exceptions, err := s.api.ListExceptionsWithResponse(ctx, &client.ListExceptionsParams{Open: &open, Limit: &limit})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, e := range exceptions.JSON200.Data {
		t := task{Title: l.of("exception_kinds", e.Kind), Text: l.words.say("exceptions.raised", moment(e.RaisedAt)), Link: "/console/exceptions/" + e.ID, Verb: l.words.say("exceptions.decide"), urgency: 2}
		if e.Kind == client.CaptureDeadline || e.Kind == client.CaptureUnclear {
			t.urgency = 0
		}
		p.Tasks = append(p.Tasks, t)
	}
	for _, state := range []client.PayoutState{client.Proposed, client.Unmatched} {
		payouts, err := s.api.ListPayoutsWithResponse(ctx, &client.ListPayoutsParams{State: &state, Limit: &limit})
		if err != nil {
			s.fail(w, r, err)
			return
		}
		for _, payout := range payouts.JSON200.Data {
			p.Tasks = append(p.Tasks, task{
				l.words.say("home.payout_" + string(state)), l.words.say("home.payout_received", date(payout.Date)),
				string(payout.Currency), payout.Net, "/console/payouts/" + payout.ID, l.words.say("home.check"), 4,
			})
		}
	}
	slices.SortStableFunc(p.Tasks, func(a, b task) int { return a.urgency - b.urgency })
	settings, err := s.api.GetSettingsWithResponse(ctx)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.Account = settings.JSON200.ReceiptAccount
	account, err := s.api.GetAccountWithResponse(ctx, p.Account, &client.GetAccountParams{})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.Balances = account.JSON200.Balances
	if err := s.recent(r, &p, l); err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "home", p, nil)
}

// recent reads the last thirty days of the receipt account and the last payments.
func (s *server) recent(r *http.Request, p *homePage, l *look) error {
	ctx, today, most := r.Context(), s.Now().In(zurich), 200
	p.Month = l.words.say("home.month_"+today.Format("01")) + today.Format(" 2006")
	from := types.Date{Time: time.Date(today.Year(), today.Month(), today.Day()-29, 0, 0, 0, 0, time.UTC)}
	var entries []client.JournalEntry
	params := &client.ListJournalParams{Account: &p.Account, From: &from, Limit: &most}
	for range 5 { // a thousand entries: a picture of more is no longer read
		found, err := s.api.ListJournalWithResponse(ctx, params)
		if err != nil {
			return err
		}
		entries = append(entries, found.JSON200.Data...)
		if params.Cursor = found.JSON200.NextCursor; params.Cursor == nil {
			p.Area = newArea(entries, p.Account, p.Balances, from.Time)
			break
		}
	}
	received := map[client.Currency]*monthly{}
	for _, e := range entries {
		if e.Source.Kind != client.JournalSourceKindPayment || e.Date.Month() != today.Month() {
			continue
		}
		for _, line := range e.Lines {
			if amount, err := decimal.NewFromString(line.Debit); err == nil && line.Account == p.Account && amount.IsPositive() {
				m := received[line.Currency]
				if m == nil {
					m = &monthly{Currency: line.Currency, Paid: "0"}
					received[line.Currency] = m
				}
				sum, _ := decimal.NewFromString(m.Paid) // it was written here
				m.Paid, m.Count = sum.Add(amount).StringFixed(2), m.Count+1
			}
		}
	}
	for _, currency := range []client.Currency{client.CurrencyCHF, client.CurrencyEUR, client.CurrencyUSD, client.CurrencyGBP} {
		if m := received[currency]; m != nil {
			p.Received = append(p.Received, *m)
		}
	}
	last := 6
	payments, err := s.api.ListPaymentsWithResponse(ctx, &client.ListPaymentsParams{Limit: &last})
	if err == nil {
		p.Payments = payments.JSON200.Data
	}
	return err
}

// area is the picture of an account over thirty days, in the first currency that stands on it.
type area struct {
	Edge, Fill       string
	Currency         client.Currency
	First, Last      string
	Highest, Lowest  string
	From, HighestDay time.Time
	Days             []areaDay
}

type areaDay struct {
	Day     time.Time
	Balance string
}

// newArea returns the balance of the account at the end of each day since from, in the first currency of its balances; nil without any.
func newArea(entries []client.JournalEntry, account string, balances []client.Balance, from time.Time) *area {
	if len(balances) == 0 {
		return nil
	}
	currency := balances[0].Currency
	balance, err := decimal.NewFromString(balances[0].Amount)
	if err != nil {
		return nil
	}
	moved := map[string]decimal.Decimal{}
	for _, e := range entries {
		for _, line := range e.Lines {
			if line.Account != account || line.Currency != currency {
				continue
			}
			debit, _ := decimal.NewFromString(line.Debit)
			credit, _ := decimal.NewFromString(line.Credit)
			moved[e.Date.Format(time.DateOnly)] = moved[e.Date.Format(time.DateOnly)].Add(debit).Sub(credit)
		}
	}
	const days = 30
	var ends [days]decimal.Decimal
	for i := days - 1; i >= 0; i-- {
		ends[i] = balance
		balance = balance.Sub(moved[from.AddDate(0, 0, i).Format(time.DateOnly)])
	}
	a := &area{Currency: currency, From: from, First: ends[0].StringFixed(2), Last: ends[days-1].StringFixed(2)}
	low, high := decimal.Min(decimal.Zero, ends[:]...), decimal.Max(decimal.Zero, ends[:]...)
	if low.Equal(high) {
		return nil // nothing to see
	}
	var edge strings.Builder
	for i, end := range ends {
		a.Days = append(a.Days, areaDay{from.AddDate(0, 0, i), end.StringFixed(2)})
		y := high.Sub(end).Div(high.Sub(low)).Mul(decimal.NewFromInt(96)).Add(decimal.NewFromInt(2)).StringFixed(1)
		if i == 0 {
			fmt.Fprintf(&edge, "M0 %s", y)
		}
		fmt.Fprintf(&edge, "V%sH%d", y, (i+1)*600/days)
		if end.Equal(high) && a.HighestDay.IsZero() {
			a.HighestDay = from.AddDate(0, 0, i)
		}
	}
	a.Edge, a.Fill = edge.String(), edge.String()+"V100H0Z"
	a.Highest, a.Lowest = decimal.Max(ends[0], ends[1:]...).StringFixed(2), decimal.Min(ends[0], ends[1:]...).StringFixed(2)
	return a
}
