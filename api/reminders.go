package api

import (
	"reflect"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
)

// changeReminders makes the ladder that of the company. One that stays as it is counts as unchanged.
func (s *server) changeReminders(company *merchant.Company, to *spec.Reminders) {
	if to == nil {
		return
	}
	ladder := mapped(*to, func(r spec.Reminder) merchant.Reminder {
		step := merchant.Reminder{DaysAfterDue: r.DaysAfterDue, Subject: deref(r.Subject), Text: deref(r.Text)}
		own := deref(r.Texts)
		for language, text := range map[string]*string{"de": own.De, "fr": own.Fr, "it": own.It, "en": own.En} {
			if text != nil {
				if step.Texts == nil {
					step.Texts = map[string]string{}
				}
				step.Texts[language] = *text
			}
		}
		return step
	})
	if len(ladder) == len(company.Reminders) && (len(ladder) == 0 || reflect.DeepEqual(ladder, company.Reminders)) {
		return
	}
	company.Reminders, company.RemindersSince = ladder, s.now()
}

func shownStep(r merchant.Reminder) spec.Reminder {
	shown := spec.Reminder{DaysAfterDue: r.DaysAfterDue, Subject: optional(r.Subject), Text: optional(r.Text)}
	if len(r.Texts) > 0 {
		shown.Texts = &spec.ReminderTexts{De: optional(r.Texts["de"]), Fr: optional(r.Texts["fr"]), It: optional(r.Texts["it"]), En: optional(r.Texts["en"])}
	}
	return shown
}

func shownReminder(r invoice.Reminder) spec.InvoiceReminder {
	return spec.InvoiceReminder{
		Step: r.Step, At: r.At,
		Email: spec.ReminderEmail{State: spec.ReminderEmailState(r.Email.State), To: r.Email.To, At: r.Email.At, Reason: optional(r.Email.Reason)},
	}
}

// shownNextReminder returns the reminder that comes next as the API shows it; nil when none does.
func shownNextReminder(c merchant.Company, inv invoice.Invoice, paymentInProgress bool) *spec.NextReminder {
	next, ok := c.NextReminder(inv, paymentInProgress)
	if !ok {
		return nil
	}
	return &spec.NextReminder{Step: next.Step, At: next.At, HeldBy: optional(spec.NextReminderHeldBy(next.HeldBy))}
}
