package api_test

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// Whatever is asked for, the pages together hold each invoice that fits, once and in order, and no other.
func TestListsOfInvoicesHoldWhatTheirFiltersSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	statuses := []invoice.Status{invoice.Draft, invoice.Open, invoice.PartiallyPaid, invoice.Paid, invoice.Cancelled}
	customers := []invoice.Customer{
		{Name: "Marie Favre", Email: "marie.favre@example.ch", Language: "fr"}, {Name: "Zoë Ünal", Email: "shop@example.com", Language: "de"}, {Name: "Favre SA", Language: "fr"},
	}
	var all []invoice.Invoice
	for i := range 40 {
		all = append(all, w.newInvoice(statuses[i%len(statuses)], func(inv *invoice.Invoice) {
			inv.Number = fmt.Sprintf("R-%02d", (i*17)%40)
			inv.Customer = customers[i%len(customers)]
			inv.Amount = money.MustParse(fmt.Sprintf("%d.50", 1000+i%7), money.CHF)
			if inv.Status == invoice.Paid {
				inv.AmountPaid = inv.Amount
			}
			inv.DueDate = day("2026-11-18").AddDate(0, 0, i%9)
			if inv.CreatedAt = noon.AddDate(0, 0, -i%6); inv.Status != invoice.Draft {
				inv.IssuedAt = inv.CreatedAt
			}
		}))
	}
	late := func(i invoice.Invoice) bool {
		return (i.Status == invoice.Open || i.Status == invoice.PartiallyPaid) && i.DueDate.Before(day("2026-11-22"))
	}
	orders := map[string]func(a, b invoice.Invoice) int{
		"created":  func(a, b invoice.Invoice) int { return cmp.Compare(a.ID, b.ID) },
		"due_date": func(a, b invoice.Invoice) int { return cmp.Or(a.DueDate.Compare(b.DueDate), cmp.Compare(a.ID, b.ID)) },
		"number":   func(a, b invoice.Invoice) int { return cmp.Compare(a.Number, b.Number) },
	}
	rapid.Check(t, func(t *rapid.T) {
		q := url.Values{}
		fits := []func(invoice.Invoice) bool{}
		choose := func(name string, values []string, fit func(i invoice.Invoice, value string) bool) {
			if value := rapid.SampledFrom(append(values, "")).Draw(t, name); value != "" {
				q.Set(name, value)
				fits = append(fits, func(i invoice.Invoice) bool { return fit(i, value) })
			}
		}
		choose("status", []string{"draft", "open", "partially_paid", "paid", "cancelled"}, func(i invoice.Invoice, v string) bool { return string(i.Status) == v })
		choose("customer", []string{"favre", "ÜNAL", "@EXAMPLE.ch"}, func(i invoice.Invoice, v string) bool {
			v = strings.ToLower(v)
			return strings.Contains(strings.ToLower(i.Customer.Name), v) || strings.Contains(i.Customer.Email, v)
		})
		choose("q", []string{"r-1", "Zoë", "1’003.50", "1004,5"}, func(i invoice.Invoice, v string) bool {
			amount := map[string]string{"1’003.50": "1003.50", "1004,5": "1004.50"}[v]
			v = strings.ToLower(v)
			return i.Amount.Value() == amount || strings.Contains(strings.ToLower(i.Number+"\n"+i.Customer.Name+"\n"+i.Customer.Email), v)
		})
		choose("overdue", []string{"true", "false"}, func(i invoice.Invoice, v string) bool { return late(i) == (v == "true") })
		choose("from", []string{"2026-11-19"}, func(i invoice.Invoice, v string) bool { return !i.CreatedAt.Before(day(v)) })
		choose("to", []string{"2026-11-20"}, func(i invoice.Invoice, v string) bool { return i.CreatedAt.Before(day(v).AddDate(0, 0, 1)) })
		field := rapid.SampledFrom([]string{"created", "due_date", "number"}).Draw(t, "sort")
		backwards := rapid.Bool().Draw(t, "backwards")
		q.Set("sort", map[bool]string{true: "-"}[backwards]+field)
		q.Set("limit", rapid.SampledFrom([]string{"1", "3", "50"}).Draw(t, "limit"))

		want := slices.DeleteFunc(slices.Clone(all), func(i invoice.Invoice) bool {
			return slices.ContainsFunc(fits, func(fit func(invoice.Invoice) bool) bool { return !fit(i) })
		})
		slices.SortFunc(want, orders[field])
		if backwards {
			slices.Reverse(want)
		}
		var got []string
		for {
			page := w.call("GET", "/invoices?"+q.Encode(), w.key, nil).json(200)
			for _, item := range page["data"].([]any) {
				got = append(got, item.(object)["id"].(string))
			}
			next, more := page["next_cursor"].(string)
			if !more {
				break
			}
			q.Set("cursor", next)
		}
		var ids []string
		for _, i := range want {
			ids = append(ids, i.ID)
		}
		if !slices.Equal(ids, got) {
			t.Fatalf("%s: want %v, got %v", q.Encode(), ids, got)
		}
	})
}

func TestPaymentsAreListedByTheDaysOnWhichTheyBegan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.service()))
	p := w.newPayment(inv, payment.Redirected)
	began := p.CreatedAt.In(time.UTC).Format(time.DateOnly)
	for query, found := range map[string]bool{
		"": true, "?from=" + began: true, "?to=" + began: true, "?from=" + began + "&to=" + began: true, "?from=2026-11-23": false, "?to=2026-11-21": false,
	} {
		listed := w.call("GET", "/payments"+query, w.key, nil).json(200)["data"].([]any)
		assert.Equal(t, found, len(listed) == 1, query)
	}
	require.Equal(t, []string{"from"}, w.call("GET", "/payments?from=yesterday", w.key, nil).problem(422, "validation-failed"))
}
