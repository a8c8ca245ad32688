package simulator

import (
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

// How long a payment page can be opened after Initialize, and how long Assert answers: a day, or five for a pending transaction.
// The time scale shortens both, but never so far that a person or a test could not keep up, or that a token dies with its page.
const (
	pageLife      = time.Hour
	shortestPage  = 10 * time.Second
	payerStays    = 30 * time.Minute // how long after the Expiration a payer who opened the page before can finish
	tokenLife     = 24 * time.Hour
	pendingLife   = 120 * time.Hour
	shortestToken = 2 * shortestPage
	shortestDelay = time.Second
)

func (s *Simulator) initialize(by caller, request initializeRequest) (reply, *refusal) {
	terminal, ok := by.terminal(request.TerminalID)
	if !ok {
		return nil, refuse(saferpay.NamePermissionDenied, "Invalid terminal")
	}
	methods := offered(terminal.contracted(request.Payment.Amount.CurrencyCode), request.PaymentMethods)
	if len(methods) == 0 {
		return nil, refuse(saferpay.NameNoContract)
	}
	minor, err := strconv.ParseInt(request.Payment.Amount.Value, 10, 64)
	if err != nil {
		return nil, refuse(saferpay.NameValidationFailed, "Payment.Amount.Value: The field Value is invalid.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	p := &page{
		Token: strings.ToLower(rand.Text()), CustomerID: by.CustomerID, TerminalID: terminal.TerminalID,
		Minor: minor, Currency: request.Payment.Amount.CurrencyCode,
		OrderID: request.Payment.OrderID, Description: request.Payment.Description,
		Methods: methods, Condition: request.Condition, AllowPartial: request.Payment.Options.AllowPartialAuthorization,
		Language: request.Payer.LanguageCode, ReturnURL: request.ReturnURL.URL,
		SuccessNotifyURL: request.Notification.SuccessNotifyURL, FailNotifyURL: request.Notification.FailNotifyURL,
		Created: now, Expires: now.Add(s.scaled(s.settings.pageLife(), shortestPage)),
	}
	s.books.save(record{Page: p})
	return reply{"Token": p.Token, "Expiration": p.Expires, "RedirectUrl": by.baseURL + p.path()}, nil
}

// offered lists what the payer can choose: of the methods asked for, or of all, those that are contracted.
func offered(contracted, asked []string) []string {
	if len(asked) == 0 {
		return contracted
	}
	return slices.DeleteFunc(contracted, func(method string) bool {
		isCard := method == methodVisa || method == methodMastercard
		chosen := slices.Contains(asked, method) || isCard && slices.Contains(asked, methodCard)
		return !chosen
	})
}

func (s *Simulator) assert(by caller, request assertRequest) (reply, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.books.pages[request.Token]
	if p == nil || p.CustomerID != by.CustomerID {
		return nil, refuse(saferpay.NameTokenInvalid)
	}
	t := s.books.transactions[p.TransactionID]
	switch {
	case s.now().After(s.tokenDies(p)):
		return nil, refuse(saferpay.NameTokenExpired)
	case !p.finished() && !p.Opened.IsZero() && s.settings.EarlyAssertInWrongState:
		return nil, refuse(saferpay.NameTransactionInWrongState)
	case !p.finished():
		return nil, refuse(saferpay.NameTransactionNotStarted)
	case p.Failure != nil:
		return nil, &refusal{
			name: p.Failure.Name, result: p.Failure.ProcessorResult, message: p.Failure.ProcessorMessage,
			payerMessage: textsFor(p.Language).NotPaid, transactionID: p.TransactionID, orderID: p.OrderID,
		}
	default:
		return describe(t), nil
	}
}

// tokenDies returns until when Assert answers for the page.
func (s *Simulator) tokenDies(p *page) time.Time {
	life := tokenLife
	if t := s.books.transactions[p.TransactionID]; t != nil && t.Status == saferpay.StatusPending {
		life = pendingLife
	}
	return p.Created.Add(s.scaled(life, shortestToken))
}

func (s *Simulator) inquire(by caller, request referenceRequest) (reply, *refusal) {
	if slices.Contains(by.Features, withoutInquire) {
		return nil, refuse(saferpay.NamePermissionDenied, "Invalid license")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.books.find(by.CustomerID, request.TransactionReference.TransactionID, request.TransactionReference.OrderID)
	if t == nil || t.Status == saferpay.StatusPending || s.now().Before(t.Date.Add(s.settings.inquireLag())) {
		return nil, refuse(saferpay.NameTransactionNotFound)
	}
	return describe(t), nil
}

func (s *Simulator) cancelTransaction(by caller, request referenceRequest) (reply, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.authorized(by, request)
	if refused != nil {
		return nil, refused
	}
	cancelled := *t
	cancelled.Status = saferpay.StatusCanceled
	s.books.save(record{Transaction: &cancelled})
	return reply{"TransactionId": t.ID, "OrderId": t.OrderID, "Date": s.now()}, nil
}

// authorized finds the transaction of a request that only an authorized one can satisfy.
func (s *Simulator) authorized(by caller, request referenceRequest) (*transaction, *refusal) {
	t := s.books.find(by.CustomerID, request.TransactionReference.TransactionID, request.TransactionReference.OrderID)
	switch {
	case t == nil:
		return nil, refuse(saferpay.NameTransactionNotFound)
	case t.Status == saferpay.StatusCaptured:
		return nil, t.refuse(saferpay.NameTransactionAlreadyCaptured)
	case t.Status != saferpay.StatusAuthorized, len(t.Parts) > 0: // parts are captured for good, and don't mix with anything else
		return nil, t.refuse(saferpay.NameTransactionInWrongState)
	}
	return t, nil
}
