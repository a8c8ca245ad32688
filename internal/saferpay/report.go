package saferpay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
	_ "time/tzdata" // a container may come without time zones

	"github.com/quittance/quittance/internal/money"
)

// ReportState says which transactions a report lists.
type ReportState string

// The values of ReportQuery.State.
const (
	ReportSuccessful ReportState = "SUCCESSFUL" // authorized, captured or cancelled payments and refunds
	ReportFailed     ReportState = "FAILED"
	ReportPending    ReportState = "PENDING"
)

// MaxReportPage is the largest page of a report that Saferpay gives, in transactions.
const MaxReportPage = 2000

// ReportQuery selects a page of the transaction report. Saferpay reads the times as Swiss ones, to the minute.
type ReportQuery struct {
	State    ReportState // empty is ReportSuccessful
	From     time.Time
	To       time.Time // must lie before the beginning of today, so 23:59 of yesterday at the latest
	Page     int       // from 1; 0 is 1
	PageSize int       // 1 to MaxReportPage; 0 leaves it to Saferpay
}

// Report is a page of the transaction report.
type Report struct {
	Transactions []ReportedTransaction
	Skipped      int // transactions on this page in currencies that Quittance does not take
	Page         int
	PageSize     int // may be smaller than asked for
	Total        int // on all pages
}

// More reports whether there is another page.
func (r Report) More() bool { return max(r.Page, 1)*r.PageSize < r.Total }

// ReportedTransaction is a transaction as it stands in the report.
type ReportedTransaction struct {
	ID             string
	Type           TransactionType   // empty for failed and pending ones
	Status         TransactionStatus // empty for failed ones
	Amount         money.Amount
	Captured       money.Amount // zero until captured
	OrderID        string
	TerminalID     string
	Method         string // as the Backoffice writes it: "PayPal", "VISA"
	Provider       string
	Date           time.Time // authorized, failed or pending since
	LiabilityShift bool
	Refunded       bool
	Failure        *ReportedFailure // of a failed one
}

// ReportedFailure is why a transaction failed.
type ReportedFailure struct {
	DeclinedBy         string // SAFERPAY, ACQUIRER, RISK, CONFIGURATION, THREEDS, FRAUDPREVENTION or OTHER
	ProcessorErrorCode string `json:",omitempty"` // of the acquirer, such as "51"
	ProcessorErrorText string `json:",omitempty"`
	SaferpayErrorCode  string `json:",omitempty"`
	SaferpayErrorText  string `json:",omitempty"`
}

// Transactions reads a page of the report on the terminal of the credentials (Saferpay Management API 1.14, transactions).
// VALIDATION_FAILED means among others that To does not lie before today; PERMISSION_DENIED that the license lacks the
// Management API.
//
// The report leaves out what happened at To or later. So the last minute of a day, from 23:59, is in no report until the
// day after: let the windows of a nightly reconciliation overlap.
func (c *Client) Transactions(ctx context.Context, credentials Credentials, requestID string, query ReportQuery) (Report, error) {
	parameters := url.Values{
		"StartDate": {query.From.In(zurich).Format(reportMinute)}, "EndDate": {query.To.In(zurich).Format(reportMinute)},
		"TerminalId": {credentials.TerminalID},
	}
	if query.State != "" {
		parameters.Set("TransactionState", string(query.State))
	}
	if query.Page > 0 {
		parameters.Set("PageNumber", strconv.Itoa(query.Page))
	}
	if query.PageSize > 0 {
		parameters.Set("PageSize", strconv.Itoa(query.PageSize))
	}
	var result reportResponse
	if err := c.get(ctx, OperationTransactions, credentials, requestID, &result, parameters, "transactions"); err != nil {
		return Report{}, err
	}
	return result.report, nil
}

// The report knows times only without their zone; that it means Swiss ones is our assumption, as Saferpay is Swiss.
const (
	reportMinute = "2006-01-02T15:04"
	reportMoment = "2006-01-02T15:04:05.999999999"
)

var zurich = func() *time.Location {
	location, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		panic(err) // the time zones are linked in
	}
	return location
}()

type reportResponse struct {
	PageNumber, PageSize, TotalTransactions int
	Transactions                            []wireReported

	report Report // once validated
}

func (r *reportResponse) validate() error {
	if r.PageSize < 1 {
		return fmt.Errorf("its PageSize %d would never come to an end", r.PageSize)
	}
	r.report = Report{Page: r.PageNumber, PageSize: r.PageSize, Total: r.TotalTransactions}
	for _, t := range r.Transactions {
		if _, err := money.ParseCurrency(t.MerchantAmount.currency(t.MerchantCurrency)); err != nil {
			r.report.Skipped++
			continue
		}
		reported, err := t.transaction()
		if err != nil {
			return fmt.Errorf("transaction %s: %w", t.TransactionID, err)
		}
		r.report.Transactions = append(r.report.Transactions, reported)
	}
	return nil
}

// wireReported is a transaction of the report as it travels. Ids are numbers there, which loses their leading zeros.
type wireReported struct {
	TransactionID        string       `json:"TransactionId"`
	MerchantAmount       reportAmount // the specification says object, its example is a decimal string
	MerchantCurrency     string       `json:",omitempty"` // beside the decimal string
	CustomerID           int          `json:"CustomerId"`
	TerminalID           int          `json:"TerminalId"`
	TerminalType         string       `json:",omitempty"`
	Application          string
	OrderID              string `json:"OrderId,omitempty"`
	Provider             string
	PaymentMethod        string
	IPAddress            string                `json:"IpAddress,omitempty"`
	Description          string                `json:",omitempty"`
	AuthorizationDetails *authorizationDetails `json:",omitempty"`
	FailedDetails        *failedDetails        `json:",omitempty"`
	PendingDetails       *pendingDetails       `json:",omitempty"`
}

type authorizationDetails struct {
	AuthorizationDate, LastActionDate                                    reportTime
	CaptureDate                                                          reportTime `json:",omitzero"`
	CancellationDate                                                     reportTime `json:",omitzero"`
	Type                                                                 TransactionType
	State                                                                TransactionStatus
	AuthorizedBy                                                         string
	ProcessingAuthCode                                                   string `json:",omitempty"`
	CapturedMerchantAmount, PayerAmount                                  reportAmount
	PayerCurrency                                                        string `json:",omitempty"`
	HasCVC, HasLiabilityShift, HasCurrencyConversion, HasPartialCaptures bool
	IsCaptured, IsRefunded, IsCancelled, IsOmniChannel                   bool
}

type failedDetails struct {
	ReportedFailure
	FailedDate reportTime
}

type pendingDetails struct {
	PendingSinceDate reportTime
}

func (t wireReported) transaction() (reported ReportedTransaction, err error) {
	reported = ReportedTransaction{
		ID: t.TransactionID, OrderID: t.OrderID, TerminalID: fmt.Sprintf("%08d", t.TerminalID), Method: t.PaymentMethod, Provider: t.Provider,
	}
	if reported.Amount, err = t.MerchantAmount.money(t.MerchantCurrency); err != nil {
		return reported, err
	}
	reported.Captured = money.Zero(reported.Amount.Currency())
	switch {
	case t.AuthorizationDetails != nil:
		d := t.AuthorizationDetails
		reported.Type, reported.Status, reported.Date = d.Type, d.State, d.AuthorizationDate.Time
		reported.LiabilityShift, reported.Refunded = d.HasLiabilityShift, d.IsRefunded
		reported.Captured, err = d.CapturedMerchantAmount.money(string(reported.Amount.Currency()))
		if err == nil && reported.Captured.Currency() != reported.Amount.Currency() {
			err = errors.New("it was captured in another currency than authorized")
		}
	case t.PendingDetails != nil:
		reported.Status, reported.Date = StatusPending, t.PendingDetails.PendingSinceDate.Time
	case t.FailedDetails != nil:
		reported.Date, reported.Failure = t.FailedDetails.FailedDate.Time, &t.FailedDetails.ReportedFailure
	}
	return reported, err
}

// reportAmount is an amount in one of the two forms that the Management API is documented with: an object in minor
// units, or a decimal string beside which the currency stands.
type reportAmount struct {
	minor   MinorAmount
	decimal string
}

// UnmarshalJSON reads either form.
func (a *reportAmount) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &a.decimal)
	}
	return json.Unmarshal(data, &a.minor)
}

// MarshalJSON writes the form that was read.
func (a reportAmount) MarshalJSON() ([]byte, error) {
	if a.decimal != "" {
		return json.Marshal(a.decimal)
	}
	return json.Marshal(a.minor)
}

// currency is the amount's own, or the one that stands beside it.
func (a reportAmount) currency(beside string) string {
	if a.decimal == "" && a.minor.CurrencyCode != "" {
		return a.minor.CurrencyCode
	}
	return beside
}

// money returns the amount, which may be zero but not negative.
func (a reportAmount) money(beside string) (money.Amount, error) {
	currency, err := money.ParseCurrency(a.currency(beside))
	if err != nil {
		return money.Amount{}, err
	}
	var result money.Amount
	if a.decimal != "" {
		result, err = money.Parse(a.decimal, currency)
	} else {
		var minor int64
		minor, err = strconv.ParseInt(a.minor.Value, 10, 64)
		result = money.FromMinor(minor, currency)
	}
	if err == nil && result.IsNegative() {
		err = errors.New("the amount is negative")
	}
	return result, err
}

// reportTime is a time of the report: Swiss, without its zone. One with a zone is taken as it is.
type reportTime struct{ time.Time }

// UnmarshalJSON reads a time with or without a zone.
func (t *reportTime) UnmarshalJSON(data []byte) (err error) {
	var text string
	if err = json.Unmarshal(data, &text); err != nil {
		return err
	}
	if t.Time, err = time.ParseInLocation(reportMoment, text, zurich); err != nil {
		t.Time, err = time.Parse(time.RFC3339, text)
	}
	return err
}

// MarshalJSON writes the time as the report does.
func (t reportTime) MarshalJSON() ([]byte, error) {
	return json.Marshal(t.In(zurich).Format(reportMoment))
}
