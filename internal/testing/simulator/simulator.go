// Package simulator is a Saferpay for development and tests. It speaks the JSON API and the Management API under /api,
// checks requests as strictly as the specification (1.53) reads, serves the payment page on which a payer enters a test
// card or chooses TWINT, and sends notifications. Calls under /_sim steer it: they pay without a browser, inject faults,
// and show the books that an invariant can be checked against.
//
// It moves no money and accepts no card but the published test cards.
package simulator

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Options configure a Simulator; the zero value is a good one for tests.
type Options struct {
	// PublicURL is where payers reach the simulator, without a slash at the end. When empty, payment pages are offered
	// under the host that the API was called with.
	PublicURL string
	// TimeScale makes time pass faster for lifetimes and delays: 86400 turns a day into a second. 0 is 1.
	TimeScale float64
	// DataFile keeps accounts, payment pages and transactions across a restart. Empty keeps them in memory.
	DataFile string
	// InquireLag is how long a new transaction stays invisible to Inquire; some minutes at Saferpay. PUT /_sim/settings
	// changes it.
	InquireLag time.Duration
	// NotifyRetry is the pause between the three attempts of a notification; 0 is one second.
	NotifyRetry time.Duration
	// Now replaces the clock.
	Now func() time.Time
	// Logger gets a line per call at debug level; nil is silent.
	Logger *slog.Logger
}

// Simulator is an http.Handler; it serves until it is closed.
type Simulator struct {
	options Options
	log     *slog.Logger
	mux     *http.ServeMux
	client  *http.Client // for notifications

	mu            sync.Mutex // guards what follows; the things in the books are never changed in place
	books         *books
	calls         map[string]int
	faults        []*fault
	notifications notificationMode
	settings      settings
	closed        bool

	ctx        context.Context // ends when the simulator is closed
	cancel     context.CancelFunc
	background sync.WaitGroup
}

// Open returns a simulator that continues with what its data file holds. The error says why the file is of no use.
func Open(options Options) (*Simulator, error) {
	if options.TimeScale <= 0 {
		options.TimeScale = 1
	}
	if options.NotifyRetry <= 0 {
		options.NotifyRetry = time.Second
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	books, err := openBooks(options.DataFile, options.Logger)
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		options: options, log: options.Logger, mux: http.NewServeMux(), client: notificationClient(),
		books: books, calls: map[string]int{}, notifications: notificationMode{Mode: modeNormal}, settings: options.initialSettings(),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.routes()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range books.inOrder() {
		s.decideLater(t)
	}
	return s, nil
}

// New is Open for a simulator without a data file, or with one that is known to be good: it panics on an error.
func New(options Options) *Simulator {
	s, err := Open(options)
	if err != nil {
		panic(err)
	}
	return s
}

// ServeHTTP serves the APIs, the payment page and the /_sim calls.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close ends hanging answers and outstanding notifications, waits for them and closes the data file.
func (s *Simulator) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.background.Wait()
	s.client.CloseIdleConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.books.close()
}

func (s *Simulator) routes() {
	s.routeAPI()
	s.routeManagement()
	s.routePaymentPage()
	s.routeSteering()
	s.routeOverview()
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
}

// inBackground runs f unless the simulator is closed; Close waits for it.
func (s *Simulator) inBackground(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.background.Go(f)
	}
}

// wait pauses and reports false when the simulator was closed, or the context ended, before the time was over.
func (s *Simulator) wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return false
}

// now is the simulator's time, as precise as Saferpay writes it.
func (s *Simulator) now() time.Time { return s.options.Now().UTC().Truncate(time.Millisecond) }

// scaled shortens a duration by the time scale, but never below the floor.
func (s *Simulator) scaled(d, floor time.Duration) time.Duration {
	return max(time.Duration(float64(d)/s.options.TimeScale), floor)
}
