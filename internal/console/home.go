package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/api/client"
)

// homePage answers what needs the person, and where the money is.
type homePage struct {
	Tasks    []task
	Waits    []servicePage // for the acquirer; nothing to do
	Summary  client.Summary
	Area     *area
	Month    string
	Payments []client.Payment
	Services int
}

// task is one thing that needs the person.
type task struct {
	Title, Text, Currency, Amount, Link, Verb string
	urgency                                   int // 0 first
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
		t := task{Title: l.of("exception_kinds", e.Kind), Text: l.about(e), Currency: string(valueOf(e.Currency)), Amount: valueOf(e.Amount), Link: "/console/exceptions/" + e.ID, Verb: l.words.say("exceptions.decide"), urgency: 2}
		if e.Kind == client.CaptureDeadline || e.Kind == client.CaptureUnclear {
			t.urgency = 0
		}
		p.Tasks = append(p.Tasks, t)
	}
	held := client.RefundStateAwaitingApproval
	refunds, err := s.api.ListRefundsWithResponse(ctx, &client.ListRefundsParams{State: &held, Limit: &limit})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, refund := range refunds.JSON200.Data {
		p.Tasks = append(p.Tasks, task{
			l.words.say("home.refund_awaits"), l.words.say("payments.asked_by", valueOf(refund.AskedBy)), string(refund.Currency), refund.Amount,
			"/console/payments/" + refund.PaymentID, l.words.say("home.check"), 2,
		})
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
	if p.Summary, err = s.summary(r); err != nil {
		s.fail(w, r, err)
		return
	}
	p.Month = l.month(p.Summary.Date.Format("2006-01"))
	if balances := p.Summary.ReceiptAccount.Balances; len(balances) > 0 {
		p.Area = newArea(balances[0])
	}
	last := 6
	payments, err := s.api.ListPaymentsWithResponse(ctx, &client.ListPaymentsParams{Limit: &last})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.Payments = payments.JSON200.Data
	s.show(w, r, http.StatusOK, "home", p, nil)
}

// area is the picture of an account over its last days.
type area struct {
	Edge, Fill                   string // paths in a box of 600 by 100
	First, Last, Highest, Lowest string
	HighestDay                   client.Date
	Days                         []client.DayBalance
}

// newArea draws a balance as one step a day, with the line of zero in sight; nil when there is nothing to see.
func newArea(b client.SummaryBalance) *area {
	ends := make([]decimal.Decimal, len(b.Days))
	for i, day := range b.Days {
		var err error
		if ends[i], err = decimal.NewFromString(day.Amount); err != nil {
			return nil
		}
	}
	if len(ends) == 0 {
		return nil
	}
	highest, lowest := decimal.Max(ends[0], ends[1:]...), decimal.Min(ends[0], ends[1:]...)
	top, bottom := decimal.Max(decimal.Zero, highest), decimal.Min(decimal.Zero, lowest)
	if top.Equal(bottom) {
		return nil
	}
	last := len(ends) - 1
	a := &area{First: b.Days[0].Amount, Last: b.Days[last].Amount, Highest: highest.StringFixed(2), Lowest: lowest.StringFixed(2), Days: b.Days}
	var edge strings.Builder
	for i, end := range ends {
		y := top.Sub(end).Div(top.Sub(bottom)).Mul(decimal.NewFromInt(96)).Add(decimal.NewFromInt(2)).StringFixed(1)
		if i == 0 {
			fmt.Fprintf(&edge, "M0 %s", y)
		}
		fmt.Fprintf(&edge, "V%sH%d", y, (i+1)*600/len(ends))
		if end.Equal(highest) {
			a.HighestDay = b.Days[i].Date
		}
	}
	a.Edge, a.Fill = edge.String(), edge.String()+"V100H0Z"
	return a
}
