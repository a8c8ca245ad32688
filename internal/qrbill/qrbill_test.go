package qrbill_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/qrbill"
)

func amount(s string) *decimal.Decimal {
	d := decimal.RequireFromString(s)
	return &d
}

func reference(t require.TestingT, s string) qrbill.Reference {
	r, err := qrbill.ParseReference(s)
	require.NoError(t, err)
	return r
}

// usual is a bill with everything, which tests change.
func usual(t require.TestingT) qrbill.Bill {
	return qrbill.Bill{
		Account:            "CH44 3199 9123 0008 8901 2",
		Creditor:           qrbill.Address{Name: "Muster & Söhne AG", Street: "Musterstrasse", HouseNumber: "123", Postcode: "8000", City: "Seldwyla", Country: "CH"},
		Amount:             amount("1949.75"),
		Currency:           money.CHF,
		Debtor:             &qrbill.Address{Name: "Simon Muster", Street: "Musterstrasse", HouseNumber: "1", Postcode: "8000", City: "Seldwyla", Country: "CH"},
		Reference:          reference(t, "210000000003139471430009017"),
		Message:            "Auftrag vom 15.06.2026",
		BillingInformation: "//S1/10/10201409/11/260512",
		AlternativeSchemes: []string{"eBill/B/simon.muster@example.com"},
	}
}

func TestABillWithEverythingHasTheLinesOfTheGuidelines(t *testing.T) {
	t.Parallel()
	payload, err := usual(t).Payload()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"SPC", "0200", "1", "CH4431999123000889012",
		"S", "Muster & Söhne AG", "Musterstrasse", "123", "8000", "Seldwyla", "CH",
		"", "", "", "", "", "", "",
		"1949.75", "CHF",
		"S", "Simon Muster", "Musterstrasse", "1", "8000", "Seldwyla", "CH",
		"QRR", "210000000003139471430009017", "Auftrag vom 15.06.2026", "EPD",
		"//S1/10/10201409/11/260512", "eBill/B/simon.muster@example.com",
	}, strings.Split(payload, "\n"))
}

func TestABillWithoutAmountAndDebtorLeavesTheirLinesEmpty(t *testing.T) {
	t.Parallel()
	bill := qrbill.Bill{Account: ordinaryIBAN, Creditor: qrbill.Address{Name: "A", Postcode: "1", City: "B", Country: "LI"}, Currency: money.EUR}
	payload, err := bill.Payload()
	require.NoError(t, err)
	assert.Equal(t, "SPC\n0200\n1\n"+ordinaryIBAN+"\nS\nA\n\n\n1\nB\nLI\n\n\n\n\n\n\n\n\nEUR\n\n\n\n\n\n\n\nNON\n\n\nEPD", payload)
	assert.Equal(t, 31, strings.Count(payload, "\n")+1)

	bill.AlternativeSchemes = []string{"eBill/B/1"}
	payload, err = bill.Payload()
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(payload, "\nEPD\n\neBill/B/1"), "the empty line of the billing information stays")
}

func TestWhatABillCannotCarryIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*qrbill.Bill)
		field   string
		message string
	}{
		"no account":                   {func(b *qrbill.Bill) { b.Account = "" }, "account", "IBAN of Switzerland"},
		"an impossible account":        {func(b *qrbill.Bill) { b.Account = "CH4431999123000889013" }, "account", "IBAN of Switzerland"},
		"a foreign account":            {func(b *qrbill.Bill) { b.Account = "DE89370400440532013000" }, "account", "IBAN of Switzerland"},
		"another currency":             {func(b *qrbill.Bill) { b.Currency = money.USD }, "currency", "CHF or EUR"},
		"QR-IBAN in EUR":               {func(b *qrbill.Bill) { b.Currency = money.EUR }, "account", "for a bill in EUR"},
		"QR-IBAN with RF":              {func(b *qrbill.Bill) { b.Reference = reference(t, "RF18539007547034") }, "reference", "must be a QR reference"},
		"QR-IBAN with nothing":         {func(b *qrbill.Bill) { b.Reference = qrbill.Reference{} }, "reference", "must be a QR reference"},
		"IBAN with a QR reference":     {func(b *qrbill.Bill) { b.Account = ordinaryIBAN }, "reference", "must start with RF"},
		"EUR with a QR reference":      {func(b *qrbill.Bill) { b.Account, b.Currency = ordinaryIBAN, money.EUR }, "reference", "must start with RF"},
		"nothing to pay":               {func(b *qrbill.Bill) { b.Amount = amount("0") }, "amount", "0.01 to 999999999.99"},
		"a negative amount":            {func(b *qrbill.Bill) { b.Amount = amount("-1") }, "amount", "0.01 to 999999999.99"},
		"a tenth of a centime":         {func(b *qrbill.Bill) { b.Amount = amount("1.001") }, "amount", "0.01 to 999999999.99"},
		"a milliard":                   {func(b *qrbill.Bill) { b.Amount = amount("1000000000") }, "amount", "0.01 to 999999999.99"},
		"a creditor without a name":    {func(b *qrbill.Bill) { b.Creditor.Name = " \t" }, "creditor.name", "must not be empty"},
		"a name of 71":                 {func(b *qrbill.Bill) { b.Creditor.Name = strings.Repeat("W", 71) }, "creditor.name", "at most 70"},
		"a street of 71":               {func(b *qrbill.Bill) { b.Debtor.Street = strings.Repeat("W", 71) }, "debtor.street", "at most 70"},
		"a house number of 17":         {func(b *qrbill.Bill) { b.Debtor.HouseNumber = strings.Repeat("1", 17) }, "debtor.house_number", "at most 16"},
		"a post code of 17":            {func(b *qrbill.Bill) { b.Debtor.Postcode = strings.Repeat("1", 17) }, "debtor.postcode", "at most 16"},
		"a town of 36":                 {func(b *qrbill.Bill) { b.Debtor.City = strings.Repeat("W", 36) }, "debtor.city", "at most 35"},
		"no post code":                 {func(b *qrbill.Bill) { b.Debtor.Postcode = "" }, "debtor.postcode", "must not be empty"},
		"no town":                      {func(b *qrbill.Bill) { b.Debtor.City = "" }, "debtor.city", "must not be empty"},
		"a country in words":           {func(b *qrbill.Bill) { b.Debtor.Country = "Schweiz" }, "debtor.country", "code of a country"},
		"a country that isn't":         {func(b *qrbill.Bill) { b.Debtor.Country = "ZZ" }, "debtor.country", "code of a country"},
		"a name in another script":     {func(b *qrbill.Bill) { b.Debtor.Name = "Анна" }, "debtor.name", "CYRILLIC CAPITAL LETTER A"},
		"a message of 141":             {func(b *qrbill.Bill) { b.Message = strings.Repeat("m", 141) }, "message", "at most 140"},
		"message and billing of 141":   {func(b *qrbill.Bill) { b.Message = strings.Repeat("m", 141-len(b.BillingInformation)) }, "message", "together"},
		"an emoji":                     {func(b *qrbill.Bill) { b.Message = "danke 🙂" }, "message", "SLIGHTLY SMILING FACE"},
		"three alternative schemes":    {func(b *qrbill.Bill) { b.AlternativeSchemes = []string{"a", "b", "c"} }, "alternative_schemes", "at most 2"},
		"an empty alternative scheme":  {func(b *qrbill.Bill) { b.AlternativeSchemes = []string{""} }, "alternative_schemes[0]", "must not be empty"},
		"an alternative scheme of 101": {func(b *qrbill.Bill) { b.AlternativeSchemes = []string{"a", strings.Repeat("b", 101)} }, "alternative_schemes[1]", "at most 100"},
		"too many bytes": {func(b *qrbill.Bill) {
			wide := qrbill.Address{Name: strings.Repeat("ü", 70), Street: strings.Repeat("ü", 70), HouseNumber: "1", Postcode: "1", City: strings.Repeat("ü", 35), Country: "CH"}
			b.Creditor, b.Debtor, b.Message, b.BillingInformation = wide, &wide, strings.Repeat("ü", 140), ""
		}, "message", "the code holds 997 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bill := usual(t)
			c.change(&bill)
			payload, err := bill.Payload()
			assert.Empty(t, payload)
			var fault *problem.Error
			require.ErrorAs(t, err, &fault)
			require.Len(t, fault.Fields, 1)
			assert.Equal(t, c.field, fault.Fields[0].Name)
			assert.Contains(t, fault.Fields[0].Message, c.message)
		})
	}
}

func TestAQRIBANIsKnownByItsInstitution(t *testing.T) {
	t.Parallel()
	assert.True(t, qrbill.IsQRIBAN("CH44 3199 9123 0008 8901 2"))
	assert.True(t, qrbill.IsQRIBAN(qrIBAN))
	for _, other := range []string{"", "CH", ordinaryIBAN, "CH4431999123000889013", "DE89370400440532013000"} {
		assert.False(t, qrbill.IsQRIBAN(other), other)
	}
	assert.Equal(t, "CH44 3199 9123 0008 8901 2", qrbill.GroupedAccount(qrIBAN))
}

func TestTextsBecomeWhatABillCanCarry(t *testing.T) {
	t.Parallel()
	for written, clean := range map[string]string{
		"Müller & Cie «Œuvre» €":     "Müller & Cie «Œuvre» €",
		"Dvořák, Łódź, Ștefan, Ñuñ":  "Dvořák, Łódź, Ștefan, Ñuñ",
		"“a” ‘b’ c’d – e…":           `"a" 'b' c'd - e...`,
		"Nguyễn Thị Hường":           "Nguyên Thi Huong",
		"ﬁn №5 Ⅳ":                    "fin No5 IV",
		" two\n lines\tand blanks ":  "two lines and blanks",
		"so\u00adft a\u200bb\u00a0c": "soft ab c",
		"u\u0308ber":                 "über",
		"ẞ":                          "SS",
	} {
		got, refused := qrbill.Clean(written)
		assert.Equal(t, clean, got)
		assert.Zero(t, refused, "%q", written)
	}
	for written, first := range map[string]rune{"Αθήνα": 'Α', "a\u0007": 7, "محمد": 'م', "東京": '東', "🙂": '🙂', "a\x00б": 0} {
		_, refused := qrbill.Clean(written)
		if first != 0 {
			assert.Equal(t, first, refused, "%q", written)
		}
	}
}

func TestAnAddressThatIsTooLongIsShortened(t *testing.T) {
	t.Parallel()
	long := qrbill.Address{Name: strings.Repeat("W", 200), Street: "“Weg”", HouseNumber: strings.Repeat("1", 20), Postcode: "8000", City: strings.Repeat("ö", 36), Country: "CH"}
	fitted, ok := long.Fitted()
	require.True(t, ok)
	assert.Equal(t, qrbill.Address{Name: strings.Repeat("W", 67) + "...", Street: `"Weg"`, HouseNumber: strings.Repeat("1", 13) + "...", Postcode: "8000", City: strings.Repeat("ö", 32) + "...", Country: "CH"}, fitted)
	bill := usual(t)
	bill.Debtor = &fitted
	_, err := bill.Payload()
	require.NoError(t, err)

	for _, change := range []func(*qrbill.Address){
		func(a *qrbill.Address) { a.Name = "Анна" },
		func(a *qrbill.Address) { a.Name = "" },
		func(a *qrbill.Address) { a.Postcode = "" },
		func(a *qrbill.Address) { a.City = "" },
		func(a *qrbill.Address) { a.Country = "" },
	} {
		changed := long
		change(&changed)
		_, ok := changed.Fitted()
		assert.False(t, ok, changed)
	}
}

func FuzzPayload(f *testing.F) {
	f.Add("Müller", "Weg", "1", "8000", "Zürich", "CH", "Danke", "//S1", int64(100), "RF18539007547034")
	f.Add("", "", "", "", "", "", "", "", int64(0), "")
	f.Add("a\nb", "\r\n", "\x00", "\xff", "\u2028", "ch", strings.Repeat("ü", 140), "", int64(-1), "210000000003139471430009017")
	f.Fuzz(func(t *testing.T, name, street, number, postcode, city, country, message, billing string, cents int64, ref string) {
		value := decimal.New(cents, -2)
		parsed, _ := qrbill.ParseReference(ref)
		account := ordinaryIBAN
		if parsed.Kind() == qrbill.QRR {
			account = qrIBAN
		}
		address := qrbill.Address{Name: name, Street: street, HouseNumber: number, Postcode: postcode, City: city, Country: country}
		payload, err := qrbill.Bill{Account: account, Creditor: address, Debtor: &address, Amount: &value, Currency: money.CHF, Reference: parsed, Message: message, BillingInformation: billing}.Payload()
		if err != nil {
			assert.Equal(t, problem.Invalid, problem.CodeOf(err))
			assert.Empty(t, payload)
			return
		}
		lines := strings.Split(payload, "\n")
		assert.Contains(t, []int{31, 32}, len(lines), "no text brings a line of its own")
		assert.Equal(t, "EPD", lines[30])
		assert.True(t, utf8.ValidString(payload))
		assert.NotContains(t, payload, "\r")
		assert.LessOrEqual(t, len(payload), qrbill.MaxPayload)
		_, err = qrbill.Encode(payload)
		require.NoError(t, err)
	})
}

func TestAZeroByteHasNoPlaceInABill(t *testing.T) {
	t.Parallel()
	_, refused := qrbill.Clean("Laus\x00anne")
	assert.NotZero(t, refused)
}
