package api_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
)

// noticed returns what the company's contact is to be told: change, thing, author and address.
func (w *world) noticed() []string {
	w.Helper()
	conn, err := pgx.Connect(w.Context(), w.superuserURL)
	require.NoError(w, err)
	defer func() { _ = conn.Close(w.Context()) }()
	rows, _ := conn.Query(w.Context(), `
		select change || ' ' || about || ' ' || before || ' ' || after || ' ' || actor || ' ' || address from security_notices where recipient = 'compta@demo.example' order by id`)
	told, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(w, err)
	_, err = conn.Exec(w.Context(), "delete from security_notices")
	require.NoError(w, err)
	return told
}

func TestEveryChangeThatCouldBeATheftIsToldToTheContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.company.ContactEmail = "compta@demo.example"
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SaveCompany(t.Context(), w.company) })
	service, keys := w.newService(merchant.Active), "/companies/"+w.company.ID+"/api-keys"
	idOf := func(a answer) string {
		require.Less(t, a.Code, 300, a.Body.String())
		made, _ := a.json(a.Code)["id"].(string)
		return made
	}
	var keyID, endpointID, accountID string
	by, admin := " "+w.keyID+" 192.0.2.1", " administrator 192.0.2.1"
	for _, step := range []struct {
		do   func() answer
		told string
	}{
		{func() answer { return w.call("POST", "/payment-services/"+service.ID+"/default", w.key, nil) }, "default_service_changed “Boutique” .*" + by},
		{func() answer {
			return w.call("POST", "/webhook-endpoints", w.key, `{"url":"http://127.0.0.1:1/x?secret=1"}`)
		}, "endpoint_created http://127.0.0.1:1  " + by},
		{func() answer {
			return w.call("PATCH", "/webhook-endpoints/"+endpointID, w.key, `{"url":"http://127.0.0.1:2/x?secret=1"}`)
		}, "endpoint_changed http://127.0.0.1:2  " + by},
		{func() answer { return w.call("POST", "/webhook-endpoints/"+endpointID+"/rotate-secret", w.key, nil) }, "endpoint_secret_rotated http://127.0.0.1:2  " + by},
		{func() answer { return w.call("DELETE", "/webhook-endpoints/"+endpointID, w.key, nil) }, "endpoint_removed http://127.0.0.1:2  " + by},
		{func() answer { return w.call("POST", "/bank-accounts", w.key, forInvoices(nil)) }, "bank_account_added CH4431999123000889012  " + by},
		{func() answer { return w.call("DELETE", "/bank-accounts/"+accountID, w.key, nil) }, "bank_account_removed CH4431999123000889012  " + by},
		{func() answer { return w.call("PATCH", "/settings", w.key, `{"receipt_account":"1020"}`) }, "receipt_account_changed  1029 1020" + by},
		{func() answer { return w.call("POST", keys, adminKey, `{"scopes":["read"]}`) }, "key_created qk_test_.*… \\(key_.*\\)  " + admin},
		{func() answer {
			return w.call("PATCH", keys+"/"+keyID, adminKey, `{"allowed_addresses":["192.0.2.0/24"]}`)
		}, "key_changed .*" + admin},
		{func() answer { return w.call("POST", keys+"/"+keyID+"/rotate", adminKey, nil) }, "key_rotated .*" + admin},
		{func() answer { return w.call("DELETE", keys+"/"+keyID, adminKey, nil) }, "key_revoked .*" + admin},
		{func() answer {
			return w.call("PATCH", "/companies/"+w.company.ID, adminKey, `{"contact_email":"other@demo.example"}`)
		}, "contact_changed  compta@demo.example other@demo.example" + admin},
	} {
		answered := step.do()
		require.Less(t, answered.Code, 300, answered.Body.String())
		told := w.noticed()
		require.Len(t, told, 1, step.told)
		if assert.Regexp(t, "^"+step.told+"$", told[0]); answered.Code == 201 {
			switch made := idOf(answered); {
			case keyID == "" && made[:3] == "key":
				keyID = made
			case made[:3] == "whe":
				endpointID = made
			case made[:3] == "bac":
				accountID = made
			}
		}
	}
	w.call("POST", "/payment-services/"+service.ID+"/default", w.newKey(w.company.ID, merchant.ScopeRead), nil).problem(403, "forbidden")
	w.call("PATCH", "/settings", w.key, `{"receipt_account":"9999"}`).problem(422, "validation-failed")
	assert.Empty(t, w.noticed(), "what is refused changed nothing")
	w.call("PUT", "/payment-services/"+service.ID+"/credentials", w.key, object{"customer_id": "1", "terminal_id": "12345678", "api_username": "u", "api_password": "p-1234567"})
	assert.Equal(t, merchant.Author{By: w.keyID, Address: "192.0.2.1"}, w.commands.credentials.By)
}
