package reconciliation_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities/reconciliation"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/workflows/contract"
)

// bucketNight is the sweep of the only bucket that there is.
func (s *shop) bucketNight() reconciliation.SweptRound {
	s.T.Helper()
	s.Steer("/_sim/age", map[string]string{"by": "26h"})
	return do[reconciliation.SweptRound](s, s.Reconciliation.SweepIdle, s.round())
}

func (s *shop) round() reconciliation.SweepRound {
	return reconciliation.SweepRound{LookAfterBucket: contract.LookAfterBucket{Buckets: 1}, Began: time.Now(), Until: s.report().To}
}

// until is what the record says of comparisons.
func (s *shop) until() (until time.Time) {
	s.T.Helper()
	for _, u := range s.services(merchant.Shift{Buckets: 1, Statuses: merchant.ServiceStatuses, Most: 10}) {
		if u.PaymentServiceID == s.Service {
			until = u.SweptUntil
		}
	}
	return until
}

func (s *shop) services(shift merchant.Shift) []merchant.Upkept {
	s.T.Helper()
	services, err := s.Store.Upkeep(s.T.Context(), shift)
	require.NoError(s.T, err)
	return services
}

func TestAnIdleCompanyIsSweptWithoutAWorkflowOfItsOwn(t *testing.T) {
	t.Parallel()
	s := open(t)
	assert.Equal(t, reconciliation.SweptRound{Swept: 1}, s.bucketNight())
	assert.Empty(t, s.Workflows.Swept)
	assert.Equal(t, s.report().To.UTC(), s.until())
	began := s.round()
	began.Began = time.Now().Add(-time.Hour)
	assert.Equal(t, reconciliation.SweptRound{}, do[reconciliation.SweptRound](s, s.Reconciliation.SweepIdle, began), "what was through is not done again after a crash")
}

func TestMoneyThatNobodyKnowsIsFoundAtAnIdleCompanyToo(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.bucketNight()
	last := s.until()
	s.orphan("50.00", "")
	assert.Equal(t, reconciliation.SweptRound{Begun: 1}, s.bucketNight())
	assert.Equal(t, []contract.SweepPaymentService{{CompanyID: s.Company, PaymentServiceID: s.Service, SweptUntil: last}}, s.Workflows.Swept)
	assert.Equal(t, last, s.until(), "its own sweep notes that")
	assert.Len(t, s.night().Findings, 1)
	assert.Equal(t, s.report().To.UTC(), s.until())
}

func TestACompanyWithPaymentsGetsASweepOfItsOwn(t *testing.T) {
	t.Parallel()
	s := issued(t)
	s.Paid(payment.Card)
	assert.Equal(t, reconciliation.SweptRound{Begun: 1}, s.bucketNight())
	assert.Len(t, s.Workflows.Swept, 1)
}

func TestALicenseWithoutTheReportLeavesItsDaysToALaterSweep(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Put("/_sim/customers/123123", map[string]any{"features": []string{"PAYMENT_API"}})
	assert.Equal(t, reconciliation.SweptRound{Swept: 1}, s.bucketNight())
	assert.Zero(t, s.until())
}

// copies are more companies like that of the shop, whose terminals Saferpay knows, or doesn't.
func (s *shop) copies(n int, known bool) {
	s.T.Helper()
	for i := range n {
		customer := fmt.Sprintf("7%05d", i)
		if known {
			s.Put("/_sim/customers/"+customer, map[string]any{
				"user": "API_" + customer, "password": "Demo-Password-1", "features": []string{"MANAGEMENT_API", "PAYMENT_API"},
				"terminals": []map[string]any{{"terminal_id": customer + "00", "payment_methods": []map[string]any{{"method": "VISA", "currencies": []string{"CHF"}}}}},
			})
		}
		company := merchant.Company{
			ID: id.New(id.Company), Name: "Idle SA", Language: "de", Canton: "ZH", ReceiptAccount: "1029", FeeAccount: "6940", Liability: merchant.Require, CreatedAt: time.Now(),
		}
		require.NoError(s.T, s.Store.CreateCompany(s.T.Context(), company))
		service := merchant.PaymentService{ID: id.New(id.PaymentService), CompanyID: company.ID, Environment: merchant.Test, CustomerID: customer, TerminalID: customer + "00", APIUsername: "API_" + customer}
		service.SealedPassword = s.Seal("Demo-Password-1", sealed.ServicePassword.Of(company.ID, service.ID))
		service = merchant.NewPaymentService(service, time.Now())
		require.NoError(s.T, service.Become(merchant.Active, time.Now(), ""))
		require.NoError(s.T, s.Store.InCompany(s.T.Context(), company.ID, func(tx *postgres.Tx) error { return tx.InsertPaymentService(s.T.Context(), service) }))
	}
}

func TestACompanyThatFailsIsTriedAgainAloneAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.copies(4, true)
	s.Put("/_sim/customers/700002", map[string]any{"password": "Changed-Password-1"})
	assert.Equal(t, reconciliation.SweptRound{Swept: 4, Apart: 1}, s.bucketNight())
	assert.Len(t, s.Workflows.Swept, 1)
}

func TestAnOutageOfSaferpayIsNoFailureOfCompanies(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.copies(40, false)
	_, err := s.Run(s.Reconciliation.SweepIdle, s.round())
	require.ErrorContains(t, err, "so something else is wrong")
	assert.Empty(t, s.Workflows.Swept, "nobody is tried alone")
}

func TestTheCompaniesOfABucketComeInOneOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.copies(12, false)
	seen := map[string]bool{}
	for bucket := range 3 {
		shift := merchant.Shift{Bucket: bucket, Buckets: 3, Statuses: []merchant.ServiceStatus{merchant.Active}, BusySince: time.Now(), Most: 2}
		for some := s.services(shift); len(some) > 0; some = s.services(shift) {
			for _, u := range some {
				assert.Less(t, shift.After.CompanyID, u.CompanyID)
				assert.False(t, seen[u.CompanyID])
				seen[u.CompanyID], shift.After = true, u
			}
		}
	}
	assert.Len(t, seen, 13, "each is in one bucket")
}
