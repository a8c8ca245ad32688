package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

// How long an authorized transaction can be captured. The shortest window leaves time for whatever a test kills and
// starts again in between.
const (
	twintWindow    = 7 * 24 * time.Hour
	cardWindow     = 10 * 24 * time.Hour
	shortestWindow = 10 * time.Minute
)

func (m means) captureWindow() time.Duration {
	if m.Method == methodTwint {
		return twintWindow
	}
	return cardWindow
}

// part is one of several captures of a transaction.
type part struct {
	OrderPartID string    `json:"order_part_id"`
	CaptureID   string    `json:"capture_id"`
	Minor       int64     `json:"minor"`
	CapturedAt  time.Time `json:"captured_at"`
}

// partly adds up what was captured in parts.
func (t *transaction) partly() (minor int64) {
	for _, p := range t.Parts {
		minor += p.Minor
	}
	return minor
}

// decidedLater leaves the transaction to the acquirer, who decides at that time.
func (t *transaction) decidedLater(at time.Time, notifyURL string) {
	t.Status, t.DecidedAt, t.NotifyURL = saferpay.StatusPending, at, notifyURL
}

func (s *Simulator) capture(by caller, request captureRequest) (reply, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.capturable(by, request.referenceRequest)
	if refused != nil {
		return nil, refused
	}
	captured := *t
	if request.Amount != nil {
		if captured.Minor, refused = t.share(*request.Amount, t.Minor); refused != nil {
			return nil, refused
		}
	}
	if by.leftOpen > 0 {
		captured.CaptureID = t.ID + captureSuffix
		captured.decidedLater(s.now().Add(by.leftOpen), request.PendingNotification.NotifyURL)
	} else {
		captured.settle(s.now())
	}
	s.books.save(record{Transaction: &captured})
	s.decideLater(&captured)
	return reply{"CaptureId": captured.CaptureID, "Status": captured.Status, "Date": s.now()}, nil
}

// capturable finds the transaction of a request that captures it, in whole or in part.
func (s *Simulator) capturable(by caller, request referenceRequest) (*transaction, *refusal) {
	t, refused := s.authorized(by, request)
	if refused != nil {
		return nil, refused
	}
	if s.now().After(t.Date.Add(s.scaled(t.Means.captureWindow(), shortestWindow))) {
		return nil, t.refuse(saferpay.NameTransactionInWrongState) // the reservation is gone
	}
	return t, nil
}

// share reads an amount of the transaction that is at most so much.
func (t *transaction) share(a amount, atMost int64) (int64, *refusal) {
	minor, err := strconv.ParseInt(a.Value, 10, 64)
	switch {
	case a.CurrencyCode != t.Currency:
		return 0, refuse(saferpay.NameCurrencyInvalid)
	case err != nil || minor > atMost:
		return 0, refuse(saferpay.NameAmountInvalid)
	}
	return minor, nil
}

// multipartCapture captures a part of a card payment. Each part has an id of its own; the last one is called FINAL, and
// together they don't exceed what is authorized (Saferpay integration guide, partial captures).
func (s *Simulator) multipartCapture(by caller, request multipartRequest) (reply, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.dividable(by, request.referenceRequest)
	if refused != nil {
		return nil, refused
	}
	if slices.ContainsFunc(t.Parts, func(p part) bool { return p.OrderPartID == request.OrderPartID }) {
		return nil, refuse(saferpay.NameValidationFailed, "OrderPartId: The field OrderPartId must be unique.")
	}
	minor, refused := t.share(request.Amount, t.Minor-t.partly())
	if refused != nil {
		return nil, refused
	}
	captured := *t
	next := part{request.OrderPartID, fmt.Sprintf("%s%02d%s", t.ID, len(t.Parts)+1, captureSuffix), minor, s.now()}
	captured.Parts = append(slices.Clone(t.Parts), next)
	captured.Captures++
	if request.Type == partFinal {
		captured.finalize()
	}
	s.books.save(record{Transaction: &captured})
	return reply{"CaptureId": next.CaptureID, "Status": saferpay.StatusCaptured, "Date": s.now()}, nil
}

// multipartFinalize says that no further part will be captured; what is left of the authorization is released.
func (s *Simulator) multipartFinalize(by caller, request referenceRequest) (reply, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.dividable(by, request)
	switch {
	case refused != nil:
		return nil, refused
	case len(t.Parts) == 0, t.partly() == t.Minor:
		return nil, t.refuse(saferpay.NameTransactionInWrongState)
	}
	finalized := *t
	finalized.finalize()
	s.books.save(record{Transaction: &finalized})
	return reply{}, nil
}

// dividable finds the transaction of a request that captures a part of it.
func (s *Simulator) dividable(by caller, request referenceRequest) (*transaction, *refusal) {
	t := s.books.find(by.CustomerID, request.TransactionReference.TransactionID, request.TransactionReference.OrderID)
	switch {
	case t != nil && t.Means.Number == "":
		return nil, t.refuse(saferpay.NameActionNotSupported) // cards only
	case t != nil && t.Status == saferpay.StatusAuthorized && len(t.Parts) > 0:
		return t, nil
	}
	return s.capturable(by, request)
}

// finalize ends the parts: what they add up to is the payment.
func (t *transaction) finalize() {
	last := t.Parts[len(t.Parts)-1]
	t.Status, t.Minor, t.CaptureID, t.CapturedAt = saferpay.StatusCaptured, t.partly(), last.CaptureID, last.CapturedAt
}

func (s *Simulator) assertCapture(by caller, request captureReferenceRequest) (reply, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.referred(by, request)
	if refused != nil {
		return nil, refused
	}
	return s.progress(t)
}

// captured finds the captured transaction that a request refers to.
func (s *Simulator) captured(by caller, request captureReferenceRequest) (*transaction, *refusal) {
	t, refused := s.referred(by, request)
	if refused == nil && t.Status != saferpay.StatusCaptured && len(t.Parts) == 0 {
		refused = t.refuse(saferpay.NameTransactionInWrongState)
	}
	return t, refused
}

// referred finds the transaction that a request refers to by one of its captures.
func (s *Simulator) referred(by caller, request captureReferenceRequest) (*transaction, *refusal) {
	reference := request.CaptureReference
	if reference.CaptureID == "" {
		if t := s.books.find(by.CustomerID, reference.TransactionID, reference.OrderID); t != nil {
			return t, nil
		}
		return nil, refuse(saferpay.NameTransactionNotFound)
	}
	for _, t := range s.books.transactions {
		whole := t.CaptureID == reference.CaptureID
		isPart := slices.ContainsFunc(t.Parts, func(p part) bool { return p.CaptureID == reference.CaptureID })
		if t.CustomerID == by.CustomerID && (whole || isPart) {
			return t, nil
		}
	}
	return nil, refuse(saferpay.NameTransactionNotFound)
}

// closeBatch hands what is captured on a terminal to the acquirer, who pays it out.
func (s *Simulator) closeBatch(by caller, request batchRequest) (reply, *refusal) {
	if _, ok := by.terminal(request.TerminalID); !ok {
		return nil, refuse(saferpay.NamePermissionDenied, "Invalid terminal")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.books.inOrder() {
		if t.CustomerID == by.CustomerID && t.TerminalID == request.TerminalID && t.Status == saferpay.StatusCaptured && t.ClosedAt.IsZero() {
			closed := *t
			closed.ClosedAt = s.now()
			s.books.save(record{Transaction: &closed})
		}
	}
	return reply{}, nil
}
