// Package invariants holds what a company's books say against what Saferpay's own books say. Tests and chaos runs check the
// same rules with it, those of the section “Nothing lost” of the design.
package invariants

import (
	"fmt"
	"strings"

	"github.com/quittance/quittance/internal/money"
)

// What the API answers about a company, as far as the rules look at it. Amounts are strings with the currency's scale.
type (
	// Invoice is one of GET /v1/invoices.
	Invoice struct {
		ID         string         `json:"id"`
		Number     string         `json:"number"`
		Status     string         `json:"status"`
		Currency   money.Currency `json:"currency"`
		Amount     string         `json:"amount"`
		AmountPaid string         `json:"amount_paid"`
	}
	// Payment is one of GET /v1/payments.
	Payment struct {
		ID        string         `json:"id"`
		InvoiceID string         `json:"invoice_id"`
		State     string         `json:"state"`
		Currency  money.Currency `json:"currency"`
		Amount    string         `json:"amount"`
		Saferpay  References     `json:"saferpay"`
	}
	// Refund is one of GET /v1/refunds.
	Refund struct {
		ID        string         `json:"id"`
		PaymentID string         `json:"payment_id"`
		State     string         `json:"state"`
		Currency  money.Currency `json:"currency"`
		Amount    string         `json:"amount"`
		Saferpay  References     `json:"saferpay"`
	}
	// References are the ids by which Saferpay knows something.
	References struct {
		OrderID       string `json:"order_id"`
		TransactionID string `json:"transaction_id"`
	}
	// Entry is one of GET /v1/journal.
	Entry struct {
		Sequence     int    `json:"sequence"`
		Source       Source `json:"source"`
		InvoiceID    string `json:"invoice_id"`
		PreviousHash string `json:"previous_hash"`
		Hash         string `json:"hash"`
		Lines        []Line `json:"lines"`
	}
	// Source is what an entry books.
	Source struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
	}
	// Line is one line of an entry.
	Line struct {
		Account  string         `json:"account"`
		Debit    string         `json:"debit"`
		Credit   string         `json:"credit"`
		Currency money.Currency `json:"currency"`
	}
	// Account is one of GET /v1/accounts.
	Account struct {
		Number   string `json:"number"`
		Balances []struct {
			Currency money.Currency `json:"currency"`
			Amount   string         `json:"amount"`
		} `json:"balances"`
	}
)

// Transaction is what Saferpay's own books say of a payment or a refund (GET /_sim/transactions). Captures is how often its
// money was moved.
type Transaction struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Status   string `json:"status"`
	Amount   Minor  `json:"amount"`
	OrderID  string `json:"order_id"`
	Captures int    `json:"captures"`
	RefundOf string `json:"refund_of"`
}

// Minor is an amount as Saferpay writes it: a whole number of the currency's smallest unit.
type Minor struct {
	Value    int64          `json:"value,string"`
	Currency money.Currency `json:"currency"`
}

// Of returns the transactions that one of our payments or refunds stands for: those of its order id, and the one that it names,
// which has another order id when it was found at Saferpay.
func Of(transactions []Transaction, r References) (found []Transaction) {
	for _, t := range transactions {
		if t.OrderID == r.OrderID || t.ID == r.TransactionID {
			found = append(found, t)
		}
	}
	return found
}

// Books are all that a company's books say, with Saferpay's, which may hold transactions of other companies too.
type Books struct {
	Invoices []Invoice
	Payments []Payment
	Refunds  []Refund
	Journal  []Entry // the oldest first
	Accounts []Account
	Intact   bool // the hash chain of the journal, as the product itself has checked it
	Saferpay []Transaction
}

// Get asks the API with the key of a company for a path below /v1 and reads the JSON that it answers.
type Get func(path string, into any) error

// Read reads a company's books. Nothing may be under way meanwhile, or what is read later may tell of more than what was
// read before.
func Read(get Get, saferpay []Transaction) (b Books, err error) {
	b.Saferpay = saferpay
	if b.Invoices, err = All[Invoice](get, "/invoices"); err != nil {
		return b, err
	}
	if b.Payments, err = All[Payment](get, "/payments"); err != nil {
		return b, err
	}
	if b.Refunds, err = All[Refund](get, "/refunds"); err != nil {
		return b, err
	}
	if b.Journal, err = All[Entry](get, "/journal"); err != nil {
		return b, err
	}
	var accounts struct{ Data []Account }
	if err = get("/accounts", &accounts); err != nil {
		return b, err
	}
	b.Accounts = accounts.Data
	var verification struct{ Intact bool }
	err = get("/journal/verification", &verification)
	b.Intact = verification.Intact
	return b, err
}

// All reads a whole list of the API, page by page. The path has no query yet, or one that begins with a question mark.
func All[T any](get Get, path string) (items []T, err error) {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for cursor := ""; ; {
		var page struct {
			Data       []T
			NextCursor string `json:"next_cursor"`
		}
		if err := get(path+separator+"limit=200"+cursor, &page); err != nil {
			return items, err
		}
		items = append(items, page.Data...)
		if page.NextCursor == "" {
			return items, nil
		}
		cursor = "&cursor=" + page.NextCursor
	}
}

// Cents is an amount of the API in the currency's smallest unit, such as centimes; the balance of an account may be negative.
func Cents(amount string, currency money.Currency) (int64, error) {
	if amount == "" {
		return 0, nil
	}
	parsed, err := money.Parse(strings.TrimPrefix(amount, "-"), currency)
	if err != nil {
		return 0, fmt.Errorf("the API answered the amount %q %s: %w", amount, currency, err)
	}
	if strings.HasPrefix(amount, "-") {
		return -parsed.Minor(), nil
	}
	return parsed.Minor(), nil
}
