package merchant_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

func TestPaymentServiceFollowsItsTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := merchant.NewPaymentService(merchant.PaymentService{ID: "psv_1"}, time.Unix(0, 0))
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			before := s.Status
			s.IsDefault = before == merchant.Active
			next := rapid.SampledFrom(merchant.ServiceStatuses).Draw(t, "next")
			err := s.Become(next, time.Unix(1, 0), "")
			assert.Equal(t, before == next || before.CanBecome(next), err == nil)
			if err != nil {
				assert.Equal(t, before, s.Status)
			}
			if s.IsDefault {
				assert.Contains(t, []merchant.ServiceStatus{merchant.Active, merchant.Suspended}, s.Status, "what can't collect any more is not the default")
			}
			if before == merchant.Disconnected {
				assert.Equal(t, merchant.Disconnected, s.Status)
			}
		}
	})
}

func TestPayerIsOfferedWhatIsContractedForTheCurrency(t *testing.T) {
	t.Parallel()
	s := merchant.PaymentService{ID: "psv_1", Status: merchant.Active, Methods: []merchant.ContractedMethod{
		{Method: "TWINT", Currencies: []string{"CHF"}},
		{Method: "MASTERCARD", Currencies: []string{"CHF", "EUR"}},
		{Method: "POSTFINANCEPAY", Currencies: []string{"CHF", "USD", "JPY"}},
	}}
	assert.Equal(t, []payment.Method{payment.Card, payment.TWINT}, s.Offers(money.CHF))
	assert.Equal(t, []payment.Method{payment.Card}, s.Offers(money.EUR))
	assert.Equal(t, []string{"MASTERCARD"}, s.SaferpayMethods(payment.Card, money.CHF))
	assert.Equal(t, []string{"CHF", "EUR", "USD"}, s.Currencies())
	require.NoError(t, s.Collects(money.EUR))
	assert.Equal(t, problem.CurrencyNotActive, problem.CodeOf(s.Collects(money.USD)))
	s.Status = merchant.Suspended
	assert.Equal(t, problem.PaymentServiceNotActive, problem.CodeOf(s.Collects(money.CHF)))
}

func TestCredentialsAreCheckedBeforeTheyTravel(t *testing.T) {
	t.Parallel()
	good := merchant.Credentials{CustomerID: "123123", TerminalID: "12345678", APIUsername: "API_123123_00000001"}
	require.NoError(t, merchant.ValidateCredentials(good, "secret"))
	for field, c := range map[string]struct {
		credentials merchant.Credentials
		password    string
	}{
		"customer_id":  {merchant.Credentials{CustomerID: "123456789", TerminalID: good.TerminalID, APIUsername: good.APIUsername}, "x"},
		"terminal_id":  {merchant.Credentials{CustomerID: good.CustomerID, TerminalID: "1234567", APIUsername: good.APIUsername}, "x"},
		"api_username": {merchant.Credentials{CustomerID: good.CustomerID, TerminalID: good.TerminalID, APIUsername: "a b"}, "x"},
		"api_password": {good, strings.Repeat("x", 101)},
	} {
		var p *problem.Error
		require.ErrorAs(t, merchant.ValidateCredentials(c.credentials, c.password), &p, field)
		require.Len(t, p.Fields, 1)
		assert.Equal(t, field, p.Fields[0].Name)
		assert.NotContains(t, p.Error(), "xxx", "the password is never repeated")
	}
}

func TestCompanyIsCheckedFieldByField(t *testing.T) {
	t.Parallel()
	require.NoError(t, (&merchant.Company{Name: "Demo SA", Language: "fr", Canton: "VD"}).Validate())
	var p *problem.Error
	require.ErrorAs(t, (&merchant.Company{Name: "", Language: "rm", Canton: "XX"}).Validate(), &p)
	require.Len(t, p.Fields, 3)
}
