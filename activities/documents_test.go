package activities_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
)

const passport = "%PDF-1.7 the passport of Marie Favre"

// uploaded is a document as the API leaves it, which the workflow then notes.
func (s *shop) uploaded(ref activities.PaymentServiceRef) (merchant.Document, merchant.Letter) {
	s.t.Helper()
	d, err := merchant.NewDocument(id.New(id.Document), s.paymentService(ref), "Pass.pdf", []byte(passport), time.Now().UTC().Truncate(time.Microsecond))
	require.NoError(s.t, err)
	d.SealedContent = s.seal(passport)
	s.in(func(tx *postgres.Tx) error {
		_, err := tx.InsertDocument(s.t.Context(), d)
		return err
	})
	var untold []merchant.Letter
	for range 2 {
		untold = do[activities.Verification](s, s.merchants.ReceiveDocument, activities.DocumentRef{PaymentServiceRef: ref, DocumentID: d.ID}).Untold
	}
	letter := untold[len(untold)-1]
	assert.Equal(s.t, merchant.DocumentReceived, letter.What)
	return d, letter
}

func (s *shop) document(id string) (d merchant.Document) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) (err error) {
		d, err = tx.Document(s.t.Context(), id)
		return err
	})
	return d
}

func TestDocumentIsMailedToTheAcquirerAndErased(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	_, err := s.submit(ref, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	d, letter := s.uploaded(ref)

	s.sendError = errors.New("connection refused")
	_, err = s.run(s.mail.TellStep, activities.Tell{PaymentServiceRef: ref, Letter: letter})
	require.Error(t, err)
	assert.NotEmpty(t, s.document(d.ID).SealedContent, "a mail server that is down only delays")
	s.sendError = nil
	step := s.told(ref, letter)

	require.Len(t, s.letters, 1)
	mail := s.letters[0]
	assert.Equal(t, "partner_support_e-commerce@six-payment-services.com", mail.To)
	assert.Equal(t, "compta@demo.example", mail.ReplyTo)
	assert.Equal(t, "Documents de Demo SA (Customer ID 321321)", mail.Subject)
	assert.Contains(t, mail.Text, "87654321")
	require.Len(t, mail.Attachments, 1)
	assert.Equal(t, passport, string(mail.Attachments[0].Content))
	assert.Equal(t, "Pass.pdf", mail.Attachments[0].Name)

	assert.Equal(t, merchant.DocumentSent, step.What)
	assert.Equal(t, d.ID, step.About)
	assert.Contains(t, step.Note, "“Pass.pdf” (PDF, 1 KB)")
	erased := s.document(d.ID)
	assert.Empty(t, erased.SealedContent)
	assert.Empty(t, erased.Digest)
	assert.False(t, erased.ErasedAt.IsZero())
	assert.Equal(t, []event.Type{event.PaymentServiceInVerification, event.PaymentServiceDocumentSent}, s.events())
}

func TestWhatIsOnlyTriedOutGoesToTheCompanyAndNotToTheAcquirer(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mail.TestToAcquirer = false
	ref := s.connected()
	d, letter := s.uploaded(ref)
	step := s.told(ref, letter)
	require.Len(t, s.letters, 1)
	mail := s.letters[0]
	assert.Equal(t, "compta@demo.example", mail.To)
	note := "Ceci est un test: le service de paiement «Shop» est dans l’environnement test. Ce message vous est donc adressé; " +
		"en exploitation, il irait à partner_support_e-commerce@six-payment-services.com."
	assert.True(t, strings.HasPrefix(mail.Text, note), mail.Text)
	assert.Less(t, strings.Index(mail.HTML, note), strings.Index(mail.HTML, "<h1"))
	require.Len(t, mail.Attachments, 1)
	assert.Equal(t, merchant.DocumentSent, step.What)
	assert.Contains(t, step.Note, "to the company's contact and not to the acquirer (partner_support_e-commerce@six-payment-services.com)")
	assert.Empty(t, s.document(d.ID).SealedContent)

	currency := activities.CurrencyRef{PaymentServiceRef: s.merchantAt("701101", method("VISA", "CHF")), Currency: money.EUR}
	do[activities.CurrencyStanding](s, s.merchants.RequestCurrency, currency)
	untold := s.paymentService(currency.PaymentServiceRef).Untold()
	step = s.told(currency.PaymentServiceRef, untold[len(untold)-1])
	assert.Equal(t, "compta@demo.example", s.letters[1].To)
	assert.Contains(t, s.letters[1].Text, "cs.ecom@six-payment-services.com")
	assert.Equal(t, merchant.Mailed, step.What)

	s.in(func(tx *postgres.Tx) error {
		company, err := tx.LockCompany(t.Context())
		company.ContactEmail = ""
		return errors.Join(err, tx.SaveCompany(t.Context(), company))
	})
	d, letter = s.uploaded(ref)
	step = s.told(ref, letter)
	assert.Len(t, s.letters, 2, "nobody is there to write to")
	assert.Equal(t, merchant.DocumentRefused, step.What)
	assert.Contains(t, step.Note, "No mail was sent")
	assert.Empty(t, s.document(d.ID).SealedContent)
}

func TestLivePaymentServiceWritesToTheAcquirer(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mail.TestToAcquirer = false
	ref := activities.PaymentServiceRef{CompanyID: s.company, PaymentServiceID: id.New(id.PaymentService)}
	do[activities.Verification](s, s.merchants.RecordPaymentService, activities.Connect{PaymentServiceRef: ref, Environment: merchant.Live, Name: "Shop"})
	_, letter := s.uploaded(ref)
	s.told(ref, letter)
	require.Len(t, s.letters, 1)
	assert.Equal(t, "partner_support_e-commerce@six-payment-services.com", s.letters[0].To)
	assert.NotContains(t, s.letters[0].Text, "test")
}

func TestDocumentThatTheMailServerRefusesIsErasedAndTheCompanyIsTold(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	d, letter := s.uploaded(ref)
	s.sendError = fmt.Errorf("too large: %w", activities.ErrUndeliverable)
	step := s.told(ref, letter)
	assert.Equal(t, merchant.DocumentRefused, step.What)
	assert.Empty(t, s.document(d.ID).SealedContent)

	s.sendError = nil
	untold := s.paymentService(ref).Untold()
	require.Len(t, untold, 1)
	s.told(ref, untold[0])
	assert.Equal(t, "Un document n’est pas arrivé chez Worldline/SIX", s.letters[0].Subject)
}
