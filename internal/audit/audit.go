// Package audit says who changed what through the API. Each write has one entry, which is noted before the write and completed
// with its answer. What workflows, payers and Saferpay do stands in the timelines of the entities.
package audit

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/id"
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
	// is left out. Of what is about a customer, the fields are only named, see Compare.
	Changes map[string]Change
}

// Administrator is the actor that has no key of a company.
const Administrator = "administrator"

// Operator begins the actor of an operator who is signed in; the name follows.
const Operator = "operator"

// Change is a field before and after, as JSON; nil where the field was absent. Both are nil where the field is only named.
type Change struct {
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// leftOut are the fields of answers that hold secrets, and those that are a history themselves.
var leftOut = map[string]bool{
	"key": true, "secret": true, "token": true, "timeline": true, "next_steps": true, "payouts": true, "unmatched": true,
}

// aboutCustomers are the kinds of things of which most fields may hold what is known of a customer: what people write, too.
var aboutCustomers = []string{id.Invoice, id.Payment, id.Refund, id.Receipt, id.Exception, id.ManualEntry, id.JournalEntry, id.Dispute, id.Customer}

// copied are the fields of such things whose values hold nothing of a customer. All others are only named. The migration 00076 knows them too.
var copied = map[string]bool{
	"status": true, "state": true, "amount": true, "amount_paid": true, "amount_due": true, "amount_refunded": true, "currency": true,
	"due_date": true, "issue_date": true, "issued_at": true, "paid_at": true, "created_at": true, "payment_service_ids": true, "overdue": true,
	"reminders_stopped": true, "choice": true,
}

// Compare returns the fields in which two JSON objects differ: how the API shows the subject. A value that is no object has no fields. A
// field that may hold what is known of a customer is named without its values, so that erasing the customer leaves the log whole.
func Compare(subject string, before, after []byte) map[string]Change {
	kind, _, _ := strings.Cut(subject, "_")
	secret := func(field string) bool {
		return leftOut[field] || kind == id.ConsoleSession && field == "url" // who has the link can open the session
	}
	named := func(field string) bool { return slices.Contains(aboutCustomers, kind) && !copied[field] }
	was, is := fields(before), fields(after)
	changes := map[string]Change{}
	for name, value := range is {
		switch {
		case secret(name) || same(was[name], value):
		case named(name):
			changes[name] = Change{}
		default:
			changes[name] = Change{Before: was[name], After: value}
		}
	}
	for name, value := range was {
		if _, still := is[name]; still || secret(name) {
			continue
		}
		if named(name) {
			changes[name] = Change{}
		} else {
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
