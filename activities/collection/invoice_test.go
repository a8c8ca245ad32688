package collection_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestCustomerGetsTheLink(t *testing.T) {
	t.Parallel()
	s := issued(t)
	_, err := s.Run(s.Collection.SendInvoice, s.InvoiceRef())
	require.NoError(t, err)
	require.Len(t, s.Letters, 1)
	assert.Equal(t, "anna@example.ch", s.Letters[0].To)
	assert.Contains(t, s.Letters[0].Text, shoptest.PublicURL+"/i/"+s.CurrentInvoice().Token)
}

func (s *shop) address(email, language string) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(s.T.Context(), s.Invoice)
		inv.Customer.Email, inv.Customer.Language = email, language
		return errors.Join(err, tx.SaveInvoice(s.T.Context(), inv))
	})
}

func TestMailIsTriedAgainUnlessItCanNeverArrive(t *testing.T) {
	t.Parallel()
	s := issued(t)
	s.SendError = errors.New("connection refused")
	_, err := s.Run(s.Collection.SendInvoice, s.InvoiceRef())
	_, again := shoptest.ErrorType(t, err)
	assert.True(t, again)

	s.SendError = fmt.Errorf("no such mailbox: %w", activities.ErrUndeliverable)
	_, err = s.Run(s.Collection.SendInvoice, s.InvoiceRef())
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, "mail-undeliverable", name)
	assert.False(t, again)

	s.address("", "de")
	_, err = s.Run(s.Collection.SendInvoice, s.InvoiceRef())
	name, again = shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.Invalid), name)
	assert.False(t, again)
}
