package qrbill_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/qrbill"
)

const (
	ordinaryIBAN = "CH5800791123000889012"
	qrIBAN       = "CH4431999123000889012"
)

func TestReferencesOfTheGuidelinesAreRead(t *testing.T) {
	t.Parallel()
	for written, printed := range map[string]string{
		"210000000003139471430009017":      "21 00000 00003 13947 14300 09017",
		"21 00000 00003 13947 14300 09017": "21 00000 00003 13947 14300 09017",
	} {
		reference, err := qrbill.ParseReference(written)
		require.NoError(t, err)
		assert.Equal(t, qrbill.QRR, reference.Kind())
		assert.Equal(t, "210000000003139471430009017", reference.String())
		assert.Equal(t, printed, reference.Grouped())
	}
	for _, written := range []string{"RF18539007547034", "rf18 5390 0754 7034", " RF18\t5390 0754 7034\n"} {
		reference, err := qrbill.ParseReference(written)
		require.NoError(t, err)
		assert.Equal(t, qrbill.SCOR, reference.Kind())
		assert.Equal(t, "RF18539007547034", reference.String())
		assert.Equal(t, "RF18 5390 0754 7034", reference.Grouped())
	}
	made, err := qrbill.NewQRR("21000000000313947143000901")
	require.NoError(t, err)
	assert.Equal(t, "210000000003139471430009017", made.String())
	made, err = qrbill.NewSCOR("5390 0754 7034")
	require.NoError(t, err)
	assert.Equal(t, "RF18539007547034", made.String())
}

func TestAMistypedReferenceIsRefused(t *testing.T) {
	t.Parallel()
	for written, message := range map[string]string{
		"":                             "must not be empty",
		"  ":                           "must not be empty",
		"210000000003139471430009018":  "check digit",
		"210000000003139471430009071":  "check digit",
		"21000000000313947143000901":   "must have 27 digits; it has 26",
		"2100000000031394714300090170": "must have 27 digits; it has 28",
		"000000000000000000000000000":  "only zeros",
		"RF19539007547034":             "check digits",
		"RF18":                         "5 to 25 characters",
		"RF18539007547034539007547034": "5 to 25 characters",
		"RF1853900754703é":             "only letters A to Z and digits",
		"RFX8539007547034":             "only letters A to Z and digits",
		"2026-0042":                    "must be a QR reference",
		"٢١٠٠٠٠٠٠٠٠٠٣١٣٩٤٧١٤٣٠٠٠٩٠١٧":      "must be a QR reference",
		"21000000000313947143000901\x007":  "must be a QR reference",
		"+21000000000313947143000901":      "must be a QR reference",
		"210000000003139471430009017 RF18": "must be a QR reference",
	} {
		_, err := qrbill.ParseReference(written)
		assert.ErrorContains(t, err, message, "%q", written)
	}
}

func TestANumberThatNoReferenceCanHoldIsRefused(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"", "0", "000", "A1", "1-2", "210000000003139471430009017"} {
		_, err := qrbill.NewQRR(number)
		require.Error(t, err, number)
	}
	for _, number := range []string{"", "1-2", "Ä", strings.Repeat("1", 22)} {
		_, err := qrbill.NewSCOR(number)
		assert.Error(t, err, number)
	}
}

func TestAnInvoiceAlwaysHasTheSameReference(t *testing.T) {
	t.Parallel()
	for account, kind := range map[string]qrbill.Kind{ordinaryIBAN: qrbill.SCOR, qrIBAN: qrbill.QRR} {
		seen := map[string]bool{}
		for _, id := range []string{"inv_1", "inv_2", "inv_01", "", "INV_1"} {
			first, err := qrbill.ReferenceFor(account, id)
			require.NoError(t, err)
			second, err := qrbill.ReferenceFor(account, id)
			require.NoError(t, err)
			assert.Equal(t, first, second)
			assert.Equal(t, kind, first.Kind())
			assert.False(t, seen[first.String()], "two invoices have %s", first)
			seen[first.String()] = true
		}
	}
}

func TestEveryReferenceThatIsMadeIsReadAndNoneWithAnotherDigit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var made qrbill.Reference
		var err error
		if rapid.Bool().Draw(t, "qrr") {
			made, err = qrbill.NewQRR(rapid.StringMatching(`[0-9]{0,25}[1-9]`).Draw(t, "number"))
		} else {
			made, err = qrbill.NewSCOR(rapid.StringMatching(`[0-9A-Z]{1,21}`).Draw(t, "number"))
		}
		require.NoError(t, err)
		read, err := qrbill.ParseReference(made.Grouped())
		require.NoError(t, err)
		assert.Equal(t, made, read)

		changed := []byte(made.String())
		place := rapid.IntRange(2, len(changed)-1).Draw(t, "place")
		digit := rapid.SampledFrom([]byte("0123456789")).Draw(t, "digit")
		if changed[place] == digit || changed[place] > '9' {
			return
		}
		changed[place] = digit
		_, err = qrbill.ParseReference(string(changed))
		assert.Error(t, err, "%s and %s", made, changed)
	})
}

func FuzzParseReference(f *testing.F) {
	for _, s := range []string{"", "210000000003139471430009017", "RF18539007547034", "rf18 5390 0754 7034", "RF", "\x00", "ſ", "RF01é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		reference, err := qrbill.ParseReference(s)
		if err != nil {
			assert.Zero(t, reference)
			return
		}
		assert.Regexp(t, `^([0-9]{27}|RF[0-9]{2}[0-9A-Z]{1,21})$`, reference.String())
		assert.Contains(t, []qrbill.Kind{qrbill.QRR, qrbill.SCOR}, reference.Kind())
		again, err := qrbill.ParseReference(reference.Grouped())
		require.NoError(t, err)
		assert.Equal(t, reference, again)
	})
}
