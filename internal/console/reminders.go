package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// mostReminders is how many reminders a company can have.
const mostReminders = 5

// reminderRow is a row of the form for when customers are reminded.
type reminderRow struct {
	Name                string // what the names of its fields begin with
	Number              int
	Days, Subject, Text string
	Texts               []reminderText
}

// reminderText is the company's text for one language.
type reminderText struct{ Language, Text string }

// Own reports whether the reminder has words of the company's own.
func (r reminderRow) Own() bool {
	own := r.Subject + r.Text
	for _, text := range r.Texts {
		own += text.Text
	}
	return own != ""
}

// ReminderRows returns a row for each reminder that there can be.
func (p settingsPage) ReminderRows() (rows []reminderRow) {
	for i := range mostReminders {
		row, texts := reminderRow{Name: reminderField(i, ""), Number: i + 1}, client.ReminderTexts{}
		if i < len(p.Reminders) {
			known := p.Reminders[i]
			row.Days, row.Subject, row.Text = strconv.Itoa(known.DaysAfterDue), pointed(known.Subject), pointed(known.Text)
			if known.Texts != nil {
				texts = *known.Texts
			}
		}
		for j, text := range []*string{texts.De, texts.Fr, texts.It, texts.En} {
			row.Texts = append(row.Texts, reminderText{languages[j], pointed(text)})
		}
		rows = append(rows, row)
	}
	return rows
}

func pointed(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func reminderField(row int, name string) string { return fmt.Sprintf("reminders.%d.%s", row, name) }

// changeReminders takes the rows in which days were written. Days that are no number are zero, which the API refuses.
func (s *server) changeReminders(w http.ResponseWriter, r *http.Request) {
	reminders := client.Reminders{}
	for i := range mostReminders {
		typed := func(name string) *string {
			return optional[string](strings.TrimSpace(r.PostFormValue(reminderField(i, name))))
		}
		days := typed("days_after_due")
		if days == nil {
			continue
		}
		reminder := client.Reminder{Subject: typed("subject"), Text: typed("text")}
		reminder.DaysAfterDue, _ = strconv.Atoi(*days)
		texts := client.ReminderTexts{De: typed("texts.de"), Fr: typed("texts.fr"), It: typed("texts.it"), En: typed("texts.en")}
		if texts != (client.ReminderTexts{}) {
			reminder.Texts = &texts
		}
		reminders = append(reminders, reminder)
	}
	if _, err := s.saveSettings(r, client.SettingsChanges{Reminders: &reminders}); err != nil {
		s.refusedSettings(w, r, err)
		return
	}
	s.tell(w, r, "/console/settings", notice{Kind: "good", Key: "saved"})
}

// ReminderHeldBy returns what keeps the next reminder of the invoice from going, or "".
func (p invoicePage) ReminderHeldBy() string {
	if p.NextReminder == nil || p.NextReminder.HeldBy == nil {
		return ""
	}
	return string(*p.NextReminder.HeldBy)
}

// stopReminders stops the reminders of an invoice, or has them go on.
func (s *server) stopReminders(w http.ResponseWriter, r *http.Request) {
	id, stopped := chi.URLParam(r, "id"), r.PostFormValue("reminders_stopped") == "true"
	if _, err := s.api.UpdateInvoiceWithResponse(r.Context(), id, client.InvoiceChanges{RemindersStopped: &stopped}); err != nil {
		s.refusedOn(w, r, err, "invoice", "overview", nil)
		return
	}
	key := "reminders_go_on"
	if stopped {
		key = "reminders_stopped"
	}
	s.tell(w, r, "/console/invoices/"+id, notice{Kind: "good", Key: key})
}
