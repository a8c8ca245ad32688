package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
)

const (
	// noticeEvery is how often a worker looks for changes of which companies are to be told.
	noticeEvery = 5 * time.Second
	// noticeRetry is how long mails wait that could not be sent.
	noticeRetry = 5 * time.Minute
	// noticeLate is after how long without a mail server the company learns that its contact was not told.
	noticeLate = 72 * time.Hour
	// noticeAtOnce is how many companies a worker takes in one look.
	noticeAtOnce = 20
)

// noticing mails companies what was changed by which money or data could be stolen. The change itself queued the mails, so that none is
// lost. Every worker looks; each company is another one's for a while.
type noticing struct {
	store *postgres.Store
	send  activities.Send
	now   func() time.Time
	log   *slog.Logger
}

// look sends what is due. One company that can't be told does not keep the others from being told.
func (n noticing) look(ctx context.Context) error {
	companies, err := n.store.TakeSecurityNotices(ctx, noticeAtOnce, noticeRetry)
	if err != nil {
		return err
	}
	var failed []error
	for _, companyID := range companies {
		failed = append(failed, n.tell(ctx, companyID))
	}
	return errors.Join(failed...)
}

// tell sends the mails of one company that are due.
func (n noticing) tell(ctx context.Context, companyID string) error {
	var company merchant.Company
	var mails []merchant.SecurityMail
	err := n.store.InCompany(ctx, companyID, func(tx *postgres.Tx) (err error) {
		if company, err = tx.Company(ctx); err != nil {
			return err
		}
		mails, err = tx.SecurityMails(ctx)
		return err
	})
	failed := []error{err}
	for _, mail := range mails {
		written, err := letter.Security(company, mail)
		if err != nil {
			return err
		}
		sent, err := n.send.Post(ctx, written)
		switch {
		case err == nil:
			err = n.end(ctx, company, mail, sent.Failed)
		case n.now().Sub(mail.Notices[0].At) > noticeLate:
			err = errors.Join(err, n.store.InCompany(ctx, companyID, func(tx *postgres.Tx) error {
				return n.undelivered(ctx, tx, company, mail, "No mail server took it for 72 hours. It is tried again every five minutes.")
			}))
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// end records what became of a mail. One that the current contact can't get is an exception until a later one is delivered.
func (n noticing) end(ctx context.Context, c merchant.Company, mail merchant.SecurityMail, failure string) error {
	if failure != "" {
		n.log.WarnContext(ctx, "security notice not delivered", "company", c.ID, "reason", failure)
	}
	return n.store.InCompany(ctx, c.ID, func(tx *postgres.Tx) error {
		if err := tx.EndSecurityMail(ctx, mail, failure, n.now(), merchant.SecurityMailPause); err != nil || mail.To != c.ContactEmail {
			return err
		}
		if failure == "" {
			return escalation.ClearUp(ctx, tx, exception.EmailFailed, c.ID, "A later mail was delivered.", n.now())
		}
		return n.undelivered(ctx, tx, c, mail, failure)
	})
}

// undelivered puts a mail before the company that its current contact doesn't get.
func (n noticing) undelivered(ctx context.Context, tx *postgres.Tx, c merchant.Company, mail merchant.SecurityMail, failure string) error {
	if mail.To != c.ContactEmail {
		return nil
	}
	_, err := escalation.RaiseIn(ctx, tx, escalation.Raise{
		CompanyID: c.ID, Kind: exception.EmailFailed, Subject: c.ID, Choices: []exception.Choice{exception.Acknowledge},
		Detail: fmt.Sprintf("The mail to the contact about %d changes of keys, credentials and the like could not be delivered: %s "+
			"Look at GET /v1/audit-log, and correct contact_email by PATCH /v1/settings.", len(mail.Notices), failure),
	}, n.now())
	return err
}
