package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a container may come without time zones

	"github.com/quittance/quittance/internal/saferpay"
)

// The report is documented with ISO 8601 dates or minutes and without a time zone, which we take for the Swiss one.
const (
	reportDay    = "2006-01-02"
	reportMinute = "2006-01-02T15:04"
	reportMoment = "2006-01-02T15:04:05.000"

	defaultReportPage = 1000
	timeScaleSlack    = time.Minute // what a minute is coarse by, when a day takes less
)

var zurich = func() *time.Location {
	location, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		panic(err) // the time zones are linked in
	}
	return location
}()

// reportQuery is what a report is asked for.
type reportQuery struct {
	state          saferpay.ReportState
	terminalID     string // empty for all
	from, to       time.Time
	page, pageSize int
}

// readReport answers with the transactions of the days up to yesterday.
func (s *Simulator) readReport(customer *account, r *http.Request) (reply, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	today, slack := s.today()
	query, problems := parseReportQuery(r.URL.Query())
	if len(problems) == 0 && !query.to.Before(today.Add(slack)) {
		problems = append(problems, "EndDate: The field EndDate must be before today 00:00.")
	}
	if len(problems) > 0 {
		return nil, refuse(saferpay.NameValidationFailed, problems...)
	}
	if _, ok := customer.terminal(query.terminalID); !ok && query.terminalID != "" {
		return nil, refuse(saferpay.NamePermissionDenied, "Invalid terminal")
	}
	query.to = query.to.Add(slack)
	if query.to.After(today) {
		query.to = today
	}
	rows := s.reported(customer, query)
	total := len(rows)
	rows = rows[min((query.page-1)*query.pageSize, total):min(query.page*query.pageSize, total)]
	return reply{"PageNumber": query.page, "PageSize": query.pageSize, "TotalTransactions": total, "Transactions": rows}, nil
}

// today is when the current day began. With a time scale the day so far shrinks like all durations, and the minutes that
// one can ask for are then too coarse: the slack is added to their end.
func (s *Simulator) today() (began time.Time, slack time.Duration) {
	now := s.now()
	year, month, day := now.In(zurich).Date()
	began = time.Date(year, month, day, 0, 0, 0, 0, zurich)
	if s.options.TimeScale > 1 {
		return now.Add(-s.scaled(now.Sub(began), 0)), timeScaleSlack
	}
	return began, 0
}

func parseReportQuery(values url.Values) (query reportQuery, problems []string) {
	query = reportQuery{state: saferpay.ReportSuccessful, page: 1, pageSize: defaultReportPage}
	moment := func(name string) time.Time {
		text := values.Get(name)
		if text == "" {
			problems = append(problems, name+": The field "+name+" is required.")
			return time.Time{}
		}
		for _, layout := range []string{reportMinute, reportDay} {
			if parsed, err := time.ParseInLocation(layout, text, zurich); err == nil {
				return parsed
			}
		}
		problems = append(problems, invalid(name)...)
		return time.Time{}
	}
	number := func(name string, fallback int) int {
		if !values.Has(name) {
			return fallback
		}
		n, err := strconv.Atoi(values.Get(name))
		if err != nil || n > 1<<31-1 {
			problems = append(problems, invalid(name)...)
		}
		return n
	}
	query.from, query.to = moment("StartDate"), moment("EndDate")
	query.page = min(max(number("PageNumber", 1), 1), 1<<20)
	query.pageSize = min(number("PageSize", defaultReportPage), saferpay.MaxReportPage)
	if query.pageSize < 1 {
		problems = append(problems, invalid("PageSize")...)
	}
	if terminal := number("TerminalId", 0); values.Has("TerminalId") {
		query.terminalID = strings.Repeat("0", max(0, 8-len(strconv.Itoa(terminal)))) + strconv.Itoa(terminal)
	}
	if state := values.Get("TransactionState"); state != "" {
		problems = append(problems, oneOf(string(saferpay.ReportSuccessful), string(saferpay.ReportFailed), string(saferpay.ReportPending))("TransactionState", state)...)
		query.state = saferpay.ReportState(state)
	}
	return query, problems
}

func (q reportQuery) covers(customer *account, customerID, terminalID string, at time.Time) bool {
	return customer.CustomerID == customerID && (q.terminalID == "" || q.terminalID == terminalID) && !at.Before(q.from) && at.Before(q.to)
}

// reported lists the rows of the report, the oldest first.
func (s *Simulator) reported(customer *account, query reportQuery) []reply {
	rows := []reply{}
	if query.state == saferpay.ReportFailed {
		var failed []*page
		for _, p := range s.books.pages {
			if p.Failure != nil && p.Means.Method != "" && query.covers(customer, p.CustomerID, p.TerminalID, p.Finished) {
				failed = append(failed, p)
			}
		}
		slices.SortFunc(failed, func(a, b *page) int { return a.Finished.Compare(b.Finished) })
		for _, p := range failed {
			rows = append(rows, p.reportRow())
		}
		return rows
	}
	wantPending := query.state == saferpay.ReportPending
	for _, t := range s.books.inOrder() {
		isPending := t.Status == saferpay.StatusPending
		if isPending == wantPending && query.covers(customer, t.CustomerID, t.TerminalID, t.Date) {
			rows = append(rows, t.reportRow(customer.User, s.books.refunded(t.ID) > 0))
		}
	}
	return rows
}

func (t *transaction) reportRow(user string, refunded bool) reply {
	row := reportRow(t.CustomerID, t.TerminalID, t.ID, t.OrderID, t.Means.Method, t.Minor, t.Currency)
	if t.Type == saferpay.TypeRefund {
		row["Application"] = "Json Api"
	}
	if t.Status == saferpay.StatusPending {
		row["PendingDetails"] = reply{"PendingSinceDate": reportTime(t.Date)}
		return row
	}
	details := reply{
		"AuthorizationDate": reportTime(t.Date), "LastActionDate": reportTime(t.Date), "Type": t.Type, "State": t.Status, "AuthorizedBy": user,
		"CapturedMerchantAmount": wireAmount(0, t.Currency), "PayerAmount": wireAmount(t.Minor, t.Currency), "ProcessingAuthCode": "012345",
		"HasCVC": t.Means.Number != "", "HasLiabilityShift": t.Means.LiabilityShift, "HasCurrencyConversion": t.Means.Foreign, "HasPartialCaptures": len(t.Parts) > 0,
		"IsCaptured": t.Status == saferpay.StatusCaptured, "IsRefunded": refunded, "IsCancelled": t.Status == saferpay.StatusCanceled, "IsOmniChannel": false,
	}
	if len(t.Parts) > 0 {
		details["CapturedMerchantAmount"] = wireAmount(t.partly(), t.Currency)
	}
	if t.Status == saferpay.StatusCaptured {
		details["CapturedMerchantAmount"] = wireAmount(t.Minor, t.Currency)
		details["CaptureDate"], details["LastActionDate"] = reportTime(t.CapturedAt), reportTime(t.CapturedAt)
		details["CapturedBy"] = user
	}
	if t.Means.Number != "" {
		details["MaskedCardNumber"] = t.Means.Number
	}
	row["AuthorizationDetails"] = details
	return row
}

func (p *page) reportRow() reply {
	row := reportRow(p.CustomerID, p.TerminalID, p.TransactionID, p.OrderID, p.Means.Method, p.Minor, p.Currency)
	by := "SAFERPAY"
	switch {
	case p.Failure.Name == saferpay.Name3DSAuthenticationFailed:
		by = "THREEDS"
	case p.Failure.ProcessorMessage != "":
		by = "ACQUIRER"
	}
	details := reply{"FailedDate": reportTime(p.Finished), "DeclinedBy": by, "SaferpayErrorText": p.Failure.Name}
	if p.Failure.ProcessorResult != "" {
		details["ProcessorErrorCode"], details["ProcessorErrorText"] = p.Failure.ProcessorResult, p.Failure.ProcessorMessage
	}
	row["FailedDetails"] = details
	return row
}

func reportRow(customerID, terminalID, transactionID, orderID, method string, minor int64, currency string) reply {
	customer, _ := strconv.Atoi(customerID) // both are digits
	terminal, _ := strconv.Atoi(terminalID)
	row := reply{
		"TransactionId": transactionID, "MerchantAmount": wireAmount(minor, currency), "CustomerId": customer, "TerminalId": terminal,
		"TerminalType": "ECOM", "Application": "Saferpay Payment Page", "Provider": acquirer, "PaymentMethod": method,
	}
	if orderID != "" {
		row["OrderId"] = orderID
	}
	return row
}

func reportTime(t time.Time) string { return t.In(zurich).Format(reportMoment) }
