package merchant_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
)

var start = time.Unix(0, 0)

func TestEveryStepThatSomebodyMustKnowIsUntoldUntilItsLetterIsDealtWith(t *testing.T) {
	t.Parallel()
	s := merchant.NewPaymentService(merchant.PaymentService{ID: "psv_1"}, start)
	assert.Empty(t, s.PendingMails(), "who added it knows")
	require.NoError(t, s.Become(merchant.InVerification, start, ""))
	s.Note(merchant.ServiceStep{What: merchant.Overdue}, start)
	submitted := merchant.Letter{Step: 1, What: merchant.What(merchant.InVerification), To: merchant.ToCompany}
	overdue := merchant.Letter{Step: 2, What: merchant.Overdue, To: merchant.ToCompany}
	escalated := merchant.Letter{Step: 2, What: merchant.Overdue, To: merchant.ToOperators}
	assert.Equal(t, []merchant.Letter{submitted, overdue, escalated}, s.PendingMails())

	s.Note(merchant.ServiceStep{What: merchant.NotMailed, Letter: &overdue}, start)
	s.Note(merchant.ServiceStep{What: merchant.Mailed, Letter: &submitted}, start)
	assert.Equal(t, []merchant.Letter{escalated}, s.PendingMails())
	s.Note(merchant.ServiceStep{What: merchant.Mailed, Letter: &escalated}, start)
	assert.Empty(t, s.PendingMails())
}

func TestOnlyAPaymentServiceWithoutCredentialsIsAbandoned(t *testing.T) {
	t.Parallel()
	s := merchant.NewPaymentService(merchant.PaymentService{ID: "psv_1"}, start)
	require.NoError(t, s.Abandon(start, "They never came."))
	assert.Equal(t, merchant.Disconnected, s.Status)
	assert.Equal(t, merchant.ServiceStep{At: start.UTC(), Status: merchant.Disconnected, What: merchant.Abandoned, Note: "They never came."}, s.Timeline[1])

	s = merchant.NewPaymentService(merchant.PaymentService{ID: "psv_2"}, start)
	require.NoError(t, s.Become(merchant.Active, start, ""))
	require.NoError(t, s.Abandon(start, ""))
	assert.Equal(t, merchant.Active, s.Status)
}

func TestRefusedCredentialsSuspendUnlessTheyHaveBeenRenewed(t *testing.T) {
	t.Parallel()
	s := merchant.NewPaymentService(merchant.PaymentService{ID: "psv_1", SealedPassword: []byte("new")}, start)
	require.NoError(t, s.Become(merchant.Active, start, ""))
	require.NoError(t, s.RefuseCredentials([]byte("old"), start))
	assert.Equal(t, merchant.Active, s.Status)
	for range 2 {
		require.NoError(t, s.RefuseCredentials([]byte("new"), start))
		assert.Equal(t, merchant.Suspended, s.Status)
	}
	assert.Len(t, s.Timeline, 3)
}

// suspended is a payment service whose credentials stopped working.
func suspended(environment merchant.Environment) merchant.PaymentService {
	s := merchant.PaymentService{Status: merchant.Active, Environment: environment}
	if err := s.RefuseCredentials(nil, start); err != nil {
		panic(err)
	}
	return s
}

func TestNextStepsAreSaidInEveryLanguage(t *testing.T) {
	t.Parallel()
	overdue := merchant.PaymentService{Status: merchant.InVerification}
	overdue.Note(merchant.ServiceStep{What: merchant.Overdue}, start)
	for _, s := range []merchant.PaymentService{
		{Status: merchant.AwaitingCredentials},
		{Status: merchant.InVerification},
		overdue,
		{Status: merchant.Rejected},
		suspended(merchant.Test),
		{Status: merchant.Suspended},
	} {
		require.NotEmpty(t, s.NextSteps(), s.Status)
		for _, next := range s.NextSteps() {
			for _, language := range invoice.Languages {
				assert.NotEmpty(t, next.Texts[language], "%s lacks %s", language, next.Step)
				assert.Equal(t, next.Email != "", strings.Contains(next.Texts[language], merchant.DocumentsMail), "%s in %s", next.Step, language)
			}
		}
	}
	assert.Empty(t, merchant.PaymentService{Status: merchant.Active}.NextSteps())
	last := overdue.NextSteps()
	assert.Equal(t, "ask_acquirer", last[len(last)-1].Step)
}

func TestNextStepsLeadToTheMySaferpayOfTheEnvironment(t *testing.T) {
	t.Parallel()
	for environment, want := range map[merchant.Environment]string{
		merchant.Test: "https://test.saferpay.com/BO/Login", merchant.Live: "https://www.saferpay.com/BO/Login",
	} {
		for _, s := range []merchant.PaymentService{{Status: merchant.AwaitingCredentials, Environment: environment}, suspended(environment)} {
			var urls []string
			for _, next := range s.NextSteps() {
				urls = append(urls, next.URL)
			}
			assert.Contains(t, urls, want)
		}
	}
}
