package api

import (
	"context"
	"net/url"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
)

// SecurityTx is what telling a company of a change needs of a transaction.
type SecurityTx interface {
	// NoteSecurity queues the mails about a change, see merchant.SecurityNotice.
	NoteSecurity(ctx context.Context, n merchant.SecurityNotice) error
}

// noticeOf returns the notice that tells the company of a change by the caller.
func (s *server) noticeOf(ctx context.Context, companyID string, change merchant.SecurityChange, about string) merchant.SecurityNotice {
	return merchant.SecurityNotice{
		ID: id.New(id.SecurityNotice), CompanyID: companyID, At: s.now(), Change: change, About: about, Author: callerOf(ctx).author(),
	}
}

// tellChange tells the caller's company of a change, in the transaction that makes it.
func (s *server) tellChange(ctx context.Context, tx SecurityTx, change merchant.SecurityChange, about string) error {
	return tx.NoteSecurity(ctx, s.noticeOf(ctx, callerOf(ctx).companyID, change, about))
}

// tellChanges tells the caller's company of what differs between its settings before and after.
func (s *server) tellChanges(ctx context.Context, tx SecurityTx, before, after merchant.Company) error {
	for _, changed := range []struct {
		change        merchant.SecurityChange
		before, after string
	}{
		{merchant.ContactChanged, before.ContactEmail, after.ContactEmail},
		{merchant.ReceiptAccountChanged, before.ReceiptAccount, after.ReceiptAccount},
		{merchant.RefundLimitChanged, before.ApprovalLimit(), after.ApprovalLimit()},
	} {
		if changed.before == changed.after {
			continue
		}
		n := s.noticeOf(ctx, after.ID, changed.change, "")
		n.Before, n.After = changed.before, changed.after
		if err := tx.NoteSecurity(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// siteOf returns the part of an address that says whose it is. The rest may hold secrets.
func siteOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
