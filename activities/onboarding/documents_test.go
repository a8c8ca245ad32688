package onboarding_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/workflows/contract"
)

const passport = "%PDF-1.7 the passport of Marie Favre"

// uploaded is a document as the API leaves it, which the workflow then notes.
func (s *shop) uploaded(ref activities.PaymentServiceRef) (merchant.Document, merchant.Letter) {
	s.T.Helper()
	d, err := merchant.NewDocument(id.New(id.Document), s.PaymentService(ref), "Pass.pdf", []byte(passport), time.Now().UTC().Truncate(time.Microsecond))
	require.NoError(s.T, err)
	d.SealedContent = s.Seal(passport, sealed.Document.Of(s.Company, d.ID))
	s.In(func(tx *postgres.Tx) error {
		_, err := tx.InsertDocument(s.T.Context(), d)
		return err
	})
	var untold []merchant.Letter
	for range 2 {
		untold = do[onboarding.Verification](s, s.Onboarding.ReceiveDocument, onboarding.DocumentRef{PaymentServiceRef: ref, DocumentID: d.ID}).PendingMails
	}
	letter := untold[len(untold)-1]
	assert.Equal(s.T, merchant.DocumentReceived, letter.What)
	return d, letter
}

func (s *shop) document(id string) (d merchant.Document) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) (err error) {
		d, err = tx.Document(s.T.Context(), id)
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

	s.SendError = errors.New("connection refused")
	_, err = s.Run(s.Onboarding.TellStep, onboarding.MailRef{PaymentServiceRef: ref, Letter: letter})
	require.Error(t, err)
	assert.NotEmpty(t, s.document(d.ID).SealedContent, "a mail server that is down only delays")
	s.SendError = nil
	step := s.told(ref, letter)

	require.Len(t, s.Letters, 1)
	mail := s.Letters[0]
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
	assert.Equal(t, []event.Type{event.PaymentServiceInVerification, event.PaymentServiceDocumentSent}, s.Events())
}

func TestWhatIsOnlyTriedOutGoesToTheCompanyAndNotToTheAcquirer(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Onboarding.TestToAcquirer = false
	ref := s.connected()
	d, letter := s.uploaded(ref)
	step := s.told(ref, letter)
	require.Len(t, s.Letters, 1)
	mail := s.Letters[0]
	assert.Equal(t, "compta@demo.example", mail.To)
	note := "Ceci est un test: le service de paiement «Shop» est dans l’environnement test. Ce message vous est donc adressé; " + //nolint:misspell // it knows English only
		"en exploitation, il irait à partner_support_e-commerce@six-payment-services.com."
	assert.True(t, strings.HasPrefix(mail.Text, note), mail.Text)
	assert.Less(t, strings.Index(mail.HTML, note), strings.Index(mail.HTML, "<h1"))
	require.Len(t, mail.Attachments, 1)
	assert.Equal(t, merchant.DocumentSent, step.What)
	assert.Contains(t, step.Note, "to the company's contact and not to the acquirer (partner_support_e-commerce@six-payment-services.com)")
	assert.Empty(t, s.document(d.ID).SealedContent)

	currency := onboarding.CurrencyRef{PaymentServiceRef: s.merchantAt("701101", method("VISA", "CHF")), Currency: money.EUR}
	do[onboarding.CurrencyStanding](s, s.Onboarding.RequestCurrency, currency)
	untold := s.PaymentService(currency.PaymentServiceRef).PendingMails()
	step = s.told(currency.PaymentServiceRef, untold[len(untold)-1])
	assert.Equal(t, "compta@demo.example", s.Letters[1].To)
	assert.Contains(t, s.Letters[1].Text, "cs.ecom@six-payment-services.com")
	assert.Equal(t, merchant.Mailed, step.What)

	s.In(func(tx *postgres.Tx) error {
		company, err := tx.LockCompany(t.Context())
		company.ContactEmail = ""
		return errors.Join(err, tx.SaveCompany(t.Context(), company))
	})
	d, letter = s.uploaded(ref)
	step = s.told(ref, letter)
	assert.Len(t, s.Letters, 2, "nobody is there to write to")
	assert.Equal(t, merchant.DocumentRefused, step.What)
	assert.Contains(t, step.Note, "No mail was sent")
	assert.Empty(t, s.document(d.ID).SealedContent)
}

func TestLivePaymentServiceWritesToTheAcquirer(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Onboarding.TestToAcquirer = false
	ref := activities.PaymentServiceRef{CompanyID: s.Company, PaymentServiceID: id.New(id.PaymentService)}
	do[onboarding.Verification](s, s.Onboarding.RecordPaymentService, contract.ConnectPaymentService{
		CompanyID: ref.CompanyID, PaymentServiceID: ref.PaymentServiceID, Environment: merchant.Live, Name: "Shop",
	})
	_, letter := s.uploaded(ref)
	s.told(ref, letter)
	require.Len(t, s.Letters, 1)
	assert.Equal(t, "partner_support_e-commerce@six-payment-services.com", s.Letters[0].To)
	assert.NotContains(t, s.Letters[0].Text, "test")
}

func TestDocumentThatTheMailServerRefusesIsErasedAndTheCompanyIsTold(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	d, letter := s.uploaded(ref)
	s.SendError = fmt.Errorf("send: %w", &activities.UndeliverableError{Reason: "552 too large."})
	step := s.told(ref, letter)
	assert.Equal(t, merchant.DocumentRefused, step.What)
	assert.Empty(t, s.document(d.ID).SealedContent)

	s.SendError = nil
	untold := s.PaymentService(ref).PendingMails()
	require.Len(t, untold, 1)
	s.told(ref, untold[0])
	assert.Equal(t, "Un document n’est pas arrivé chez Worldline/SIX", s.Letters[0].Subject)
}
