package api

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/audit"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/workflows/contract"
)

// Store is what the API needs of the record before it knows the company, and the way into a company.
type Store interface {
	CreateCompany(ctx context.Context, c merchant.Company) error
	CreateAPIKey(ctx context.Context, k merchant.APIKey) error
	APIKeys(ctx context.Context, companyID string) ([]merchant.APIKey, error)
	// ReplaceAPIKey stores a new key and the end of the one that it replaces, which end sets, or problem.NotFound.
	ReplaceAPIKey(ctx context.Context, keyID string, next merchant.APIKey, end func(*merchant.APIKey) error) error
	UseAPIKey(ctx context.Context, k merchant.APIKey) error
	DeleteAPIKey(ctx context.Context, companyID, keyID string) error
	// APIKeyByHash returns the key with that SHA-256, see merchant.HashKey, or problem.NotFound.
	APIKeyByHash(ctx context.Context, hash []byte) (merchant.APIKey, error)
	// OnlineDocument returns which invoice the token of a public link stands for, or problem.NotFound.
	OnlineDocument(ctx context.Context, token string) (companyID, invoiceID string, err error)
	// Notification returns which payment the secret of a notification URL stands for, or problem.NotFound.
	Notification(ctx context.Context, secret string) (companyID, invoiceID, paymentID string, err error)
	// VerifyJournal walks a company's journal; a broken one is a ledger.BreakError.
	VerifyJournal(ctx context.Context, companyID string, seen func(ledger.Chain) error) (ledger.Chain, error)
	// PaymentServiceCompany returns whose payment service it is, or problem.NotFound.
	PaymentServiceCompany(ctx context.Context, paymentServiceID string) (companyID string, err error)
	// TakeRequest returns what becomes of a request with an idempotency key, and keeps one that is to be carried out; see
	// idempotency.Request.Repeat.
	TakeRequest(ctx context.Context, r idempotency.Request) (idempotency.Request, error)
	// AnswerRequest keeps the answer to a request that was taken.
	AnswerRequest(ctx context.Context, r idempotency.Request, a idempotency.Answer) error
	// GiveUpRequest lets a repetition of a request that was taken be carried out at once.
	GiveUpRequest(ctx context.Context, r idempotency.Request) error
	// InCompany runs fn in one transaction that sees one company only, and commits when it returns nil. fn may run more
	// than once, so it sets the variables that it captures afresh each time.
	InCompany(ctx context.Context, companyID string, fn func(Tx) error) error
}

// Tx is what the API reads and writes of one company in one transaction. What isn't there is problem.NotFound.
type Tx interface {
	Snapshot(ctx context.Context) error
	Company(ctx context.Context) (merchant.Company, error)
	LockCompany(ctx context.Context) (merchant.Company, error)
	SaveCompany(ctx context.Context, c merchant.Company) error
	PaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
	InsertDocument(ctx context.Context, d merchant.Document) (merchant.Document, error)
	PaymentServices(ctx context.Context) ([]merchant.PaymentService, error)
	DefaultPaymentService(ctx context.Context) (service merchant.PaymentService, ok bool, err error)
	MakeDefault(ctx context.Context, paymentServiceID string) error
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	LockInvoice(ctx context.Context, id string) (invoice.Invoice, error)
	InsertInvoice(ctx context.Context, i invoice.Invoice) error
	SaveInvoice(ctx context.Context, i invoice.Invoice) error
	AttachPaymentServices(ctx context.Context, i invoice.Invoice) error
	Invoices(ctx context.Context, f listing.Invoices) (invoices []invoice.Invoice, next string, err error)
	Payment(ctx context.Context, id string) (payment.Payment, error)
	PaymentsOf(ctx context.Context, invoiceIDs ...string) (byInvoice map[string][]payment.Payment, err error)
	Payments(ctx context.Context, f listing.Payments) (payments []payment.Payment, next string, err error)
	RefundsOf(ctx context.Context, paymentID string) ([]refund.Refund, error)
	Refund(ctx context.Context, id string) (refund.Refund, error)
	Refunds(ctx context.Context, f listing.Refunds) (refunds []refund.Refund, next string, err error)
	Exception(ctx context.Context, id string) (exception.Exception, error)
	LockException(ctx context.Context, id string) (exception.Exception, error)
	SaveException(ctx context.Context, e exception.Exception) error
	Exceptions(ctx context.Context, f listing.Exceptions) (exceptions []exception.Exception, next string, err error)
	BooksClosedUntil(ctx context.Context) (time.Time, error)
	CloseBooks(ctx context.Context, until time.Time) error
	Accounts(ctx context.Context) ([]ledger.Account, error)
	InsertAccount(ctx context.Context, a ledger.Account) error
	SaveAccount(ctx context.Context, a ledger.Account) error
	DeleteAccount(ctx context.Context, number string) error
	Turnovers(ctx context.Context, from, to time.Time) ([]ledger.Turnover, error)
	Append(ctx context.Context, e ledger.Entry) (ledger.Entry, error)
	Entry(ctx context.Context, id string) (ledger.Entry, error)
	LockEntry(ctx context.Context, id string) (ledger.Entry, error)
	Movements(ctx context.Context, f listing.Movements) ([]ledger.Movement, error)
	Volumes(ctx context.Context, from, to time.Time) ([]ledger.Volume, error)
	Head(ctx context.Context) (ledger.Chain, error)
	HeadBefore(ctx context.Context, t time.Time) (ledger.Chain, error)
	Journal(ctx context.Context, f listing.Journal) (entries []ledger.Entry, next string, err error)
	Event(ctx context.Context, id string) (event.Event, error)
	LockJournal(ctx context.Context) error
	Settlement(ctx context.Context, id string) (settlement.Settlement, error)
	SettlementOf(ctx context.Context, hash []byte) (s settlement.Settlement, ok bool, err error)
	InsertSettlement(ctx context.Context, s settlement.Settlement) error
	Settlements(ctx context.Context, f listing.Settlements) (settlements []settlement.Settlement, next string, err error)
	CountPayouts(ctx context.Context, settlements ...settlement.Settlement) (bySettlement map[string]map[settlement.State]int, err error)
	Payout(ctx context.Context, id string) (settlement.Payout, error)
	PayoutsOf(ctx context.Context, settlementID string) ([]settlement.Payout, error)
	Payouts(ctx context.Context, f listing.Payouts) (payouts []settlement.Payout, next string, err error)
	SearchPayouts(ctx context.Context, s settlement.PayoutSearch) ([]settlement.Payout, error)
	SavePayout(ctx context.Context, p settlement.Payout) error
	Positions(ctx context.Context, s settlement.PositionSearch) ([]settlement.Position, error)
	ReceiptAccounts(ctx context.Context) (numbers []string, err error)
	Standings(ctx context.Context, f listing.Standings) (standing []settlement.Standing, next string, err error)
	Subtotals(ctx context.Context) ([]settlement.Subtotal, error)
	Events(ctx context.Context, f listing.Events) (events []event.Event, next string, err error)
	AppendEvent(ctx context.Context, e event.Event) error
	// NoteWrite stores an entry of the audit log; CompleteWrite stores how it was answered.
	NoteWrite(ctx context.Context, e audit.Entry) error
	CompleteWrite(ctx context.Context, e audit.Entry) error
	AuditLog(ctx context.Context, f listing.AuditLog) (entries []audit.Entry, next string, err error)
	WebhookEndpoint(ctx context.Context, id string) (delivery.Endpoint, error)
	LockWebhookEndpoint(ctx context.Context, id string) (delivery.Endpoint, error)
	WebhookEndpoints(ctx context.Context) ([]delivery.Endpoint, error)
	InsertWebhookEndpoint(ctx context.Context, e delivery.Endpoint) error
	SaveWebhookEndpoint(ctx context.Context, e delivery.Endpoint) error
	DeleteWebhookEndpoint(ctx context.Context, id string) error
	Delivery(ctx context.Context, endpointID, eventID string) (delivery.Delivery, error)
	Deliveries(ctx context.Context, f listing.Deliveries) (deliveries []delivery.Delivery, next string, err error)
	// QueueDelivery puts an event on its way to an endpoint, QueueParked everything that was parked for it.
	QueueDelivery(ctx context.Context, endpointID, eventID string, at time.Time) error
	QueueParked(ctx context.Context, endpointID string, at time.Time) (queued int, err error)
	// EntryBySource returns the entry that was booked for the source; false when there is none.
	EntryBySource(ctx context.Context, source ledger.Source) (ledger.Entry, bool, error)
}

// Commands starts and steers lifecycles; contract.Commands says what each one does and which problems it returns.
type Commands interface {
	Issue(ctx context.Context, inv invoice.Invoice, sendEmail bool) error
	TakeUp(ctx context.Context, inv invoice.Invoice) error
	TakeUpRefund(ctx context.Context, r refund.Refund, invoiceNumber string) error
	Cancel(ctx context.Context, invoiceID string) error
	RecordReceipt(ctx context.Context, invoiceID string, in contract.RecordReceipt) error
	RequestRefund(ctx context.Context, in contract.RequestRefund, invoiceNumber string) error
	RecordRefund(ctx context.Context, refundID string, in contract.RefundRecorded) error
	Resolve(ctx context.Context, workflowID string, in contract.ResolveException) error
	PayNow(ctx context.Context, invoiceID string, in contract.PayNow) (contract.Checkout, error)
	PayerReturned(ctx context.Context, invoiceID, paymentID string) error
	SaferpayNotified(ctx context.Context, invoiceID, paymentID string) error
	Connect(ctx context.Context, in contract.ConnectPaymentService) error
	SubmitCredentials(ctx context.Context, s merchant.PaymentService, c merchant.Credentials) (contract.ServiceState, error)
	Decide(ctx context.Context, s merchant.PaymentService, d contract.Decision) (contract.ServiceState, error)
	MailDocument(ctx context.Context, s merchant.PaymentService, documentID string) error
	Disconnect(ctx context.Context, s merchant.PaymentService) (contract.ServiceState, error)
	RequestCurrency(ctx context.Context, s merchant.PaymentService, currency money.Currency) (contract.CurrencyState, error)
	DecideCurrency(ctx context.Context, s merchant.PaymentService, currency money.Currency, d contract.Decision) (contract.CurrencyState, error)
}

// Sealer encrypts a secret so that it opens only together with the associated text.
type Sealer interface {
	Seal(plaintext []byte, associated string) ([]byte, error)
	Open(sealed []byte, associated string) ([]byte, error)
}

// Signer signs statements that others keep.
type Signer interface {
	Sign(ctx context.Context, statement []byte) (Signature, error)
}

// Signature is an Ed25519 signature (RFC 8032) and the key that it is checked with.
type Signature struct {
	KeyID     string
	PublicPEM string
	Value     []byte
}

// Receivers knows where webhooks may go, and what they are signed with; see internal/webhook.
type Receivers interface {
	// Check returns what is wrong with a URL, as the end of a sentence that begins with "url".
	Check(ctx context.Context, url string) error
	NewSecret() string
}
