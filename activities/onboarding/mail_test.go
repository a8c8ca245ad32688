package onboarding_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

// told is the timeline's last word on the letter that is sent next.
func (s *shop) told(ref activities.PaymentServiceRef, l merchant.Letter) merchant.ServiceStep {
	s.T.Helper()
	tell := onboarding.MailRef{PaymentServiceRef: ref, Letter: l}
	told := do[onboarding.MailOutcome](s, s.Onboarding.TellStep, tell)
	for range 2 {
		do[onboarding.Verification](s, s.Onboarding.NoteLetter, onboarding.MailResult{MailRef: tell, Outcome: told})
	}
	assert.NotContains(s.T, s.PaymentService(ref).PendingMails(), l)
	assert.Empty(s.T, do[onboarding.MailOutcome](s, s.Onboarding.TellStep, tell).Note, "what was dealt with is not sent again")
	timeline := s.PaymentService(ref).Timeline
	return timeline[len(timeline)-1]
}

func TestCompanyAndOperatorsAreToldAndTheTimelineSaysSo(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	_, err := s.submit(ref, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	untold := do[onboarding.Verification](s, s.Onboarding.NoteBlindLook, onboarding.LookAtTerminal{PaymentServiceRef: ref, At: s.PaymentService(ref).DueAt}).PendingMails
	require.Len(t, untold, 3)

	for i, want := range []struct{ to, subject, note string }{
		{"compta@demo.example", "Worldline/SIX vérifie Demo SA", "Mailed to the company's contact: “Worldline/SIX vérifie Demo SA”."},
		{"compta@demo.example", "La vérification de Demo SA dure plus longtemps que d’habitude", "Mailed to the company's contact: “La vérification de Demo SA dure plus longtemps que d’habitude”."},
		{"operators@quittance.example", "Overdue verification: Demo SA", "The operators of Quittance know."},
	} {
		step := s.told(ref, untold[i])
		assert.Equal(t, merchant.Mailed, step.What)
		assert.Equal(t, want.note, step.Note)
		require.Len(t, s.Letters, i+1)
		assert.Equal(t, want.to, s.Letters[i].To)
		assert.Equal(t, want.subject, s.Letters[i].Subject)
		assert.Contains(t, s.Letters[i].Text+s.Letters[i].HTML, "321321")
	}
	assert.Empty(t, s.PaymentService(ref).PendingMails())
}

func TestMailThatReachesNobodyStandsOnTheTimeline(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	for _, days := range []int{2, 7} {
		do[onboarding.Verification](s, s.Onboarding.RemindOfCredentials, onboarding.Remind{PaymentServiceRef: ref, After: days})
	}
	untold := s.PaymentService(ref).PendingMails()
	s.SendError = fmt.Errorf("send: %w", &activities.UndeliverableError{Reason: "550 no such mailbox."})
	step := s.told(ref, untold[0])
	assert.Equal(t, merchant.NotMailed, step.What)
	assert.Contains(t, step.Note, "550 no such mailbox.")
	s.In(func(tx *postgres.Tx) error {
		raised, err := tx.ExceptionsAbout(t.Context(), []string{ref.PaymentServiceID})
		require.Len(t, raised, 1, "a person sees it")
		assert.Equal(t, exception.EmailFailed, raised[0].Kind)
		assert.Contains(t, raised[0].Detail, step.Note+" Correct contact_email")
		return err
	})

	s.SendError = nil
	s.In(func(tx *postgres.Tx) error {
		company, err := tx.LockCompany(t.Context())
		company.ContactEmail = ""
		return errors.Join(err, tx.SaveCompany(t.Context(), company))
	})
	step = s.told(ref, untold[1])
	assert.Equal(t, merchant.NotMailed, step.What)
	assert.Contains(t, step.Note, "no contact address")
	assert.Empty(t, s.Letters)
}

func TestMailServerThatIsDownOnlyDelays(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	untold := do[onboarding.Verification](s, s.Onboarding.RemindOfCredentials, onboarding.Remind{PaymentServiceRef: ref, After: 2}).PendingMails
	s.SendError = errors.New("connection refused")
	_, err := s.Run(s.Onboarding.TellStep, onboarding.MailRef{PaymentServiceRef: ref, Letter: untold[0]})
	_, again := shoptest.ErrorType(t, err)
	assert.True(t, again)
	assert.Equal(t, untold, s.PaymentService(ref).PendingMails())
}
