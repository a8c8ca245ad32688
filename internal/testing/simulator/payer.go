package simulator

import (
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

// What keeps a payer from paying.
var (
	errNoPage       = errors.New("there is no such payment page")
	errPageExpired  = errors.New("the payment page has expired")
	errPageFinished = errors.New("the payment on this page is finished")
	errNoTestCard   = errors.New("means must be \"twint\" or the number of a Saferpay test card")
	errNotOffered   = errors.New("this means of payment is not offered on the page")
)

// path is the payment page's part of its RedirectUrl.
func (p *page) path() string {
	return "/vt2/api/PaymentPage/" + p.CustomerID + "/" + p.TerminalID + "/" + p.Token
}

// offers reports whether the payer can choose the method.
func (p *page) offers(method string) bool { return slices.Contains(p.Methods, method) }

func (p *page) offersCards() bool {
	return p.offers(methodVisa) || p.offers(methodMastercard)
}

// payWith decides a payment with TWINT or a test card.
func (p *page) payWith(means string) (verdict, error) {
	if means == "twint" {
		if !p.offers(methodTwint) {
			return verdict{}, errNotOffered
		}
		return payByTwint(p), nil
	}
	card, ok := findCard(means)
	switch {
	case !ok:
		return verdict{}, errNoTestCard
	case !p.offers(card.brand):
		return verdict{}, errNotOffered
	}
	return payByCard(p, card), nil
}

// openPage is a payer who comes to a page, which works until its Expiration. With errPageExpired and errPageFinished the page
// is returned, too.
func (s *Simulator) openPage(token string) (*page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.unfinished(token)
	switch {
	case err != nil:
		return p, err
	case s.now().After(p.Expires):
		return p, errPageExpired
	case p.Opened.IsZero():
		opened := *p
		opened.Opened = s.now()
		p = &opened
		s.books.save(record{Page: p})
	}
	return p, nil
}

// openedPage finds the page that a payer is on. Whoever opened it in time has a while longer to finish. The errors are those of
// openPage.
func (s *Simulator) openedPage(token string) (*page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openedPageLocked(token)
}

func (s *Simulator) openedPageLocked(token string) (*page, error) {
	p, err := s.unfinished(token)
	if err != nil {
		return p, err
	}
	until := p.Expires
	if !p.Opened.IsZero() {
		until = until.Add(s.scaled(payerStays, 0))
	}
	if now := s.now(); now.After(until) || now.After(s.tokenDies(p)) {
		return p, errPageExpired
	}
	return p, nil
}

// unfinished finds a page that no payer has finished. With errPageFinished the page is returned, too.
func (s *Simulator) unfinished(token string) (*page, error) {
	p := s.books.pages[token]
	switch {
	case p == nil:
		return nil, errNoPage
	case p.finished():
		return p, errPageFinished
	default:
		return p, nil
	}
}

// finish writes down how the payment on a page ended and lets the merchant know. Of two tabs only one can finish. The
// transaction is nil when the payment failed.
func (s *Simulator) finish(token string, v verdict) (*transaction, error) {
	s.mu.Lock()
	p, err := s.openedPageLocked(token)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	finished := *p
	finished.TransactionID, finished.Failure, finished.Finished = rand.Text(), v.failure, s.now()
	if v.failure != nil {
		finished.Means = v.means
	}
	var t *transaction
	if v.failure == nil {
		t = s.newTransaction(finished.TransactionID, p.CustomerID, p.TerminalID, p.Currency, v.minor)
		t.OrderID, t.Means = p.OrderID, v.means
		if v.means.Method == methodTwint {
			t.OrderID = t.OrderID[:min(len(t.OrderID), 50)] // TWINT keeps no more
		}
		if v.delay > 0 {
			t.Status, t.DecidedAt = saferpay.StatusPending, t.Date.Add(s.scaled(v.delay, shortestDelay))
		}
		s.books.save(record{Transaction: t}, record{Page: &finished})
	} else {
		s.books.save(record{Page: &finished})
	}
	if t != nil {
		s.decideLater(t)
	}
	s.mu.Unlock()

	if v.failure != nil {
		s.announce(p.FailNotifyURL)
		return nil, nil
	}
	s.announce(p.SuccessNotifyURL)
	return t, nil
}

// newTransaction returns an authorized payment that is not in the books yet.
func (s *Simulator) newTransaction(id, customerID, terminalID, currency string, minor int64) *transaction {
	return &transaction{
		ID: id, Number: len(s.books.transactions) + 1, Type: saferpay.TypePayment, Status: saferpay.StatusAuthorized,
		CustomerID: customerID, TerminalID: terminalID, Currency: currency, Minor: minor, Date: s.now(),
	}
}

// decideLater authorizes a pending payment, or completes a pending capture or refund, when its time has come, and notifies
// the merchant. The caller holds the lock.
func (s *Simulator) decideLater(t *transaction) {
	if t.Status != saferpay.StatusPending || s.closed {
		return
	}
	s.background.Go(func() {
		if s.wait(s.ctx, max(t.DecidedAt.Sub(s.now()), time.Millisecond)) {
			s.decide(t)
		}
	})
}

func (s *Simulator) decide(t *transaction) {
	s.mu.Lock()
	if s.books.transactions[t.ID] != t {
		s.mu.Unlock()
		return // reset or aged while the payer paid
	}
	decided, notifyURL := *t, t.NotifyURL
	if t.Type == saferpay.TypeRefund || t.CaptureID != "" {
		decided.settle(s.now())
	} else {
		decided.Status = saferpay.StatusAuthorized
		for _, p := range s.books.pages {
			if p.TransactionID == t.ID {
				notifyURL = p.SuccessNotifyURL
			}
		}
	}
	s.books.save(record{Transaction: &decided})
	s.mu.Unlock()
	s.announce(notifyURL)
}
