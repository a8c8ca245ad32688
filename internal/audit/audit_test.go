package audit_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/audit"
)

func TestOnlyWhatChangedIsNoted(t *testing.T) {
	tests := map[string]struct{ before, after, want string }{
		"a field":           {`{"status":"draft","number":"1"}`, `{"status":"open","number":"1"}`, `{"status":{"before":"draft","after":"open"}}`},
		"a new thing":       {``, `{"id":"inv_1","amount":"1.00"}`, `{"id":{"after":"inv_1"},"amount":{"after":"1.00"}}`},
		"a field that went": {`{"due":"1.00"}`, `{}`, `{"due":{"before":"1.00"}}`},
		"nothing":           {`{"a":{"b":1,"c":[2]}}`, `{"a": {"c":[2],"b":1}}`, `{}`},
		"null is a value":   {`{"a":null}`, `{"a":1}`, `{"a":{"before":null,"after":1}}`},
		"a secret":          {``, `{"id":"key_1","key":"qk_test_x","secret":"whsec_x"}`, `{"id":{"after":"key_1"}}`},
		"a list":            {`[1]`, `[2]`, `{}`},
	}
	for name, test := range tests {
		got, err := json.Marshal(audit.Compare("cmp_1", []byte(test.before), []byte(test.after)))
		require.NoError(t, err)
		assert.JSONEq(t, test.want, string(got), name)
	}
}

func TestWhatOpensASessionIsNotNoted(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(audit.Compare("ses_1", nil, []byte(`{"id":"ses_1","role":"manager","token":"qcs_x","url":"https://pay.example.ch/console/enter?code=qcl_x"}`)))
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":{"after":"ses_1"},"role":{"after":"manager"}}`, string(got))
}

func FuzzComparingAnythingIsSafe(f *testing.F) {
	f.Add([]byte(`{"a":1}`), []byte(`{"a":2}`))
	f.Add([]byte(`null`), []byte("{\"a\":\xff}"))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		_, err := json.Marshal(audit.Compare("cmp_1", before, after))
		require.NoError(t, err)
		assert.Empty(t, audit.Compare("cmp_1", after, after))
	})
}

func TestWhatIsKnownOfACustomerIsNamedOnly(t *testing.T) {
	t.Parallel()
	before := []byte(`{"customer":{"name":"Zoë"},"description":"for Zoë","amount":"1.00","status":"draft","metadata":{"a":"Zoë"}}`)
	after := []byte(`{"customer":{"name":"Zoé"},"amount":"2.00","status":"draft","metadata":{"a":"Zoé"}}`)
	got, err := json.Marshal(audit.Compare("inv_1", before, after))
	require.NoError(t, err)
	assert.JSONEq(t, `{"customer":{},"description":{},"metadata":{},"amount":{"before":"1.00","after":"2.00"}}`, string(got))
}
