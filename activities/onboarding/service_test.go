package onboarding_test

import (
	"errors"
	"testing"
	"time"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

// connected is a second payment service of the shop that awaits its credentials.
func (s *shop) connected() activities.PaymentServiceRef {
	s.T.Helper()
	ref := activities.PaymentServiceRef{CompanyID: s.Company, PaymentServiceID: id.New(id.PaymentService)}
	for range 2 {
		v := do[onboarding.Verification](s, s.Onboarding.RecordPaymentService, contract.ConnectPaymentService{
			CompanyID: ref.CompanyID, PaymentServiceID: ref.PaymentServiceID, Environment: merchant.Test, Name: "Shop",
		})
		assert.Equal(s.T, onboarding.Verification{Status: merchant.AwaitingCredentials, Canton: "VD"}, v)
	}
	return ref
}

func (s *shop) submit(ref activities.PaymentServiceRef, customer, terminal, user, password string) (onboarding.Verification, error) {
	s.T.Helper()
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	value, err := s.Run(s.Onboarding.SaveCredentials, onboarding.SubmitCredentials{
		PaymentServiceRef: ref, SubmittedAt: at, EarliestAt: at.AddDate(0, 0, 3), DueAt: at.AddDate(0, 0, 21),
		Credentials: merchant.Credentials{CustomerID: customer, TerminalID: terminal, APIUsername: user, SealedPassword: s.Seal(password, sealed.ServicePassword.Of(s.Company, ref.PaymentServiceID))},
	})
	if err != nil {
		return onboarding.Verification{}, err
	}
	var v onboarding.Verification
	require.NoError(s.T, value.Get(&v))
	return v, nil
}

func TestContractedTerminalIsActiveAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	v, err := s.submit(ref, "123123", "12345678", "API_123123_00000001", "Demo-Password-1")
	require.NoError(t, err)
	assert.Equal(t, merchant.Active, v.Status)
	p := s.PaymentService(ref)
	assert.Equal(t, []string{"CHF", "EUR"}, p.Currencies())
	assert.NotContains(t, string(p.SealedPassword), "Demo-Password-1")
	assert.Equal(t, []event.Type{event.PaymentServiceActive}, s.Events())
}

func TestVerificationEndsWhenTheAcquirerContractsAMethod(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	v, err := s.submit(ref, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	assert.Equal(t, merchant.InVerification, v.Status)
	look := onboarding.LookAtTerminal{PaymentServiceRef: ref, At: time.Now()}
	assert.Equal(t, merchant.InVerification, do[onboarding.Verification](s, s.Onboarding.CheckVerification, look).Status)
	s.verify("321321", "87654321")
	assert.Equal(t, merchant.Active, do[onboarding.Verification](s, s.Onboarding.CheckVerification, look).Status)
	p := s.PaymentService(ref)
	assert.Equal(t, []merchant.ContractedMethod{{Method: "VISA", Currencies: []string{"CHF"}}}, p.Methods)
	assert.WithinDuration(t, look.At, p.LastCheckedAt, time.Millisecond)
}

// verify is the acquirer finishing its verification.
func (s *shop) verify(customer, terminal string) {
	s.T.Helper()
	s.Put("/_sim/customers/"+customer, map[string]any{"terminals": []any{map[string]any{
		"terminal_id": terminal, "payment_methods": []any{map[string]any{"method": "VISA", "currencies": []string{"CHF"}}},
	}}})
}

func TestWrongCredentialsNameTheFieldAndSaveNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	s.customer("700200", terminal{"terminal_id": "70020001", "type": "SPG"})
	s.withoutManagementAPI("700300", terminal{"terminal_id": "70030001"})
	for _, c := range []struct{ customer, terminal, user, password, field string }{
		{"123123", "12345678", "API_123123_00000001", "wrong", "api_password"},
		{"123123", "12345678", "API_999999_00000001", "Demo-Password-1", "api_password"},
		{"123123", "87654321", "API_123123_00000001", "Demo-Password-1", "terminal_id"},
		{"321321", "87654321", "API_123123_00000001", "Demo-Password-1", "customer_id"},
		{"700200", "70020001", "API_700200_00000001", "Password-1", "terminal_id"}, // not for eCommerce
		{"700300", "12345678", "API_700300_00000001", "Password-1", "terminal_id"}, // of somebody else, and no Management API
	} {
		_, err := s.submit(ref, c.customer, c.terminal, c.user, c.password)
		name, again := shoptest.ErrorType(t, err)
		assert.Equal(t, string(problem.CredentialsRejected), name)
		assert.False(t, again)
		app, _ := errors.AsType[*temporal.ApplicationError](err)
		var fields []problem.Field
		require.NoError(t, app.Details(&fields))
		require.Len(t, fields, 1)
		assert.Equal(t, c.field, fields[0].Name)
		assert.NotContains(t, err.Error(), c.password+" ")
	}
	p := s.PaymentService(ref)
	assert.Equal(t, merchant.AwaitingCredentials, p.Status)
	assert.Empty(t, p.CustomerID+p.TerminalID+p.APIUsername+string(p.SealedPassword))
	assert.Empty(t, s.Events())
}

// terminal is one at the simulator.
type terminal map[string]any

// customer makes an account at Saferpay with the user API_<id>_00000001 and the password Password-1.
func (s *shop) customer(id string, terminals ...terminal) {
	s.T.Helper()
	s.Put("/_sim/customers/"+id, map[string]any{"user": "API_" + id + "_00000001", "password": "Password-1", "terminals": terminals})
}

func (s *shop) withoutManagementAPI(id string, terminals ...terminal) {
	s.T.Helper()
	s.customer(id, terminals...)
	s.Put("/_sim/customers/"+id, map[string]any{"features": []string{}})
}

// untold are the mails that a payment service's timeline calls for.
func (s *shop) untold(ref activities.PaymentServiceRef) (what []merchant.What) {
	s.T.Helper()
	for _, l := range s.PaymentService(ref).PendingMails() {
		what = append(what, l.What)
	}
	return what
}

func TestLicenseWithoutTheManagementAPIIsFine(t *testing.T) {
	t.Parallel()
	s := open(t)
	contracts := []map[string]any{{"method": "VISA", "currencies": []string{"CHF"}}}
	for id, terminals := range map[string][]terminal{
		"700400": {{"terminal_id": "70040001"}}, "700500": {{"terminal_id": "70050001", "payment_methods": contracts}},
	} {
		s.withoutManagementAPI(id, terminals...)
		ref := s.connected()
		v, err := s.submit(ref, id, id+"01", "API_"+id+"_00000001", "Password-1")
		require.NoError(t, err)
		assert.Equal(t, merchant.InVerification, v.Status, "only a person can tell what is contracted")
		assert.True(t, v.Unmanaged)
		s.changeService(ref, func(service *merchant.PaymentService) {
			require.NoError(t, service.RequestCurrency(money.EUR, time.Now()))
			service.DecideCurrency(money.EUR, true, "Told by phone.", time.Now())
		})
		v, err = s.submit(ref, id, id+"01", "API_"+id+"_00000001", "Password-1")
		require.NoError(t, err)
		assert.Equal(t, merchant.InVerification, v.Status, "euros that a person vouched for verify nobody")
		v = do[onboarding.Verification](s, s.Onboarding.CheckVerification, onboarding.LookAtTerminal{PaymentServiceRef: ref, At: v.EarliestAt})
		assert.Equal(t, merchant.InVerification, v.Status)
		assert.True(t, v.Unmanaged)
		v = do[onboarding.Verification](s, s.Onboarding.RecordDecision, onboarding.DecideVerification{PaymentServiceRef: ref, Decision: contract.Decision{Approved: true, Reason: "Told by mail."}})
		assert.Equal(t, merchant.Active, v.Status)
		assert.ElementsMatch(t, []string{"CHF", "EUR"}, s.PaymentService(ref).Currencies())
	}
	assert.Empty(t, s.Transactions(), "a page that nobody sees moves no money")
}

func TestCredentialsAreReplacedOnlyByOnesThatWork(t *testing.T) {
	t.Parallel()
	s := open(t)
	contracts := []map[string]any{{"method": "VISA", "currencies": []string{"CHF"}}}
	s.customer("700600", terminal{"terminal_id": "70060001", "payment_methods": contracts}, terminal{"terminal_id": "70060002"})
	ref := s.connected()
	_, err := s.submit(ref, "700600", "70060001", "API_700600_00000001", "Password-1")
	require.NoError(t, err)
	before := s.PaymentService(ref)

	for _, wrong := range [][]string{{"700600", "70060001", "guessed"}, {"700600", "70060002", "Password-1"}, {"123123", "12345678", "Demo-Password-1"}} {
		_, err = s.submit(ref, wrong[0], wrong[1], "API_"+wrong[0]+"_00000001", wrong[2])
		name, _ := shoptest.ErrorType(t, err)
		assert.Equal(t, string(problem.CredentialsRejected), name)
		assert.Equal(t, before, s.PaymentService(ref), "what works goes on working")
	}
	s.Put("/_sim/customers/700600", map[string]any{"password": "Password-2"})
	_, err = s.submit(ref, "700600", "70060001", "API_700600_00000001", "Password-2")
	require.NoError(t, err)
	after := s.PaymentService(ref)
	assert.NotEqual(t, before.SealedPassword, after.SealedPassword)
	assert.Equal(t, merchant.CredentialsRenewed, after.Timeline[len(after.Timeline)-1].What)
	assert.Equal(t, []event.Type{event.PaymentServiceActive}, s.Events(), "nobody has to be told")
}

func TestMissingCredentialsAreRemindedOfOnceEachAndThenGivenUp(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	for _, days := range []int{2, 2, 7} {
		v := do[onboarding.Verification](s, s.Onboarding.RemindOfCredentials, onboarding.Remind{PaymentServiceRef: ref, After: days})
		assert.Equal(t, merchant.AwaitingCredentials, v.Status)
	}
	for range 2 {
		v := do[onboarding.Verification](s, s.Onboarding.Abandon, onboarding.Remind{PaymentServiceRef: ref, After: 60})
		assert.Equal(t, merchant.Disconnected, v.Status)
	}
	do[onboarding.Verification](s, s.Onboarding.RemindOfCredentials, onboarding.Remind{PaymentServiceRef: ref, After: 8})
	assert.Equal(t, []merchant.What{merchant.Reminded, merchant.Reminded, merchant.Abandoned}, s.untold(ref))
	assert.Equal(t, []event.Type{event.PaymentServiceReminded, event.PaymentServiceReminded, event.PaymentServiceDisconnected}, s.Events())
}

func TestOverdueVerificationIsEscalatedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	_, err := s.submit(ref, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	due := s.PaymentService(ref).DueAt
	for _, at := range []time.Time{due.Add(-time.Hour), due, due.AddDate(0, 0, 1)} {
		v := do[onboarding.Verification](s, s.Onboarding.CheckVerification, onboarding.LookAtTerminal{PaymentServiceRef: ref, At: at})
		assert.Equal(t, !at.Before(due), v.Overdue)
	}
	assert.Equal(t, []merchant.What{merchant.What(merchant.InVerification), merchant.Overdue, merchant.Overdue}, s.untold(ref), "the company and the operators")
	assert.Equal(t, []event.Type{event.PaymentServiceInVerification, event.PaymentServiceOverdue}, s.Events())
}

// changeService changes a payment service in the record, whoever does so.
func (s *shop) changeService(ref activities.PaymentServiceRef, change func(*merchant.PaymentService)) {
	s.In(func(tx *postgres.Tx) error {
		service, err := tx.LockPaymentService(s.T.Context(), ref.PaymentServiceID)
		require.NoError(s.T, err)
		change(&service)
		return tx.SavePaymentService(s.T.Context(), service)
	})
}

func TestSecondVerificationHasItsOwnTime(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	_, err := s.submit(ref, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	do[onboarding.Verification](s, s.Onboarding.NoteBlindLook, onboarding.LookAtTerminal{PaymentServiceRef: ref, At: s.PaymentService(ref).DueAt})
	do[onboarding.Verification](s, s.Onboarding.RecordDecision, onboarding.DecideVerification{PaymentServiceRef: ref, Decision: contract.Decision{Approved: true, Reason: "Told by mail."}})
	again := time.Now().Add(time.Hour)
	s.changeService(ref, func(service *merchant.PaymentService) {
		require.NoError(t, service.Become(merchant.Suspended, again, "The contracts are gone."))
		service.Submit(again, again.Add(time.Hour), again.AddDate(0, 0, 21))
	})
	assert.False(t, s.PaymentService(ref).Late(), "the time of the first verification is past")
}

func TestVerificationThatNobodyCanLookAtIsOverdueAllTheSame(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	_, err := s.submit(ref, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	for range 2 {
		v := do[onboarding.Verification](s, s.Onboarding.NoteBlindLook, onboarding.LookAtTerminal{PaymentServiceRef: ref, At: s.PaymentService(ref).DueAt})
		assert.True(t, v.Overdue)
	}
	assert.Equal(t, []event.Type{event.PaymentServiceInVerification, event.PaymentServiceOverdue}, s.Events())
}

func TestCredentialsThatStopWorkingDuringTheVerificationSuspendIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.customer("700700", terminal{"terminal_id": "70070001"})
	ref := s.connected()
	_, err := s.submit(ref, "700700", "70070001", "API_700700_00000001", "Password-1")
	require.NoError(t, err)
	s.Put("/_sim/customers/700700", map[string]any{"password": "Password-2"})
	v := do[onboarding.Verification](s, s.Onboarding.CheckVerification, onboarding.LookAtTerminal{PaymentServiceRef: ref, At: time.Now()})
	assert.Equal(t, merchant.Suspended, v.Status)
	v, err = s.submit(ref, "700700", "70070001", "API_700700_00000001", "Password-2")
	require.NoError(t, err)
	assert.Equal(t, merchant.InVerification, v.Status)
}

func TestSaferpayOutOfOrderIsNobodysFault(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	for _, operation := range []string{"rest/license", "rest/terminals"} {
		s.Fault(operation, "html_502")
		_, err := s.submit(ref, "123123", "12345678", "API_123123_00000001", "Demo-Password-1")
		name, again := shoptest.ErrorType(t, err)
		assert.Equal(t, activities.SaferpayUnclear, name)
		assert.True(t, again)
	}
	assert.Equal(t, merchant.AwaitingCredentials, s.PaymentService(ref).Status)
}

func TestOnlyAVerificationCanBeDecidedOn(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	_, err := s.Run(s.Onboarding.RecordDecision, onboarding.DecideVerification{PaymentServiceRef: ref, Decision: contract.Decision{Approved: true}})
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.NotInVerification), name)
	_, err = s.submit(ref, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	for range 2 {
		v := do[onboarding.Verification](s, s.Onboarding.RecordDecision, onboarding.DecideVerification{PaymentServiceRef: ref, Decision: contract.Decision{Reason: "The papers never came."}})
		assert.Equal(t, merchant.Rejected, v.Status)
	}
	p := s.PaymentService(ref)
	assert.Equal(t, "The papers never came.", p.Timeline[len(p.Timeline)-1].Note)
	assert.Equal(t, []event.Type{event.PaymentServiceInVerification, event.PaymentServiceRejected}, s.Events())
}
