package temporalkit

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/quittance/quittance/internal/secrets"
)

const (
	encodingEncrypted = "binary/encrypted"
	metadataKeyID     = "encryption-key-id"
	associated        = "temporal-payload"
	workflowMetadata  = "temporal.api.sdk.v1.WorkflowMetadata"
)

// DataConverter encrypts what workflows carry and leaves readable what operators must read in Temporal Web.
//
// The SDK sends both through the same converter: arguments, results, heartbeats, memos and error details on one side;
// static summary and details, timer and activity summaries (all of them bare Go strings) and the current details (the
// result of the query __temporal_workflow_metadata) on the other. So the rule is:
//
//   - a bare Go string and the workflow metadata stay plain JSON;
//   - every other value is encrypted, whatever its type.
//
// It follows that no argument or result of a workflow, activity, update, signal or query, no heartbeat, memo value or
// error detail may be a bare string: use a struct, or a named string type. Search attributes never pass through here;
// they are plain on the server and hold no personal data.
//
// An encrypted payload names its key in its metadata. Payloads of all keys of the key set can be read.
func DataConverter(keyring *secrets.Keyring) converter.DataConverter {
	plain := converter.GetDefaultDataConverter()
	return &dataConverter{DataConverter: converter.NewCodecDataConverter(plain, Codec(keyring)), plain: plain}
}

// dataConverter decides which values skip encryption. Reading needs no decision, because the codec returns what it did not
// write as it is.
type dataConverter struct {
	converter.DataConverter // encrypts
	plain                   converter.DataConverter
}

// ToPayload converts one value, and encrypts it unless it is text for operators.
func (d *dataConverter) ToPayload(value any) (*commonpb.Payload, error) {
	if forOperators(value) {
		return d.plain.ToPayload(value)
	}
	return d.DataConverter.ToPayload(value)
}

// ToPayloads converts values one by one, so that one list may hold both.
func (d *dataConverter) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	if len(values) == 0 {
		return nil, nil
	}
	payloads := &commonpb.Payloads{}
	for i, value := range values {
		payload, err := d.ToPayload(value)
		if err != nil {
			return nil, fmt.Errorf("value %d: %w", i, err)
		}
		payloads.Payloads = append(payloads.Payloads, payload)
	}
	return payloads, nil
}

// forOperators reports whether value is text that the SDK writes for people.
func forOperators(value any) bool {
	switch v := value.(type) {
	case string:
		return true
	case converter.RawValue:
		// The SDK hands the workflow metadata over already converted.
		return string(v.Payload().GetMetadata()[converter.MetadataMessageType]) == workflowMetadata
	default:
		return false
	}
}

// Codec is the encryption alone. It encrypts any payload. When it decodes, it returns what it did not encrypt as it is.
func Codec(keyring *secrets.Keyring) converter.PayloadCodec { return codec{keyring} }

type codec struct{ keyring *secrets.Keyring }

// Encode encrypts each payload as a whole, so that its own metadata is hidden too.
func (c codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	encoded := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		plaintext, err := proto.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("encode payload %d: %w", i, err)
		}
		sealed, err := c.keyring.Seal(plaintext, associated)
		if err != nil {
			return nil, fmt.Errorf("encrypt payload %d: %w", i, err)
		}
		encoded[i] = &commonpb.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(encodingEncrypted),
				metadataKeyID:              []byte(c.keyring.KeyID()),
			},
			Data: sealed,
		}
	}
	return encoded, nil
}

// Decode decrypts what Encode wrote with any key of the key set.
func (c codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	decoded := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		if string(payload.GetMetadata()[converter.MetadataEncoding]) != encodingEncrypted {
			decoded[i] = payload
			continue
		}
		plaintext, err := c.keyring.Open(payload.GetData(), associated)
		if err != nil {
			return nil, fmt.Errorf("decrypt payload %d, encrypted with key %q: %w", i, payload.GetMetadata()[metadataKeyID], err)
		}
		decoded[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plaintext, decoded[i]); err != nil {
			return nil, fmt.Errorf("decode payload %d: %w", i, err)
		}
	}
	return decoded, nil
}
