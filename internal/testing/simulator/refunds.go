package simulator

import (
	"crypto/rand"
	"slices"
	"strconv"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

// featureRefund is the license feature without which Refund answers PERMISSION_DENIED. No document names the real one.
const featureRefund = "REFUND"

// twintRest is how long a TWINT payment has to rest before it can be refunded; shortened by the time scale.
const twintRest = 2 * time.Hour

// refund authorizes a refund, which is a transaction of its own and moves no money until it is captured. As at Saferpay,
// its amount is only held against the captured one when the request asks for that.
func (s *Simulator) refund(by caller, request refundRequest) (reply, *refusal) {
	if !slices.Contains(by.Features, featureRefund) {
		return nil, refuse(saferpay.NamePermissionDenied, "Invalid license")
	}
	minor, err := strconv.ParseInt(request.Refund.Amount.Value, 10, 64)
	if err != nil {
		return nil, refuse(saferpay.NameValidationFailed, "Refund.Amount.Value: The field Value is invalid.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	paid, refused := s.captured(by, request.captureReferenceRequest)
	switch {
	case refused != nil:
		return nil, refused
	case paid.Type != saferpay.TypePayment:
		return nil, paid.refuse(saferpay.NameTransactionInWrongState)
	case request.Refund.Amount.CurrencyCode != paid.Currency:
		return nil, refuse(saferpay.NameCurrencyInvalid)
	case request.Refund.RestrictRefundAmountToCapturedAmount && s.books.refunded(paid.ID)+minor > paid.Minor:
		return nil, refuse(saferpay.NameAmountInvalid, "The refunds exceed the captured amount.")
	case paid.Means.Method == methodTwint && s.now().Before(paid.Date.Add(s.scaled(twintRest, 0))):
		return nil, &refusal{name: saferpay.NameTransactionDeclined, message: "the payment is not processed yet", transactionID: paid.ID, orderID: paid.OrderID}
	}
	t := s.newTransaction(rand.Text(), paid.CustomerID, paid.TerminalID, paid.Currency, minor)
	t.Type, t.RefundOf, t.OrderID, t.Means = saferpay.TypeRefund, paid.ID, request.Refund.OrderID, paid.Means
	if delay, late := twintDelays[minor]; late && paid.Means.Method == methodTwint {
		t.decidedLater(t.Date.Add(s.scaled(delay, shortestDelay)), request.PendingNotification.NotifyURL)
	}
	if by.leftOpen > 0 {
		t.decidedLater(t.Date.Add(by.leftOpen), request.PendingNotification.NotifyURL)
	}
	s.books.save(record{Transaction: t})
	s.decideLater(t)
	answer := describe(t)
	delete(answer, "Liability") // a refund has none
	return answer, nil
}

// assertRefund reports whether a refund that was pending is through. One that was never pending has nothing to assert.
func (s *Simulator) assertRefund(by caller, request referenceRequest) (reply, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.books.find(by.CustomerID, request.TransactionReference.TransactionID, request.TransactionReference.OrderID)
	if t == nil || t.Type != saferpay.TypeRefund {
		return nil, refuse(saferpay.NameTransactionNotFound)
	}
	return s.progress(t)
}

func (s *Simulator) progress(t *transaction) (reply, *refusal) {
	if t.Status != saferpay.StatusCaptured && t.Status != saferpay.StatusPending {
		return nil, t.refuse(saferpay.NameTransactionInWrongState)
	}
	answer := reply{"TransactionId": t.ID, "Status": t.Status, "Date": s.now()}
	if t.OrderID != "" {
		answer["OrderId"] = t.OrderID
	}
	return answer, nil
}
