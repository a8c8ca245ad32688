package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/saferpay"
)

// The types of application errors that are not problems of a caller. Workflows compare with these.
const (
	SaferpayRefused    = "saferpay-refused" // a definite no from Saferpay: asking again gives the same answer
	SaferpayUnclear    = "saferpay-unclear" // nobody knows whether it was done, or Saferpay is out of order
	CredentialsRevoked = "credentials-revoked"
	CredentialsErased  = "credentials-erased" // the payment service is disconnected, and nothing was in flight any more
	SaferpayDisagrees  = "saferpay-disagrees" // Saferpay holds other money than we asked for
	Busy               = "busy"               // others of the same company are at it
)

// BusyError says that an activity did nothing, and is to run again after that time.
type BusyError struct {
	What  string
	After time.Duration
}

// Error returns what there is too much of.
func (e *BusyError) Error() string { return e.What }

// rest is how long Saferpay is left alone after an answer that says to come back later; its data lag some minutes behind.
const rest = 3 * time.Minute

// Errors maps what activities return to what Temporal retries. It is the one place for this decision:
//
//   - a problem is the caller's: not retried, its code is the error type, its fields are the details;
//   - Saferpay's definite refusal, and credentials that it no longer takes: not retried;
//   - others of the same company are at it: retried when the activity says;
//   - Saferpay out of reach or unclear: retried with the options of the call;
//   - anything else is taken for a passing fault of ours, such as a database that restarts: retried.
//
// TimeScale shortens the pause before Saferpay is asked again, as in collection.Workflow; 1 except in a local stack.
type Errors struct {
	interceptor.WorkerInterceptorBase
	TimeScale int64
}

// InterceptActivity puts the mapping around every activity.
func (e *Errors) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &errorMapper{interceptor.ActivityInboundInterceptorBase{Next: next}, rest / time.Duration(max(e.TimeScale, 1))}
}

type errorMapper struct {
	interceptor.ActivityInboundInterceptorBase
	rest time.Duration
}

func (m *errorMapper) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	result, err := m.Next.ExecuteActivity(ctx, in)
	return result, m.forTemporal(err)
}

func (m *errorMapper) forTemporal(err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return temporal.NewNonRetryableApplicationError(p.Detail, string(p.Code), nil, p.Fields)
	}
	if b, ok := errors.AsType[*BusyError](err); ok {
		return temporal.NewApplicationErrorWithOptions(b.What, Busy, temporal.ApplicationErrorOptions{NextRetryDelay: b.After})
	}
	s, ok := errors.AsType[*saferpay.Error](err)
	if !ok {
		return err
	}
	switch {
	case s.Name == saferpay.NameAuthenticationFailed:
		return temporal.NewNonRetryableApplicationError(s.Error(), CredentialsRevoked, err)
	case s.Refused():
		return temporal.NewNonRetryableApplicationError(s.Error(), SaferpayRefused, err)
	default:
		options := temporal.ApplicationErrorOptions{Cause: err}
		if asks := s.Operation == saferpay.OperationAssert || s.Operation == saferpay.OperationInquire; asks && s.Name != "" {
			options.NextRetryDelay = m.rest // Saferpay itself answered: give it time instead of asking in a loop
		}
		return temporal.NewApplicationErrorWithOptions(s.Error(), SaferpayUnclear, options)
	}
}
