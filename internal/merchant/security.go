package merchant

import "time"

// SecurityChange is a kind of change by which money or data could be stolen.
type SecurityChange string

// The changes of which a company is told by mail at once.
const (
	ContactChanged        SecurityChange = "contact_changed"
	CredentialsChanged    SecurityChange = "credentials_changed"
	DefaultServiceChanged SecurityChange = "default_service_changed"
	KeyCreated            SecurityChange = "key_created"
	KeyRotated            SecurityChange = "key_rotated"
	KeyChanged            SecurityChange = "key_changed"
	KeyRevoked            SecurityChange = "key_revoked"
	EndpointCreated       SecurityChange = "endpoint_created"
	EndpointChanged       SecurityChange = "endpoint_changed"
	EndpointRemoved       SecurityChange = "endpoint_removed"
	EndpointSecretRotated SecurityChange = "endpoint_secret_rotated"
	BankAccountAdded      SecurityChange = "bank_account_added"
	BankAccountRemoved    SecurityChange = "bank_account_removed"
	SourceChanged         SecurityChange = "source_changed"
	SourceRemoved         SecurityChange = "source_removed"
	SignInChanged         SecurityChange = "sign_in_changed"
	SignInRemoved         SecurityChange = "sign_in_removed"
	ReceiptAccountChanged SecurityChange = "receipt_account_changed"
	RefundLimitChanged    SecurityChange = "refund_limit_changed"
)

// SecurityChanges lists every change.
var SecurityChanges = []SecurityChange{
	ContactChanged, CredentialsChanged, DefaultServiceChanged, KeyCreated, KeyRotated, KeyChanged, KeyRevoked, EndpointCreated, EndpointChanged,
	EndpointRemoved, EndpointSecretRotated, BankAccountAdded, BankAccountRemoved, SourceChanged, SourceRemoved, SignInChanged, SignInRemoved,
	ReceiptAccountChanged, RefundLimitChanged,
}

// Bounds of the mails about such changes, so that nobody can flood a mailbox with them.
const (
	// SecurityMailPause is how long a company's next mails wait after the last ones. They then tell of all changes since.
	SecurityMailPause = 10 * time.Minute
	// SecurityMailsAtOnce is to how many addresses mails go at once.
	SecurityMailsAtOnce = 6
	// SecurityMailChanges is how many changes one mail lists.
	SecurityMailChanges = 50
	// FormerContactFor is how long an address that was the contact still learns of changes.
	FormerContactFor = 30 * 24 * time.Hour
	// SecurityNoticesKept is how long a notice is kept after its mail.
	SecurityNoticesKept = 90 * 24 * time.Hour
)

// Author is who asked for a change.
type Author struct {
	By      string `json:"by,omitempty"`      // as the audit log names them
	Address string `json:"address,omitempty"` // of the client
}

// SecurityNotice tells of one change. Its texts hold no secrets.
type SecurityNotice struct {
	ID        string
	CompanyID string
	At        time.Time
	Change    SecurityChange
	About     string // the thing that was changed, in words by which a person recognises it
	// Before and After are the values of a contact, an account or a limit; empty for other things, or where there is none.
	Before, After string
	Author
}

// SecurityMail is a mail that is to be sent: what one address has not been told yet, oldest first.
type SecurityMail struct {
	To      string
	Notices []SecurityNotice
}
