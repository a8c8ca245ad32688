package simulator

import (
	"io"
	"net/http"
	"time"
)

// notificationMode decides how the merchant hears of a payment.
type notificationMode struct {
	Mode    string `json:"mode"`
	DelayMS int    `json:"delay_ms,omitempty"` // for late; 5000 when 0
}

const (
	modeNormal       = "normal"        // about when the payer returns
	modeNone         = "none"          // never
	modeTwice        = "twice"         // two of them
	modeLate         = "late"          // after the delay
	modeBeforeReturn = "before_return" // answered before the payer is sent back
)

var notificationModes = []string{modeNormal, modeNone, modeTwice, modeLate, modeBeforeReturn}

// A notification is a GET without a body or signature; Saferpay waits this long for a 200, and tries this often.
const (
	notifyTimeout  = 10 * time.Second
	notifyAttempts = 3
)

func notificationClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{},
		Timeout:       notifyTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// announce sends a notification in the chosen mode. It returns at once, except before a return.
func (s *Simulator) announce(url string) {
	if url == "" {
		return
	}
	s.mu.Lock()
	mode := s.notifications
	s.mu.Unlock()
	switch mode.Mode {
	case modeNone:
	case modeBeforeReturn:
		s.notify(url)
	case modeTwice:
		s.inBackground(func() {
			s.notify(url)
			s.notify(url)
		})
	case modeLate:
		s.inBackground(func() {
			if s.wait(s.ctx, time.Duration(mode.DelayMS)*time.Millisecond) {
				s.notify(url)
			}
		})
	default:
		s.inBackground(func() { s.notify(url) })
	}
}

// notify calls the URL until it answers 200, three times at most.
func (s *Simulator) notify(url string) {
	for attempt := 1; ; attempt++ {
		if s.notifyOnce(url) {
			return
		}
		if attempt == notifyAttempts {
			s.log.Info("simulator notification given up", "attempts", notifyAttempts)
			return
		}
		if !s.wait(s.ctx, s.options.NotifyRetry) {
			return
		}
	}
}

func (s *Simulator) notifyOnce(url string) bool {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.log.Debug("simulator notification not delivered", "error", err)
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxRequest))
	return resp.StatusCode == http.StatusOK
}
