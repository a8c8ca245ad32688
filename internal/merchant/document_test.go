package merchant_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

func FuzzDocumentNamesAreHarmless(f *testing.F) {
	for _, name := range []string{
		"Pass.pdf", "../../etc/passwd", `C:\Users\a\b.exe`, "", ".", "..", "a\r\nBcc: x@example.ch.pdf", "Ausweis\u202efdp.exe", "\xff\xfe", strings.Repeat("ä", 300),
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		d, err := merchant.NewDocument("doc_1", merchant.PaymentService{ID: "psv_1", CompanyID: "cmp_1"}, name, []byte("%PDF-1.4"), start)
		require.NoError(t, err)
		assert.True(t, utf8.ValidString(d.Name))
		assert.True(t, strings.HasSuffix(d.Name, ".pdf"))
		assert.LessOrEqual(t, utf8.RuneCountInString(d.Name), 84)
		assert.False(t, strings.ContainsAny(d.Name, `/\<>:"|?*`), d.Name)
		assert.False(t, strings.HasPrefix(d.Name, "."), d.Name)
		for _, r := range d.Name {
			assert.True(t, unicode.IsGraphic(r), "%q", d.Name)
		}
	})
}

func TestDocumentIsDescribedForPeople(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]string{8: "“Pass.jpg” (JPEG, 1 KB)", 482_133: "“Pass.jpg” (JPEG, 483 KB)", 1_250_000: "“Pass.jpg” (JPEG, 1.2 MB)"} {
		d, err := merchant.NewDocument("doc_1", merchant.PaymentService{}, "Pass.jpeg", append([]byte("\xff\xd8\xff"), make([]byte, size-3)...), start)
		require.NoError(t, err)
		assert.Equal(t, want, d.Describe())
	}
	_, err := merchant.NewDocument("doc_1", merchant.PaymentService{}, "Pass.pdf", make([]byte, merchant.MaxDocument+1), start)
	assert.Equal(t, problem.TooLarge, problem.CodeOf(err))
}

func TestNobodyFloodsTheAcquirerInTheNameOfACompany(t *testing.T) {
	t.Parallel()
	var s merchant.PaymentService
	for range merchant.MaxDocuments {
		_, err := merchant.NewDocument("doc_1", s, "a.pdf", []byte("%PDF-1.7"), start)
		require.NoError(t, err)
		s.Note(merchant.ServiceStep{What: merchant.DocumentReceived}, start)
	}
	_, err := merchant.NewDocument("doc_1", s, "a.pdf", []byte("%PDF-1.7"), start)
	assert.Equal(t, problem.Invalid, problem.CodeOf(err))
}
