package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/quittance/quittance/internal/testing/sftptest"
	"github.com/quittance/quittance/workflows/contract"
)

// source is what tests look at of a settlement source.
type source struct {
	LastSuccessAt *time.Time `json:"last_success_at"`
	Failures      int        `json:"failures"`
	Files         []struct {
		Name         string `json:"name"`
		State        string `json:"state"`
		SettlementID string `json:"settlement_id"`
	} `json:"files"`
}

func TestSettlementFilesAreFetchedBySFTP(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	s := sftptest.Start(t)
	const header = "payout_reference,payout_date,type,order_id,currency,gross,fee,net\n"
	s.Put("1.csv", header+"WL-1,2026-11-20,payment,QUNKNOWN0000000000,CHF,108.00,2.30,105.70\n", time.Now().Add(-2*time.Hour))
	s.Put("2.csv", header, time.Now().Add(-time.Hour))
	c.call("PUT", "/settlement-source", object{
		"host": "127.0.0.1", "port": s.Port, "user": sftptest.User, "password": sftptest.Password, "folder": "out", "file_pattern": "*.csv",
		"host_key": ssh.FingerprintSHA256(s.HostKey),
	}).gives(200, nil)
	var folder struct{ Files int }
	c.call("POST", "/settlement-source/test", nil).gives(200, &folder)
	assert.Equal(t, 2, folder.Files)
	looked := await(t, 2*time.Minute, func() (now source) {
		c.call("GET", "/settlement-source", nil).gives(200, &now)
		return now
	}, func(now source) bool { return len(now.Files) == 2 && now.LastSuccessAt != nil })
	keepHistory(t, shared, contract.SettlementFetchID(c.id), "settlement-files-fetched")
	states := map[string]string{}
	for _, f := range looked.Files {
		states[f.Name] = f.State
		if f.State == "imported" {
			var imported struct {
				ImportedBy string `json:"imported_by"`
			}
			c.call("GET", "/settlements/"+f.SettlementID, nil).gives(200, &imported)
			assert.Equal(t, "settlement-source", imported.ImportedBy)
		}
	}
	assert.Equal(t, map[string]string{"1.csv": "imported", "2.csv": "set_aside"}, states)
	var asked struct {
		Data []struct{ Kind, Subject string }
	}
	c.call("GET", "/exceptions?open=true&kind=settlement_file_refused", nil).gives(200, &asked)
	require.Len(t, asked.Data, 1)
	c.call("DELETE", "/settlement-source", nil)
}
