package api_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/internal/testing/sftptest"
)

func TestAManagerSetsUpAndTestsTheSettlementSourceInTheConsole(t *testing.T) {
	t.Parallel()
	const path = "/console/settings/settlement-source"
	w := newWorld(t)
	s := sftptest.Start(t)
	manager := w.inPages("manager")
	assert.Contains(t, manager.text(path), "Settlement files by SFTP")
	form := url.Values{
		"host": {"127.0.0.1"}, "port": {strconv.Itoa(s.Port)}, "host_key": {ssh.FingerprintSHA256(s.HostKey)}, "user": {sftptest.User}, "password": {sftptest.Password},
		"folder": {"out"}, "file_pattern": {"*.csv"}, "every_hours": {"6"}, "hour": {"7"}, "enabled": {"true"},
	}
	form.Set("host_key", "none")
	form.Set("private_key", s.PrivateKey)
	form.Del("password")
	refused := manager.visit(path, form)
	assert.Equal(t, http.StatusUnprocessableEntity, refused.Code)
	assert.Contains(t, refused.Body.String(), "The fingerprint is not that of the server.")
	assert.NotContains(t, refused.Body.String(), "PRIVATE KEY", "a secret never comes back")

	form.Set("host_key", ssh.FingerprintSHA256(s.HostKey))
	form.Set("private_key", "")
	form.Set("password", sftptest.Password)
	require.Equal(t, http.StatusSeeOther, manager.visit(path, form).Code)
	stored := w.source()
	assert.Equal(t, []any{6, "out", source.Password, true}, []any{stored.EveryHours, stored.Folder, stored.Auth, stored.Enabled})
	page := manager.visit(path).Body.String()
	assert.NotContains(t, page, sftptest.Password)

	s.Put("20261124.csv", "x", noon)
	assert.Contains(t, manager.visit(path+"/test", url.Values{}).Body.String(), "20261124.csv")
	form.Set("password", "")
	form.Set("folder", "in")
	require.Equal(t, http.StatusSeeOther, manager.visit(path, form).Code)
	failed := manager.visit(path+"/test", url.Values{}).Body.String()
	assert.Contains(t, failed, "There is no such folder on the server")

	f := source.File{
		ID: id.New(id.SourceFile), CompanyID: w.company.ID, Listed: source.Listed{Name: "broken.csv", Size: 1, ModifiedAt: noon}, State: source.SetAside, Reason: "It is empty.", At: noon,
	}
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SaveSourceFile(t.Context(), f) })
	viewer := w.inPages("viewer").text(path)
	assert.Contains(t, viewer, "broken.csv It is empty.")
	assert.Contains(t, viewer, "Set aside")
	assert.NotContains(t, viewer, "Look now")
	assert.Equal(t, http.StatusSeeOther, w.inPages("bookkeeper").visit("/console/payouts/look", url.Values{}).Code)
	assert.Equal(t, http.StatusSeeOther, manager.visit(path+"/remove", url.Values{}).Code)
	w.call("GET", "/settlement-source", w.key, nil).problem(http.StatusNotFound, "not-found")
}
