package saferpay_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
)

const reported = `{"PageNumber":2,"PageSize":3,"TotalTransactions":7,"Transactions":[
	{"TransactionId":"a","MerchantAmount":"5.00","MerchantCurrency":"EUR","CustomerId":123,"TerminalId":1000001,"Provider":"PayPal","PaymentMethod":"PayPal","OrderId":"o",
	 "AuthorizationDetails":{"AuthorizationDate":"2026-07-14T12:41:30.618","LastActionDate":"2026-07-14T12:41:30.618","Type":"PAYMENT","State":"CAPTURED","CapturedMerchantAmount":"3.00","HasLiabilityShift":true,"IsRefunded":true}},
	{"TransactionId":"b","MerchantAmount":{"Value":"10800","CurrencyCode":"CHF"},"CustomerId":123,"TerminalId":12345678,"PaymentMethod":"VISA",
	 "FailedDetails":{"FailedDate":"2026-01-14T12:41:30Z","DeclinedBy":"ACQUIRER","ProcessorErrorCode":"51","ProcessorErrorText":"insufficient funds"}},
	{"TransactionId":"c","MerchantAmount":{"Value":"100","CurrencyCode":"CHF"},"TerminalId":12345678,"PendingDetails":{"PendingSinceDate":"2026-01-14T12:41:30"}},
	{"TransactionId":"d","MerchantAmount":{"Value":"100","CurrencyCode":"JPY"},"TerminalId":12345678}]}`

func TestTheReportReadsBothFormsOfAmountsAndSwissTimes(t *testing.T) {
	t.Parallel()
	asked := make(chan url.Values, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Query()
		refuse(200, "application/json", reported)(w, r)
	}))
	defer server.Close()
	report, err := saferpay.NewClient(server.URL+"/api").Transactions(t.Context(), demo, "r", saferpay.ReportQuery{
		State: saferpay.ReportFailed, From: time.Date(2026, 7, 13, 22, 0, 0, 0, time.UTC), To: time.Date(2026, 7, 14, 21, 59, 59, 0, time.UTC), Page: 2, PageSize: 2000,
	})
	require.NoError(t, err)
	assert.Equal(t, url.Values{
		"TransactionState": {"FAILED"}, "TerminalId": {"12345678"}, "PageNumber": {"2"}, "PageSize": {"2000"},
		"StartDate": {"2026-07-14T00:00"}, "EndDate": {"2026-07-14T23:59"},
	}, <-asked)

	assert.True(t, report.More(), "6 of 7 seen")
	assert.Equal(t, 1, report.Skipped, "yen are not ours to reconcile")
	require.Len(t, report.Transactions, 3)
	paid, failed, pending := report.Transactions[0], report.Transactions[1], report.Transactions[2]
	assert.Equal(t, "EUR 5.00", paid.Amount.String())
	assert.Equal(t, "EUR 3.00", paid.Captured.String())
	assert.Equal(t, "01000001", paid.TerminalID, "the number has lost its leading zeros")
	assert.Equal(t, "2026-07-14T10:41:30.618Z", paid.Date.UTC().Format(time.RFC3339Nano))
	assert.Equal(t, saferpay.StatusCaptured, paid.Status)
	assert.True(t, paid.LiabilityShift && paid.Refunded)
	assert.Equal(t, "CHF 108.00", failed.Amount.String())
	assert.True(t, failed.Captured.Equal(money.Zero(money.CHF)))
	assert.Equal(t, "51", failed.Failure.ProcessorErrorCode)
	assert.Equal(t, saferpay.StatusPending, pending.Status)
	assert.Equal(t, "2026-01-14T11:41:30Z", pending.Date.UTC().Format(time.RFC3339))
}

func TestAReportThatWouldNeverEndIsRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"PageNumber":1,"PageSize":0,"TotalTransactions":5,"Transactions":[]}`,
		`{"PageNumber":1,"PageSize":5,"TotalTransactions":1,"Transactions":[{"TransactionId":"a","MerchantAmount":"1,00","MerchantCurrency":"CHF"}]}`,
		`{"PageNumber":1,"PageSize":5,"TotalTransactions":1,"Transactions":[{"TransactionId":"a","MerchantAmount":{"Value":"-1","CurrencyCode":"CHF"}}]}`,
	} {
		server := httptest.NewServer(refuse(200, "application/json", body))
		_, err := saferpay.NewClient(server.URL+"/api").Transactions(t.Context(), demo, "r", saferpay.ReportQuery{})
		server.Close()
		assert.ErrorContains(t, err, "the answer is incomplete", body)
	}
}
