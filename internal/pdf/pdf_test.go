package pdf_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carlos7ags/folio/document"
	"github.com/carlos7ags/folio/font"
	"github.com/carlos7ags/folio/layout"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/pdf"
)

// sound returns a PDF as programs write it, with compressed objects or without.
func sound(t testing.TB, packed bool) string {
	t.Helper()
	doc := document.NewDocument(document.PageSizeA4)
	doc.SetTagged(true)
	doc.Info.Title = "Invoice"
	doc.Add(layout.NewParagraph("An invoice with JavaScript (the language) and Launch in it.", font.Helvetica, 12))
	data, err := doc.ToBytesWithOptions(document.WriteOptions{Deterministic: true, UseObjectStreams: packed, UseXRefStream: packed})
	require.NoError(t, err)
	return string(data)
}

// made returns a PDF of these objects, numbered from 1, of which the first is the catalog.
func made(objects ...string) string {
	var out strings.Builder
	out.WriteString("%PDF-1.7\n")
	places := make([]int, len(objects))
	for i, object := range objects {
		places[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, place := range places {
		fmt.Fprintf(&out, "%010d 00000 n \n", place)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return out.String()
}

const (
	pages = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
	page  = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
)

// with returns a PDF whose catalog holds that too, and that has these objects more, from 4 on.
func with(inCatalog string, more ...string) string {
	return made(append([]string{"<< /Type /Catalog /Pages 2 0 R " + inCatalog + " >>", pages, page}, more...)...)
}

func compressed(content string) string {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write([]byte(content))
	_ = w.Close()
	return out.String()
}

// packed is a stream of objects that hold that one.
func packed(object string) string {
	content := compressed("9 0 " + object)
	return fmt.Sprintf("<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", len(content), content)
}

func TestWhatOnlyShowsPagesIsTaken(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"plain": sound(t, false), "packed": sound(t, true), "small": with(""),
		"a page to begin with": with("/OpenAction [3 0 R /XYZ null null 0]"),
		"a link":               with("", "<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://pay.example.ch/i/1) >> >>"),
		"objects":              with("", packed("<< /Title (x) >>")),
	} {
		require.NoError(t, pdf.Check([]byte(file)), name)
	}
}

func TestWhatActsIsRefusedWhereverItHides(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"at the opening":             with("/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
		"opening, elsewhere":         with("/OpenAction 4 0 R", "<< /S /GoTo /D [3 0 R /Fit] >>"),
		"in the names":               with("/Names << /JavaScript << /Names [(a) 4 0 R] >> >>", "<< /S /JavaScript /JS (x) >>"),
		"in other letters":           with("", "<< /S /J#61vaScript /#4aS (x) >>"),
		"in a compressed object":     with("", packed("<< /S /JavaScript /JS (x) >>")),
		"compressed, after a remark": with("", hidden("%remark\n9 0 << /S /JavaScript >>")),
		"in one that no table names": with("") + "\n99 0 obj\n" + packed("<< /S /Launch >>") + "\nendobj\n",
		"in what was replaced":       with("", "<< /S /Launch /F (cmd.exe) >>") + with(""),
		"when a page is shown":       with("", "<< /AA << /O << /S /Named /N /Print >> >> >>"),
		"short names, compressed":    packedCatalog(),
		"a program":                  with("", "<< /S /Launch /F (cmd.exe) >>"),
		"a file":                     with("/Names << /EmbeddedFiles << /Names [] >> >>"),
		"media":                      with("", "<< /Subtype /RichMedia >>"),
		"XFA":                        with("/AcroForm << /XFA 4 0 R >>", "<< >>"),
		"a form that is sent":        with("", "<< /S /SubmitForm >>"),
	} {
		err := pdf.Check([]byte(file))
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), "must not hold", name)
	}
}

// hidden is a stream that doesn't say what it is.
func hidden(content string) string {
	content = compressed(content)
	return fmt.Sprintf("<< /Filter /FlateDecode /Length %d >>\nstream\r\n%s\nendstream", len(content), content)
}

// packedCatalog returns a PDF of compressed objects that has actions of names with two letters.
func packedCatalog() string {
	doc := document.NewDocument(document.PageSizeA4)
	doc.AddPage()
	data, err := doc.ToBytesWithOptions(document.WriteOptions{Deterministic: true})
	if err != nil {
		panic(err)
	}
	return strings.Replace(string(data), "/Type /Page ", "/AA <<>> /Type /Page ", 1)
}

func TestWhatNobodyCanReadIsRefused(t *testing.T) {
	t.Parallel()
	whole := sound(t, true)
	for name, file := range map[string]string{
		"nothing": "", "a page of the web": "<html>", "only its beginning": "%PDF-1.7\n", "half of one": whole[:len(whole)/2],
		"no pages":         made("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"),
		"a ring":           made("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 1 >>"),
		"encrypted":        strings.Replace(with(""), "/Root 1 0 R", "/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 >>", 1),
		"a bomb":           with("", hidden("1 0 "+strings.Repeat(" ", 80<<20))),
		"a bomb of blanks": with("", hidden(strings.Repeat(" ", 80<<20))),
		"many bombs":       with("", strings.Repeat(hidden("1 0 "+strings.Repeat("x ", 4<<20)), 12)),
		"a well":           with("/X " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)),
	} {
		require.Error(t, pdf.Check([]byte(file)), name)
	}
}

// FuzzCheck looks at anything: it never breaks, and never takes a file in whose bytes JavaScript stands as a name.
func FuzzCheck(f *testing.F) {
	for _, file := range []string{"", "%PDF-1.7", sound(f, false), sound(f, true), with("/OpenAction [3 0 R /Fit]"), with("", packed("<< /S /JavaScript >>")), packedCatalog()} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		began := time.Now()
		err := pdf.Check(file)
		require.Less(t, time.Since(began), 10*time.Second)
		if err == nil {
			require.NotContains(t, string(file), "/JavaScript ")
		}
	})
}
