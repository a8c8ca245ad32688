package saferpay

import (
	"errors"
	"slices"
)

// NameOf returns the name of Saferpay's own error in err, or "" when err is something else.
func NameOf(err error) string {
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal.Name
	}
	return ""
}

// IsNamed reports whether err is Saferpay's answer with one of these error names.
func IsNamed(err error, names ...string) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(names, refusal.Name)
}

// Refused reports whether Saferpay itself said no for good (Saferpay JSON API 1.53, Behavior): RETRY and RETRY_LATER may be
// asked again, and errors without a name come from the network or from a server in front. Revoked credentials are no such
// answer: the company enters new ones, and then it can be done.
func (e *Error) Refused() bool {
	if e.Name == "" || e.Outcome != NotDone || e.Name == NameAuthenticationFailed {
		return false
	}
	return e.Behavior != BehaviorRetry && e.Behavior != BehaviorRetryLater
}

// declines are the errors that say for certain that no money moves (Saferpay JSON API 1.53, error names).
var declines = []string{
	NameTransactionDeclined, Name3DSAuthenticationFailed, NameConditionNotSatisfied, NameGeneralDeclined,
	NamePayerAuthenticationNeeded, NameBlockedByRiskManagement, NameCardCheckFailed, NameCardCVCInvalid,
	NameCardCVCRequired, NamePaymentMeansInvalid, NamePaymentMeansNotSupported, NameNoContract,
	NameNoCreditsAvailable, NameOtherMeans, NameUpdateCardInformation, NameAliasInvalid,
}

// Declined reports whether the error says for certain that no money moves.
func (e *Error) Declined() bool { return e.Outcome == NotDone && slices.Contains(declines, e.Name) }

// NotYet returns err. When it is TRANSACTION_NOT_FOUND, its outcome becomes Unknown first, so that it is asked again: what
// Inquire shows lags some minutes behind.
func NotYet(err error) error {
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Name == NameTransactionNotFound {
		refusal.Outcome = Unknown
	}
	return err
}
