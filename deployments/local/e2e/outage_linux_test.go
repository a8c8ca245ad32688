package e2e

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/mailsink"
	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/testing/freeport"
	"github.com/quittance/quittance/workflows/contract"
)

// A day passes in three seconds here. The mail server is away for the first days of a verification, then worker, API and Temporal
// are killed and started again, and still every mail comes, once. A currency whose workflow was lost is looked after again.
func TestVerificationSurvivesAMailServerThatIsDownAndARestartOfEverything(t *testing.T) {
	t.Parallel()
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra, options.TimeScale = true, 28800
	s := startStack(t, options)
	mails := newMailServer(t)
	inTest := stack.Variable{Name: "QUITTANCE_TEST_TO_ACQUIRER", Value: "false"} // as anywhere but in a local stack
	worker, api := startProcess(t, s, binary, "worker", mails.variable, inTest), startProcess(t, s, binary, "api", mails.variable)
	a := unverified(t, s, "700940")
	c, contact := newCompanyIn(t, s, "GE", "en")
	service := c.connect(a.credentials)
	require.Equal(t, "in_verification", service.Status)
	c.upload(service.ID, "passport.png", "\x89PNG\r\n\x1a\n a scan").gives(202, nil)
	await(t, patience, func() int { return a.looks(t) }, func(n int) bool { return n >= 1+1 })
	assert.Equal(t, []string{"created", "in_verification", "document_received"}, c.paymentService(service.ID).whats(), "the mails wait, and the days pass")

	mails.start()
	await(t, patience, func() paymentService { return c.paymentService(service.ID) }, func(now paymentService) bool { return len(now.Timeline) == 5 })
	worker.Kill()
	api.Kill()
	require.NoError(t, s.Stop())
	s = startStack(t, options)
	c.stack, a.stack = s, s
	startProcess(t, s, binary, "worker", mails.variable, inTest)
	startProcess(t, s, binary, "api", mails.variable)
	before := a.looks(t)
	await(t, patience, func() int { return a.looks(t) }, func(n int) bool { return n > before })
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}})
	c.becomes(service.ID, "active")
	told := await(t, patience, func() paymentService { return c.paymentService(service.ID) }, func(now paymentService) bool { return len(now.Timeline) >= 7 })
	assert.ElementsMatch(t, []string{"created", "in_verification", "document_received", "mailed", "document_sent", "active", "mailed"}, told.whats())
	assert.Equal(t, map[string]int{
		"Worldline/SIX is verifying Boulangerie Favre SA":        1,
		"Documents of Boulangerie Favre SA (customer ID 700940)": 1,
		"“Worldline/SIX Payment Services” is active":             1,
	}, mails.subjects())
	assert.Equal(t, []string{contact}, mails.sink.Messages()[0].To)
	keepHistory(t, s, contract.OnboardingID(service.ID), "onboarding-without-a-mail-server-then-active")

	c.call("POST", "/payment-services/"+service.ID+"/currencies", object{"currency": "EUR"}).gives(202, nil)
	require.NoError(t, operator(t, s).TerminateWorkflow(t.Context(), contract.CurrencyID(service.ID, "EUR"), "", "Temporal's database was lost."))
	said, err := adminCommand(t, s, binary)("take-up")
	require.NoError(t, err, said)
	assert.Contains(t, said, "1 payment services, 1 requested currencies")
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF", "EUR"}})
	await(t, patience, func() []currencyStatus { return c.paymentService(service.ID).Currencies }, func(now []currencyStatus) bool {
		return slices.Equal(now, []currencyStatus{{"CHF", "active"}, {"EUR", "active"}})
	})
	asked := await(t, patience, func() int { return mails.subjects()["EUR for terminal 70094000 of Boulangerie Favre SA"] }, func(mails int) bool { return mails > 0 })
	assert.Equal(t, 1, asked, "the acquirer is not asked twice")
	for _, message := range mails.sink.Messages() {
		assert.Equal(t, []string{contact}, message.To, "nothing of a payment service in test goes to the acquirer")
		if strings.Contains(message.Subject, "700940") || strings.Contains(message.Subject, "70094000") {
			assert.Contains(t, message.Text, "six-payment-services.com", "a note says where it would have gone")
		}
	}
}

// mailServer is one that a test can start when it likes.
type mailServer struct {
	t        *testing.T
	address  string
	variable stack.Variable // tells the product where it is
	sink     *mailsink.Sink
}

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	ports, err := freeport.Take(t.Context(), 1)
	require.NoError(t, err)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
	return &mailServer{t: t, address: address, variable: stack.Variable{Name: "QUITTANCE_SMTP_URL", Value: "smtp://" + address}}
}

func (m *mailServer) start() {
	m.t.Helper()
	smtp, err := net.Listen("tcp", m.address)
	require.NoError(m.t, err)
	web, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(m.t, err)
	m.sink = mailsink.Start(smtp, web)
	m.t.Cleanup(func() { assert.NoError(m.t, m.sink.Stop()) })
}

// subjects counts the mails by what they are about.
func (m *mailServer) subjects() map[string]int {
	count := map[string]int{}
	for _, message := range m.sink.Messages() {
		count[message.Subject]++
	}
	return count
}
