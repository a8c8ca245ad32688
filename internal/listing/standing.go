package listing

import (
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
)

// Standing is what says where some invoices of a company stand.
type Standing struct {
	Company      merchant.Company
	BankAccounts []merchant.BankAccount
	Payments     map[string][]payment.Payment // by invoice, newest first
	Undecided    map[string]bool              // by invoice: a receipt of the bank waits for a decision
	// Receipts are the entries of money that came by other means than online payments, with those that took some of it back, by
	// invoice and in the order of the journal.
	Receipts map[string][]ledger.Entry
}

// Document is what the pages of an invoice's payer are made of.
type Document struct {
	Company         merchant.Company
	Invoice         invoice.Invoice
	PaymentServices []merchant.PaymentService // of the invoice, in its order
	Payments        []payment.Payment         // of the invoice, newest first
	Accounts        []merchant.BankAccount    // whose QR-bill stands on invoices in the invoice's currency: one at most
	HasLogo         bool
}
