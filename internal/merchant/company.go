// Package merchant is the domain of a company and of its connection to Worldline/SIX, the payment service.
package merchant

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/iban"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

// LiabilityPolicy is what to do with an authorization if the merchant, not the card issuer, bears the risk.
type LiabilityPolicy string

// Require releases such an authorization and asks for another method. Prefer takes the money anyway.
const (
	Require LiabilityPolicy = "require"
	Prefer  LiabilityPolicy = "prefer"
)

// DefaultReceiptAccount is where receipts are booked unless the company changes it: 1029, bank – system account.
const DefaultReceiptAccount = ledger.SystemBank

// DefaultFeeAccount is where the acquirer's fees are booked unless the company changes it.
const DefaultFeeAccount = ledger.ChargesOnBank

// DefaultPayoutDays is how many business days after a payment its payout is expected unless the company says otherwise.
const DefaultPayoutDays = 2

// maxTolerance is the most that a company may let pass.
var maxTolerance = decimal.NewFromInt(100)

// maxApproval is the highest limit for refunds, which is that of amounts.
var maxApproval = decimal.RequireFromString("999999999.99")

// ApprovalLimit returns the limit above which a second person releases a refund, in francs; "" for none.
func (c Company) ApprovalLimit() string {
	if !c.RefundApprovalAbove.Valid {
		return ""
	}
	return c.RefundApprovalAbove.Decimal.StringFixed(2)
}

// LoosensApproval reports whether fewer refunds need a second person than before.
func (c Company) LoosensApproval(before Company) bool {
	was, is := before.RefundApprovalAbove, c.RefundApprovalAbove
	return was.Valid && (!is.Valid || is.Decimal.GreaterThan(was.Decimal))
}

// Company is the tenant; it owns everything else.
type Company struct {
	ID             string
	Name           string
	Language       string // one of invoice.Languages
	ContactEmail   string // to which Quittance writes about the company's payment services; empty for no mail
	Canton         string // two letters, decides the business days
	ReceiptAccount string
	FeeAccount     string
	PayoutDays     int      // business days after a payment on which its payout is expected
	PayoutIBANs    []string // the accounts to which the acquirer pays; statements of others are refused, unless there are none
	// PaymentTolerance is how much less than is due may come by bank so that the invoice is paid all the same, in its currency.
	PaymentTolerance decimal.Decimal
	// RefundApprovalAbove is the amount in francs above which a second person releases a refund; none is for never.
	RefundApprovalAbove decimal.NullDecimal
	Liability           LiabilityPolicy
	ReturnOrigins       []string // of addresses to which a payer may be sent after a payment, such as https://invoices.example
	Letterhead          Letterhead
	AttachPDF           bool // the PDF of an invoice goes with the mail about it
	ReceiptsByEmail     bool // payers get a mail when their online payment is booked, or goes back
	Reminders           []Reminder
	RemindersSince      time.Time // when the ladder of reminders was last changed; zero when it never was
	Suspended           bool      // its keys are refused
	CreatedAt           time.Time
}

// Cantons are the official two-letter abbreviations.
var Cantons = []string{
	"AG", "AI", "AR", "BE", "BL", "BS", "FR", "GE", "GL", "GR", "JU", "LU", "NE",
	"NW", "OW", "SG", "SH", "SO", "SZ", "TG", "TI", "UR", "VD", "VS", "ZG", "ZH",
}

// Validate brings the texts into the form in which they are kept. It returns an Invalid problem that names every field at fault, or nil.
// Whether the chart has the accounts is for the store to say.
func (c *Company) Validate() error {
	fields := append(text.Line("name", &c.Name, 1, 200), text.Email("contact_email", &c.ContactEmail)...)
	if !slices.Contains(invoice.Languages, c.Language) {
		fields = append(fields, problem.Field{Name: "language", Message: "must be one of de, fr, it, en"})
	}
	if !slices.Contains(Cantons, c.Canton) {
		fields = append(fields, problem.Field{Name: "canton", Message: "must be the two-letter abbreviation of a Swiss canton, such as VD"})
	}
	if c.ReceiptAccount == ledger.Receivables || c.ReceiptAccount == ledger.Prepayments { // which receipts are booked against
		fields = append(fields, problem.Field{Name: "receipt_account", Message: "must be an account other than 1100 and 2030, which receipts are booked against"})
	}
	if c.PayoutDays < 0 || c.PayoutDays > 60 {
		fields = append(fields, problem.Field{Name: "payout_days", Message: "must be between 0 and 60"})
	}
	if t := c.PaymentTolerance; t.IsNegative() || t.GreaterThan(maxTolerance) || !t.Equal(t.Truncate(2)) {
		fields = append(fields, problem.Field{Name: "payment_tolerance", Message: "must be between 0.00 and 100.00, with at most two decimals"})
	}
	if l := c.RefundApprovalAbove; l.Valid && (l.Decimal.IsNegative() || l.Decimal.GreaterThan(maxApproval) || !l.Decimal.Equal(l.Decimal.Truncate(2))) {
		fields = append(fields, problem.Field{Name: "refund_approval_above", Message: "must be between 0.00 and 999999999.99, with at most two decimals"})
	}
	fields = append(fields, c.Letterhead.Validate("letterhead")...)
	fields = append(fields, validateReminders(c.Reminders)...)
	for i, number := range c.PayoutIBANs {
		if !iban.Valid(number) {
			fields = append(fields, problem.Field{Name: fmt.Sprintf("payout_ibans.%d", i), Message: "must be an IBAN without spaces; its check digits are wrong"})
		}
	}
	for i, origin := range c.ReturnOrigins {
		if !text.IsOrigin(origin) {
			fields = append(fields, problem.Field{Name: fmt.Sprintf("return_origins.%d", i), Message: "must be an origin such as https://invoices.example, without a path"})
		}
	}
	return problem.InvalidFields(fields...)
}

// MaxReturnURL is how long the address may be to which a payer is sent after a payment, in bytes. It becomes a part of another one, in
// which a byte may take three, and of which Saferpay takes 2000.
const MaxReturnURL = 500

// ReturnAddress returns the address to which the payer of that invoice is sent after a payment, which says which invoice it is. Its origin
// must be one that the company chose; else it is no use to anybody, and false.
func (c Company) ReturnAddress(to, invoiceID string) (address string, ok bool) {
	u, err := url.Parse(to)
	if err != nil || len(to) > MaxReturnURL || u.User != nil || !slices.Contains(c.ReturnOrigins, u.Scheme+"://"+u.Host) {
		return "", false
	}
	query := u.Query()
	query.Set("invoice_id", invoiceID)
	u.RawQuery = query.Encode()
	return u.String(), true
}
