// Package retention holds the activities that erase what companies keep long enough.
package retention

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/personal"
)

const (
	// customersAtOnce is how many customers of a company are erased in one round.
	customersAtOnce = 50
)

// Activities are the steps.
type Activities struct {
	InCompany activities.InCompany[Tx]
	// Companies returns the ids of all companies.
	Companies func(ctx context.Context) ([]string, error)
	Send      activities.Send
	Now       func() time.Time
}

// Tx is what the steps need of a transaction.
type Tx interface {
	Company(ctx context.Context) (merchant.Company, error)
	LockCompany(ctx context.Context) (merchant.Company, error)
	SaveCompany(ctx context.Context, c merchant.Company) error
	escalation.RaiseTx
	// Outdated returns customers who are kept long enough.
	Outdated(ctx context.Context, books, unpaid time.Time, most int) (customerIDs []string, err error)
	LockCustomer(ctx context.Context, ref personal.Ref) (customerID string, invoices []invoice.Invoice, err error)
	StillNeeded(ctx context.Context, invoiceIDs []string) (numbers []string, err error)
	EraseCustomer(ctx context.Context, customerID string, invoices []invoice.Invoice, at time.Time) (personal.Erased, error)
}

// Round is where a round begins: behind that company.
type Round struct {
	After string `json:"after,omitempty"`
}

// Kept is what a round did. Next is the last company that it looked at; empty when that was the last of all.
type Kept struct {
	Next   string `json:"next,omitempty"`
	Erased int    `json:"erased"` // customers
	Told   int    `json:"told"`   // companies, of their first erasure
	Failed int    `json:"failed"` // companies, to be looked at again the next time
	Why    string `json:"why,omitempty"`
}

// KeepRetention looks at some companies: it tells those of which customers are to be erased for the first time, and erases the customers
// of those that were told merchant.Notice ago. A company that fails doesn't hold up the others.
func (a *Activities) KeepRetention(ctx context.Context, in Round) (out Kept, err error) {
	companies, err := a.Companies(ctx)
	if err != nil {
		return out, err
	}
	slices.Sort(companies)
	first, found := slices.BinarySearch(companies, in.After)
	if found {
		first++
	}
	began := a.Now()
	for n, company := range companies[first:] {
		if n == activities.RoundMost || n > 0 && a.Now().Sub(began) > activities.RoundPatience {
			out.Next = companies[first+n-1]
			break
		}
		told, erased, err := a.keep(ctx, company)
		out.Erased += erased
		if told {
			out.Told++
		}
		if err != nil {
			if ctx.Err() != nil {
				return out, err
			}
			out.Failed, out.Why = out.Failed+1, err.Error()
		}
	}
	return out, nil
}

func (a *Activities) keep(ctx context.Context, companyID string) (told bool, erased int, err error) {
	var company merchant.Company
	var soon []string
	now := a.Now()
	err = a.InCompany(ctx, companyID, func(tx Tx) (err error) {
		if company, err = tx.Company(ctx); err != nil {
			return err
		}
		books, unpaid := company.Retention.Before(now.Add(merchant.Notice))
		soon, err = tx.Outdated(ctx, books, unpaid, customersAtOnce)
		return err
	})
	switch {
	case err != nil || len(soon) == 0:
		return false, 0, err
	case company.ErasureTold.IsZero():
		return true, 0, a.tell(ctx, company, now)
	case now.Before(company.ErasureTold.Add(merchant.Notice)):
		return false, 0, nil
	}
	erased, err = a.eraseAll(ctx, company, now)
	return false, erased, err
}

// tell tells the company when its first customers will be erased. The mail may go twice when the process ends behind it.
func (a *Activities) tell(ctx context.Context, company merchant.Company, now time.Time) error {
	first := now.Add(merchant.Notice)
	var sent activities.Sent
	if company.ContactEmail != "" {
		written, err := letter.Retention(company, first)
		if err != nil {
			return err
		}
		if sent, err = a.Send.Post(ctx, written); err != nil {
			return err
		}
	}
	return a.InCompany(ctx, company.ID, func(tx Tx) error {
		c, err := tx.LockCompany(ctx)
		if err != nil || c.Retention != company.Retention || !c.ErasureTold.IsZero() {
			return err
		}
		c.ErasureTold = now
		if err := tx.SaveCompany(ctx, c); err != nil {
			return err
		}
		if err := undelivered(ctx, tx, c, sent.Failed, now); err != nil {
			return err
		}
		r := c.Retention.Effective()
		return tx.AppendEvent(ctx, event.New(event.RetentionAnnounced, c.ID, c.ID, now, map[string]string{
			"first_erasure": first.UTC().Format(time.RFC3339), "books_years": strconv.Itoa(r.BooksYears), "unpaid_days": strconv.Itoa(r.UnpaidDays),
		}))
	})
}

// undelivered puts the mail before the company that its contact doesn't get, if there is one.
func undelivered(ctx context.Context, tx Tx, c merchant.Company, reason string, now time.Time) error {
	if reason == "" {
		return nil
	}
	_, err := escalation.RaiseIn(ctx, tx, escalation.Raise{
		CompanyID: c.ID, Kind: exception.EmailFailed, Subject: c.ID, Choices: []exception.Choice{exception.Acknowledge},
		Detail: fmt.Sprintf("The mail to the contact that customers will be erased from %s on could not be delivered: %s "+
			"Look at retention in GET /v1/settings, and correct contact_email by PATCH /v1/settings.", now.Add(merchant.Notice).UTC().Format(time.DateOnly), reason),
	}, now)
	return err
}

// eraseAll erases all customers of the company who are kept long enough, each in a transaction.
func (a *Activities) eraseAll(ctx context.Context, company merchant.Company, now time.Time) (erased int, err error) {
	books, unpaid := company.Retention.Before(now)
	for {
		var outdated []string
		err := a.InCompany(ctx, company.ID, func(tx Tx) (err error) {
			outdated, err = tx.Outdated(ctx, books, unpaid, customersAtOnce)
			return err
		})
		if err != nil {
			return erased, err
		}
		before := erased
		for _, customerID := range outdated {
			done := false
			err := a.InCompany(ctx, company.ID, func(tx Tx) (err error) {
				done, err = erase(ctx, tx, customerID, now)
				return err
			})
			if err != nil {
				return erased, fmt.Errorf("erase customer %s: %w", customerID, err)
			}
			if done {
				erased++
			}
		}
		if len(outdated) < customersAtOnce || erased == before { // else those that are still needed would be looked at for ever
			return erased, nil
		}
	}
}

func erase(ctx context.Context, tx Tx, customerID string, now time.Time) (done bool, err error) {
	id, invoices, err := tx.LockCustomer(ctx, personal.Ref{CustomerID: customerID})
	if err != nil {
		return false, err
	}
	var ids []string
	for _, i := range invoices {
		ids = append(ids, i.ID)
	}
	needed, err := tx.StillNeeded(ctx, ids)
	if err != nil || len(needed) > 0 {
		return false, err
	}
	_, err = tx.EraseCustomer(ctx, id, invoices, now)
	return err == nil, err
}
