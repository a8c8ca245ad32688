package api_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/sealed"
)

// file is one part of a form.
type file struct{ field, name, contentType, content string }

// upload sends a form with these files; one in the field Idempotency-Key is the key of the request.
func (w *world) upload(path string, files ...file) answer {
	w.Helper()
	var body bytes.Buffer
	var key string
	form := multipart.NewWriter(&body)
	for _, f := range files {
		if f.field == "Idempotency-Key" {
			key = f.content
			continue
		}
		part, err := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf("form-data; name=%q; filename=%q", f.field, f.name)}, "Content-Type": {f.contentType},
		})
		require.NoError(w, err)
		_, err = part.Write([]byte(f.content))
		require.NoError(w, err)
	}
	require.NoError(w, form.Close())
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, "/v1"+path, &body)
	r.Header.Set("Authorization", "Bearer "+w.key)
	r.Header.Set("Content-Type", form.FormDataContentType())
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return w.send(r)
}

const pdf = "%PDF-1.7\nthe signatures of everybody"

func TestDocumentIsSealedAndHandedToTheWorkflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.InVerification)
	path := "/payment-services/" + service.ID + "/documents"
	taken := w.upload(path, file{"file", `C:\Scans\Unterschriften "neu".exe`, "application/octet-stream", pdf}).json(http.StatusAccepted)
	assert.Equal(t, "Unterschriften neu.pdf", taken["name"])
	assert.Equal(t, "application/pdf", taken["content_type"])
	assert.EqualValues(t, len(pdf), taken["size"])
	document := taken["id"].(string)
	assert.Equal(t, []string{"mail document " + document}, w.commands.seen())
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		stored, err := tx.Document(t.Context(), document)
		assert.Equal(t, sealedAt(sealed.Document.Of(w.company.ID, document), pdf), string(stored.SealedContent))
		return err
	})

	again := w.upload(path, file{"file", "another name.pdf", "application/pdf", pdf}).json(http.StatusAccepted)
	assert.Equal(t, document, again["id"], "it still waits for the mail server")
	assert.NotContains(t, w.log.String(), "signatures")
}

func TestDocumentIsWhatItsContentSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/payment-services/" + w.newService(merchant.InVerification).ID + "/documents"
	for content, want := range map[string]string{
		pdf: "application/pdf", "\xff\xd8\xff\xe0 a photograph": "image/jpeg", "\x89PNG\r\n\x1a\n a scan": "image/png",
	} {
		assert.Equal(t, want, w.upload(path, file{"file", "scan.txt", "text/plain", content}).json(http.StatusAccepted)["content_type"])
	}
	for _, content := range []string{"", "MZ\x90", "<html>", " %PDF-1.7", "GIF89a"} {
		refused := w.upload(path, file{"file", "passport.pdf", "application/pdf", content})
		assert.Equal(t, []string{"file"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"), "%q", content)
	}
	assert.Len(t, w.commands.seen(), 3)
}

func TestUploadsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/payment-services/" + w.newService(merchant.InVerification).ID + "/documents"
	assert.Equal(t, []string{"file"}, w.upload(path).problem(http.StatusUnprocessableEntity, "validation-failed"))
	assert.Equal(t, []string{"document"}, w.upload(path, file{"document", "a.pdf", "application/pdf", pdf}).problem(http.StatusUnprocessableEntity, "validation-failed"))
	two := w.upload(path, file{"file", "a.pdf", "application/pdf", pdf}, file{"file", "b.pdf", "application/pdf", pdf})
	assert.Equal(t, []string{"file"}, two.problem(http.StatusUnprocessableEntity, "validation-failed"))
	largest := strings.Repeat("x", merchant.MaxDocument-len(pdf))
	w.upload(path, file{"file", "a.pdf", "application/pdf", pdf + largest + "x"}).problem(http.StatusRequestEntityTooLarge, "body-too-large")
	w.upload(path, file{"file", "a.pdf", "application/pdf", pdf + largest + strings.Repeat("x", 1<<20)}).problem(http.StatusRequestEntityTooLarge, "body-too-large")
	w.call("POST", path, w.key, map[string]string{"file": "x"}).problem(http.StatusUnsupportedMediaType, "unsupported-media-type")
	w.call("POST", path, w.key, nil).problem(http.StatusUnsupportedMediaType, "unsupported-media-type")
	w.upload("/payment-services/"+id.New(id.PaymentService)+"/documents", file{"file", "a.pdf", "application/pdf", pdf}).problem(http.StatusNotFound, "not-found")
	assert.Empty(t, w.commands.seen())

	w.upload(path, file{"file", "a.pdf", "application/pdf", pdf + largest}).json(http.StatusAccepted)
}

func TestUploadIsRepeatedWithItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/payment-services/" + w.newService(merchant.InVerification).ID + "/documents"
	scan := file{"file", "a.pdf", "application/pdf", pdf}
	first := w.upload(path, scan, file{field: "Idempotency-Key", content: "k1"}).json(http.StatusAccepted)
	again := w.upload(path, scan, file{field: "Idempotency-Key", content: "k1"})
	assert.Equal(t, first, again.json(http.StatusAccepted))
	assert.Equal(t, "true", again.Header().Get("Idempotent-Replayed"))
	w.upload(path, file{"file", "a.pdf", "application/pdf", pdf + "!"}, file{field: "Idempotency-Key", content: "k1"}).
		problem(http.StatusUnprocessableEntity, "idempotency-key-reused")
	assert.Len(t, w.commands.seen(), 1)
}

func TestNoDocumentIsTakenForAServiceThatIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.InVerification)
	require.NoError(t, service.Become(merchant.Rejected, noon, ""))
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SavePaymentService(t.Context(), service) })
	w.upload("/payment-services/"+service.ID+"/documents", file{"file", "a.pdf", "application/pdf", pdf}).problem(http.StatusConflict, "payment-service-not-active")
}

// FuzzForms sends anything as the two forms that are taken: an upload, and a payer who presses "Pay now".
func FuzzForms(f *testing.F) {
	for _, body := range []string{
		"", "--b--", "--b\r\n\r\n--b--\r\n", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.7\r\n--b--\r\n",
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''%ff\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=00%PDF\r\n--b--", "method=card", "method=twint&method=card", "method=%00", "%",
	} {
		f.Add([]byte(body), "multipart/form-data; boundary=b", "key-1")
	}
	f.Add([]byte("method=card"), "application/x-www-form-urlencoded", "")
	f.Add([]byte("--\r\n"), `multipart/form-data; boundary=""`, "\x7f")
	w := newWorld(f)
	service, open := w.newService(merchant.InVerification), w.newInvoice(invoice.Open)
	f.Fuzz(func(t *testing.T, body []byte, contentType, key string) {
		w := w.during(t)
		for _, path := range []string{"/v1/payment-services/" + service.ID + "/documents", "/i/" + open.Token + "/pay", "/i/" + open.Token + "x/pay"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+w.key)
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("Idempotency-Key", key)
			a := w.send(r)
			require.Less(t, a.Code, 500, "%s: %s", path, a.Body)
		}
	})
}
