package settlement

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notification is a small camt.054 with one payout.
const notification = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>M</MsgId></GrpHdr>
<Ntfctn><Id>N</Id><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct><Ntry><Amt Ccy="CHF">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><AddtlNtryInf>WORLDLINE</AddtlNtryInf></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`

func zipOf(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		require.NoError(t, err)
		_, err = io.WriteString(f, files[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func gzipOf(t testing.TB, content string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := io.WriteString(w, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestFileOfAnArchiveIsReadFromItsStartAsOftenAsNeeded(t *testing.T) {
	t.Parallel()
	members, _, err := Unpack(zipOf(t, "a.xml", notification, "list.csv", "x"))
	require.NoError(t, err)
	assert.Equal(t, []any{true, false, int64(len(notification))}, []any{members[0].IsXML(), members[1].IsXML(), members[0].Size})
	for range 2 {
		_, err := members[0].Seek(0, io.SeekStart)
		require.NoError(t, err)
		content, err := io.ReadAll(members[0])
		require.NoError(t, err)
		assert.Equal(t, notification, string(content))
	}
	_, err = members[0].Seek(1, io.SeekStart)
	require.Error(t, err)
}

// Some lists of the acquirer, and of others, have columns in common with those of banks.
func TestOnlyAListWithTheColumnsOfABankIsTakenForOne(t *testing.T) {
	t.Parallel()
	for header, is := range map[string]bool{
		"Datum;Text;Belastung;Gutschrift;Saldo\n": true, "Date de transaction;Débit;Crédit;Solde\n": true, "Data;Addebito;Accredito\n": true, "Date,Description,Balance\n": true,
		"UID;Merchant Name;Paym. date;Brand;Trx Date;Gross Amount;Comm. Amount;Net amount;Rate\n": false, "date;value date;amount;fee;Terminal Trx\n": false, "Name;Ort\n": false,
		"payout_reference,payout_date,type,order_id,currency,gross,fee\n": false,
	} {
		_, err := Read(strings.NewReader(header+"1;2;3\n"), 100, true)
		refused, ok := errors.AsType[*FileError](err)
		require.True(t, ok, header)
		assert.Equal(t, is, refused.Kind == kindBankList, "%s: %s", header, err)
	}
}

// FuzzUnpack holds whatever is sent against what an import relies on: each fault is told, and nothing is larger than allowed.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte(notification))
	f.Add(zipOf(f, "a.xml", notification, "b/c.csv", "payout_reference\n", "d.pdf", "%PDF-"))
	f.Add(gzipOf(f, notification))
	f.Add(gzipOf(f, strings.Repeat("0", 2<<20)))
	f.Add(zipOf(f, "a.zip", string(zipOf(f, "a.xml", notification))))
	f.Add([]byte(":20:X\n:25:CH93\n:60F:C261119CHF1,00\n"))
	refused := func(t *testing.T, err error) {
		t.Helper()
		fault, ok := errors.AsType[*FileError](err)
		require.True(t, ok, "%v", err)
		require.NotEmpty(t, fault.Faults)
		require.NotEmpty(t, fault.Faults[0].Reason)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := map[io.ReadSeeker]int64{}
		if IsArchive(data) {
			members, _, err := Unpack(data)
			if err != nil {
				refused(t, err)
				return
			}
			assert.NotEmpty(t, members)
			total := int64(0)
			for _, m := range members {
				files[m], total = m.Size, total+m.Size
			}
			assert.LessOrEqual(t, total, int64(maxUnpacked))
			assert.LessOrEqual(t, len(members), maxMembers)
		} else {
			files[bytes.NewReader(data)] = int64(len(data))
		}
		for r, size := range files {
			for _, isCSV := range []bool{true, false} {
				file, err := Read(r, size, isCSV)
				if err != nil {
					refused(t, err)
					continue
				}
				own, err := Own(nil, nil, file)
				require.NoError(t, err)
				if _, _, err := file.OfCompany(own); err != nil {
					refused(t, err)
				}
			}
		}
	})
}
