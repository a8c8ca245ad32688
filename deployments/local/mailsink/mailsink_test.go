package mailsink

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/smtp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const documents = "From: Demo SA <demo@example.ch>\r\n" +
	"To: support@example.ch\r\n" +
	"Subject: =?utf-8?q?Vos_documents_re=C3=A7us?=\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBonjour, voir https://pay.example.ch/i/abc?lang=fr&x=1.\r\n" +
	"--b\r\nContent-Type: application/pdf; name=extrait.pdf\r\nContent-Disposition: attachment; filename=extrait.pdf\r\n" +
	"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"

func TestMailIsListedWithItsAttachments(t *testing.T) {
	smtpAddress, web := start(t)
	send(t, smtpAddress, "demo@example.ch", "support@example.ch", documents)
	send(t, smtpAddress, "a@example.ch", "b@example.ch", "Subject: second\r\n\r\nlater")

	messages := list(t, web)
	require.Len(t, messages, 2)
	first := messages[0]
	require.Equal(t, "demo@example.ch", first.From)
	require.Equal(t, []string{"support@example.ch"}, first.To)
	require.Equal(t, "Vos documents reçus", first.Subject)
	require.Contains(t, first.Text, "Bonjour")
	require.Equal(t, []Attachment{{Name: "extrait.pdf", Size: 5}}, first.Attachments)
	require.Equal(t, "second", messages[1].Subject, "the newest mail is last")
}

func TestAddressesThatAreToBeRefusedAre(t *testing.T) {
	smtpAddress, web := start(t)
	err := smtp.SendMail(smtpAddress, nil, "a@example.ch", []string{"refused@example.ch"}, []byte("Subject: x\r\n\r\ny"))
	require.ErrorContains(t, err, "5.1.1 no such mailbox")
	require.Empty(t, list(t, web))
}

func TestEmptyInboxIsAnEmptyList(t *testing.T) {
	_, web := start(t)
	require.Equal(t, "[]", strings.TrimSpace(get(t, web+"/messages")))
}

func TestInboxPageMakesLinksAndEscapesTheRest(t *testing.T) {
	smtpAddress, web := start(t)
	send(t, smtpAddress, "demo@example.ch", "support@example.ch", documents)
	send(t, smtpAddress, "a@example.ch", "b@example.ch", "Subject: x\r\n\r\n<script>alert(1)</script>")

	send(t, smtpAddress, "a@example.ch", "b@example.ch", "Subject: y\r\nContent-Type: text/html\r\n\r\n<b title=\"x\">bold</b>")

	page := get(t, web+"/")
	require.Contains(t, page, `<iframe sandbox srcdoc="&lt;b title=&#34;x&#34;&gt;bold&lt;/b&gt;`)
	require.Contains(t, page, `<a href="https://pay.example.ch/i/abc?lang=fr&amp;x=1">`)
	require.NotContains(t, page, "<script>")
}

func TestInboxCanBeEmptied(t *testing.T) {
	smtpAddress, web := start(t)
	send(t, smtpAddress, "a@example.ch", "b@example.ch", "Subject: x\r\n\r\ny")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, web+"/messages", http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusNoContent, response.StatusCode)
	require.Empty(t, list(t, web))
}

func TestInboxKeepsTheNewestMails(t *testing.T) {
	s := &Sink{}
	for i := range maxMessages + 3 {
		s.add(Message{Subject: fmt.Sprint(i)})
	}
	messages := s.Messages()
	require.Len(t, messages, maxMessages)
	require.Equal(t, fmt.Sprint(maxMessages+2), messages[maxMessages-1].Subject)
}

func start(t *testing.T) (smtpAddress, webURL string) {
	t.Helper()
	var listeners [2]net.Listener
	for i := range listeners {
		var config net.ListenConfig
		listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		listeners[i] = listener
	}
	s := Start(listeners[0], listeners[1])
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return listeners[0].Addr().String(), "http://" + listeners[1].Addr().String()
}

func send(t *testing.T, address, from, to, text string) {
	t.Helper()
	require.NoError(t, smtp.SendMail(address, nil, from, []string{to}, []byte(text)))
}

func list(t *testing.T, web string) []Message {
	t.Helper()
	var messages []Message
	require.NoError(t, json.Unmarshal([]byte(get(t, web+"/messages")), &messages))
	return messages
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}
