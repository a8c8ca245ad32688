// Package sealed names the places of what the database keeps sealed. What was sealed for one place opens in no other: not in another
// company, table, column or row.
package sealed

// Column is a column of the database that holds sealed values.
type Column struct{ Table, Name string }

// Every column with sealed values.
var (
	ServicePassword  = Column{"payment_services", "sealed_password"}
	EndpointSecret   = Column{"webhook_endpoints", "sealed_secret"}
	EndpointPrevious = Column{"webhook_endpoints", "sealed_previous"}
	ProviderSecret   = Column{"sign_in_providers", "sealed_secret"} // a company has one
	SourceSecret     = Column{"settlement_sources", "sealed_secret"}
	Document         = Column{"documents", "sealed_content"}
	InvoicePDF       = Column{"invoice_pdfs", "sealed_content"}
	Answer           = Column{"idempotency_keys", "sealed"}
	SigningKey       = Column{"signing_keys", "sealed_private"}
	CustomerKey      = Column{"customers", "sealed_key"}
	InstallationKey  = Column{"installation_keys", "sealed_key"}
)

// Owners of what belongs to no company.
const (
	SigningKeys      = "signing key"
	InstallationKeys = "installation key"
)

// String returns the column as "table.column".
func (c Column) String() string { return c.Table + "." + c.Name }

// Of returns the place of the column in one row. The owner is the id of the company to which the row belongs,
// idempotency.Administrator, SigningKeys or InstallationKeys; row is what tells the owner's rows apart, the owner itself where it has only one.
func (c Column) Of(owner, row string) Place { return Place{owner, c, row} }

// Place is where one sealed value stands.
type Place struct {
	Owner  string
	Column Column
	Row    string
}

// Associated returns the associated data of what is sealed for the place. No two places have the same: only a row's name may hold a
// slash. It is part of the format of sealed values and must not change.
func (p Place) Associated() string {
	return "database/" + p.Owner + "/" + p.Column.Table + "/" + p.Column.Name + "/" + p.Row
}
