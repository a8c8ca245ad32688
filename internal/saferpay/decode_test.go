package saferpay

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answers has, for each endpoint of the specification that the client speaks to, what it decodes the answer into.
var answers = map[string]func() answer{
	"/Payment/v1/PaymentPage/Initialize":                  func() answer { return &initializeResponse{} },
	"/Payment/v1/PaymentPage/Assert":                      func() answer { return &transactionResponse{} },
	"/Payment/v1/Transaction/Capture":                     func() answer { return &captureResponse{} },
	"/Payment/v1/Transaction/AssertCapture":               func() answer { return &progressResponse{} },
	"/Payment/v1/Transaction/Cancel":                      func() answer { return &cancelResponse{} },
	"/Payment/v1/Transaction/Refund":                      func() answer { return &transactionResponse{} },
	"/Payment/v1/Transaction/AssertRefund":                func() answer { return &progressResponse{} },
	"/Payment/v1/Transaction/Inquire":                     func() answer { return &transactionResponse{} },
	"/Payment/v1/Batch/Close":                             func() answer { return &headerResponse{} },
	"/rest/customers/[customerId]/license":                func() answer { return &licenseResponse{} },
	"/rest/customers/[customerId]/terminals":              func() answer { return &terminalsResponse{} },
	"/rest/customers/[customerId]/terminals/[terminalId]": func() answer { return &terminalResponse{} },
	"/rest/customers/[customerId]/transactions":           func() answer { return &reportResponse{} },
}

type specification struct {
	Endpoints []struct {
		URL              string
		ResponseExamples []json.RawMessage `json:"response_examples"`
	}
	ErrorResponse struct{ Examples []json.RawMessage } `json:"error_response"`
	ErrorNames    []string                             `json:"error_names"`
	Behaviors     []string
}

func readSpecification(t *testing.T) (spec specification) {
	t.Helper()
	data, err := os.ReadFile("../../../shared/saferpay/spec.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("skipped: the Saferpay specification, shared/saferpay/spec.json, is not beside this repository")
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &spec))
	require.NotEmpty(t, spec.Endpoints)
	return spec
}

func TestEveryPublishedAnswerIsDecodedWithoutLoss(t *testing.T) {
	t.Parallel()
	spec := readSpecification(t)
	endpoints, examples := 0, 0
	for _, endpoint := range spec.Endpoints {
		fresh, spoken := answers[endpoint.URL]
		if !spoken {
			continue
		}
		endpoints++
		assert.NotEmpty(t, endpoint.ResponseExamples, endpoint.URL)
		for _, example := range endpoint.ResponseExamples {
			examples++
			decoded := fresh()
			require.NoError(t, decode(endpoint.URL, 200, "application/json", example, decoded), "%s: %s", endpoint.URL, example)
			encoded, err := json.Marshal(decoded)
			require.NoError(t, err)
			assert.JSONEq(t, string(example), string(encoded), endpoint.URL)
		}
	}
	for _, example := range spec.ErrorResponse.Examples {
		examples++
		var message errorMessage
		require.NoError(t, json.Unmarshal(example, &message))
		encoded, err := json.Marshal(message)
		require.NoError(t, err)
		assert.JSONEq(t, string(example), string(encoded))
		var refusal *Error
		require.ErrorAs(t, decode(OperationCapture, 400, "application/json", example, &captureResponse{}), &refusal)
		carried := errorMessage{
			message.ResponseHeader, refusal.Behavior, refusal.Name, refusal.Message, refusal.Details, refusal.PayerMessage,
			refusal.ProcessorName, refusal.ProcessorResult, refusal.ProcessorMessage, refusal.TransactionID, refusal.OrderID,
		}
		assert.Equal(t, message, carried)
	}
	assert.Len(t, answers, endpoints, "every endpoint that the client speaks to is in the specification")
	t.Logf("%d endpoints, %d published answers decoded, encoded and compared", endpoints, examples)
}

func TestTheNamesAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	spec := readSpecification(t)
	names, err := os.ReadFile("names.go")
	require.NoError(t, err)
	for _, name := range append(spec.ErrorNames, spec.Behaviors...) {
		assert.Contains(t, string(names), `"`+name+`"`)
	}
}

func TestAnAssertionCarriesWhatSupportAsksFor(t *testing.T) {
	t.Parallel()
	var result transactionResponse
	require.NoError(t, decode(OperationAssert, 200, "application/json", []byte(`{
		"ResponseHeader": {"SpecVersion": "1.53", "RequestId": "r"}, "FutureField": {"Of": ["a", 1]},
		"Transaction": {"Type": "PAYMENT", "Status": "CAPTURED", "Id": "abc", "Date": "2026-01-30T12:45:22.258+01:00", "OrderId": "o", "CaptureId": "abc_c",
			"Amount": {"Value": "10800", "CurrencyCode": "CHF"}, "AcquirerName": "Worldline", "AcquirerReference": "32436794662", "SixTransactionReference": "0:0:3:abc", "ApprovalCode": "012345",
			"IssuerReference": {"TransactionStamp": "stamp", "SettlementDate": "0130", "MastercardTLID": "tlid"}},
		"PaymentMeans": {"Brand": {"PaymentMethod": "VISA", "Name": "Visa"}, "DisplayText": "xxxx 1234", "Wallet": "APPLEPAY",
			"Card": {"MaskedNumber": "912345xxxxxx1234", "ExpYear": 2029, "ExpMonth": 9, "CountryCode": "CH", "FundingSource": "DEBIT"}},
		"Liability": {"LiabilityShift": true, "LiableEntity": "THREEDS", "InPsd2Scope": "YES", "ThreeDs": {"Authenticated": true, "AuthenticationType": "FRICTIONLESS", "Version": "2", "Xid": "x"}},
		"Dcc": {"ExchangeRate": "0.9", "Markup": "3%", "PayerAmount": {"Value": "12000", "CurrencyCode": "JPY"}},
		"FraudPrevention": {"Result": "CHALLENGED"}, "Payer": {"IpAddress": "192.0.2.1", "IpLocation": "CH"}}`), &result))
	a := result.assertion()
	assert.Equal(t, TypePayment, a.Transaction.Type)
	assert.Equal(t, "32436794662", a.Transaction.AcquirerReference)
	assert.Equal(t, "0:0:3:abc", a.Transaction.SixTransactionReference)
	assert.Equal(t, "012345", a.Transaction.ApprovalCode)
	assert.Equal(t, &IssuerReference{"stamp", "0130", "tlid"}, a.Transaction.IssuerReference)
	assert.Equal(t, []string{"VISA", "Visa", "912345xxxxxx1234"}, []string{a.Method, a.Brand, a.Card.MaskedNumber})
	assert.Equal(t, "APPLEPAY", a.Wallet)
	assert.Equal(t, "DEBIT", a.Card.FundingSource)
	assert.True(t, a.LiabilityShift)
	assert.Equal(t, "THREEDS", a.LiableEntity)
	assert.Equal(t, "x", a.ThreeDS.XID)
	assert.Equal(t, MinorAmount{"12000", "JPY"}, a.Conversion.PayerAmount, "the payer's currency need not be one of ours")
	assert.Equal(t, "CHALLENGED", a.FraudCheck)
	assert.Equal(t, Payer{"192.0.2.1", "CH"}, a.Payer)
}

func FuzzAnAnswerIsUnderstoodOrRefused(f *testing.F) {
	f.Add(200, "application/json", []byte(`{"Transaction":{"Id":"a","Status":"AUTHORIZED","Amount":{"Value":"100","CurrencyCode":"CHF"}}}`))
	f.Add(200, "application/json", []byte(`{"ResponseHeader":{"RequestId":"r"},"TransactionId":"a","Status":"CAPTURED","TerminalId":"1","Package":{"Id":"x"},"Token":"t"}`))
	f.Add(200, "application/json", []byte(`{"PageNumber":1,"PageSize":1,"Transactions":[{"TransactionId":"a","MerchantAmount":"5.00","MerchantCurrency":"CHF","FailedDetails":{"FailedDate":"2026-01-01T10:00:00"}}]}`))
	f.Add(402, "application/json", []byte(`{"Behavior":"RETRY","ErrorName":"TRANSACTION_DECLINED","ErrorMessage":"secret"}`))
	f.Add(200, "application/json; charset=utf-8", []byte(`{"Transaction":`))
	f.Add(502, "text/html", []byte(`<html>`))
	f.Add(401, "", []byte(nil))
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		for _, fresh := range answers {
			result := fresh()
			if err := decode(OperationCapture, status, contentType, body, result, "secret"); err != nil {
				requireRefused(t, err)
				continue
			}
			switch understood := result.(type) {
			case *transactionResponse:
				assertion := understood.assertion()
				require.NotEmpty(t, assertion.Transaction.ID)
				require.True(t, assertion.Transaction.Amount.IsPositive())
			case *reportResponse:
				require.Positive(t, understood.report.PageSize)
				for _, reported := range understood.report.Transactions {
					require.False(t, reported.Amount.IsNegative() || reported.Captured.IsNegative())
					require.Equal(t, reported.Amount.Currency(), reported.Captured.Currency())
				}
			}
		}
	})
}

func requireRefused(t *testing.T, err error) {
	t.Helper()
	var refusal *Error
	require.ErrorAs(t, err, &refusal)
	require.NotContains(t, refusal.Error(), "secret")
	if refusal.Outcome != Unknown {
		require.NotEmpty(t, refusal.Name, "only Saferpay itself can say what was done")
	}
}
