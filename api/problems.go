package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/problem"
)

// problemTypes maps each problem to its HTTP status and title. There is no other such map.
var problemTypes = map[problem.Code]struct {
	status int
	title  string
}{
	problem.Malformed:               {http.StatusBadRequest, "The request can't be read"},
	problem.Unauthorized:            {http.StatusUnauthorized, "A valid key is needed"},
	problem.Forbidden:               {http.StatusForbidden, "This key may not do that"},
	problem.AddressNotAllowed:       {http.StatusForbidden, "The key does not work from this address"},
	problem.CompanySuspended:        {http.StatusForbidden, "The company is suspended"},
	problem.NotFound:                {http.StatusNotFound, "Not found"},
	problem.MethodNotAllowed:        {http.StatusMethodNotAllowed, "This method is not allowed here"},
	problem.RequestInProgress:       {http.StatusConflict, "The request is in progress"},
	problem.InvoiceNumberTaken:      {http.StatusConflict, "The invoice number is taken"},
	problem.InvoiceNotDraft:         {http.StatusConflict, "The invoice is not a draft"},
	problem.InvoiceNotOpen:          {http.StatusConflict, "The invoice is not open"},
	problem.InvoicePaid:             {http.StatusConflict, "The invoice is paid"},
	problem.InvoiceCancelled:        {http.StatusConflict, "The invoice is cancelled"},
	problem.PaymentInProgress:       {http.StatusConflict, "A payment is in progress"},
	problem.PaymentServiceNotActive: {http.StatusConflict, "The payment service is not active"},
	problem.PaymentMethodNotOffered: {http.StatusConflict, "The payment method is not offered"},
	problem.CurrencyNotActive:       {http.StatusConflict, "The currency is not active"},
	problem.NotInVerification:       {http.StatusConflict, "The payment service is not in verification"},
	problem.PaymentNotCaptured:      {http.StatusConflict, "The payment is not captured"},
	problem.RefundInstead:           {http.StatusConflict, "An online payment is refunded, not voided"},
	problem.RefundNotRecordable:     {http.StatusConflict, "The refund can't be recorded"},
	problem.RefundNotAwaiting:       {http.StatusConflict, "The refund awaits no approval"},
	problem.SecondPersonNeeded:      {http.StatusForbidden, "A second person has to do this"},
	problem.DisputeDecided:          {http.StatusConflict, "The dispute is won or lost already"},
	problem.DisputeRecorded:         {http.StatusConflict, "The case is recorded with another amount"},
	problem.EntryNotReversible:      {http.StatusConflict, "The entry can't be reversed by hand"},
	problem.EntryReversed:           {http.StatusConflict, "The entry is reversed"},
	problem.AccountNumberTaken:      {http.StatusConflict, "The account number is taken"},
	problem.BankAccountTaken:        {http.StatusConflict, "There is such a bank account"},
	problem.AccountInUse:            {http.StatusConflict, "The account is in use"},
	problem.ExceptionResolved:       {http.StatusConflict, "The exception is resolved"},
	problem.DecisionImpossible:      {http.StatusConflict, "The decision can't be carried out"},
	problem.ProcessRestarted:        {http.StatusConflict, "The process that waits for the decision was started again"},
	problem.TooManyEndpoints:        {http.StatusConflict, "There are too many webhook endpoints"},
	problem.LimitReached:            {http.StatusConflict, "There are as many as there may be"},
	problem.NoEndpoint:              {http.StatusConflict, "No webhook endpoint takes this event"},
	problem.TooLarge:                {http.StatusRequestEntityTooLarge, "The body is too large"},
	problem.UnsupportedMedia:        {http.StatusUnsupportedMediaType, "The body is of the wrong type"},
	problem.KeyReused:               {http.StatusUnprocessableEntity, "The idempotency key was used for another request"},
	problem.Invalid:                 {http.StatusUnprocessableEntity, "The request has invalid fields"},
	problem.ReceiptExceedsInvoice:   {http.StatusUnprocessableEntity, "The receipt is more than is due"},
	problem.RefundExceedsPayment:    {http.StatusUnprocessableEntity, "The refund is more than is left"},
	problem.DisputeExceedsPayment:   {http.StatusUnprocessableEntity, "The dispute is over more than is left"},
	problem.RefundTooLate:           {http.StatusConflict, "The payment can no longer be refunded"},
	problem.EntryNotBalanced:        {http.StatusUnprocessableEntity, "The entry is not balanced"},
	problem.PeriodClosed:            {http.StatusUnprocessableEntity, "The period is closed"},
	problem.CredentialsRejected:     {http.StatusUnprocessableEntity, "Saferpay doesn't accept the credentials"},
	problem.TooManyRequests:         {http.StatusTooManyRequests, "Too many requests"},
	internal:                        {http.StatusInternalServerError, "Something went wrong on our side"},
	problem.SettlementFileRefused:   {http.StatusUnprocessableEntity, "The settlement file is refused"},
	problem.ColumnsUnknown:          {http.StatusUnprocessableEntity, "Somebody has to say what the columns are"},
	problem.PayoutDecided:           {http.StatusConflict, "The payout is decided"},
	problem.SignInFailed:            {http.StatusUnauthorized, "The sign-in did not work"},
	problem.SignInWithoutRole:       {http.StatusForbidden, "The person has no role here"},
	problem.SignInUnavailable:       {http.StatusServiceUnavailable, "The sign-in provider doesn't answer"},
	problem.SaferpayUnavailable:     {http.StatusServiceUnavailable, "Saferpay doesn't answer"},
	problem.Unavailable:             {http.StatusServiceUnavailable, "Temporarily unavailable"},
}

// internal is the problem of a mistake in Quittance itself.
const internal problem.Code = "internal-error"

// retryAfter is how many seconds a caller should wait when a part of Quittance did not answer.
const retryAfter = "5"

// asProblem returns the problem that the caller sees for err. It logs err when a part of Quittance doesn't work at the moment.
// Of an error outside the closed set of problems the caller sees no details.
func (s *server) asProblem(r *http.Request, err error) *problem.Error {
	p, _ := errors.AsType[*problem.Error](err)
	if _, known := problemTypes[problem.CodeOf(err)]; !known {
		p = problem.New(problem.Unavailable, "A part of Quittance does not answer at the moment. Nothing is lost. Try again in a few seconds.")
	}
	// Nobody waits for the answer to an abandoned request, and its error says only that it was abandoned.
	if problemTypes[p.Code].status == http.StatusServiceUnavailable && r.Context().Err() == nil {
		s.Logger.ErrorContext(r.Context(), "request not answered",
			"request_id", requestID(r.Context()), "method", r.Method, "route", routePattern(r), "error", err)
	}
	return p
}

// refuse answers with the problem behind err.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := s.asProblem(r, err)
	noteRefusal(r.Context(), p.Code)
	status := problemTypes[p.Code].status
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Quittance"`)
	}
	if status == http.StatusServiceUnavailable || p.Code == problem.RequestInProgress {
		w.Header().Set("Retry-After", retryAfter)
	}
	if later, ok := errors.AsType[*laterError](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(int((later.after+time.Second-1)/time.Second)))
	} else if status == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", retryAfter)
	}
	answer := spec.Problem{
		Type:     spec.ProblemType("urn:quittance:problem:" + p.Code),
		Title:    problemTypes[p.Code].title,
		Status:   status,
		Detail:   p.Detail,
		Instance: optional("urn:quittance:request:" + requestID(r.Context())),
	}
	if len(p.Fields) > 0 {
		fields := make([]spec.FieldError, len(p.Fields))
		for i, f := range p.Fields {
			fields[i] = spec.FieldError{Field: f.Name, Message: f.Message}
		}
		answer.Errors = &fields
	}
	if unknown, ok := errors.AsType[*columnsUnknownError](err); ok {
		answer.Columns = &unknown.proposal
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // it fails only when the caller has gone
}

// broken answers a request whose handler panicked.
func (s *server) broken(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, problem.New(internal, "This is our mistake. We have logged it under the instance that you see here."))
}
