package saferpay

import "log/slog"

// Credentials are a merchant's access to Saferpay, as entered for a payment service.
type Credentials struct {
	CustomerID string // 1–8 digits
	TerminalID string // exactly 8 digits, an eCommerce terminal of the customer
	Username   string // JSON API user, such as API_123123_00000001
	Password   string // its password; never printed, logged or put into an error
}

// String shows whose credentials these are, without the password.
func (c Credentials) String() string {
	return "customer " + c.CustomerID + ", terminal " + c.TerminalID + ", user " + c.Username
}

// GoString keeps the password out of %#v.
func (c Credentials) GoString() string { return "saferpay.Credentials{" + c.String() + "}" }

// LogValue keeps the password out of structured logs.
func (c Credentials) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("customer_id", c.CustomerID),
		slog.String("terminal_id", c.TerminalID),
		slog.String("username", c.Username),
	)
}
