package merchant

import "time"

// Upkept is a payment service that is looked after every day.
type Upkept struct {
	CompanyID        string    `json:"company_id"`
	PaymentServiceID string    `json:"payment_service_id"`
	SweptUntil       time.Time `json:"swept_until,omitzero"` // until when Saferpay's report was compared; zero when it never was
	Busy             bool      `json:"busy,omitempty"`       // a payment or refund is in flight or was begun since Shift.BusySince
}

// Shift asks for the next payment services of a bucket of companies, in the order of the companies.
type Shift struct {
	Bucket, Buckets int // which of how many
	Statuses        []ServiceStatus
	After           Upkept    // those behind that one; the first ones when it is zero
	SweptBefore     time.Time // only those without a comparison that ended well since then; zero for all
	BusySince       time.Time
	Most            int
}
