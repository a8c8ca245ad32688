package simulator

import (
	"net/http"

	"github.com/quittance/quittance/internal/saferpay"
)

// refusal is an error answer of Saferpay.
type refusal struct {
	name          string
	details       []string
	payerMessage  string
	result        string // of the acquirer
	message       string // of the acquirer
	transactionID string
	orderID       string
}

func refuse(name string, details ...string) *refusal { return &refusal{name: name, details: details} }

// refusals gives the HTTP status, Behavior and ErrorMessage of each error name (Saferpay JSON API 1.53).
var refusals = map[string]struct {
	status   int
	behavior string
	message  string
}{
	saferpay.Name3DSAuthenticationFailed:    {http.StatusPaymentRequired, saferpay.BehaviorOtherMeans, "3D-Secure authentication failed"},
	saferpay.NameActionNotSupported:         {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "The action is not supported"},
	saferpay.NameAliasInvalid:               {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Alias is not known or already used"},
	saferpay.NameAmountInvalid:              {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Amount is invalid"},
	saferpay.NameAuthenticationFailed:       {http.StatusUnauthorized, saferpay.BehaviorDoNotRetry, "Unable to authenticate request"},
	saferpay.NameBlockedByRiskManagement:    {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Blocked by risk management"},
	saferpay.NameCardCVCInvalid:             {http.StatusPaymentRequired, saferpay.BehaviorRetry, "Wrong CVC entered"},
	saferpay.NameCardCVCRequired:            {http.StatusPaymentRequired, saferpay.BehaviorRetry, "CVC required"},
	saferpay.NameCardCheckFailed:            {http.StatusPaymentRequired, saferpay.BehaviorOtherMeans, "Card check failed"},
	saferpay.NameCommunicationFailed:        {http.StatusPaymentRequired, saferpay.BehaviorRetry, "Communication to the processor failed"},
	saferpay.NameCommunicationTimeout:       {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "No response from the processor in time"},
	saferpay.NameConditionNotSatisfied:      {http.StatusPaymentRequired, saferpay.BehaviorOtherMeans, "The condition of the request is not satisfied"},
	saferpay.NameCurrencyInvalid:            {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Currency does not match the transaction"},
	saferpay.NameGeneralDeclined:            {http.StatusPaymentRequired, saferpay.BehaviorOtherMeans, "Transaction declined"},
	saferpay.NameInternalError:              {http.StatusInternalServerError, saferpay.BehaviorRetry, "Internal error"},
	saferpay.NameNoContract:                 {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "No contract for the combination of terminal, means of payment and currency"},
	saferpay.NameNoCreditsAvailable:         {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "No credits available"},
	saferpay.NameOtherMeans:                 {http.StatusPaymentRequired, saferpay.BehaviorOtherMeans, "Try another means of payment"},
	saferpay.NamePayerAuthenticationNeeded:  {http.StatusPaymentRequired, saferpay.BehaviorOtherMeans, "Payer authentication required"},
	saferpay.NamePaymentMeansInvalid:        {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Invalid means of payment"},
	saferpay.NamePaymentMeansNotSupported:   {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Unsupported means of payment"},
	saferpay.NamePermissionDenied:           {http.StatusForbidden, saferpay.BehaviorDoNotRetry, "Permission denied"},
	saferpay.NameRetryLater:                 {http.StatusPaymentRequired, saferpay.BehaviorRetryLater, "Try again later"},
	saferpay.NameTokenExpired:               {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Token expired"},
	saferpay.NameTokenInvalid:               {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Token invalid"},
	saferpay.NameTransactionAborted:         {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Transaction aborted by the payer"},
	saferpay.NameTransactionAlreadyCaptured: {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Transaction already captured"},
	saferpay.NameTransactionDeclined:        {http.StatusPaymentRequired, saferpay.BehaviorOtherMeans, "Transaction declined by the acquirer"},
	saferpay.NameTransactionInWrongState:    {http.StatusPaymentRequired, saferpay.BehaviorDoNotRetry, "Invalid action"},
	saferpay.NameTransactionNotFound:        {http.StatusNotFound, saferpay.BehaviorDoNotRetry, "Transaction not found"},
	saferpay.NameTransactionNotStarted:      {http.StatusPaymentRequired, saferpay.BehaviorRetryLater, "Transaction not started"},
	saferpay.NameUnexpectedErrorByAcquirer:  {http.StatusPaymentRequired, saferpay.BehaviorRetry, "The acquirer returned an unexpected error code"},
	saferpay.NameUpdateCardInformation:      {http.StatusPaymentRequired, saferpay.BehaviorOtherMeans, "The card data are outdated"},
	saferpay.NameValidationFailed:           {http.StatusBadRequest, saferpay.BehaviorDoNotRetry, "Request validation failed"},
}

// status returns the HTTP status of the answer.
func (r *refusal) status() int { return refusals[r.name].status }

// reply renders the error message without its ResponseHeader; absent parts are left out.
func (r *refusal) reply() reply {
	known := refusals[r.name]
	answer := reply{"Behavior": known.behavior, "ErrorName": r.name, "ErrorMessage": known.message}
	if len(r.details) > 0 {
		answer["ErrorDetail"] = r.details
	}
	for name, value := range map[string]string{
		"PayerMessage": r.payerMessage, "ProcessorResult": r.result, "ProcessorMessage": r.message,
		"TransactionId": r.transactionID, "OrderId": r.orderID,
	} {
		if value != "" {
			answer[name] = value
		}
	}
	if r.message != "" {
		answer["ProcessorName"] = acquirer
	}
	return answer
}
