package activities_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
)

func TestCustomerGetsTheLink(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	_, err := s.run(s.mail.SendInvoice, s.invoiceRef())
	require.NoError(t, err)
	require.Len(t, s.letters, 1)
	assert.Equal(t, "anna@example.ch", s.letters[0].To)
	assert.Equal(t, "compta@demo.example", s.letters[0].ReplyTo, "the customer's questions are for the company")
	assert.Contains(t, s.letters[0].Text, publicURL+"/i/"+s.currentInvoice().Token)
}

func (s *shop) address(email, language string) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(s.t.Context(), s.invoice)
		inv.Customer.Email, inv.Customer.Language = email, language
		return errors.Join(err, tx.SaveInvoice(s.t.Context(), inv))
	})
}

// told is the timeline's last word on the letter that is sent next.
func (s *shop) told(ref activities.PaymentServiceRef, l merchant.Letter) merchant.ServiceStep {
	s.t.Helper()
	tell := activities.Tell{PaymentServiceRef: ref, Letter: l}
	told := do[activities.Told](s, s.mail.TellStep, tell)
	for range 2 {
		do[activities.Verification](s, s.merchants.NoteLetter, activities.Tidings{Tell: tell, Told: told})
	}
	assert.NotContains(s.t, s.paymentService(ref).Untold(), l)
	assert.Empty(s.t, do[activities.Told](s, s.mail.TellStep, tell).Note, "what was dealt with is not sent again")
	timeline := s.paymentService(ref).Timeline
	return timeline[len(timeline)-1]
}

func TestCompanyAndOperatorsAreToldAndTheTimelineSaysSo(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	_, err := s.submit(ref, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	untold := do[activities.Verification](s, s.merchants.NoteBlindLook, activities.LookAtTerminal{PaymentServiceRef: ref, At: s.paymentService(ref).DueAt}).Untold
	require.Len(t, untold, 3)

	for i, want := range []struct{ to, subject, note string }{
		{"compta@demo.example", "Worldline/SIX vérifie Demo SA", "Mailed to the company's contact: “Worldline/SIX vérifie Demo SA”."},
		{"compta@demo.example", "La vérification de Demo SA dure plus longtemps que d’habitude", "Mailed to the company's contact: “La vérification de Demo SA dure plus longtemps que d’habitude”."},
		{"operators@quittance.example", "Overdue verification: Demo SA", "The operators of Quittance know."},
	} {
		step := s.told(ref, untold[i])
		assert.Equal(t, merchant.Mailed, step.What)
		assert.Equal(t, want.note, step.Note)
		require.Len(t, s.letters, i+1)
		assert.Equal(t, want.to, s.letters[i].To)
		assert.Equal(t, want.subject, s.letters[i].Subject)
		assert.Contains(t, s.letters[i].Text+s.letters[i].HTML, "321321")
	}
	assert.Empty(t, s.paymentService(ref).Untold())
}

func TestMailThatReachesNobodyStandsOnTheTimeline(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	for _, days := range []int{2, 7} {
		do[activities.Verification](s, s.merchants.RemindOfCredentials, activities.Remind{PaymentServiceRef: ref, After: days})
	}
	untold := s.paymentService(ref).Untold()
	s.sendError = fmt.Errorf("no such mailbox: %w", activities.ErrUndeliverable)
	step := s.told(ref, untold[0])
	assert.Equal(t, merchant.NotMailed, step.What)
	assert.Contains(t, step.Note, "refused")

	s.sendError = nil
	s.in(func(tx *postgres.Tx) error {
		company, err := tx.LockCompany(t.Context())
		company.ContactEmail = ""
		return errors.Join(err, tx.SaveCompany(t.Context(), company))
	})
	step = s.told(ref, untold[1])
	assert.Equal(t, merchant.NotMailed, step.What)
	assert.Contains(t, step.Note, "no contact address")
	assert.Empty(t, s.letters)
}

func TestMailServerThatIsDownOnlyDelays(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	untold := do[activities.Verification](s, s.merchants.RemindOfCredentials, activities.Remind{PaymentServiceRef: ref, After: 2}).Untold
	s.sendError = errors.New("connection refused")
	_, err := s.run(s.mail.TellStep, activities.Tell{PaymentServiceRef: ref, Letter: untold[0]})
	_, again := errorType(t, err)
	assert.True(t, again)
	assert.Equal(t, untold, s.paymentService(ref).Untold())
}

func TestMailIsTriedAgainUnlessItCanNeverArrive(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	s.sendError = errors.New("connection refused")
	_, err := s.run(s.mail.SendInvoice, s.invoiceRef())
	_, again := errorType(t, err)
	assert.True(t, again)

	s.sendError = fmt.Errorf("no such mailbox: %w", activities.ErrUndeliverable)
	_, err = s.run(s.mail.SendInvoice, s.invoiceRef())
	name, again := errorType(t, err)
	assert.Equal(t, "mail-undeliverable", name)
	assert.False(t, again)

	s.address("", "de")
	_, err = s.run(s.mail.SendInvoice, s.invoiceRef())
	name, again = errorType(t, err)
	assert.Equal(t, string(problem.Invalid), name)
	assert.False(t, again)
}
