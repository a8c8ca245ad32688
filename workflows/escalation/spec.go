package escalation

import (
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
)

// ExceptionSpec is something that can go wrong so that a person must look: what it is called, what the person can do, and what
// the person can choose.
type ExceptionSpec struct {
	Kind         exception.Kind
	Title        string
	OperatorNote string
	Choices      []exception.Choice
	LostAt       time.Time // when it is too late; zero when it never is
	// Mismatch is what it is when Saferpay holds other money than was asked for; nil when that can't be.
	Mismatch *ExceptionSpec
}

// Explain returns what went wrong, with what a step said of it if it said anything, and what a person can do.
func (s ExceptionSpec) Explain(what string) string {
	if what = strings.TrimSuffix(what, "."); what != "" {
		what = ": " + what
	}
	return s.Title + what + ". " + s.OperatorNote
}

// about returns what has gone wrong when a step ended with that error.
func (s ExceptionSpec) about(err error) ExceptionSpec {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	if ok && s.Mismatch != nil && app.Type() == activities.SaferpayDisagrees {
		return *s.Mismatch
	}
	return s
}

// covers reports whether an exception of that kind is about it.
func (s ExceptionSpec) covers(kind exception.Kind) bool {
	return s.Kind == kind || s.Mismatch != nil && s.Mismatch.Kind == kind
}

// CaptureDeadline warns that authorized money is about to be lost.
var CaptureDeadline = ExceptionSpec{
	Kind: exception.CaptureDeadline, Choices: []exception.Choice{exception.Acknowledge},
	Title:        "Authorized money is about to be lost",
	OperatorNote: "Capture it in the Saferpay Backoffice today.",
}

// BookingFailed is what happened and could not be recorded.
var BookingFailed = ExceptionSpec{
	Kind: exception.BookingFailed, Choices: []exception.Choice{exception.TryAgain},
	Title:        "What happened could not be recorded",
	OperatorNote: "Look at the worker's log; nothing is lost, it is tried again.",
}
