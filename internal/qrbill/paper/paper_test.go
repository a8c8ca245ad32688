package paper_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carlos7ags/folio/document"
	"github.com/carlos7ags/folio/layout"
	goqr "github.com/piglig/go-qr"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/qrbill"
	"github.com/quittance/quittance/internal/qrbill/paper"
)

const dotsPerMillimetre = 300 / 25.4

func reference(t *testing.T, s string) qrbill.Reference {
	t.Helper()
	r, err := qrbill.ParseReference(s)
	require.NoError(t, err)
	return r
}

func full(t *testing.T) qrbill.Bill {
	t.Helper()
	amount := decimal.RequireFromString("1949.75")
	return qrbill.Bill{
		Account:            "CH4431999123000889012",
		Creditor:           qrbill.Address{Name: "Müller & Dvořák AG", Street: "Chemin de l’Église", HouseNumber: "12a", Postcode: "1201", City: "Genève", Country: "CH"},
		Amount:             &amount,
		Currency:           money.CHF,
		Debtor:             &qrbill.Address{Name: "Ștefan Łukasz", Street: "Rue de la Paix", HouseNumber: "3", Postcode: "75002", City: "Paris", Country: "FR"},
		Reference:          reference(t, "210000000003139471430009017"),
		Message:            "Commande du 15.06.2026 <merci>",
		BillingInformation: "//S1/10/10201409/11/260512/20/1400.000-53",
		AlternativeSchemes: []string{"eBill/B/stefan@example.ch"},
	}
}

func blank() qrbill.Bill {
	return qrbill.Bill{Account: "CH5800791123000889012", Creditor: qrbill.Address{Name: "Verein", Postcode: "9490", City: "Vaduz", Country: "LI"}, Currency: money.EUR}
}

// widest has the longest texts that a bill can have, in the widest letter.
func widest(t *testing.T) qrbill.Bill {
	t.Helper()
	bill := full(t)
	wide := qrbill.Address{
		Name: strings.Repeat("W", 70), Street: strings.Repeat("W", 70), HouseNumber: strings.Repeat("9", 16), Postcode: strings.Repeat("9", 16),
		City: strings.Repeat("W", 35), Country: "CH",
	}
	bill.Creditor, bill.Debtor, bill.Message, bill.BillingInformation = wide, &wide, strings.Repeat("W", 140), ""
	bill.AlternativeSchemes = []string{strings.Repeat("W", 100), "eBill/" + strings.Repeat("W", 94)}
	return bill
}

// program returns a program of Debian's, and skips the test where it is not installed.
func program(t *testing.T, name, from string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s is installed: install the package %s to have the paper measured", name, from)
	}
	return path
}

// written returns the file of a PDF of the bill.
func written(t *testing.T, bill qrbill.Bill, language string) string {
	t.Helper()
	slip, err := paper.New(bill, language)
	require.NoError(t, err)
	data, err := slip.PDF()
	require.NoError(t, err)
	return saved(t, data)
}

func saved(t *testing.T, pdf []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bill.pdf")
	require.NoError(t, os.WriteFile(name, pdf, 0o600))
	return name
}

// rendered returns the file of a picture of where the slip is on that page of the PDF, with 300 dots per inch.
func rendered(t *testing.T, pdf, page string) string {
	t.Helper()
	picture := strings.TrimSuffix(pdf, ".pdf")
	output, err := exec.CommandContext(t.Context(), program(t, "pdftoppm", "poppler-utils"), "-gray", "-r", "300", "-singlefile", "-f", page,
		"-y", "2268", "-W", "2480", "-H", "1240", pdf, picture).CombinedOutput()
	require.NoError(t, err, string(output))
	return picture + ".pgm"
}

func scanned(t *testing.T, picture string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), program(t, "zbarimg", "zbar-tools"), "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sqrcode.binary", picture).Output()
	require.NoError(t, err)
	return strings.TrimSuffix(string(output), "\n")
}

func texts(t *testing.T, pdf string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), program(t, "pdftotext", "poppler-utils"), "-raw", pdf, "-").Output()
	require.NoError(t, err)
	return string(output)
}

func TestACodeOnPaperSaysWhatTheBillSays(t *testing.T) {
	t.Parallel()
	usual := full(t)
	usual.Debtor, usual.BillingInformation, usual.AlternativeSchemes = nil, "", nil
	for name, bill := range map[string]qrbill.Bill{"full": full(t), "usual": usual, "blank": blank(), "widest": widest(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			payload, err := bill.Payload()
			require.NoError(t, err)
			picture := rendered(t, written(t, bill, "fr"), "1")
			read, err := goqr.Decode(opened(t, picture))
			require.NoError(t, err)
			assert.Equal(t, strings.Split(payload, "\n"), strings.Split(read, "\n"))
			if name != "widest" { // zbar 0.23 is confused by a cross in the middle of versions 21 to 25
				assert.Equal(t, strings.Split(payload, "\n"), strings.Split(scanned(t, picture), "\n"))
			}
		})
	}
}

func TestCodeAndCrossHaveTheirMillimetres(t *testing.T) {
	t.Parallel()
	for name, bill := range map[string]qrbill.Bill{"full": full(t), "blank": blank(), "widest": widest(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := opened(t, rendered(t, written(t, bill, "de"), "1"))
			dark := extent(page, 64, 13, 116, 66) // the code and what surrounds it
			assert.InDelta(t, 46, dark.width, 0.3)
			assert.InDelta(t, 46, dark.height, 0.3)
			assert.InDelta(t, 67, dark.x, 0.3)
			assert.InDelta(t, 17, dark.y, 0.3)

			middleX, middleY := 67+23.0, 17+23.0
			assert.InDelta(t, 7, whiteAround(page, middleX, middleY), 0.3)
			cross := extent(page, middleX-3.3, middleY-3.3, middleX+3.3, middleY+3.3)
			assert.InDelta(t, 6, cross.width, 0.2, "black within the white border of the 7 mm")
			assert.InDelta(t, 6, cross.height, 0.2)
			assert.True(t, light(page, middleX, middleY), "the cross is white")
			assert.True(t, light(page, middleX+1.5, middleY))
			assert.True(t, light(page, middleX, middleY-1.5))
			assert.False(t, light(page, middleX+1.5, middleY+1.5))
		})
	}
}

func TestTheTextOnPaperIsTextInEveryLanguage(t *testing.T) {
	t.Parallel()
	for language, headings := range map[string][]string{
		"de": {"Zahlteil", "Empfangsschein", "Konto / Zahlbar an", "Referenz", "Zusätzliche Informationen", "Zahlbar durch", "Währung", "Betrag", "Annahmestelle"},
		"fr": {"Section paiement", "Récépissé", "Compte / Payable à", "Référence", "Informations supplémentaires", "Payable par", "Monnaie", "Montant", "Point de dépôt"},
		"it": {"Sezione pagamento", "Ricevuta", "Conto / Pagabile a", "Riferimento", "Informazioni supplementari", "Pagabile da", "Valuta", "Importo", "Punto di accettazione"},
		"en": {"Payment part", "Receipt", "Account / Payable to", "Reference", "Additional information", "Payable by", "Currency", "Amount", "Acceptance point"},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			lines := strings.Split(texts(t, written(t, full(t), language)), "\n")
			for _, line := range append(
				headings, "CH44 3199 9123 0008 8901 2", "21 00000 00003 13947 14300 09017", "Müller & Dvořák AG", "Chemin de l'Église 12a", "1201 Genève",
				"Ștefan Łukasz", "Rue de la Paix 3", "FR-75002 Paris", "1 949.75", "Commande du 15.06.2026 <merci>", "eBill/B/stefan@example.ch",
			) {
				assert.Contains(t, strings.Join(lines, "\n"), line)
			}
		})
	}
	open := texts(t, written(t, blank(), "en"))
	assert.Contains(t, open, "Payable by (name/address)")
	assert.NotContains(t, open, "Reference")
	assert.NotContains(t, open, "Additional information")
}

func TestFontsAreEmbeddedAndThePDFIsTagged(t *testing.T) {
	t.Parallel()
	name := written(t, full(t), "de")
	fonts, err := exec.CommandContext(t.Context(), program(t, "pdffonts", "poppler-utils"), name).Output()
	require.NoError(t, err)
	assert.Regexp(t, `LiberationSans\s+CID TrueType\s+Identity-H\s+yes yes yes`, string(fonts))
	assert.Regexp(t, `LiberationSans-Bold\s+CID TrueType\s+Identity-H\s+yes yes yes`, string(fonts))
	information, err := exec.CommandContext(t.Context(), program(t, "pdfinfo", "poppler-utils"), name).Output()
	require.NoError(t, err)
	assert.Regexp(t, `Tagged:\s+yes`, string(information))
	assert.Regexp(t, `JavaScript:\s+no`, string(information))
	assert.Regexp(t, `Page size:\s+595.28 x 841.89 pts \(A4\)`, string(information))
	file, err := os.Stat(name)
	require.NoError(t, err)
	assert.Less(t, file.Size(), int64(100_000), "only the characters that are used are embedded")
}

func TestTheSameBillIsTheSamePDF(t *testing.T) {
	t.Parallel()
	slip, err := paper.New(full(t), "it")
	require.NoError(t, err)
	first, err := slip.PDF()
	require.NoError(t, err)
	second, err := slip.PDF()
	require.NoError(t, err)
	assert.Equal(t, first, second)
}

func TestASlipFollowsTheTextOrGoesToAPageOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  float64 // millimetres above the slip
		pages string
	}{{10, "1"}, {165, "1"}, {180, "2"}} {
		slip, err := paper.New(full(t), "de")
		require.NoError(t, err)
		doc := document.NewDocument(document.PageSizeA4)
		doc.SetTagged(true)
		margin := 20 / 25.4 * 72
		doc.SetMargins(layout.Margins{Top: margin, Bottom: margin, Left: margin, Right: margin})
		fonts := paper.NewFonts()
		doc.Add(layout.NewDiv().Add(layout.NewParagraphEmbedded("Rechnung", fonts.Regular, 10)).SetMinHeight(c.text / 25.4 * 72))
		doc.Add(slip.OnPage(fonts, margin))
		data, err := doc.ToBytes()
		require.NoError(t, err)
		name := saved(t, data)
		information, err := exec.CommandContext(t.Context(), program(t, "pdfinfo", "poppler-utils"), name).Output()
		require.NoError(t, err)
		assert.Regexp(t, `Pages:\s+`+c.pages+`\n`, string(information), "%g mm of text", c.text)
		page := opened(t, rendered(t, name, c.pages))
		assert.InDelta(t, 17, extent(page, 64, 13, 116, 66).y, 0.3)
	}
}

func TestTheSVGShowsTheSameWithoutAnythingActive(t *testing.T) {
	t.Parallel()
	bill := full(t)
	bill.Message = `</text><script>alert("1")</script>&`
	slip, err := paper.New(bill, "fr")
	require.NoError(t, err)
	elements := map[string]int{}
	var texts []string
	for decoder, inText := xml.NewDecoder(strings.NewReader(string(slip.SVG()))), false; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			elements[token.Name.Local]++
			inText = token.Name.Local == "text"
			for _, attribute := range token.Attr {
				assert.NotRegexp(t, "^(on|href|style|src)", attribute.Name.Local)
			}
		case xml.CharData:
			if inText {
				texts = append(texts, string(token))
			}
		}
	}
	for name := range elements {
		assert.Contains(t, []string{"svg", "rect", "g", "title", "path", "polyline", "text"}, name)
	}
	for _, line := range []string{"Section paiement", "Récépissé", "CH44 3199 9123 0008 8901 2", "1 949.75", bill.Message} {
		assert.Contains(t, texts, line)
	}
	assert.NotContains(t, string(slip.CodeSVG()), "<text")
	var code struct{ XMLName xml.Name }
	require.NoError(t, xml.Unmarshal(slip.CodeSVG(), &code))
}

func TestEveryLanguageOfAnInvoiceHasASlip(t *testing.T) {
	t.Parallel()
	for _, language := range invoice.Languages {
		_, err := paper.New(full(t), language)
		require.NoError(t, err)
	}
	_, err := paper.New(full(t), "rm")
	require.ErrorContains(t, err, "rm")
	wrong := full(t)
	wrong.Account = ""
	_, err = paper.New(wrong, "de")
	assert.ErrorContains(t, err, "account")
}

// opened reads the picture that pdftoppm writes: a line of text for each of its kind, its size and its white, and then the pixels.
func opened(t *testing.T, name string) *image.Gray {
	t.Helper()
	file, err := os.ReadFile(name)
	require.NoError(t, err)
	picture := image.NewGray(image.Rect(0, 0, 2480, 1240))
	pixels, ok := bytes.CutPrefix(file, []byte("P5\n2480 1240\n255\n"))
	require.True(t, ok, "%.20q", file)
	require.Len(t, pixels, len(picture.Pix))
	copy(picture.Pix, pixels)
	return picture
}

func light(page *image.Gray, x, y float64) bool {
	return page.GrayAt(int(x*dotsPerMillimetre), int(y*dotsPerMillimetre)).Y > 0x80
}

type area struct{ x, y, width, height float64 }

// extent returns the smallest rectangle around all that is dark in a part of the page, in millimetres.
func extent(page *image.Gray, fromX, fromY, toX, toY float64) area {
	dark := image.Rectangle{}
	for y := int(fromY * dotsPerMillimetre); y < int(toY*dotsPerMillimetre); y++ {
		for x := int(fromX * dotsPerMillimetre); x < int(toX*dotsPerMillimetre); x++ {
			if page.GrayAt(x, y).Y < 0x80 {
				dark = dark.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return area{float64(dark.Min.X) / dotsPerMillimetre, float64(dark.Min.Y) / dotsPerMillimetre, float64(dark.Dx()) / dotsPerMillimetre, float64(dark.Dy()) / dotsPerMillimetre}
}

// whiteAround returns the size of the largest square around a point, in millimetres, whose edge touches nothing dark.
func whiteAround(page *image.Gray, x, y float64) float64 {
	largest := 0.0
	for half := 3.0; half < 5; half += 0.02 {
		white := true
		for step := -half; step <= half; step += 0.02 {
			white = white && light(page, x+step, y-half) && light(page, x+step, y+half) && light(page, x-half, y+step) && light(page, x+half, y+step)
		}
		if white {
			largest = 2 * half
		}
	}
	return largest
}

func TestEveryCharacterOfABillHasAShape(t *testing.T) {
	t.Parallel()
	fonts := paper.NewFonts()
	seen := 0
	for r := rune(1); r < 0x3000; r++ {
		clean, refused := qrbill.Clean(string(r))
		if refused != 0 {
			continue
		}
		for _, r := range clean + "…" {
			seen++
			assert.NotZero(t, fonts.Regular.Face().GlyphIndex(r), "%q", r)
			assert.NotZero(t, fonts.Bold.Face().GlyphIndex(r), "%q", r)
		}
	}
	assert.Greater(t, seen, 300)
}

func BenchmarkAPDF(b *testing.B) {
	bill := blank()
	for b.Loop() {
		slip, err := paper.New(bill, "de")
		require.NoError(b, err)
		_, err = slip.PDF()
		require.NoError(b, err)
	}
}
