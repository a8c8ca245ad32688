package temporalkit

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/quittance/quittance/internal/secrets"
)

const (
	encodingEncrypted = "binary/encrypted"
	metadataKeyID     = "encryption-key-id"
	metadataNamespace = "sealed-for-namespace"
	metadataWorkflow  = "sealed-for-workflow"
	metadataMessage   = "sealed-as"
	associated        = "temporal-payload"
	workflowMetadata  = "temporal.api.sdk.v1.WorkflowMetadata"
)

// ErrNotForThis says that a payload was not sealed by a process of ours for the workflow that it was handed to: it is plain, or of another
// workflow or message.
var ErrNotForThis = errors.New("this payload was not sealed by Quittance for this workflow and message")

// place is the workflow that a payload belongs to, and which message it is; the workflow is empty where the SDK doesn't say, the message
// where the value is none.
type place struct{ namespace, workflow, message string }

// associated returns what a payload is bound to. A message's name holds no slash.
func (p place) associated() string {
	if p == (place{}) {
		return associated
	}
	return associated + "/" + p.message + "/" + p.namespace + "/" + p.workflow
}

// labelled returns for what a payload says that it was sealed.
func labelled(payload *commonpb.Payload) place {
	says := payload.GetMetadata()
	return place{string(says[metadataNamespace]), string(says[metadataWorkflow]), string(says[metadataMessage])}
}

// holds reports whether what was sealed for another place belongs to this workflow. Where the SDK doesn't say for which workflow it
// reads, everything does.
func (p place) holds(other place) bool {
	return p.workflow == "" || p.namespace == other.namespace && p.workflow == other.workflow
}

// placeIn names a workflow. What a schedule begins counts as one: Temporal adds the time to the id for which the schedule's arguments are
// sealed, and hands the result of one run to the next.
func placeIn(namespace, workflowID string) place {
	const stamp = "-2006-01-02T15:04:05Z"
	if cut := len(workflowID) - len(stamp); cut > 0 {
		if _, err := time.Parse(stamp, workflowID[cut:]); err == nil {
			workflowID = workflowID[:cut]
		}
	}
	return place{namespace: namespace, workflow: workflowID}
}

// messages is the package of what workflows are told.
const messages = "/workflows/contract"

// messageOf returns the name of the message that a value is, or a pointer to one; empty when it is none.
func messageOf(value any) string {
	t := reflect.TypeOf(value)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || !strings.HasSuffix(t.PkgPath(), messages) {
		return ""
	}
	return t.Name()
}

func placeOf(ctx converter.SerializationContext) place {
	switch c := ctx.(type) {
	case converter.WorkflowSerializationContext:
		return placeIn(c.Namespace, c.WorkflowID)
	case converter.ActivitySerializationContext:
		return placeIn(c.Namespace, c.WorkflowID)
	default:
		return place{}
	}
}

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
// An encrypted payload names its key and its workflow in its metadata. Payloads of all keys of the key set can be read, in their own
// workflow only. A plain payload is refused unless it is such a text: whoever can write to the namespace can command nothing.
func DataConverter(keyring *secrets.Keyring) converter.DataConverter {
	return &dataConverter{codec: codec{keyring: keyring}, plain: converter.GetDefaultDataConverter()}
}

// dataConverter decides which values are encrypted, and which payloads are believed.
type dataConverter struct {
	codec codec
	plain converter.DataConverter
}

// WithSerializationContext returns the converter for one workflow.
func (d *dataConverter) WithSerializationContext(ctx converter.SerializationContext) converter.DataConverter {
	of := *d
	of.codec.place = placeOf(ctx)
	return &of
}

// ToPayload converts one value, and encrypts it unless it is text for operators.
func (d *dataConverter) ToPayload(value any) (*commonpb.Payload, error) {
	payload, err := d.plain.ToPayload(value)
	if err != nil || forOperators(value) {
		return payload, err
	}
	seals := d.codec
	seals.place.message = messageOf(value)
	sealed, err := seals.Encode([]*commonpb.Payload{payload})
	if err != nil {
		return nil, err
	}
	return sealed[0], nil
}

// FromPayload decrypts and converts one payload.
func (d *dataConverter) FromPayload(payload *commonpb.Payload, to any) error {
	open, err := d.open(payload, to)
	if err != nil {
		return err
	}
	return d.plain.FromPayload(open, to)
}

// open decrypts a payload, and refuses one that is neither sealed for this workflow nor text for operators.
func (d *dataConverter) open(payload *commonpb.Payload, to any) (*commonpb.Payload, error) {
	if string(payload.GetMetadata()[converter.MetadataEncoding]) == encodingEncrypted {
		sealedAs, wanted := string(payload.GetMetadata()[metadataMessage]), messageOf(to)
		if wanted != "" && sealedAs != wanted {
			return nil, fmt.Errorf("%w: it is %q", ErrNotForThis, sealedAs)
		}
		decoded, err := d.codec.Decode([]*commonpb.Payload{payload})
		if err != nil {
			return nil, err
		}
		return decoded[0], nil
	}
	switch to.(type) {
	case *string:
		return payload, nil
	case *converter.RawValue:
		if string(payload.GetMetadata()[converter.MetadataMessageType]) == workflowMetadata {
			return payload, nil
		}
	}
	return nil, fmt.Errorf("%w: it is not encrypted", ErrNotForThis)
}

// FromPayloads decrypts and converts payloads one by one, as many as there are places for.
func (d *dataConverter) FromPayloads(payloads *commonpb.Payloads, to ...any) error {
	for i, payload := range payloads.GetPayloads() {
		if i >= len(to) {
			break
		}
		if err := d.FromPayload(payload, to[i]); err != nil {
			return fmt.Errorf("payload %d: %w", i, err)
		}
	}
	return nil
}

// ToString returns what a payload holds, for people, wherever it belongs.
func (d *dataConverter) ToString(payload *commonpb.Payload) string {
	decoded, err := codec{keyring: d.codec.keyring}.Decode([]*commonpb.Payload{payload})
	if err != nil {
		return err.Error()
	}
	return d.plain.ToString(decoded[0])
}

// ToStrings does so for several.
func (d *dataConverter) ToStrings(payloads *commonpb.Payloads) (all []string) {
	for _, payload := range payloads.GetPayloads() {
		all = append(all, d.ToString(payload))
	}
	return all
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

// Codec is the encryption alone, for people who read. It encrypts any payload. When it decodes, it returns what it did not encrypt as it
// is, and decrypts what belongs to any workflow.
func Codec(keyring *secrets.Keyring) converter.PayloadCodec { return codec{keyring: keyring} }

type codec struct {
	keyring *secrets.Keyring
	place   place
}

// Encode encrypts each payload as a whole, so that its own metadata is hidden too.
func (c codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	encoded := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		plaintext, err := proto.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("encode payload %d: %w", i, err)
		}
		sealed, err := c.keyring.Seal(plaintext, c.place.associated())
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
		for name, value := range map[string]string{metadataNamespace: c.place.namespace, metadataWorkflow: c.place.workflow, metadataMessage: c.place.message} {
			if value != "" {
				encoded[i].Metadata[name] = []byte(value)
			}
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
		sealedFor := labelled(payload)
		if !c.place.holds(sealedFor) {
			return nil, fmt.Errorf("%w but for %q", ErrNotForThis, sealedFor.workflow)
		}
		plaintext, err := c.keyring.Open(payload.GetData(), sealedFor.associated())
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
