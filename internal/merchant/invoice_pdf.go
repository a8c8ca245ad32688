package merchant

import "time"

// InvoicePDF is the document that a company's own product made of an invoice. It stands in the place of the one that Quittance makes.
type InvoicePDF struct {
	InvoiceID     string
	Size          int64  // in bytes
	SealedContent []byte // sealed by internal/secrets with the company id
	ReceivedAt    time.Time
}
