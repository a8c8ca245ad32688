package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/merchant"
)

// NoteSecurity queues the mails about a change: to the company's contact and to those that were it until recently. Of a changed contact,
// both addresses are told. A notice of that id that exists already stays as it is. Call it after the change.
func (tx *Tx) NoteSecurity(ctx context.Context, n merchant.SecurityNotice) error {
	var contacts []string
	if n.Change == merchant.ContactChanged {
		contacts = []string{n.Before, n.After}
	}
	tag, err := tx.tx.Exec(ctx, `
		insert into security_notices (company_id, id, recipient, at, change, about, before, after, actor, address)
		select $1, $2, recipient, $3, $4, $5, $6, $7, $8, $9 from (
			select contact_email from companies where id = $1
			union select unnest($10::text[])
			union (
				select before from security_notices
				where company_id = $1 and change = 'contact_changed' and at > $11 group by before order by min(id) limit $12
			)
		) as told (recipient)
		where recipient <> ''
		on conflict do nothing`,
		n.CompanyID, n.ID, n.At, n.Change, n.About, n.Before, n.After, n.By, n.Address, list(contacts),
		n.At.Add(-merchant.FormerContactFor), merchant.SecurityMailsAtOnce-1)
	if err != nil || tag.RowsAffected() == 0 { // nobody is to be told
		return failed(err, "queue the mails about a change")
	}
	// A queue that is there already is only locked: what waits for the pause between mails goes on waiting.
	_, err = tx.tx.Exec(ctx, `
		insert into security_notice_queue (company_id) values ($1) on conflict (company_id) do update set due_at = security_notice_queue.due_at`, n.CompanyID)
	return failed(err, "queue the mails about a change")
}

// TakeSecurityNotices returns companies that have mails to be sent. No other caller gets them before retry has passed.
func (s *Store) TakeSecurityNotices(ctx context.Context, limit int, retry time.Duration) ([]string, error) {
	return all(ctx, s.pool, pgx.RowTo[string], "take security notices", `
		update security_notice_queue set due_at = now() + $2
		where company_id in (select company_id from security_notice_queue where due_at <= now() order by due_at limit $1 for update skip locked)
		returning company_id`, limit, retry)
}

// SecurityMails returns what is to be sent now, most urgent first: at most merchant.SecurityMailsAtOnce mails with all that their
// recipients haven't been told. When there is none, the company is not in the queue any more.
func (tx *Tx) SecurityMails(ctx context.Context) ([]merchant.SecurityMail, error) {
	if _, err := tx.tx.Exec(ctx, `select from security_notice_queue where company_id = $1 for update`, tx.companyID); err != nil {
		return nil, failed(err, "lock the security notices")
	}
	recipients, err := all(ctx, tx.tx, pgx.RowTo[string], "list who is to be told", `
		select recipient from security_notices where ended_at is null group by recipient order by count(*) desc, min(id) limit $1`, merchant.SecurityMailsAtOnce)
	if err != nil {
		return nil, err
	}
	if len(recipients) == 0 {
		_, err := tx.tx.Exec(ctx, `delete from security_notice_queue where company_id = $1`, tx.companyID)
		return nil, failed(err, "end the queue of security notices")
	}
	mails := make([]merchant.SecurityMail, len(recipients))
	for i, recipient := range recipients {
		mails[i].To = recipient
		mails[i].Notices, err = all(ctx, tx.tx, scanSecurityNotice, "read security notices", `
			select company_id, id, at, change, about, before, after, actor, address from security_notices
			where ended_at is null and recipient = $1 order by id`, recipient)
		if err != nil {
			return nil, err
		}
	}
	return mails, nil
}

func scanSecurityNotice(row pgx.CollectableRow) (n merchant.SecurityNotice, err error) {
	err = row.Scan(&n.CompanyID, &n.ID, &n.At, &n.Change, &n.About, &n.Before, &n.After, &n.By, &n.Address)
	return n, err
}

// EndSecurityMail stores that a mail was sent, or why it never will be. The company's next mails wait for pause.
func (tx *Tx) EndSecurityMail(ctx context.Context, m merchant.SecurityMail, failure string, at time.Time, pause time.Duration) error {
	ids := make([]string, len(m.Notices))
	for i, n := range m.Notices {
		ids[i] = n.ID
	}
	if _, err := tx.tx.Exec(ctx, `
		update security_notices set ended_at = $3, failure = $4 where recipient = $1 and id = any($2) and ended_at is null`, m.To, ids, at, failure); err != nil {
		return failed(err, "end security notices")
	}
	_, err := tx.tx.Exec(ctx, `update security_notice_queue set due_at = now() + $2 where company_id = $1`, tx.companyID, pause)
	return failed(err, "pause the security notices")
}
