package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/personal"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/text"
)

// CustomersTx is what erasing customers needs of a transaction.
type CustomersTx interface {
	// LockCustomer returns a customer and all their invoices. Problems: not-found, customer-erased.
	LockCustomer(ctx context.Context, ref personal.Ref) (customerID string, invoices []invoice.Invoice, err error)
	// StillNeeded returns the numbers of the invoices whose customer can't be erased yet.
	StillNeeded(ctx context.Context, invoiceIDs []string) (numbers []string, err error)
	EraseCustomer(ctx context.Context, customerID string, invoices []invoice.Invoice, at time.Time) (personal.Erased, error)
	// ReplaceAnswers stores what replace returns in the place of each answer that is kept for repetitions.
	ReplaceAnswers(ctx context.Context, replace func(idempotency.Request) (*idempotency.Answer, error)) (replaced int, err error)
	InvoicePDFs(ctx context.Context, invoiceIDs []string) (count int, err error)
}

// LinksTx is what making a new link needs of a transaction.
type LinksTx interface {
	LockInvoice(ctx context.Context, id string) (invoice.Invoice, error)
	RenewLink(ctx context.Context, invoiceID string, at time.Time) error
}

// mostNamed is how many invoices a refusal names.
const mostNamed = 20

// keptRecords are what stays of an erased customer, and why.
var keptRecords = []spec.KeptRecord{
	{What: spec.KeptRecordWhatRecords, Reason: "Invoices with number, amounts and what was invoiced, and the journal: ten years (Art. 958f CO). They name nobody any more, unless a person wrote a name into a journal entry."},
	{What: spec.KeptRecordWhatPayments, Reason: "Payments and refunds with Saferpay's ids and the masked card, which belong to the books. Saferpay and the acquirer keep what they know under their own rules."},
	{What: spec.KeptRecordWhatAuditLog, Reason: "Who changed which fields and when. It holds no values of customers."},
	{What: spec.KeptRecordWhatHistories, Reason: "Histories of workflows hold sealed messages, among them addresses given for a single mail, until the retention of Temporal's namespace ends."},
	{What: spec.KeptRecordWhatBackups, Reason: "Backups of the database from before hold the customer's key. They end with the rotation of your backups."},
}

// EraseCustomer answers POST /customers/erase.
func (s *server) EraseCustomer(ctx context.Context, r spec.EraseCustomerRequestObject) (spec.EraseCustomerResponseObject, error) {
	email, invoiceID, dry := deref(r.Body.Email), deref(r.Body.InvoiceID), deref(r.Body.DryRun)
	if err := oneCustomer(&email, invoiceID, r.Body.InvoiceID != nil); err != nil {
		return nil, err
	}
	answer := spec.EraseCustomer202JSONResponse{DryRun: dry, Kept: keptRecords}
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx CustomersTx) error {
		customerID, invoices, err := tx.LockCustomer(ctx, personal.Ref{Email: email, InvoiceID: invoiceID})
		if err != nil {
			return err
		}
		ids := mapped(invoices, func(i invoice.Invoice) string { return i.ID })
		needed, err := tx.StillNeeded(ctx, ids)
		if err != nil {
			return err
		}
		if len(needed) > 0 {
			return stillNeeded(needed)
		}
		answer.ID = customerID
		var done personal.Erased
		if dry {
			done, err = wouldErase(ctx, tx, invoices)
		} else {
			at := s.now()
			answer.ErasedAt = &at
			done, err = s.erase(ctx, tx, customerID, invoices, at)
		}
		answer.Erased = spec.ErasedCounts{
			Invoices: done.Invoices, Drafts: done.Drafts, Reminders: done.Reminders, Pdfs: done.PDFs, Texts: done.Texts, Answers: done.Answers,
		}
		return err
	})
	return answer, err
}

// oneCustomer returns what is wrong with how a customer is named.
func oneCustomer(email *string, invoiceID string, byInvoice bool) error {
	fields := text.Email("email", email)
	switch {
	case (*email != "") == byInvoice:
		fields = append(fields, problem.Field{Name: "email", Message: "or invoice_id must be there, and only one of them"},
			problem.Field{Name: "invoice_id", Message: "or email must be there, and only one of them"})
	case byInvoice && !id.Valid(id.Invoice, invoiceID):
		fields = append(fields, problem.Field{Name: "invoice_id", Message: "must be the id of an invoice"})
	}
	return problem.InvalidFields(fields...)
}

func stillNeeded(numbers []string) error {
	more := ""
	if len(numbers) > mostNamed {
		more = " and others"
	}
	return problem.New(problem.CustomerNeeded,
		"The customer is still needed: something is to be paid, in progress or contested with %s%s. Finish or cancel that first.",
		strings.Join(numbers[:min(len(numbers), mostNamed)], ", "), more)
}

// wouldErase counts what can be counted beforehand.
func wouldErase(ctx context.Context, tx CustomersTx, invoices []invoice.Invoice) (personal.Erased, error) {
	done := personal.Erased{Invoices: len(invoices)}
	for _, i := range invoices {
		done.Reminders += len(i.Reminders)
		if i.Status == invoice.Draft {
			done.Drafts++
		}
	}
	var err error
	done.PDFs, err = tx.InvoicePDFs(ctx, mapped(invoices, func(i invoice.Invoice) string { return i.ID }))
	return done, err
}

func (s *server) erase(ctx context.Context, tx CustomersTx, customerID string, invoices []invoice.Invoice, at time.Time) (personal.Erased, error) {
	var known []string
	for _, i := range invoices {
		known = append(known, i.ID, i.Customer.Email, `"`+i.Customer.Name+`"`) // a name alone may be a word of any other answer
	}
	mentions := personal.NewMentions(known...)
	done, err := tx.EraseCustomer(ctx, customerID, invoices, at)
	if err != nil {
		return done, err
	}
	done.Answers, err = tx.ReplaceAnswers(ctx, func(r idempotency.Request) (*idempotency.Answer, error) { return s.withoutCustomer(r, mentions) })
	return done, err
}

// withoutCustomer returns what is answered to a repetition whose first answer names the customer; nil when it doesn't.
func (s *server) withoutCustomer(r idempotency.Request, mentions personal.Mentions) (*idempotency.Answer, error) {
	place := sealed.Answer.Of(r.Owner, r.Key)
	body, err := s.Sealer.OpenAt(r.Answer.Sealed, place)
	if err != nil || !mentions.In(string(body)) {
		return nil, err
	}
	var told bytes.Buffer
	kind := problemTypes[problem.CustomerErased]
	err = json.NewEncoder(&told).Encode(spec.Problem{
		Type: spec.ProblemType("urn:quittance:problem:" + problem.CustomerErased), Title: kind.title, Status: kind.status,
		Detail: "The first answer to this request named a customer who was erased since. What the request did stays done.",
	})
	if err != nil {
		return nil, err
	}
	answer := idempotency.Answer{Status: http.StatusConflict, ContentType: "application/problem+json"}
	answer.Sealed, err = s.Sealer.SealAt(told.Bytes(), place)
	return &answer, err
}

// RevokeLink answers POST /invoices/{invoice_id}/revoke-link.
func (s *server) RevokeLink(ctx context.Context, r spec.RevokeLinkRequestObject) (spec.RevokeLinkResponseObject, error) {
	companyID := callerOf(ctx).companyID
	err := inCompany(ctx, s.Store, companyID, func(tx LinksTx) error {
		inv, err := tx.LockInvoice(ctx, r.InvoiceID)
		if err != nil {
			return err
		}
		if inv.IssuedAt.IsZero() {
			return problem.New(problem.InvoiceNotOpen, "Invoice %s was never issued: it has no link.", inv.Number)
		}
		return tx.RenewLink(ctx, inv.ID, s.now())
	})
	if err != nil {
		return nil, err
	}
	answer, err := s.invoice(ctx, companyID, r.InvoiceID)
	return spec.RevokeLink200JSONResponse(answer), err
}
