// Package audit says who changed what through the API. Each write has one entry, which is noted before the write and completed
// with its answer. What workflows, payers and Saferpay do stands in the timelines of the entities.
package audit

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"
)

// Entry is one write.
type Entry struct {
	ID        string
	CompanyID string
	At        time.Time
	Actor     string // the id of the company's key, the name of a person in the console, Operator and a name, or Administrator
	Action    string // method and route, such as "POST /invoices/{invoice_id}/issue"
	Subject   string // the id of the thing that is written, as far as it has one
	RequestID string // of the answer and the log
	// Status is the HTTP status of the answer; 0 when the process ended before it answered, so that the outcome is unknown.
	Status  int
	Problem string // the name of the problem with which it was refused
	// Changes are the fields that the write changed, as the API shows them. They hold no secrets: what the API shows only once
	// is left out.
	Changes map[string]Change
}

// Administrator is the actor that has no key of a company.
const Administrator = "administrator"

// Operator begins the actor of an operator who is signed in; the name follows.
const Operator = "operator"

// Change is a field before and after, as JSON; nil where the field was absent.
type Change struct {
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// leftOut are the fields of answers that hold secrets, and those that are a history themselves.
var leftOut = map[string]bool{
	"key": true, "secret": true, "timeline": true, "next_steps": true, "payouts": true, "unmatched": true,
}

// Compare returns the fields in which two JSON objects differ. A value that is no object has no fields.
func Compare(before, after []byte) map[string]Change {
	was, is := fields(before), fields(after)
	changes := map[string]Change{}
	for name, value := range is {
		if !leftOut[name] && !same(was[name], value) {
			changes[name] = Change{Before: was[name], After: value}
		}
	}
	for name, value := range was {
		if _, still := is[name]; !still && !leftOut[name] {
			changes[name] = Change{Before: value}
		}
	}
	return changes
}

func fields(object []byte) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return nil
	}
	return fields
}

// same reports whether two values are equal, whatever the order of their fields.
func same(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
