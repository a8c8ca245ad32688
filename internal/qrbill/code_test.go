package qrbill_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/qrbill"
)

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:'+-/()?*[]{}|`´~!\"#%&<>÷=@_$£^àáâäçèéêëìíîïñòóôöùúûüýßÀÁÂÄÇÈÉÊËÌÍÎÏÒÓÔÖÙÚÛÜÑœŒšžčćđłńőűșț€"

func texts(minimum, maximum int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		length := rapid.IntRange(minimum, maximum).Draw(t, "length")
		return rapid.StringOfN(rapid.SampledFrom([]rune(letters)), length, length, -1).Draw(t, "text")
	})
}

var addresses = rapid.Custom(func(t *rapid.T) qrbill.Address {
	return qrbill.Address{
		Name: texts(1, 70).Draw(t, "name"), Street: texts(0, 70).Draw(t, "street"), HouseNumber: texts(0, 16).Draw(t, "house number"),
		Postcode: texts(1, 16).Draw(t, "post code"), City: texts(1, 35).Draw(t, "city"), Country: rapid.SampledFrom([]string{"CH", "LI", "DE", "FR"}).Draw(t, "country"),
	}
})

var bills = rapid.Custom(func(t *rapid.T) qrbill.Bill {
	bill := qrbill.Bill{Account: ordinaryIBAN, Creditor: addresses.Draw(t, "creditor"), Currency: rapid.SampledFrom([]money.Currency{money.CHF, money.EUR}).Draw(t, "currency")}
	switch rapid.SampledFrom([]qrbill.Kind{qrbill.QRR, qrbill.SCOR, qrbill.NON}).Draw(t, "kind") {
	case qrbill.QRR:
		bill.Account, bill.Currency = qrIBAN, money.CHF
		bill.Reference, _ = qrbill.NewQRR(rapid.StringMatching(`[0-9]{0,25}[1-9]`).Draw(t, "number"))
	case qrbill.SCOR:
		bill.Reference, _ = qrbill.NewSCOR(rapid.StringMatching(`[0-9A-Z]{1,21}`).Draw(t, "number"))
	}
	if rapid.Bool().Draw(t, "has an amount") {
		value := decimal.New(rapid.Int64Range(1, 99_999_999_999).Draw(t, "cents"), -2)
		bill.Amount = &value
	}
	if rapid.Bool().Draw(t, "has a debtor") {
		debtor := addresses.Draw(t, "debtor")
		bill.Debtor = &debtor
	}
	bill.Message = texts(0, 70).Draw(t, "message")
	bill.BillingInformation = texts(0, 70).Draw(t, "billing information")
	bill.AlternativeSchemes = rapid.SliceOfN(texts(1, 100), 0, 2).Draw(t, "alternative schemes")
	return bill
})

// longest returns a bill whose payload has 997 bytes, as many as there may be.
func longest(t require.TestingT) qrbill.Bill {
	wide := qrbill.Address{
		Name: strings.Repeat("W", 70), Street: strings.Repeat("W", 70), HouseNumber: strings.Repeat("9", 16), Postcode: strings.Repeat("9", 16),
		City: strings.Repeat("W", 35), Country: "CH",
	}
	bill := usual(t)
	bill.Amount = amount("999999999.99")
	bill.Creditor, bill.Debtor = wide, &wide
	bill.Message, bill.BillingInformation = strings.Repeat("W", 70), strings.Repeat("S", 70)
	bill.AlternativeSchemes = []string{strings.Repeat("A", 100), strings.Repeat("B", 100)}
	payload, err := bill.Payload()
	require.NoError(t, err)
	for more := qrbill.MaxPayload - len(payload); more > 0; more-- { // a letter of two bytes for one of one
		for _, text := range []*string{&bill.AlternativeSchemes[0], &bill.AlternativeSchemes[1], &bill.Message, &bill.BillingInformation, &bill.Creditor.Name} {
			if strings.ContainsAny(*text, "ABWS") {
				i := strings.IndexAny(*text, "ABWS")
				*text = (*text)[:i] + "é" + (*text)[i+1:]
				break
			}
		}
	}
	payload, err = bill.Payload()
	require.NoError(t, err)
	require.Len(t, payload, qrbill.MaxPayload)
	return bill
}

func TestNoBillHasAnAlignmentPatternUnderItsCrossThatCanBeAvoided(t *testing.T) {
	t.Parallel()
	for length, version := range map[int]int{1: 1, 106: 6, 107: 14, 331: 14, 362: 14, 363: 15, 666: 20, 667: 21, qrbill.MaxPayload: 25} {
		code, err := qrbill.Encode(strings.Repeat("a", length))
		require.NoError(t, err)
		assert.Len(t, code, 17+4*version, "%d bytes", length)
	}
	_, err := qrbill.Encode(strings.Repeat("a", qrbill.MaxPayload+1))
	assert.Error(t, err)
}

func TestAThousandBillsAreReadFromTheirCodesAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	payloads := []string{}
	add := func(bill qrbill.Bill) {
		if payload, err := bill.Payload(); err == nil { // very many accents do not fit
			payloads = append(payloads, payload)
		}
	}
	add(longest(t))
	for seed := 0; len(payloads) < 1000; seed++ {
		require.Less(t, seed, 2000)
		add(bills.Example(seed))
	}

	folder := t.TempDir()
	names := make([]string, len(payloads))
	for i, payload := range payloads {
		code, err := qrbill.Encode(payload)
		require.NoError(t, err)
		if i == 0 {
			assert.Len(t, code, 117, "the longest bill needs version 25")
		}
		names[i] = filepath.Join(folder, fmt.Sprintf("%04d.pgm", i))
		require.NoError(t, os.WriteFile(names[i], picture(code), 0o600))
	}
	read := scanned(t, names...)
	require.Len(t, read, len(payloads))
	for i := range payloads {
		require.Equal(t, payloads[i], read[i], "what is read is what was written")
	}
	t.Logf("%d bills were read from their codes", len(payloads))
}

// picture draws a code with its border of four modules, three pixels a module, as a file of the kind "portable grey map".
func picture(code qrbill.Code) []byte {
	const scale, border = 3, 4
	side := (len(code) + 2*border) * scale
	white := bytes.Repeat([]byte{255}, side)
	file := fmt.Appendf(nil, "P5\n%d %d\n255\n", side, side)
	file = append(file, bytes.Repeat(white, border*scale)...)
	for _, modules := range code {
		row := bytes.Clone(white)
		for column, dark := range modules {
			if dark {
				at := (column + border) * scale
				clear(row[at : at+scale])
			}
		}
		file = append(file, bytes.Repeat(row, scale)...)
	}
	return append(file, bytes.Repeat(white, border*scale)...)
}

// start is what every payload starts with.
const start = "SPC\n0200\n1\n"

// scanned returns what zbarimg reads from each of the pictures.
func scanned(t *testing.T, names ...string) []string {
	t.Helper()
	program, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skip("no zbarimg is installed: install the package zbar-tools to have the codes read by another program")
	}
	output, err := exec.CommandContext(t.Context(), program, append([]string{"--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sqrcode.binary"}, names...)...).Output()
	require.NoError(t, err)
	var read []string
	for _, rest := range strings.Split(string(output), start)[1:] { // it writes a line end after each
		read = append(read, start+strings.TrimSuffix(rest, "\n"))
	}
	return read
}
