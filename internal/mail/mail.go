// Package mail hands finished messages to an SMTP server. What they say is rendered elsewhere.
package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// ErrPermanent means that sending the same message again cannot succeed: it is malformed, or the server refused it with
// a 5xx code. Every other error of Send is temporary.
var ErrPermanent = errors.New("the mail cannot be delivered")

// mostSaid is how many bytes of a server's answer are passed on.
const mostSaid = 300

// timeout bounds the greeting and log-in, and then again the handing over of the message.
const timeout = 15 * time.Second

// Message is one mail to one person. ID, To, Subject and Text are required.
type Message struct {
	// ID names the mail for good, for example by the id of its event. It becomes the Message-ID, so that mail programs
	// recognise a mail that was sent twice after a lost answer.
	ID string
	// To and ReplyTo are addresses with or without a display name: "Anna Muster <anna@example.ch>".
	To, ReplyTo string
	Subject     string
	// Text is the plain form, HTML the optional other one.
	Text, HTML  string
	Attachments []Attachment
}

// Attachment is a file that travels with a message.
type Attachment struct {
	Name string
	// ContentType is a media type such as "application/pdf".
	ContentType string
	Content     []byte
}

// Sender sends messages from one address through one server. It is safe for concurrent use: every message has a
// connection of its own.
type Sender struct {
	server func() string
	from   *netmail.Address
}

// NewSender takes the server as smtp://[user:password@]host[:port] (port 25, STARTTLS when the server offers it; with ?tls=required
// never without) or smtps://… (port 465, TLS from the start), and the sender's address with or without a display name. It asks for the
// server again at each message, so that a password which changes is taken up. It does not connect. The error never shows the URL, which
// may hold a password.
func NewSender(smtpURL func() string, from string) (*Sender, error) {
	sender, err := parse(from)
	if err != nil {
		return nil, errors.New("the sender of mail is not a mail address")
	}
	if _, err := newClient(smtpURL()); err != nil {
		return nil, err
	}
	return &Sender{server: smtpURL, from: sender}, nil
}

func newClient(smtpURL string) (*mail.Client, error) {
	server, err := url.Parse(smtpURL)
	if err != nil || server.Hostname() == "" {
		return nil, errors.New("the SMTP URL is not of the form smtp://host:port or smtps://user:password@host:port")
	}
	options := []mail.Option{mail.WithTimeout(timeout)}
	port := 25
	switch server.Scheme {
	case "smtp":
		policy := mail.TLSOpportunistic
		if server.Query().Get("tls") == "required" {
			policy = mail.TLSMandatory
		}
		options = append(options, mail.WithTLSPolicy(policy))
	case "smtps":
		port = 465
		options = append(options, mail.WithSSL())
	default:
		return nil, errors.New("the SMTP URL starts with neither smtp:// nor smtps://")
	}
	if server.RawQuery != "" && server.RawQuery != "tls=required" {
		return nil, errors.New("the SMTP URL ends with something else than ?tls=required")
	}
	if server.Port() != "" {
		if port, err = strconv.Atoi(server.Port()); err != nil {
			return nil, errors.New("the port of the SMTP URL is not a number")
		}
	}
	options = append(options, mail.WithPort(port))
	if server.User != nil {
		password, _ := server.User.Password()
		// The strongest mechanism that the server offers; a password never crosses an unencrypted connection.
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(server.User.Username()), mail.WithPassword(password))
	}
	client, err := mail.NewClient(server.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("the SMTP URL cannot be used: %w", err)
	}
	return client, nil
}

// Send delivers the message to the server. The error is ErrPermanent or else temporary; it never names the recipient,
// because it ends up in logs and workflow histories. ctx ends the connecting; a server that falls silent after that is
// given up within half a minute.
func (s *Sender) Send(ctx context.Context, message Message) error {
	msg, err := s.compose(message)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	client, err := newClient(s.server())
	if err != nil {
		return err // the next attempt may find a right one
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() {
		// The server took the message. An error of the goodbye must not have it sent again.
		return nil
	}
	var refused *mail.SendError
	if !errors.As(err, &refused) {
		return fmt.Errorf("no conversation with the mail server: %w", err)
	}
	if refused.ErrorCode() >= 500 {
		return fmt.Errorf("%w: the mail server refused it when %s: %s", ErrPermanent, refused.Reason, said(refused, message.To))
	}
	if refused.ErrorCode() >= 400 {
		return fmt.Errorf("the mail server asks to try again later with code %d when %s", refused.ErrorCode(), refused.Reason)
	}
	return fmt.Errorf("the conversation with the mail server broke off when %s", refused.Reason)
}

// said returns what the server answered, such as "550 5.1.1 no such mailbox", without the address of the recipient.
func said(refused *mail.SendError, to string) string {
	answer, _, _ := strings.Cut(refused.Error(), ", affected ")
	answer = strings.TrimSpace(strings.TrimPrefix(answer, refused.Reason.String()+":"))
	answer = strings.NewReplacer(`\n`, " ", `\"`, `"`, `"`, "").Replace(answer) // the library quotes it
	if recipient, err := netmail.ParseAddress(to); err == nil {
		mailbox, _, _ := strings.Cut(recipient.Address, "@")
		named := regexp.MustCompile(`(?i)<?\b(` + regexp.QuoteMeta(recipient.Address) + `|` + regexp.QuoteMeta(mailbox) + `)\b>?`)
		answer = named.ReplaceAllLiteralString(answer, "the address")
	}
	return strings.ToValidUTF8(answer[:min(len(answer), mostSaid)], "")
}

func (s *Sender) compose(message Message) (*mail.Msg, error) {
	if err := message.check(); err != nil {
		return nil, err
	}
	msg := mail.NewMsg()
	msg.FromMailAddress(s.from)
	to, err := parse(message.To)
	if err != nil {
		return nil, errors.New("the recipient is not a mail address")
	}
	msg.ToMailAddress(to)
	if message.ReplyTo != "" {
		replyTo, err := parse(message.ReplyTo)
		if err != nil {
			return nil, errors.New("the reply address is not a mail address")
		}
		// One from before it was checked whether mail servers take it must not keep the mail from arriving.
		if !strings.ContainsFunc(replyTo.Address, func(r rune) bool { return r > unicode.MaxASCII }) {
			msg.ReplyToMailAddress(replyTo)
		}
	}
	msg.Subject(message.Subject)
	_, domain, _ := strings.Cut(s.from.Address, "@")
	msg.SetMessageIDWithValue(message.ID + "@" + domain)
	msg.SetDate()
	// RFC 3834: keeps out-of-office replies away.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(mail.TypeTextPlain, message.Text)
	if message.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, message.HTML)
	}
	for _, file := range message.Attachments {
		msg.AttachReadSeeker(file.Name, bytes.NewReader(file.Content), mail.WithFileContentType(mail.ContentType(file.ContentType)))
	}
	return msg, nil
}

// check refuses everything that could end a header and start another one.
func (m Message) check() error {
	if m.ID == "" || m.To == "" || m.Subject == "" || m.Text == "" {
		return errors.New("a mail needs an id, a recipient, a subject and a text")
	}
	if strings.ContainsFunc(m.ID, func(r rune) bool { return !idRune(r) }) {
		return errors.New("the id of a mail may hold only letters, digits, '.', '_' and '-'")
	}
	headers := map[string]string{"recipient": m.To, "reply address": m.ReplyTo, "subject": m.Subject}
	for name, value := range headers {
		if strings.ContainsFunc(value, unicode.IsControl) {
			return fmt.Errorf("the %s of the mail holds a control character", name)
		}
	}
	for _, file := range m.Attachments {
		if file.Name == "" || strings.ContainsFunc(file.Name+file.ContentType, unicode.IsControl) {
			return errors.New("an attachment of the mail has no name, or a control character in its name or type")
		}
	}
	return nil
}

// parse reads an address with or without a display name. Its domain comes back as A-labels, which every mail server takes; one with
// umlauts is taken only by servers with SMTPUTF8 (RFC 6531).
func parse(s string) (*netmail.Address, error) {
	address, err := netmail.ParseAddress(s)
	if err != nil {
		return nil, err
	}
	at := strings.LastIndexByte(address.Address, '@')
	if domain, err := idna.Lookup.ToASCII(address.Address[at+1:]); err == nil {
		address.Address = address.Address[:at+1] + domain
	}
	return address, nil
}

func idRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-'
}
