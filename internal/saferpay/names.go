package saferpay

// The operations, as they stand in an Error.
const (
	OperationInitialize    = "PaymentPage/Initialize"
	OperationAssert        = "PaymentPage/Assert"
	OperationCapture       = "Transaction/Capture"
	OperationAssertCapture = "Transaction/AssertCapture"
	OperationCancel        = "Transaction/Cancel"
	OperationRefund        = "Transaction/Refund"
	OperationAssertRefund  = "Transaction/AssertRefund"
	OperationInquire       = "Transaction/Inquire"
	OperationBatchClose    = "Batch/Close"
	OperationLicense       = "rest/license"
	OperationTerminals     = "rest/terminals" // one terminal or all of them
	OperationTransactions  = "rest/transactions"
)

// The values of Error.Name: the stable names of Saferpay's errors (JSON API 1.53, ErrorName).
const (
	Name3DSAuthenticationFailed    = "3DS_AUTHENTICATION_FAILED"
	NameActionNotSupported         = "ACTION_NOT_SUPPORTED"
	NameAliasInvalid               = "ALIAS_INVALID"
	NameAmountInvalid              = "AMOUNT_INVALID"
	NameAuthenticationFailed       = "AUTHENTICATION_FAILED"
	NameBlockedByRiskManagement    = "BLOCKED_BY_RISK_MANAGEMENT"
	NameCardCheckFailed            = "CARD_CHECK_FAILED"
	NameCardCVCInvalid             = "CARD_CVC_INVALID"
	NameCardCVCRequired            = "CARD_CVC_REQUIRED"
	NameCommunicationFailed        = "COMMUNICATION_FAILED"
	NameCommunicationTimeout       = "COMMUNICATION_TIMEOUT"
	NameConditionNotSatisfied      = "CONDITION_NOT_SATISFIED"
	NameCurrencyInvalid            = "CURRENCY_INVALID"
	NameGeneralDeclined            = "GENERAL_DECLINED"
	NameInternalError              = "INTERNAL_ERROR"
	NameNoContract                 = "NO_CONTRACT"
	NameNoCreditsAvailable         = "NO_CREDITS_AVAILABLE"
	NameOtherMeans                 = "OTHER_MEANS"
	NamePayerAuthenticationNeeded  = "PAYER_AUTHENTICATION_REQUIRED"
	NamePaymentMeansInvalid        = "PAYMENTMEANS_INVALID"
	NamePaymentMeansNotSupported   = "PAYMENTMEANS_NOT_SUPPORTED"
	NamePermissionDenied           = "PERMISSION_DENIED"
	NameRetryLater                 = "RETRY_LATER"
	NameTokenExpired               = "TOKEN_EXPIRED"
	NameTokenInvalid               = "TOKEN_INVALID"
	NameTransactionAborted         = "TRANSACTION_ABORTED"
	NameTransactionAlreadyCaptured = "TRANSACTION_ALREADY_CAPTURED"
	NameTransactionDeclined        = "TRANSACTION_DECLINED"
	NameTransactionInWrongState    = "TRANSACTION_IN_WRONG_STATE"
	NameTransactionNotFound        = "TRANSACTION_NOT_FOUND"
	NameTransactionNotStarted      = "TRANSACTION_NOT_STARTED"
	NameUnexpectedErrorByAcquirer  = "UNEXPECTED_ERROR_BY_ACQUIRER"
	NameUpdateCardInformation      = "UPDATE_CARD_INFORMATION"
	NameValidationFailed           = "VALIDATION_FAILED"
)

// The values of Error.Behavior: what Saferpay advises to do (JSON API 1.53, Behavior).
const (
	BehaviorDoNotRetry = "DO_NOT_RETRY"
	BehaviorRetry      = "RETRY"
	BehaviorRetryLater = "RETRY_LATER"
	BehaviorOtherMeans = "OTHER_MEANS"
	BehaviorAbort      = "ABORT" // stands in older answers for DO_NOT_RETRY
)

// FeatureManagementAPI is the license feature without which License, Terminal, Terminals and Transactions answer
// PERMISSION_DENIED. Refunds hang on the license, too, but no document names their feature: ask Refund.
const FeatureManagementAPI = "MANAGEMENT_API"
