package api_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/sealed"
)

// put sends a file.
func (w *world) put(path, contentType, content string) answer {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPut, "/v1"+path, strings.NewReader(content))
	r.Header.Set("Authorization", "Bearer "+w.key)
	r.Header.Set("Content-Type", contentType)
	return w.send(r)
}

// picture returns a PNG of that size.
func picture(t testing.TB, width, height int) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))))
	return out.String()
}

// read returns the text of a PDF, and skips the test where no program reads it.
func read(t testing.TB, pdf []byte) string {
	t.Helper()
	reader, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("no pdftotext is installed: install the package poppler-utils to have PDFs read")
	}
	name := filepath.Join(t.TempDir(), "a.pdf")
	require.NoError(t, os.WriteFile(name, pdf, 0o600))
	text, err := exec.CommandContext(t.Context(), reader, "-layout", name, "-").Output()
	require.NoError(t, err)
	return string(text)
}

// letterhead is a company's, as REST takes it, after the changes.
func letterhead(changes object) object {
	l := object{
		"address": object{"street": "Rue du Lac", "house_number": "7a", "postcode": "1003", "city": "Lausanne", "country": "CH"},
		"uid":     "che 123 456 788", "vat_number": "CHE-123.456.788 tva", "phone": "+41 21 555 12 34", "website": "https://www.demo.example/", "email": "bonjour@demo.example",
	}
	for name, value := range changes {
		l[name] = value
	}
	return l
}

func TestALetterheadIsKeptAndShownAboveTheDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	assert.NotContains(t, w.get("/i/"+inv.Token).Body.String(), "Rue du Lac")

	kept := w.call("PATCH", "/settings", w.key, object{"letterhead": letterhead(nil)}).json(http.StatusOK)["letterhead"].(map[string]any)
	assert.Equal(t, []any{"CHE-123.456.788", "CHE-123.456.788 TVA"}, []any{kept["uid"], kept["vat_number"]})
	assert.Equal(t, kept, w.call("GET", "/settings", w.key, nil).json(http.StatusOK)["letterhead"])
	page := w.get("/i/" + inv.Token).Body.String()
	for _, said := range []string{
		"Rue du Lac 7a", "1003 Lausanne", `href="tel:&#43;41215551234"`, `href="mailto:bonjour@demo.example"`, `href="https://www.demo.example/">www.demo.example<`, "CHE-123.456.788 TVA",
	} {
		assert.Contains(t, page, said)
	}
	assert.NotContains(t, page, "/logo")

	for field, change := range map[string]object{
		"letterhead.uid": {"uid": "CHE-123.456.789"}, "letterhead.vat_number": {"vat_number": "CHE-123.456.788"}, "letterhead.phone": {"phone": "call me"},
		"letterhead.website": {"website": "javascript:alert(1)"}, "letterhead.email": {"email": "x@"},
		"letterhead.address.city":    {"address": object{"postcode": "1003", "city": " ", "country": "CH"}},
		"letterhead.address.country": {"address": object{"postcode": "1003", "city": "Lausanne", "country": "ch"}},
	} {
		assert.Equal(t, []string{field}, w.call("PATCH", "/settings", w.key, object{"letterhead": letterhead(change)}).problem(422, "validation-failed"))
	}
	assert.Empty(t, w.call("PATCH", "/settings", w.key, `{"letterhead":{}}`).json(http.StatusOK)["letterhead"])
}

func TestALogoIsWhatCanBeSeenOfAPicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	w.call("GET", "/company/logo", w.key, nil).problem(404, "not-found")
	assert.Equal(t, http.StatusNotFound, w.get("/i/"+inv.Token+"/logo").Code)

	hidden := "tEXtComment\x00<script>alert(1)</script>"
	sent := picture(t, 1600, 200)
	require.Equal(t, http.StatusNoContent, w.put("/company/logo", "image/jpeg", sent+hidden).Code, "whatever it is called")
	logo := w.get("/i/" + inv.Token + "/logo")
	assert.Equal(t, []string{"image/png", "nosniff"}, []string{logo.Header().Get("Content-Type"), logo.Header().Get("X-Content-Type-Options")})
	assert.NotContains(t, logo.Body.String(), "script")
	size, err := png.DecodeConfig(bytes.NewReader(logo.Body.Bytes()))
	require.NoError(t, err)
	assert.Equal(t, []int{720, 90}, []int{size.Width, size.Height})
	assert.Contains(t, w.get("/i/"+inv.Token).Body.String(), `src="/i/`+inv.Token+`/logo"`)

	var photo bytes.Buffer
	require.NoError(t, jpeg.Encode(&photo, image.NewRGBA(image.Rect(0, 0, 40, 40)), nil))
	require.Equal(t, http.StatusNoContent, w.put("/company/logo", "image/png", photo.String()).Code)
	assert.Equal(t, "image/jpeg", w.send(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/i/"+inv.Token+"/logo", http.NoBody)).Header().Get("Content-Type"))

	for name, content := range map[string]string{
		"an SVG": `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "a GIF": "GIF89a", "a broken PNG": sent[:60],
		"too wide": picture(t, 2001, 1), "too high": picture(t, 1, 2001),
	} {
		assert.Equal(t, []string{"body"}, w.put("/company/logo", "image/png", content).problem(422, "validation-failed"), name)
	}
	w.put("/company/logo", "image/png", sent+strings.Repeat("x", merchant.MaxLogo)).problem(413, "body-too-large")
	w.put("/company/logo", "image/svg+xml", sent).problem(415, "unsupported-media-type")
	require.Equal(t, http.StatusNoContent, w.call("DELETE", "/company/logo", w.key, nil).Code)
	w.call("DELETE", "/company/logo", w.key, nil).problem(404, "not-found")
}

func TestAnInvoiceIsHandedOutAsAPDF(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("PATCH", "/settings", w.key, object{"letterhead": letterhead(nil)}).json(http.StatusOK)
	w.call("POST", "/bank-accounts", w.key, forInvoices(nil)).json(http.StatusCreated)
	open, paid, draft := w.newInvoice(invoice.Open), w.newInvoice(invoice.Paid), w.newInvoice(invoice.Draft)

	answer := w.call("GET", "/invoices/"+open.ID+"/pdf", w.key, nil)
	require.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, []string{"application/pdf", `inline; filename="` + open.Number + `.pdf"`}, []string{answer.Header().Get("Content-Type"), answer.Header().Get("Content-Disposition")})
	text := read(t, answer.Body.Bytes())
	for _, said := range []string{"Facture " + open.Number, "Marie Favre", "1003 Lausanne", "CHE-123.456.788 TVA", "Section paiement"} {
		assert.Contains(t, text, said)
	}
	page := w.get("/i/" + open.Token + "?lang=de").Body.String()
	assert.Contains(t, page, `href="/i/`+open.Token+`/invoice.pdf?lang=de"`)
	assert.Contains(t, read(t, w.get("/i/"+open.Token+"/invoice.pdf?lang=de").Body.Bytes()), "Rechnung "+open.Number)
	settled := read(t, w.get("/i/"+paid.Token+"/invoice.pdf").Body.Bytes())
	assert.Contains(t, settled, "Payée le 22.11.2026")
	assert.NotContains(t, settled, "Section paiement")
	assert.Contains(t, read(t, w.call("GET", "/invoices/"+draft.ID+"/pdf", w.key, nil).Body.Bytes()), "Projet")
	assert.Equal(t, http.StatusNotFound, w.get("/i/"+draft.Token+"/invoice.pdf").Code)
	assert.Equal(t, http.StatusNotFound, w.get("/i/"+id.NewSecret()+"/invoice.pdf").Code)
	w.call("GET", "/invoices/"+id.New(id.Invoice)+"/pdf", w.key, nil).problem(404, "not-found")
}

func TestTheQRBillIsPrintedBelowAShortDocumentAndAfterALongOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("POST", "/bank-accounts", w.key, forInvoices(nil)).json(http.StatusCreated)
	for lines, short := range map[int]bool{0: true, 3: true, 30: false} {
		inv := w.newInvoice(invoice.Open, func(i *invoice.Invoice) {
			for range lines {
				i.Content.Lines = append(i.Content.Lines, invoice.Line{Description: "Conseil", Quantity: "1", UnitPrice: "10.00", VATRate: "8.1"})
			}
			if lines > 0 {
				i.Amount, _ = i.Content.Amount(money.CHF)
			}
		})
		page := w.get("/i/" + inv.Token).Body.String()
		assert.Equal(t, short, strings.Contains(page, `class="sheet open short"`), "%d lines", lines)
		assert.Contains(t, page[strings.LastIndex(page, "invoice.pdf"):], `/qr-bill.svg?lang=fr"`, "the slip comes last")
		assert.Contains(t, page, `<address class="to">Marie Favre</address>`)
	}
}

func TestThePDFOfTheProductTakesThePlaceOfOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	path := "/invoices/" + inv.ID + "/pdf"
	own := w.call("GET", "/invoices/"+w.newInvoice(invoice.Open).ID+"/pdf", w.key, nil).Body.String() // any sound PDF
	kept := w.put(path, "application/pdf", own).json(http.StatusOK)
	assert.InDelta(t, len(own), kept["size"], 0)
	assert.Equal(t, own, w.call("GET", path, w.key, nil).Body.String())
	assert.Equal(t, own, w.get("/i/"+inv.Token+"/invoice.pdf?lang=it").Body.String())
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		stored, found, err := tx.InvoicePDF(t.Context(), inv.ID)
		assert.True(t, found)
		assert.Equal(t, sealedAt(sealed.InvoicePDF.Of(w.company.ID, inv.ID), own), string(stored.SealedContent))
		return err
	})
	log := w.call("GET", "/audit-log?subject="+inv.ID, w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, log, 1)
	assert.Equal(t, "PUT /invoices/{invoice_id}/pdf", log[0].(map[string]any)["action"])

	for name, content := range map[string]string{"no PDF": "<html>", "a broken one": own[:len(own)/2], "one that acts": strings.Replace(own, "/Type /Catalog", "/OpenAction << /S /JavaScript /JS (x) >> /Type /Catalog", 1)} {
		assert.Equal(t, []string{"body"}, w.put(path, "application/pdf", content).problem(422, "validation-failed"), name)
	}
	w.put(path, "application/pdf", own+strings.Repeat(" ", 5<<20)).problem(413, "body-too-large")
	w.put(path, "text/plain", own).problem(415, "unsupported-media-type")
	w.put("/invoices/"+id.New(id.Invoice)+"/pdf", "application/pdf", own).problem(404, "not-found")
	w.put("/invoices/"+w.newInvoice(invoice.Paid).ID+"/pdf", "application/pdf", own).problem(409, "invoice-not-open")
	assert.Equal(t, own, w.call("GET", path, w.key, nil).Body.String(), "what is refused changes nothing")

	require.Equal(t, http.StatusNoContent, w.call("DELETE", path, w.key, nil).Code)
	assert.NotEqual(t, own, w.call("GET", path, w.key, nil).Body.String())
	w.call("DELETE", path, w.key, nil).problem(404, "not-found")
}
