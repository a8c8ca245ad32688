package merchant

import (
	"fmt"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/problem"
)

// Retention is how long a company keeps what it need not keep for ever.
type Retention struct {
	// LinksDays is how many days after an invoice was paid or cancelled its link ends.
	LinksDays int `json:"links_days"`
	// BooksYears is how many years after the end of the calendar year in which an invoice was settled its customer is erased.
	BooksYears int `json:"books_years"`
	// UnpaidDays is how many days the customers of drafts, and of cancelled invoices for which nothing was paid, are kept.
	UnpaidDays int `json:"unpaid_days"`
	// LogsDays is how many days the logs of webhook deliveries, ended console sessions and what is left of identity documents are kept.
	LogsDays int `json:"logs_days"`
}

// DefaultRetention is for Switzerland: books are kept for ten years (Art. 958f of the Code of Obligations).
var DefaultRetention = Retention{LinksDays: 365, BooksYears: 10, UnpaidDays: 365, LogsDays: 90}

// Notice is how long before its first erasure a company is told of it.
const Notice = 30 * 24 * time.Hour

// Effective returns the retention, with the default for what was never set.
func (r Retention) Effective() Retention {
	if r == (Retention{}) {
		return DefaultRetention
	}
	return r
}

func (r Retention) validate(name string) (fields []problem.Field) {
	within := func(field string, value, least, most int) {
		if value < least || value > most {
			fields = append(fields, problem.Field{Name: name + "." + field, Message: fmt.Sprintf("must be between %d and %d", least, most)})
		}
	}
	if r == (Retention{}) {
		return nil
	}
	within("links_days", r.LinksDays, 1, 3650)
	within("books_years", r.BooksYears, 10, 30)
	within("unpaid_days", r.UnpaidDays, 30, 3650)
	within("logs_days", r.LogsDays, 30, 3650)
	return fields
}

// LinkEnds returns when the link of an invoice ends; zero while it goes on.
func (c Company) LinkEnds(inv invoice.Invoice) time.Time {
	ended := inv.PaidAt
	if inv.Status == invoice.Cancelled {
		ended = inv.CancelledAt
	}
	if ended.IsZero() || inv.Status.Payable() {
		return time.Time{}
	}
	return ended.AddDate(0, 0, c.Retention.Effective().LinksDays)
}

// Before returns before when everything with a customer must have been settled at that time for the customer to be erased, and before when
// what was never paid.
func (r Retention) Before(at time.Time) (books, unpaid time.Time) {
	r = r.Effective()
	return time.Date(at.In(calendar.Zurich).Year()-r.BooksYears, 1, 1, 0, 0, 0, 0, calendar.Zurich), at.AddDate(0, 0, -r.UnpaidDays)
}
