package app

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/mail"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// mailbox is a mail server that keeps what it takes, and says to whom.
type mailbox struct {
	mu      sync.Mutex
	to      []string
	content []string
	refuse  error
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &handover{box: m}, nil }

type handover struct {
	box *mailbox
	to  string
}

func (*handover) Reset()                               {}
func (*handover) Logout() error                        { return nil }
func (*handover) Mail(string, *smtp.MailOptions) error { return nil }
func (d *handover) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	return d.box.refuse
}

func (d *handover) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	d.box.to, d.box.content = append(d.box.to, d.to), append(d.box.content, strings.ReplaceAll(string(content), "=\r\n", ""))
	return err
}

// noticingShop is a shop whose contact gets mails by a real mail server.
func noticingShop(t *testing.T) (*shop, noticing, *mailbox) {
	t.Helper()
	s, box := open(t, postgrestest.New(t)), &mailbox{}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := smtp.NewServer(box)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	sender, err := mail.NewSender(func() string { return "smtp://" + listener.Addr().String() }, "Quittance <noreply@quittance.example>")
	require.NoError(t, err)
	s.company.ContactEmail = "compta@demo.example"
	s.in(t, func(tx *postgres.Tx) error { return tx.SaveCompany(t.Context(), s.company) })
	return s, noticing{store: s.store, send: post(sender), now: func() time.Time { return s.now }, log: slog.New(slog.DiscardHandler)}, box
}

// pass lets the pause between mails of the company end.
func (s *shop) pass(t *testing.T) {
	t.Helper()
	s.in(t, func(tx *postgres.Tx) error {
		return tx.EndSecurityMail(t.Context(), merchant.SecurityMail{Notices: []merchant.SecurityNotice{{}}}, "", s.now, -time.Second)
	})
}

func TestAChangedContactIsToldToBothAddressesAndTheOldOneLearnsOfWhatFollows(t *testing.T) {
	t.Parallel()
	s, n, box := noticingShop(t)
	require.Equal(t, 200, s.call("PATCH", "/settings", `{"contact_email":"thief@evil.example"}`).Code)
	require.NoError(t, n.look(t.Context()))
	assert.ElementsMatch(t, []string{"compta@demo.example", "thief@evil.example"}, box.to)
	for _, content := range box.content {
		for _, part := range []string{"compta@demo.example", "thief@evil.example", s.keyID, "192.0.2.1", "01.06.2026, 14:00", "mySaferpay", "Modification importante"} {
			assert.Contains(t, content, part)
		}
	}

	endpoint := s.call("POST", "/webhook-endpoints", `{"url":"https://93.184.216.34/hook?token=hidden"}`)
	require.Equal(t, 201, endpoint.Code, endpoint.Body.String())
	require.NoError(t, n.look(t.Context()))
	assert.Len(t, box.to, 2, "the next mails wait, so that nobody's mailbox is flooded")
	require.Equal(t, 200, s.call("POST", "/payment-services/"+s.service+"/default", "").Code)
	s.pass(t)
	require.NoError(t, n.look(t.Context()))
	assert.ElementsMatch(t, []string{"compta@demo.example", "thief@evil.example"}, box.to[2:], "one mail to each of all changes since")
	for _, content := range box.content[2:] {
		assert.Contains(t, content, "https://93.184.216.34")
		assert.Contains(t, content, s.service)
		assert.NotContains(t, content, "hidden")
		assert.NotContains(t, content, "whsec")
	}
	s.pass(t)
	require.NoError(t, n.look(t.Context()))
	assert.Len(t, box.to, 4, "nobody is told twice")

	s.now = s.now.Add(merchant.FormerContactFor + time.Hour)
	require.Equal(t, 200, s.call("PATCH", "/settings", `{"receipt_account":"1020"}`).Code)
	require.NoError(t, n.look(t.Context()))
	assert.Equal(t, []string{"thief@evil.example"}, box.to[4:])
}

func TestAChangeIsToldOnceTheMailServerIsThereAgain(t *testing.T) {
	t.Parallel()
	s, n, box := noticingShop(t)
	box.refuse = &smtp.SMTPError{Code: 451, Message: "later"}
	require.Equal(t, 200, s.call("PATCH", "/settings", `{"receipt_account":"1020"}`).Code)
	require.Error(t, n.look(t.Context()))
	require.NoError(t, n.look(t.Context()), "it waits")
	for day, open := range []int{0, 0, 1, 1} {
		s.now = s.now.Add(24*time.Hour + time.Minute)
		s.pass(t)
		require.Error(t, n.look(t.Context()))
		assert.Len(t, s.undelivered(t), open, "after day %d", day+1)
	}
	assert.Contains(t, s.undelivered(t)[0].Detail, "for 72 hours")
	box.refuse = nil
	s.pass(t)
	require.NoError(t, n.look(t.Context()))
	assert.Equal(t, []string{"compta@demo.example"}, box.to)
	assert.Contains(t, box.content[0], "1029")
	assert.Empty(t, s.undelivered(t), "it was told after all")

	box.refuse = &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
	require.Equal(t, 200, s.call("PATCH", "/settings", `{"receipt_account":"1029"}`).Code)
	s.pass(t)
	require.NoError(t, n.look(t.Context()))
	require.Len(t, s.undelivered(t), 1)
	assert.Contains(t, s.undelivered(t)[0].Detail, "no such mailbox")
}

// undelivered are the mails about which an exception is open.
func (s *shop) undelivered(t *testing.T) (open []exception.Exception) {
	t.Helper()
	s.in(t, func(tx *postgres.Tx) (err error) {
		isOpen := true
		open, _, err = tx.Exceptions(t.Context(), listing.Exceptions{Kind: exception.EmailFailed, Open: &isOpen})
		return err
	})
	return open
}

func TestAHundredChangesFloodNoMailbox(t *testing.T) {
	t.Parallel()
	s, n, box := noticingShop(t)
	for range 100 {
		s.in(t, func(tx *postgres.Tx) error {
			return tx.NoteSecurity(t.Context(), merchant.SecurityNotice{ID: id.New(id.SecurityNotice), CompanyID: s.company.ID, At: s.now, Change: merchant.KeyCreated, About: "qk_test_abcd…"})
		})
	}
	for i := range 20 {
		address := id.NewSecret() + "@third.example"
		s.in(t, func(tx *postgres.Tx) error {
			return tx.NoteSecurity(t.Context(), merchant.SecurityNotice{
				ID: id.New(id.SecurityNotice), CompanyID: s.company.ID, At: s.now.Add(time.Duration(i)), Change: merchant.ContactChanged, Before: "compta@demo.example", After: address,
			})
		})
	}
	require.NoError(t, n.look(t.Context()))
	require.NoError(t, n.look(t.Context()))
	assert.Len(t, box.to, merchant.SecurityMailsAtOnce)
	assert.Equal(t, "compta@demo.example", box.to[0], "who is concerned most comes first")
	assert.Contains(t, box.content[0], "70 autres modifications")
}
