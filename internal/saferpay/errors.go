package saferpay

import (
	"fmt"
	"strings"
)

// Outcome says what an unsuccessful call did at Saferpay.
type Outcome int

const (
	// Unknown says that the call may or may not have been carried out. It must not be taken for a failure.
	Unknown Outcome = iota
	// NotDone says that Saferpay did not carry the call out, or never got it.
	NotDone
	// Done says that what the call asked for was done before, by an earlier call whose answer was lost.
	Done
)

// String renders the outcome for logs.
func (o Outcome) String() string {
	switch o {
	case NotDone:
		return "not done"
	case Done:
		return "done"
	default:
		return "unknown"
	}
}

// Error is what every method of Client returns when it has no answer to give. Name and Behavior are empty when the
// error is not Saferpay's own but came from the network or from a server in front of it.
type Error struct {
	Operation  string  // one of the Operation constants
	Name       string  // one of the Name constants; logic hangs on this
	Behavior   string  // one of the Behavior constants
	Outcome    Outcome // whether the operation was carried out
	HTTPStatus int     // 0 when no HTTP answer came

	Message          string   // for developers, may change at any time
	Details          []string // the fields that failed validation, may change at any time
	PayerMessage     string   // safe to show to the payer
	ProcessorName    string
	ProcessorResult  string // the acquirer's response code, such as "51"
	ProcessorMessage string
	TransactionID    string // the failed transaction, if there is one
	OrderID          string

	cause error
}

// Error says what was refused and why. It holds no password and no payment page token.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Saferpay %s", e.Operation)
	switch {
	case e.Name != "":
		fmt.Fprintf(&b, " answered %s", e.Name)
		if e.Message != "" {
			fmt.Fprintf(&b, ": %s", e.Message)
		}
		if len(e.Details) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(e.Details, "; "))
		}
		if e.ProcessorResult != "" {
			fmt.Fprintf(&b, " (processor result %s)", e.ProcessorResult)
		}
	case e.cause != nil:
		fmt.Fprintf(&b, " failed: %s", e.cause)
	}
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&b, " [HTTP %d]", e.HTTPStatus)
	}
	if e.Outcome == Unknown {
		b.WriteString("; whether it was carried out is not known")
	}
	return b.String()
}

// Unwrap returns the network or decoding error beneath, if any; a cancelled context is found with errors.Is.
func (e *Error) Unwrap() error { return e.cause }

// outcomeOf classifies an error that Saferpay itself answered. Such an answer normally means that nothing was done;
// the exceptions are those where Saferpay does not know what became of its own call to the acquirer, and a Capture of
// what is captured already (Saferpay JSON API 1.53, error names).
func outcomeOf(operation, name string, httpStatus int) Outcome {
	switch {
	case name == NameTransactionAlreadyCaptured && operation == OperationCapture:
		return Done
	case name == NameCommunicationTimeout, name == NameInternalError, name == NameUnexpectedErrorByAcquirer, httpStatus >= 500:
		return Unknown
	default:
		return NotDone
	}
}
