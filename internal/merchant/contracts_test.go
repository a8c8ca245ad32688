package merchant_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// collecting is an active payment service with these contracts.
func collecting(methods ...merchant.ContractedMethod) merchant.PaymentService {
	return merchant.PaymentService{ID: "psv_1", Status: merchant.Active, Methods: methods}
}

func contract(method string, currencies ...string) merchant.ContractedMethod {
	return merchant.ContractedMethod{Method: method, Currencies: currencies}
}

func whats(s merchant.PaymentService) (list []merchant.What) {
	for _, step := range s.Timeline {
		list = append(list, step.What)
	}
	return list
}

func TestWhatComesAndGoesAtTheTerminalIsNoted(t *testing.T) {
	t.Parallel()
	s := collecting(contract("VISA", "CHF", "EUR"), contract("TWINT", "CHF"))
	require.NoError(t, s.SeeContracts([]merchant.ContractedMethod{contract("VISA", "CHF"), contract("MASTERCARD", "CHF")}, start))
	require.Equal(t, []merchant.What{merchant.MethodsLost, merchant.MethodsAdded}, whats(s))
	assert.Equal(t, "TWINT CHF, VISA EUR", s.Timeline[0].About)
	assert.Equal(t, "MASTERCARD CHF", s.Timeline[1].About)
	require.NoError(t, s.SeeContracts(s.Methods, start))
	assert.Len(t, s.Timeline, 2, "nothing new")
}

func TestServiceWithoutAnyContractIsSuspendedAlthoughItsCredentialsWork(t *testing.T) {
	t.Parallel()
	s := collecting(contract("VISA", "CHF"))
	require.NoError(t, s.SeeContracts(nil, start))
	assert.Equal(t, merchant.Suspended, s.Status)
	assert.Equal(t, []merchant.What{merchant.ContractsLost}, whats(s))
	assert.False(t, s.CredentialsRefused())
	assert.Equal(t, "ask_for_contracts", s.NextSteps()[0].Step)
}

func TestWhatAPersonVouchedForCannotVanishUntilItWasSeen(t *testing.T) {
	t.Parallel()
	s := collecting()
	s.AssumeContracts()
	assert.Equal(t, []string{"CHF"}, s.Currencies())
	require.NoError(t, s.SeeContracts(nil, start))
	assert.Equal(t, merchant.Active, s.Status)
	require.NoError(t, s.SeeContracts([]merchant.ContractedMethod{contract("VISA", "CHF")}, start))
	assert.Equal(t, merchant.Active, s.Status)
	assert.Empty(t, s.Methods[0].Assumed, "VISA was seen")
	assert.Equal(t, []string{"CHF"}, s.Methods[2].Assumed)
	s.ConfirmContracts(money.CHF)
	require.NoError(t, s.SeeContracts(s.WithoutContracts(money.CHF), start))
	assert.Equal(t, merchant.Suspended, s.Status)
}

func TestCurrencyIsRequestedOnceAndActiveWhenContracted(t *testing.T) {
	t.Parallel()
	s := collecting(contract("VISA", "CHF"), contract("TWINT", "CHF"))
	for range 2 {
		require.NoError(t, s.RequestCurrency(money.EUR, start))
		assert.Equal(t, merchant.CurrencyRequested, s.CurrencyStatus(money.EUR))
	}
	require.NoError(t, s.RequestCurrency(money.CHF, start))
	require.NoError(t, s.SeeContracts([]merchant.ContractedMethod{contract("VISA", "CHF", "EUR"), contract("TWINT", "CHF")}, start))
	assert.Equal(t, merchant.CurrencyActive, s.CurrencyStatus(money.EUR))
	assert.Empty(t, s.Requested)
	assert.Equal(t, []merchant.What{merchant.CurrencyWanted, merchant.CurrencyContracted}, whats(s), "that is all the news")
}

func TestCurrencyIsDecidedByAPerson(t *testing.T) {
	t.Parallel()
	s := collecting(contract("VISA", "CHF"), contract("TWINT", "CHF"))
	require.NoError(t, s.RequestCurrency(money.USD, start))
	s.DecideCurrency(money.USD, false, "Not for bakeries.", start)
	assert.Equal(t, merchant.CurrencyRejected, s.CurrencyStatus(money.USD))
	s.DecideCurrency(money.USD, true, "", start)
	assert.Equal(t, merchant.CurrencyRejected, s.CurrencyStatus(money.USD), "it is not requested any more")

	require.NoError(t, s.RequestCurrency(money.USD, start), "times change")
	s.DecideCurrency(money.USD, true, "Told by phone.", start)
	assert.Equal(t, merchant.CurrencyActive, s.CurrencyStatus(money.USD))
	assert.Equal(t, []string{"VISA"}, s.SaferpayMethods("card", money.USD)[:1])
	assert.Empty(t, s.SaferpayMethods("twint", money.USD), "TWINT knows only francs")
	assert.Equal(t, []merchant.What{merchant.CurrencyWanted, merchant.CurrencyDeclined, merchant.CurrencyWanted, merchant.CurrencyContracted}, whats(s))
}

func TestCurrencyNeedsCredentialsThatWork(t *testing.T) {
	t.Parallel()
	for _, status := range merchant.ServiceStatuses {
		s := merchant.PaymentService{Status: status}
		err := s.RequestCurrency(money.EUR, start)
		if slices.Contains([]merchant.ServiceStatus{merchant.InVerification, merchant.Active, merchant.Suspended}, status) {
			require.NoError(t, err)
			continue
		}
		assert.Equal(t, problem.PaymentServiceNotActive, problem.CodeOf(err), status)
		assert.Empty(t, s.Timeline)
	}
}

// Whatever is seen, in whatever order: a service that collects has something to collect with, and no currency is both
// requested and contracted.
func TestContractsStayConsistent(t *testing.T) {
	t.Parallel()
	codes := []string{"CHF", "EUR", "USD", "GBP"}
	rapid.Check(t, func(t *rapid.T) {
		s := collecting(contract("VISA", "CHF"))
		for range rapid.IntRange(1, 15).Draw(t, "steps") {
			currency := money.Currency(rapid.SampledFrom(codes).Draw(t, "currency"))
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				_ = s.RequestCurrency(currency, start)
			case 1:
				s.DecideCurrency(currency, rapid.Bool().Draw(t, "approved"), "", start)
			case 2:
				var found []merchant.ContractedMethod
				for _, method := range []string{"VISA", "TWINT"} {
					if list := rapid.SliceOfDistinct(rapid.SampledFrom(codes), rapid.ID).Draw(t, method); len(list) > 0 {
						found = append(found, contract(method, list...))
					}
				}
				require.NoError(t, s.SeeContracts(found, start))
			case 3:
				s.ConfirmContracts(currency)
			}
			assert.False(t, s.Status == merchant.Active && len(s.Methods) == 0)
			for _, r := range s.Requested {
				assert.NotContains(t, s.Currencies(), string(r.Currency))
			}
			for _, m := range s.Methods {
				assert.Subset(t, m.Currencies, m.Assumed)
			}
		}
	})
}
