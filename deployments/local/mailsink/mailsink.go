// Package mailsink takes every mail of the local stack and shows it instead of delivering it.
package mailsink

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // mails in other character sets than UTF-8
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"
)

const (
	// maxMessages bounds the memory: the oldest mail is dropped when another comes.
	maxMessages = 500
	// maxBytes of one mail; documents of up to 10 MiB travel as base64.
	maxBytes = 16 << 20
	ioLimit  = 30 * time.Second
	// refused begins the addresses that are answered by 550, so that one sees what then happens.
	refused = "refused@"
)

// Message is one mail for all its recipients.
type Message struct {
	From        string       `json:"from"`
	To          []string     `json:"to"`
	ReplyTo     string       `json:"reply_to,omitempty"`
	Subject     string       `json:"subject"`
	Text        string       `json:"text"`
	HTML        string       `json:"html,omitempty"`
	Attachments []Attachment `json:"attachments"`
	ReceivedAt  time.Time    `json:"received_at"`
}

// Attachment tells of an attached file; its content is not kept.
type Attachment struct {
	Name string `json:"name"`
	// Size in bytes, decoded.
	Size int64 `json:"size"`
}

// Sink is a running mail server with its inbox.
type Sink struct {
	mu       sync.Mutex
	messages []Message

	listener net.Listener
	smtp     *smtp.Server
	web      *http.Server
	done     sync.WaitGroup
}

// Start takes mails on one listener and shows them on the other. The sink closes both when it stops.
func Start(smtpListener, webListener net.Listener) *Sink {
	s := &Sink{listener: smtpListener}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	s.smtp.Domain = "localhost"
	s.smtp.MaxMessageBytes = maxBytes
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = ioLimit, ioLimit
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ErrorLog = log.New(io.Discard, "", 0) // what goes wrong is answered to the sender
	s.web = &http.Server{Handler: s.handler(), ReadHeaderTimeout: ioLimit}
	s.done.Go(func() { _ = s.smtp.Serve(smtpListener) })
	s.done.Go(func() { _ = s.web.Serve(webListener) })
	return s
}

// Stop closes both listeners and waits for their servers to end.
func (s *Sink) Stop() error {
	err := errors.Join(s.smtp.Close(), s.web.Close())
	_ = s.listener.Close() // for a server that has not come to take it over yet; else it is closed
	s.done.Wait()
	return err
}

// Messages returns the mails, newest last.
func (s *Sink) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message{}, s.messages...)
}

func (s *Sink) add(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
	if len(s.messages) > maxMessages {
		s.messages = s.messages[1:]
	}
}

func (s *Sink) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = nil
}

// session is one SMTP connection. The envelope counts, not the headers: it is what a mail server would deliver by.
type session struct {
	sink *Sink
	from string
	to   []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, refused) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	m, err := parse(r)
	if err != nil {
		return fmt.Errorf("read the mail: %w", err)
	}
	m.From, m.To, m.ReceivedAt = s.from, s.to, time.Now().UTC()
	s.sink.add(m)
	return nil
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }

// parse reads the parts of a mail; a part in a character set that nobody knows is kept as it came.
func parse(r io.Reader) (Message, error) {
	m := Message{Attachments: []Attachment{}}
	reader, err := mail.CreateReader(r)
	if err != nil && !message.IsUnknownCharset(err) {
		return Message{}, err
	}
	if m.Subject, err = reader.Header.Subject(); err != nil {
		m.Subject = reader.Header.Get("Subject")
	}
	m.ReplyTo = reader.Header.Get("Reply-To")
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return Message{}, err
		}
		if err := m.addPart(part); err != nil {
			return Message{}, err
		}
	}
}

func (m *Message) addPart(part *mail.Part) error {
	switch header := part.Header.(type) {
	case *mail.AttachmentHeader:
		size, err := io.Copy(io.Discard, part.Body)
		if err != nil {
			return err
		}
		name, err := header.Filename()
		if err != nil {
			name = "unnamed"
		}
		m.Attachments = append(m.Attachments, Attachment{Name: name, Size: size})
	case *mail.InlineHeader:
		content, err := io.ReadAll(part.Body)
		if err != nil {
			return err
		}
		if kind, _, _ := header.ContentType(); kind == "text/html" {
			m.HTML += string(content)
		} else {
			m.Text += string(content)
		}
	}
	return nil
}
