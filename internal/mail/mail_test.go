package mail_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	gomail "github.com/wneessen/go-mail"

	"github.com/quittance/quittance/internal/mail"
)

// server is a mail server that keeps what it takes and refuses what it is told to.
type server struct {
	address string

	mu         sync.Mutex
	received   []string
	recipients []string
	refuse     error // the answer to RCPT
	refuseData error // the answer to the message itself
}

func start(t *testing.T) *server {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{address: listener.Addr().String()}
	backend := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s}, nil }))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = backend.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		_ = backend.Close()
		<-done
	})
	return s
}

type session struct{ server *server }

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.recipients = append(s.server.recipients, to)
	return s.server.refuse
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.refuseData != nil {
		return s.server.refuseData
	}
	s.server.received = append(s.server.received, string(content))
	return nil
}

func (s *server) messages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.received...)
}

// at returns the address of a server that never changes.
func at(smtpURL string) func() string { return func() string { return smtpURL } }

func (s *server) sender(t *testing.T) *mail.Sender {
	t.Helper()
	sender, err := mail.NewSender(at("smtp://"+s.address), "Quittance <billing@example.ch>")
	require.NoError(t, err)
	return sender
}

func invoiceMail() mail.Message {
	return mail.Message{
		ID: "evt_01h455vb4pex5vsknk084sn02q", To: "Anna Müller <anna@example.ch>", ReplyTo: "Demo SA <contact@demo.example.ch>",
		Subject: "Facture 2026-001 à payer", Text: "Montant: CHF 108.00", HTML: "<p>Montant: CHF 108.00</p>",
		Attachments: []mail.Attachment{{Name: "facture 2026-001.pdf", ContentType: "application/pdf", Content: []byte("%PDF-1.7")}},
	}
}

func TestAMailArrivesWithItsTwoFormsAndItsAttachment(t *testing.T) {
	t.Parallel()
	s := start(t)
	require.NoError(t, s.sender(t).Send(t.Context(), invoiceMail()))

	require.Len(t, s.messages(), 1)
	assert.Equal(t, []string{"anna@example.ch"}, s.recipients)

	head, err := netmail.ReadMessage(strings.NewReader(s.messages()[0]))
	require.NoError(t, err)
	for header, want := range map[string]string{
		"From":     `"Quittance" <billing@example.ch>`,
		"To":       `=?utf-8?q?Anna_M=C3=BCller?= <anna@example.ch>`,
		"Reply-To": `"Demo SA" <contact@demo.example.ch>`,
	} {
		addresses, err := head.Header.AddressList(header)
		require.NoError(t, err, header)
		require.Len(t, addresses, 1, header)
		assert.Equal(t, want, addresses[0].String())
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(head.Header.Get("Subject"))
	require.NoError(t, err)
	assert.Equal(t, "Facture 2026-001 à payer", subject)
	assert.Equal(t, "<evt_01h455vb4pex5vsknk084sn02q@example.ch>", head.Header.Get("Message-ID"))
	assert.Equal(t, "auto-generated", head.Header.Get("Auto-Submitted"))

	body, err := gomail.EMLToMsgFromReader(strings.NewReader(s.messages()[0]))
	require.NoError(t, err)
	var forms []string
	for _, part := range body.GetParts() {
		content, err := part.GetContent()
		require.NoError(t, err)
		forms = append(forms, string(part.GetContentType())+": "+strings.TrimSpace(string(content)))
	}
	assert.Contains(t, forms, "text/plain: Montant: CHF 108.00")
	assert.Contains(t, forms, "text/html: <p>Montant: CHF 108.00</p>")
	require.Len(t, body.GetAttachments(), 1)
	assert.Equal(t, "facture 2026-001.pdf", body.GetAttachments()[0].Name)
	var content bytes.Buffer
	_, err = body.GetAttachments()[0].Writer(&content)
	require.NoError(t, err)
	assert.Equal(t, "%PDF-1.7", content.String())
}

// The server does not speak SMTPUTF8.
func TestADomainWithUmlautsIsSentAsALabels(t *testing.T) {
	t.Parallel()
	s := start(t)
	sender, err := mail.NewSender(at("smtp://"+s.address), "Müller <rechnung@müller.example>")
	require.NoError(t, err)
	message := invoiceMail()
	message.To, message.ReplyTo = "Zoë <zoe@Bücher.Example>", "kontakt@bäckerei.example"
	require.NoError(t, sender.Send(t.Context(), message))

	assert.Equal(t, []string{"zoe@xn--bcher-kva.example"}, s.recipients)
	require.Len(t, s.messages(), 1)
	head, _, _ := strings.Cut(s.messages()[0], "\r\n\r\n")
	for _, header := range []string{
		"To: =?utf-8?q?Zo=C3=AB?= <zoe@xn--bcher-kva.example>", "Reply-To: <kontakt@xn--bckerei-5wa.example>",
		"<rechnung@xn--mller-kva.example>", "@xn--mller-kva.example>",
	} {
		assert.Contains(t, head, header)
	}

	message.ReplyTo = "zoë@example.ch"
	require.NoError(t, sender.Send(t.Context(), message))
	assert.NotContains(t, s.messages()[1], "Reply-To", "an address that the server may refuse does not keep the mail from arriving")
}

func TestARetriedMailIsTheSameMail(t *testing.T) {
	t.Parallel()
	s := start(t)
	for range 2 {
		require.NoError(t, s.sender(t).Send(t.Context(), invoiceMail()))
	}
	require.Len(t, s.messages(), 2)
	for _, received := range s.messages() {
		assert.Contains(t, received, "Message-ID: <evt_01h455vb4pex5vsknk084sn02q@example.ch>")
	}
}

func TestARefusalForGoodIsToldFromOneForNow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		refuse, refuseData error
		permanent          bool
		code               string
	}{
		"unknown mailbox":    {refuse: &smtp.SMTPError{Code: 550, Message: "no such user anna@example.ch"}, permanent: true, code: "550"},
		"message refused":    {refuseData: &smtp.SMTPError{Code: 554, Message: "anna@example.ch takes no mail"}, permanent: true, code: "554"},
		"mailbox is busy":    {refuse: &smtp.SMTPError{Code: 450, Message: "greylisted anna@example.ch"}, code: "450"},
		"server has no room": {refuseData: &smtp.SMTPError{Code: 452, Message: "try later"}, code: "452"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.refuse, s.refuseData = test.refuse, test.refuseData
			err := s.sender(t).Send(t.Context(), invoiceMail())
			require.Error(t, err)
			assert.Equal(t, test.permanent, errors.Is(err, mail.ErrPermanent))
			assert.Contains(t, err.Error(), test.code)
			assert.NotContains(t, err.Error(), "anna", "errors are kept in histories and must not name the customer")
			if name == "unknown mailbox" {
				assert.ErrorContains(t, err, "550 5.0.0 no such user the address", "what the server said is passed on")
			}
		})
	}
}

func TestAServerThatIsAwayIsATemporaryFailure(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	sender, err := mail.NewSender(at("smtp://user:hunter2@"+listener.Addr().String()), "billing@example.ch")
	require.NoError(t, err)
	err = sender.Send(t.Context(), invoiceMail())
	require.ErrorContains(t, err, "no conversation with the mail server")
	require.NotErrorIs(t, err, mail.ErrPermanent)
	assert.NotContains(t, err.Error(), "hunter2")
}

// script is a mail server that says yes to everything until it hangs up, after the given command or right away.
func script(t *testing.T, last string) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		text := textproto.NewConn(conn)
		_ = text.PrintfLine("220 ready")
		for last != "" {
			line, err := text.ReadLine()
			if err != nil {
				return
			}
			if line == "DATA" {
				_ = text.PrintfLine("354 go on")
				_, _ = text.ReadDotBytes()
			}
			_ = text.PrintfLine("250 ok")
			if line == last {
				return
			}
		}
	}()
	return listener.Addr().String()
}

func TestAServerThatHangsUpIsATemporaryFailure(t *testing.T) {
	t.Parallel()
	sender, err := mail.NewSender(at("smtp://"+script(t, "")), "billing@example.ch")
	require.NoError(t, err)
	err = sender.Send(t.Context(), invoiceMail())
	require.Error(t, err)
	require.NotErrorIs(t, err, mail.ErrPermanent)
}

func TestAMailThatTheServerTookIsSentEvenWhenTheGoodbyeFails(t *testing.T) {
	t.Parallel()
	sender, err := mail.NewSender(at("smtp://"+script(t, "DATA")), "billing@example.ch")
	require.NoError(t, err)
	require.NoError(t, sender.Send(t.Context(), invoiceMail()))
}

func TestAHeaderCannotBeSmuggledIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	tests := map[string]func(*mail.Message){
		"subject":           func(m *mail.Message) { m.Subject = "Facture\r\nBcc: eve@example.com" },
		"bare newline":      func(m *mail.Message) { m.Subject = "Facture\nBcc: eve@example.com" },
		"recipient":         func(m *mail.Message) { m.To = "anna@example.ch\r\nBcc: eve@example.com" },
		"recipient's name":  func(m *mail.Message) { m.To = "\"Anna\r\nBcc: eve@example.com\" <anna@example.ch>" },
		"two recipients":    func(m *mail.Message) { m.To = "anna@example.ch, eve@example.com" },
		"reply address":     func(m *mail.Message) { m.ReplyTo = "contact@example.ch\r\nBcc: eve@example.com" },
		"id":                func(m *mail.Message) { m.ID = "evt_1>\r\nBcc: eve@example.com" },
		"attachment's name": func(m *mail.Message) { m.Attachments[0].Name = "a.pdf\"\r\nBcc: eve@example.com" },
		"attachment's type": func(m *mail.Message) { m.Attachments[0].ContentType = "text/plain\r\nBcc: eve@example.com" },
		"no recipient":      func(m *mail.Message) { m.To = "" },
		"no subject":        func(m *mail.Message) { m.Subject = "" },
		"no address":        func(m *mail.Message) { m.To = "Anna" },
	}
	for name, change := range tests {
		message := invoiceMail()
		change(&message)
		err := s.sender(t).Send(t.Context(), message)
		require.ErrorIs(t, err, mail.ErrPermanent, name)
		assert.NotContains(t, err.Error(), "anna", name)
	}
	assert.Empty(t, s.messages())
	assert.Empty(t, s.recipients)
}

func TestAServerThatChangesIsTakenUpAtTheNextMail(t *testing.T) {
	t.Parallel()
	before, after := start(t), start(t)
	smtpURL := "smtp://" + before.address
	sender, err := mail.NewSender(func() string { return smtpURL }, "billing@example.ch")
	require.NoError(t, err)
	require.NoError(t, sender.Send(t.Context(), invoiceMail()))
	smtpURL = "smtp://" + after.address
	require.NoError(t, sender.Send(t.Context(), invoiceMail()))
	assert.Len(t, before.messages(), 1)
	assert.Len(t, after.messages(), 1)

	smtpURL = "nothing of use, with hunter2"
	err = sender.Send(t.Context(), invoiceMail())
	require.Error(t, err)
	require.NotErrorIs(t, err, mail.ErrPermanent, "the mail waits until somebody has corrected it")
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestNothingIsSentInTheClearWhereTLSIsRequired(t *testing.T) {
	t.Parallel()
	s := start(t) // it offers no STARTTLS
	sender, err := mail.NewSender(at("smtp://"+s.address+"?tls=required"), "billing@example.ch")
	require.NoError(t, err)
	require.ErrorContains(t, sender.Send(t.Context(), invoiceMail()), "STARTTLS")
	assert.Empty(t, s.recipients)
}

func TestAnUnusableServerOrSenderIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	for smtpURL, from := range map[string]string{
		"http://user:hunter2@mail.example.ch":        "billing@example.ch",
		"mail.example.ch:25":                         "billing@example.ch",
		"smtp://user:hunter2@mail.example.ch?tls=on": "billing@example.ch",
		"smtp://": "billing@example.ch",
		"smtp://user:hunter2@mail.example.ch:99999":     "billing@example.ch",
		"smtp://user:hunter2@mail.example.ch:seventeen": "billing@example.ch",
		"smtps://user:hunter2@mail.example.ch":          "not an address",
	} {
		_, err := mail.NewSender(at(smtpURL), from)
		require.Error(t, err, smtpURL)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}
