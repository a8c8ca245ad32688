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
		if err == nil {
			err = n.end(ctx, company, mail, sent.Failed)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// end records what became of a mail. One that the current contact can't get is an exception.
func (n noticing) end(ctx context.Context, c merchant.Company, mail merchant.SecurityMail, failure string) error {
	if failure != "" {
		n.log.WarnContext(ctx, "security notice not delivered", "company", c.ID, "reason", failure)
	}
	return n.store.InCompany(ctx, c.ID, func(tx *postgres.Tx) error {
		if err := tx.EndSecurityMail(ctx, mail, failure, n.now(), merchant.SecurityMailPause); err != nil || failure == "" || mail.To != c.ContactEmail {
			return err
		}
		_, err := escalation.RaiseIn(ctx, tx, escalation.Raise{
			CompanyID: c.ID, Kind: exception.EmailFailed, Subject: c.ID, Choices: []exception.Choice{exception.Acknowledge},
			Detail: fmt.Sprintf("The mail to the contact about %d changes of keys, credentials and the like could not be delivered: %s "+
				"Look at GET /v1/audit-log, and correct contact_email by PATCH /v1/settings.", len(mail.Notices), failure),
		}, n.now())
		return err
	})
}
