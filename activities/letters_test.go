package activities_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
)

func TestCustomerGetsTheLinkInTheirLanguage(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	for language, subject := range map[string]string{
		"de": "Rechnung R-1001 von Demo SA", "fr": "Facture R-1001 de Demo SA", "it": "Fattura R-1001 di Demo SA", "en": "Invoice R-1001 from Demo SA",
	} {
		s.letters = nil
		s.address("anna@example.ch", language)
		_, err := s.run(s.mail.SendInvoice, s.invoiceRef())
		require.NoError(t, err)
		require.Len(t, s.letters, 1)
		letter := s.letters[0]
		assert.Equal(t, subject, letter.Subject)
		assert.Equal(t, "anna@example.ch", letter.To)
		for _, body := range []string{letter.Text, letter.HTML} {
			assert.Contains(t, body, publicURL+"/i/"+s.currentInvoice().Token)
			assert.Contains(t, body, "CHF 108.00")
		}
	}
}

func (s *shop) address(email, language string) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(s.t.Context(), s.invoice)
		inv.Customer.Email, inv.Customer.Language = email, language
		return errors.Join(err, tx.SaveInvoice(s.t.Context(), inv))
	})
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
