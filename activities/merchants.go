package activities

import (
	"context"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// Merchants are the steps that bring a payment service to life.
type Merchants struct {
	InCompany InCompany
	Terminals map[merchant.Environment]TerminalReader
	Secrets   Opener
	Processes Processes
	PublicURL string
	Now       func() time.Time
}

// PaymentServiceRef names a payment service of a company.
type PaymentServiceRef struct {
	CompanyID        string `json:"company_id"`
	PaymentServiceID string `json:"payment_service_id"`
}

// Connect adds a payment service.
type Connect struct {
	PaymentServiceRef
	Environment merchant.Environment `json:"environment"`
	Name        string               `json:"name"`
}

// Verification is where a payment service stands. The dates are zero before working credentials were entered.
type Verification struct {
	Status      merchant.ServiceStatus `json:"status"`
	Canton      string                 `json:"canton"` // decides the business days
	SubmittedAt time.Time              `json:"submitted_at"`
	EarliestAt  time.Time              `json:"earliest_at"`
	DueAt       time.Time              `json:"due_at"`
	Overdue     bool                   `json:"overdue,omitempty"`   // the company and the operators were told that it takes too long
	PendingMails      []merchant.Letter      `json:"untold"`              // the mails that its timeline calls for
	Connected   bool                   `json:"connected"`           // its credentials are kept here
	Unmanaged   bool                   `json:"unmanaged,omitempty"` // a look found nothing out: the license lacks the Management API
}

// RecordPaymentService adds the payment service, unless it is there already, and returns where it stands.
func (m *Merchants) RecordPaymentService(ctx context.Context, in Connect) (Verification, error) {
	var v Verification
	err := m.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		s, err := tx.PaymentService(ctx, in.PaymentServiceID)
		if problem.CodeOf(err) == problem.NotFound {
			s = merchant.NewPaymentService(merchant.PaymentService{
				ID: in.PaymentServiceID, CompanyID: in.CompanyID, Name: in.Name, Environment: in.Environment,
			}, m.Now())
			err = tx.InsertPaymentService(ctx, s)
		}
		v = verification(s, company.Canton)
		return err
	})
	return v, err
}

func verification(s merchant.PaymentService, canton string) Verification {
	return Verification{
		Status: s.Status, Canton: canton, SubmittedAt: s.SubmittedAt, EarliestAt: s.EarliestAt, DueAt: s.DueAt,
		Overdue: s.Late(), PendingMails: s.PendingMails(), Connected: len(s.SealedPassword) > 0,
	}
}

// ServiceNews is something that happened to a payment service elsewhere. RefusedPassword is the sealed password that Saferpay no
// longer takes, if that is what happened.
type ServiceNews struct {
	PaymentServiceRef
	RefusedPassword []byte `json:"refused_password,omitempty"`
}

// CatchUp returns where the payment service stands after something happened to it elsewhere.
func (m *Merchants) CatchUp(ctx context.Context, in ServiceNews) (Verification, error) {
	return m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		if len(in.RefusedPassword) == 0 {
			return nil
		}
		return s.RefuseCredentials(in.RefusedPassword, m.Now())
	})
}

// Disconnect ends a payment service for the company. What is under way ends as it would.
func (m *Merchants) Disconnect(ctx context.Context, in PaymentServiceRef) (Verification, error) {
	return m.save(ctx, in, func(s *merchant.PaymentService) error {
		return s.Become(merchant.Disconnected, m.Now(), "Disconnected by the company. No new payment begins; what is under way comes to its end.")
	})
}

// Tidings are what became of a letter.
type Tidings struct {
	Tell
	Told Told `json:"told"`
}

// NoteLetter notes on the timeline what became of a letter, so that it is never sent again.
func (m *Merchants) NoteLetter(ctx context.Context, in Tidings) (Verification, error) {
	return m.saveIn(ctx, in.PaymentServiceRef, func(tx Tx, s *merchant.PaymentService) error {
		if !slices.Contains(s.PendingMails(), in.Letter) {
			return nil
		}
		if in.Letter.What == merchant.DocumentReceived {
			return m.noteDocument(ctx, tx, s, s.Timeline[in.Letter.Step].About, in)
		}
		what := merchant.NotMailed
		if in.Told.Sent {
			what = merchant.Mailed
		}
		s.Note(merchant.ServiceStep{What: what, Note: in.Told.Note, Letter: &in.Letter}, m.Now())
		return nil
	})
}

func (m *Merchants) paymentService(ctx context.Context, in PaymentServiceRef) (merchant.PaymentService, error) {
	var s merchant.PaymentService
	err := m.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		s, err = tx.PaymentService(ctx, in.PaymentServiceID)
		return err
	})
	return s, err
}

// save changes the payment service under lock and writes the events of the steps that were added to its timeline.
func (m *Merchants) save(ctx context.Context, in PaymentServiceRef, fn func(*merchant.PaymentService) error) (Verification, error) {
	return m.saveIn(ctx, in, func(_ Tx, s *merchant.PaymentService) error { return fn(s) })
}

// saveIn is save for a step that changes something else in the same transaction.
func (m *Merchants) saveIn(ctx context.Context, in PaymentServiceRef, fn func(Tx, *merchant.PaymentService) error) (Verification, error) {
	var v Verification
	err := m.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		s, err := tx.LockPaymentService(ctx, in.PaymentServiceID)
		if err != nil {
			return err
		}
		err = changeService(ctx, tx, &s, m.Now(), func(s *merchant.PaymentService) error { return fn(tx, s) })
		v = verification(s, company.Canton)
		return err
	})
	return v, err
}

// changeService lets fn change a payment service that is locked, saves it, and writes the events of its new steps.
func changeService(ctx context.Context, tx Tx, s *merchant.PaymentService, at time.Time, fn func(*merchant.PaymentService) error) error {
	before := len(s.Timeline)
	if err := fn(s); err != nil {
		return err
	}
	if err := tx.SavePaymentService(ctx, *s); err != nil {
		return err
	}
	for _, step := range s.Timeline[before:] {
		name, ok := stepEvents[step.What]
		if !ok {
			continue
		}
		data := map[string]string{"payment_service_id": s.ID, "status": string(step.Status)}
		if step.About != "" {
			data["about"] = step.About
		}
		if err := tx.AppendEvent(ctx, event.New(name, s.CompanyID, s.ID, at, data)); err != nil {
			return err
		}
	}
	return nil
}

// stepEvents are what a company can be told of the life of a payment service.
var stepEvents = map[merchant.What]event.Type{
	merchant.Reminded:                      event.PaymentServiceReminded,
	merchant.Abandoned:                     event.PaymentServiceDisconnected,
	merchant.What(merchant.InVerification): event.PaymentServiceInVerification,
	merchant.Overdue:                       event.PaymentServiceOverdue,
	merchant.What(merchant.Active):         event.PaymentServiceActive,
	merchant.What(merchant.Rejected):       event.PaymentServiceRejected,
	merchant.What(merchant.Suspended):      event.PaymentServiceSuspended,
	merchant.ContractsLost:                 event.PaymentServiceSuspended,
	merchant.MethodsLost:                   event.PaymentServiceMethodsChanged,
	merchant.MethodsAdded:                  event.PaymentServiceMethodsChanged,
	merchant.CurrencyWanted:                event.PaymentServiceCurrencyRequested,
	merchant.CurrencyContracted:            event.PaymentServiceCurrencyActive,
	merchant.CurrencyDeclined:              event.PaymentServiceCurrencyRejected,
	merchant.DocumentSent:                  event.PaymentServiceDocumentSent,
	merchant.DocumentRefused:               event.PaymentServiceDocumentRefused,
	merchant.What(merchant.Disconnected):   event.PaymentServiceDisconnected,
}
