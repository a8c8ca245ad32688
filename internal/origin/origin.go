// Package origin says on whose behalf a command goes to a workflow.
package origin

import "context"

// Kind is what somebody is to Quittance.
type Kind string

// The kinds of those who command.
const (
	Merchant Kind = "merchant" // a key of the company, or a person in its console
	Operator Kind = "operator" // the administrator's key, or an operator who is signed in
	Payer    Kind = "payer"    // whoever has the link of an online document
	Process  Kind = "process"  // Quittance itself
)

// Origin is who commands. The zero value is nobody, whom no workflow obeys.
type Origin struct {
	Kind      Kind   `json:"kind"`
	Who       string `json:"who"`                  // as the audit log names them
	CompanyID string `json:"company_id,omitempty"` // the merchant's
	RequestID string `json:"request_id,omitempty"` // of the call, as the audit log and the log name it
}

// Quittance is the origin of what a process does by itself.
var Quittance = Origin{Kind: Process, Who: "quittance"}

type key struct{}

// With returns the context of what is done on behalf of o.
func With(ctx context.Context, o Origin) context.Context { return context.WithValue(ctx, key{}, o) }

// Of returns on whose behalf something is done; false when the context doesn't say.
func Of(ctx context.Context) (Origin, bool) {
	o, known := ctx.Value(key{}).(Origin)
	return o, known
}
