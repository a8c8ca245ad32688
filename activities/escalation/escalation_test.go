package escalation_test

import (
	"testing"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestExceptionIsRaisedOnceAndDecidedOnce(t *testing.T) {
	t.Parallel()
	s := issued(t)
	raise := escalation.Raise{
		CompanyID: s.Company, Kind: exception.CaptureUnclear, Subject: "pay_1", WorkflowID: "invoice/1", Detail: "Look.",
		Choices: []exception.Choice{exception.TryAgain},
	}
	raised := do[escalation.Raised](s, s.Escalation.RaiseException, raise)
	assert.Equal(t, raised, do[escalation.Raised](s, s.Escalation.RaiseException, raise))
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.ExceptionRaised))
	resolve := escalation.Resolve{CompanyID: s.Company, ResolveException: contract.ResolveException{ExceptionID: raised.ExceptionID, Choice: exception.Keep, By: "key_1"}}
	_, err := s.Run(s.Escalation.ResolveException, resolve)
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.Invalid), name)
	resolve.Choice = exception.TryAgain
	for range 2 {
		_, err = s.Run(s.Escalation.ResolveException, resolve)
		require.NoError(t, err)
	}
	resolve.Choice = exception.ClearedUp
	_, err = s.Run(s.Escalation.ResolveException, resolve)
	name, _ = shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.ExceptionResolved), name)
	assert.NotEqual(t, raised, do[escalation.Raised](s, s.Escalation.RaiseException, raise), "what comes up again is a new exception")
}

func TestAnExceptionAboutAPaymentNamesItsInvoice(t *testing.T) {
	t.Parallel()
	s := open(t)
	do[activities.Standing](s, s.Collection.OpenInvoice, collection.Opening{InvoiceRef: s.InvoiceRef()})
	paymentID, _ := s.Checkout(payment.Card)
	do[escalation.Raised](s, s.Escalation.RaiseException, escalation.Raise{
		CompanyID: s.Company, Kind: exception.CaptureUnclear, Subject: paymentID, Detail: "x", Choices: []exception.Choice{exception.TryAgain},
	})
	s.In(func(tx *postgres.Tx) error {
		told, _, err := tx.Events(t.Context(), listing.Events{Type: event.ExceptionRaised})
		require.Len(t, told, 1)
		assert.Equal(t, s.Invoice, told[0].Data["invoice_id"])
		return err
	})
}
