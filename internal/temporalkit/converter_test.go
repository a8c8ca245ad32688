package temporalkit

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	commonpb "go.temporal.io/api/common/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/quittance/quittance/internal/secrets"
)

// customer stands for anything that a workflow carries and nobody may read in a history.
type customer struct{ Name string }

type invoiceID string

const name = "Anna Muster"

func encodingOf(payload *commonpb.Payload) string {
	return string(payload.GetMetadata()[converter.MetadataEncoding])
}

func TestEveryValueButABareStringIsEncryptedAndReadBack(t *testing.T) {
	t.Parallel()
	dc := DataConverter(newKeyring(t))
	text := name
	values := map[string]any{
		"a struct": customer{name}, "a pointer": &customer{name}, "a list": []customer{{name}}, "a map": map[string]string{"name": name},
		"a list of strings": []string{name}, "bytes": []byte(name), "a named string": invoiceID(name), "a pointer to a string": &text,
		"a protobuf message": &commonpb.WorkflowType{Name: name}, "a number": 42, "a truth": true, "nothing": nil,
	}
	for what, value := range values {
		payload, err := dc.ToPayload(value)
		require.NoError(t, err, what)
		assert.Equal(t, "binary/encrypted", encodingOf(payload), what)
		assert.NotContains(t, string(payload.GetData()), name, what)
		assert.NotContains(t, string(payload.GetData()), "json/plain", what)
	}

	payloads, err := dc.ToPayloads(customer{name}, 7, []byte(name))
	require.NoError(t, err)
	var (
		who   customer
		n     int
		bytes []byte
	)
	require.NoError(t, dc.FromPayloads(payloads, &who, &n, &bytes))
	assert.Equal(t, name, who.Name)
	assert.Equal(t, 7, n)
	assert.Equal(t, name, string(bytes))
	assert.JSONEq(t, `{"Name":"Anna Muster"}`, dc.ToString(payloads.GetPayloads()[0]))
	empty, err := dc.ToPayloads()
	require.NoError(t, err)
	assert.Nil(t, empty)
}

func TestTextForOperatorsStaysReadable(t *testing.T) {
	t.Parallel()
	dc := DataConverter(newKeyring(t))
	payloads, err := dc.ToPayloads("waits for the payer", customer{name})
	require.NoError(t, err)
	assert.Equal(t, "json/plain", encodingOf(payloads.GetPayloads()[0]))
	assert.Equal(t, `"waits for the payer"`, string(payloads.GetPayloads()[0].GetData()))
	assert.Equal(t, "binary/encrypted", encodingOf(payloads.GetPayloads()[1]), "the decision is taken value by value")
	var text string
	require.NoError(t, dc.FromPayload(payloads.GetPayloads()[0], &text))
	assert.Equal(t, "waits for the payer", text)
}

func TestOfRawValuesOnlyTheWorkflowMetadataIsReadable(t *testing.T) {
	t.Parallel()
	dc := DataConverter(newKeyring(t))
	for what, test := range map[string]struct {
		value    any
		encoding string
	}{
		"metadata": {&sdkpb.WorkflowMetadata{CurrentDetails: "waits"}, "json/protobuf"},
		"other":    {customer{name}, "binary/encrypted"},
	} {
		raw, err := converter.GetDefaultDataConverter().ToPayload(test.value)
		require.NoError(t, err)
		payload, err := dc.ToPayload(converter.NewRawValue(raw))
		require.NoError(t, err)
		assert.Equal(t, test.encoding, encodingOf(payload), what)
		var back converter.RawValue
		require.NoError(t, dc.FromPayload(payload, &back))
		assert.Equal(t, raw.GetData(), back.Payload().GetData(), "a raw value comes back decrypted and unconverted")
	}
}

func TestAPayloadNamesItsKeyAndOldKeysStillRead(t *testing.T) {
	t.Parallel()
	master, err := secrets.Generate()
	require.NoError(t, err)
	before, err := secrets.New(master)
	require.NoError(t, err)
	after, err := secrets.New(withNewPrimary(t, master))
	require.NoError(t, err)

	payload, err := DataConverter(before).ToPayload(customer{name})
	require.NoError(t, err)
	assert.Equal(t, before.KeyID(), string(payload.GetMetadata()["encryption-key-id"]))
	var who customer
	require.NoError(t, DataConverter(after).FromPayload(payload, &who))
	assert.Equal(t, name, who.Name)

	fresh, err := DataConverter(after).ToPayload(customer{name})
	require.NoError(t, err)
	assert.Equal(t, after.KeyID(), string(fresh.GetMetadata()["encryption-key-id"]))
	require.ErrorIs(t, DataConverter(before).FromPayload(fresh, &who), secrets.ErrCannotOpen)
	require.ErrorContains(t, DataConverter(before).FromPayload(fresh, &who), after.KeyID(), "the error names the key that is missing")
}

func withNewPrimary(t *testing.T, master []byte) []byte {
	t.Helper()
	plain, err := base64.StdEncoding.DecodeString(string(master))
	require.NoError(t, err)
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(string(plain))))
	require.NoError(t, err)
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	require.NoError(t, err)
	require.NoError(t, manager.SetPrimary(id))
	rotated, err := manager.Handle()
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, insecurecleartextkeyset.Write(rotated, keyset.NewJSONWriter(&out)))
	return []byte(base64.StdEncoding.EncodeToString([]byte(out.String())))
}

// converterOf is the converter that a workflow has.
func converterOf(keyring *secrets.Keyring, workflow string) converter.DataConverter {
	return converter.WithDataConverterSerializationContext(DataConverter(keyring), converter.WorkflowSerializationContext{Namespace: "default", WorkflowID: workflow})
}

func TestAWorkflowBelievesOnlyWhatWasSealedForIt(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	mine := converterOf(keyring, "refund/rfd_1")
	sealed, err := mine.ToPayload(customer{name})
	require.NoError(t, err)
	var who customer
	require.NoError(t, mine.FromPayload(sealed, &who))
	activity := converter.ActivitySerializationContext{Namespace: "default", WorkflowID: "refund/rfd_1", ActivityType: "SendRefund"}
	require.NoError(t, converter.WithDataConverterSerializationContext(DataConverter(keyring), activity).FromPayload(sealed, &who), "an activity is its workflow's")

	readable, err := converter.GetDefaultDataConverter().ToPayload(customer{name})
	require.NoError(t, err)
	empty, err := converter.GetDefaultDataConverter().ToPayload(nil)
	require.NoError(t, err)
	ofNone, err := DataConverter(keyring).ToPayload(customer{name})
	require.NoError(t, err)
	ofAnotherNamespace, err := converter.WithDataConverterSerializationContext(DataConverter(keyring),
		converter.WorkflowSerializationContext{Namespace: "other", WorkflowID: "refund/rfd_1"}).ToPayload(customer{name})
	require.NoError(t, err)
	ofAnother, err := converterOf(keyring, "refund/rfd_2").ToPayload(customer{name})
	require.NoError(t, err)
	for what, payload := range map[string]*commonpb.Payload{
		"plain JSON": readable, "nothing": empty, "of no workflow": ofNone, "of another namespace": ofAnotherNamespace, "of another workflow": ofAnother,
	} {
		who = customer{}
		for _, to := range []any{&who, new(any), new(invoiceID), new(converter.RawValue)} {
			require.ErrorIs(t, mine.FromPayload(payload, to), ErrNotForThis, what)
		}
		assert.Empty(t, who, what)
	}
	relabelled := proto.CloneOf(ofAnother)
	relabelled.Metadata[metadataWorkflow] = []byte("refund/rfd_1")
	require.ErrorIs(t, mine.FromPayload(relabelled, &who), secrets.ErrCannotOpen, "the label is part of the seal")
	unlabelled := proto.CloneOf(ofAnother)
	delete(unlabelled.Metadata, metadataWorkflow)
	delete(unlabelled.Metadata, metadataNamespace)
	require.ErrorIs(t, mine.FromPayload(unlabelled, &who), ErrNotForThis)
}

func TestAScheduledWorkflowTakesWhatItsScheduleHolds(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	held, err := converterOf(keyring, "sweep/psv_1").ToPayload(customer{name})
	require.NoError(t, err)
	var who customer
	first := converterOf(keyring, "sweep/psv_1-2026-11-29T01:00:00Z")
	require.NoError(t, first.FromPayload(held, &who))
	result, err := first.ToPayload(customer{name})
	require.NoError(t, err)
	require.NoError(t, converterOf(keyring, "sweep/psv_1-2026-11-30T01:00:00Z").FromPayload(result, &who), "the run of the next night reads what became of this one")
	for _, other := range []string{"sweep/psv_1-", "sweep/psv_1-2", "sweep/psv_12026-11-29T01:00:00Z", "refund/rfd_1"} {
		require.ErrorIs(t, converterOf(keyring, other).FromPayload(held, &who), ErrNotForThis, other)
	}
}

func TestWhoReadsForPeopleReadsWhatBelongsToAnyWorkflow(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	sealed, err := converterOf(keyring, "refund/rfd_1").ToPayload(customer{name})
	require.NoError(t, err)
	decoded, err := Codec(keyring).Decode([]*commonpb.Payload{sealed})
	require.NoError(t, err)
	assert.JSONEq(t, `{"Name":"Anna Muster"}`, string(decoded[0].GetData()))
	assert.JSONEq(t, `{"Name":"Anna Muster"}`, converterOf(keyring, "refund/rfd_2").ToString(sealed))
}

func FuzzADamagedPayloadIsAnError(f *testing.F) {
	keyring := newKeyring(f)
	payload, err := DataConverter(keyring).ToPayload(customer{name})
	require.NoError(f, err)
	f.Add(payload.GetData())
	f.Add([]byte{})
	f.Add([]byte{1, 2, 3, 4, 5, 6})
	other := DataConverter(newKeyring(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		var who customer
		err := other.FromPayload(&commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("binary/encrypted")}, Data: data}, &who)
		require.ErrorIs(t, err, secrets.ErrCannotOpen)
	})
}
