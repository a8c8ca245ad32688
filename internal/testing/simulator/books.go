package simulator

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

// account is a customer of Saferpay with its one JSON API user.
type account struct {
	CustomerID string     `json:"customer_id"`
	User       string     `json:"user"`
	Password   string     `json:"password"`
	Features   []string   `json:"features"`
	Terminals  []terminal `json:"terminals"`
}

type terminal struct {
	TerminalID     string          `json:"terminal_id"`
	Type           string          `json:"type,omitempty"` // ECOM when empty
	PaymentMethods []paymentMethod `json:"payment_methods"`
}

// paymentMethod is one contract: a method with its currencies.
type paymentMethod struct {
	Method     string   `json:"method"`
	Currencies []string `json:"currencies"`
}

func (a *account) terminal(id string) (terminal, bool) {
	i := slices.IndexFunc(a.Terminals, func(t terminal) bool { return t.TerminalID == id })
	if i < 0 {
		return terminal{}, false
	}
	return a.Terminals[i], true
}

// contracted lists the methods that the terminal may offer in the currency.
func (t terminal) contracted(currency string) []string {
	var methods []string
	for _, m := range t.PaymentMethods {
		if slices.Contains(m.Currencies, currency) {
			methods = append(methods, m.Method)
		}
	}
	return methods
}

// page is one payment page with the payment that was tried on it.
type page struct {
	Token            string    `json:"token"`
	CustomerID       string    `json:"customer_id"`
	TerminalID       string    `json:"terminal_id"`
	Minor            int64     `json:"minor"` // the amount in minor units
	Currency         string    `json:"currency"`
	OrderID          string    `json:"order_id"`
	Description      string    `json:"description"`
	Methods          []string  `json:"methods"` // the ones that the payer can choose
	Condition        string    `json:"condition"`
	AllowPartial     bool      `json:"allow_partial"`
	Language         string    `json:"language"`
	ReturnURL        string    `json:"return_url"`
	SuccessNotifyURL string    `json:"success_notify_url"`
	FailNotifyURL    string    `json:"fail_notify_url"`
	Created          time.Time `json:"created"`
	Expires          time.Time `json:"expires"`         // when the page can be opened no more
	Opened           time.Time `json:"opened,omitzero"` // when the payer opened it first

	TransactionID string    `json:"transaction_id,omitempty"` // set once the payer has paid, failed or aborted
	Failure       *failure  `json:"failure,omitempty"`        // why the payment failed; nil when it did not
	Means         means     `json:"means,omitzero"`           // what the failed payment was tried with; empty for an abort
	Finished      time.Time `json:"finished,omitzero"`
}

// finished reports whether the payer has done what can be done on the page.
func (p *page) finished() bool { return p.TransactionID != "" }

// transaction is a payment that was at least accepted for processing, or a refund. Failed payments only stand on their
// page.
type transaction struct {
	ID         string                     `json:"id"`
	Number     int                        `json:"number"` // counts all transactions, for their order
	Type       saferpay.TransactionType   `json:"type"`
	Status     saferpay.TransactionStatus `json:"status"`
	CustomerID string                     `json:"customer_id"`
	TerminalID string                     `json:"terminal_id"`
	Minor      int64                      `json:"minor"`
	Currency   string                     `json:"currency"`
	OrderID    string                     `json:"order_id"`
	Date       time.Time                  `json:"date"`
	CaptureID  string                     `json:"capture_id"`
	Captures   int                        `json:"captures"` // how often money was moved
	CapturedAt time.Time                  `json:"captured_at,omitzero"`
	RefundOf   string                     `json:"refund_of"` // the transaction id of the payment
	Means      means                      `json:"means"`

	DecidedAt time.Time `json:"decided_at,omitzero"`  // when what is pending turns authorized (a payment) or captured (a refund, a capture)
	NotifyURL string    `json:"notify_url,omitempty"` // who wants to hear of a pending refund or capture
	Parts     []part    `json:"parts,omitempty"`      // what was captured of it so far, when that is done in parts
	ClosedAt  time.Time `json:"closed_at,omitzero"`   // when the batch was closed that it is in
}

const captureSuffix = "_c"

// settle moves the money of the transaction.
func (t *transaction) settle(at time.Time) {
	t.Status, t.CaptureID, t.CapturedAt = saferpay.StatusCaptured, t.ID+captureSuffix, at
	t.Captures++
}

// record is one line of the data file: the latest state of one thing.
type record struct {
	Account     *account     `json:"account,omitempty"`
	Page        *page        `json:"page,omitempty"`
	Transaction *transaction `json:"transaction,omitempty"`
}

// books are what Saferpay knows. With a data file each change is appended to it as one JSON line before the caller
// hears of it, so that not even a kill loses a payment that was answered, and a change costs the same however much is
// stored. Opening the file again replays it; the last line about a thing counts.
type books struct {
	accounts     map[string]*account
	pages        map[string]*page
	transactions map[string]*transaction

	path string
	file *os.File // nil keeps everything in memory
	log  *slog.Logger
}

func openBooks(path string, log *slog.Logger) (*books, error) {
	b := &books{path: path, log: log}
	b.forget()
	if path == "" {
		return b, nil
	}
	if err := b.replay(); err != nil {
		return nil, err
	}
	return b, b.rewrite()
}

// forget returns to the accounts that every simulator starts with.
func (b *books) forget() {
	b.accounts, b.pages, b.transactions = map[string]*account{}, map[string]*page{}, map[string]*transaction{}
	for _, a := range initialAccounts() {
		b.accounts[a.CustomerID] = a
	}
}

func (b *books) replay() error {
	file, err := os.Open(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the Saferpay simulator cannot read its data file: %w", err)
	}
	defer func() { _ = file.Close() }()
	reader := bufio.NewReader(file)
	for line := 1; ; line++ {
		data, err := reader.ReadBytes('\n')
		if err != nil {
			return nil // the end, or a last line that a crash cut off and nobody was told of
		}
		var r record
		if err := json.Unmarshal(data, &r); err != nil {
			return fmt.Errorf("%s, line %d, is not data of the Saferpay simulator: %w", b.path, line, err)
		}
		b.remember(r)
	}
}

// rewrite replaces the data file by one line per thing and keeps it open for appending.
func (b *books) rewrite() error {
	fresh := b.path + ".new"
	file, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		err = b.writeAll(file)
	}
	if err == nil {
		err = os.Rename(fresh, b.path)
	}
	if err != nil {
		return fmt.Errorf("the Saferpay simulator cannot write its data file: %w", err)
	}
	if b.file != nil {
		_ = b.file.Close()
	}
	b.file = file
	return nil
}

func (b *books) writeAll(file *os.File) error {
	buffered := bufio.NewWriter(file)
	encoder := json.NewEncoder(buffered)
	var errs []error
	for _, a := range b.accounts {
		errs = append(errs, encoder.Encode(record{Account: a}))
	}
	for _, p := range b.pages {
		errs = append(errs, encoder.Encode(record{Page: p}))
	}
	for _, t := range b.transactions {
		errs = append(errs, encoder.Encode(record{Transaction: t}))
	}
	return errors.Join(append(errs, buffered.Flush())...)
}

func (b *books) remember(r record) {
	switch {
	case r.Account != nil:
		b.accounts[r.Account.CustomerID] = r.Account
	case r.Page != nil:
		b.pages[r.Page.Token] = r.Page
	case r.Transaction != nil:
		b.transactions[r.Transaction.ID] = r.Transaction
	}
}

// save remembers things, new or changed, here and in the data file.
func (b *books) save(records ...record) {
	var lines []byte
	for _, r := range records {
		b.remember(r)
		line, _ := json.Marshal(r)
		lines = append(append(lines, line...), '\n')
	}
	if b.file == nil {
		return
	}
	if _, err := b.file.Write(lines); err != nil {
		b.log.Error("simulator data file not written", "error", err)
	}
}

// reset forgets everything but the initial accounts.
func (b *books) reset() error {
	b.forget()
	if b.file == nil {
		return nil
	}
	return b.rewrite()
}

func (b *books) close() error {
	if b.file == nil {
		return nil
	}
	return b.file.Close()
}

// inOrder lists the transactions, the oldest first.
func (b *books) inOrder() []*transaction {
	return slices.SortedFunc(maps.Values(b.transactions), func(x, y *transaction) int { return cmp.Compare(x.Number, y.Number) })
}

// userNamed finds the account of a JSON API user.
func (b *books) userNamed(user string) *account {
	for _, a := range b.accounts {
		if a.User == user {
			return a
		}
	}
	return nil
}

// find looks a customer's transaction up by its id or, with an empty id, the latest one of the order.
func (b *books) find(customerID, transactionID, orderID string) *transaction {
	if transactionID != "" {
		if t := b.transactions[transactionID]; t != nil && t.CustomerID == customerID {
			return t
		}
		return nil
	}
	var latest *transaction
	for _, t := range b.transactions {
		if t.CustomerID == customerID && t.OrderID == orderID && (latest == nil || t.Number > latest.Number) {
			latest = t
		}
	}
	return latest
}

// refunded adds up the refunds of a payment that were not cancelled, captured or not.
func (b *books) refunded(paymentID string) (minor int64) {
	for _, t := range b.transactions {
		if t.RefundOf == paymentID && t.Status != saferpay.StatusCanceled {
			minor += t.Minor
		}
	}
	return minor
}

// initialAccounts are the two that the local stack promises: one ready to take payments, one awaiting its verification.
func initialAccounts() []*account {
	features := businessLicense()
	return []*account{
		{
			CustomerID: "123123", User: "API_123123_00000001", Password: "Demo-Password-1", Features: features,
			Terminals: []terminal{{TerminalID: "12345678", PaymentMethods: usualContracts()}},
		},
		{
			CustomerID: "321321", User: "API_321321_00000001", Password: "Demo-Password-2", Features: features,
			Terminals: []terminal{{TerminalID: "87654321"}},
		},
	}
}

// withoutInquire marks an account whose license does not include Inquire, which then answers PERMISSION_DENIED. No document names
// the real feature. This one takes away instead of giving, so that licenses that tests listed before keep what they had.
const withoutInquire = "NO_INQUIRE"

// businessLicense lists the features of a customer's license unless they are changed.
func businessLicense() []string {
	return []string{saferpay.FeatureManagementAPI, "PAYMENT_API", featureRefund}
}

// usualContracts is what a merchant has once verified.
func usualContracts() []paymentMethod {
	currencies := []string{"CHF", "EUR"}
	return []paymentMethod{{methodVisa, currencies}, {methodMastercard, currencies}, {methodTwint, currencies}}
}
