package api

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/session"
)

// SettingsTx is what the calls for settings need of a transaction.
type SettingsTx interface {
	SecurityTx
	Company(ctx context.Context) (merchant.Company, error)
	LockCompany(ctx context.Context) (merchant.Company, error)
	SaveCompany(ctx context.Context, c merchant.Company) error
	BooksClosedUntil(ctx context.Context) (time.Time, error)
	CloseBooks(ctx context.Context, until time.Time) error
}

// GetSettings answers GET /settings.
func (s *server) GetSettings(ctx context.Context, _ spec.GetSettingsRequestObject) (spec.GetSettingsResponseObject, error) {
	return answered(ctx, s, func(tx SettingsTx) (spec.GetSettingsResponseObject, error) {
		company, err := tx.Company(ctx)
		if err != nil {
			return nil, err
		}
		closedUntil, err := tx.BooksClosedUntil(ctx)
		return spec.GetSettings200JSONResponse(shownSettings(company, closedUntil)), err
	})
}

// UpdateSettings answers PATCH /settings.
func (s *server) UpdateSettings(ctx context.Context, r spec.UpdateSettingsRequestObject) (spec.UpdateSettingsResponseObject, error) {
	var answer spec.Settings
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx SettingsTx) error {
		before, err := tx.LockCompany(ctx)
		if err != nil {
			return err
		}
		company := before
		closedBefore, err := tx.BooksClosedUntil(ctx)
		if err != nil {
			return err
		}
		closedUntil := closedBefore
		if r.Body.BooksClosedUntil != nil {
			closedUntil = r.Body.BooksClosedUntil.Time
		}
		onlyCloses := *r.Body == spec.SettingsChanges{BooksClosedUntil: r.Body.BooksClosedUntil} && !closedUntil.Before(closedBefore)
		if callerOf(ctx).session.Role == session.Bookkeeper && !onlyCloses {
			return problem.New(problem.Forbidden, "A bookkeeper may close a period, and change nothing else of the settings.")
		}
		if err := s.changeSettings(&company, *r.Body); err != nil {
			return err
		}
		if company.LoosensApproval(before) && callerOf(ctx).session.Role == "" { // else a key could refund alone after all
			return problem.New(problem.Forbidden, "Only a manager in the console may raise the limit of refund_approval_above, or turn it off.")
		}
		answer = shownSettings(company, closedUntil)
		if company.ReceiptAccount != before.ReceiptAccount {
			answer.Warnings = append(answer.Warnings, spec.ReceiptAccountChanged)
		}
		if closedUntil.Before(closedBefore) {
			answer.Warnings = append(answer.Warnings, spec.BooksReopened)
		}
		if !closedUntil.Equal(closedBefore) {
			if err := tx.CloseBooks(ctx, closedUntil); err != nil {
				return err
			}
		}
		if err := tx.SaveCompany(ctx, company); err != nil {
			return err
		}
		return s.tellChanges(ctx, tx, before, company)
	})
	return spec.UpdateSettings200JSONResponse(answer), err
}

// changeSettings makes the changes to a company, or returns an Invalid problem that names every field at fault.
func (s *server) changeSettings(company *merchant.Company, to spec.SettingsChanges) error {
	set(&company.ReceiptAccount, to.ReceiptAccount)
	set(&company.FeeAccount, to.FeeAccount)
	set(&company.Liability, to.LiabilityShift)
	set(&company.Language, to.Language)
	set(&company.ContactEmail, to.ContactEmail)
	if to.PayoutDays != nil {
		company.PayoutDays = *to.PayoutDays
	}
	if to.PayoutIbans != nil {
		company.PayoutIBANs = *to.PayoutIbans
	}
	if l := to.Letterhead; l != nil {
		company.Letterhead = merchant.Letterhead{
			Address: addressOf(l.Address), UID: deref(l.UID), VATNumber: deref(l.VatNumber), Phone: deref(l.Phone), Website: deref(l.Website), Email: deref(l.Email),
		}
	}
	if to.AttachPdf != nil {
		company.AttachPDF = *to.AttachPdf
	}
	if to.ReceiptsByEmail != nil {
		company.ReceiptsByEmail = *to.ReceiptsByEmail
	}
	s.changeReminders(company, to.Reminders)
	if to.ReturnOrigins != nil {
		company.ReturnOrigins = *to.ReturnOrigins
	}
	var tolerance error
	if to.PaymentTolerance != nil {
		var amount money.Amount
		amount, tolerance = money.Parse(*to.PaymentTolerance, money.CHF) // two decimals, as every currency here has
		if tolerance != nil {
			tolerance = problem.InvalidFields(problem.Field{Name: "payment_tolerance", Message: tolerance.Error()})
		} else {
			company.PaymentTolerance = amount.Decimal()
		}
	}
	var approval error
	if to.RefundApprovalAbove != nil {
		company.RefundApprovalAbove, approval = parseLimit(*to.RefundApprovalAbove)
	}
	return problem.Together(tolerance, approval, company.Validate(), s.mayClose("books_closed_until", deref(to.BooksClosedUntil).Time))
}

// parseLimit reads the limit above which a second person releases refunds; an empty one is none.
func parseLimit(value string) (decimal.NullDecimal, error) {
	if value == "" {
		return decimal.NullDecimal{}, nil
	}
	amount, err := money.Parse(value, money.CHF)
	if err != nil {
		return decimal.NullDecimal{}, problem.InvalidFields(problem.Field{Name: "refund_approval_above", Message: err.Error()})
	}
	return decimal.NewNullDecimal(amount.Decimal()), nil
}

func shownSettings(c merchant.Company, closedUntil time.Time) spec.Settings {
	answer := spec.Settings{
		ReceiptAccount:      c.ReceiptAccount,
		FeeAccount:          c.FeeAccount,
		LiabilityShift:      spec.LiabilityShift(c.Liability),
		Language:            spec.Language(c.Language),
		ContactEmail:        optional(c.ContactEmail),
		PayoutDays:          c.PayoutDays,
		PayoutIbans:         c.PayoutIBANs,
		PaymentTolerance:    c.PaymentTolerance.StringFixed(2),
		RefundApprovalAbove: optional(c.ApprovalLimit()),
		ReturnOrigins:       c.ReturnOrigins,
		Letterhead:          shownLetterhead(c.Letterhead),
		AttachPdf:           c.AttachPDF,
		ReceiptsByEmail:     c.ReceiptsByEmail,
		Reminders:           mapped(c.Reminders, shownStep),
		Warnings:            []spec.SettingsWarning{},
	}
	if !closedUntil.IsZero() {
		shown := date(closedUntil)
		answer.BooksClosedUntil = &shown
	}
	return answer
}

func shownLetterhead(l merchant.Letterhead) spec.Letterhead {
	return spec.Letterhead{
		Address: shownAddress(l.Address), UID: optional(l.UID), VatNumber: optional(l.VATNumber), Phone: optional(l.Phone), Website: optional(l.Website), Email: optional(l.Email),
	}
}
