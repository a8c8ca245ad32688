package api

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/session"
	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/workflows/contract"
)

// Store is what the API needs of the record before it knows the company, and the way into a company.
type Store interface {
	CreateCompany(ctx context.Context, c merchant.Company) error
	UseAPIKey(ctx context.Context, k merchant.APIKey) error
	// APIKeyByHash returns the key with that SHA-256, see merchant.HashKey, or problem.NotFound.
	APIKeyByHash(ctx context.Context, hash []byte) (merchant.APIKey, error)
	// OnlineDocument returns which invoice the token of a public link stands for, or problem.NotFound.
	OnlineDocument(ctx context.Context, token string) (companyID, invoiceID string, err error)
	// Notification returns which payment the secret of a notification URL stands for, or problem.NotFound.
	Notification(ctx context.Context, secret string) (companyID, paymentID string, err error)
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
	// than once, so it sets the variables that it captures afresh each time. Handlers call inCompany, which knows what tx can do.
	InCompany(ctx context.Context, companyID string, fn func(tx any) error) error
}

// Sessions keeps who works in the console. A session is found before its company is known.
type Sessions interface {
	CreateConsoleSession(ctx context.Context, c session.Session) error
	// ConsoleSession returns the session that opens with what has that SHA-256, see session.Hash, or problem.NotFound.
	ConsoleSession(ctx context.Context, hash []byte) (session.Session, error)
	// EnterConsole lets enter open the session whose link has the code with that SHA-256; problem.NotFound when it was opened.
	EnterConsole(ctx context.Context, hash []byte, enter func(*session.Session) error) (session.Session, error)
	EndConsoleSession(ctx context.Context, companyID, sessionID string, at time.Time) error
}

// inCompany runs fn in one transaction of the store, see Store.InCompany. T is what fn needs of the transaction: each file of
// handlers declares an interface of its own, and internal/app checks at compile time that the store's transaction has them all.
// In each of them, reading something that isn't there returns problem.NotFound, and Lock… reads a row that nobody else can change
// until the transaction ends.
func inCompany[T any](ctx context.Context, store Store, companyID string, fn func(tx T) error) error {
	return store.InCompany(ctx, companyID, func(tx any) error { return fn(tx.(T)) })
}

// answered is inCompany for the caller's company. It returns what fn returned the last time.
func answered[T, A any](ctx context.Context, s *server, fn func(tx T) (A, error)) (answer A, err error) {
	err = s.Store.InCompany(ctx, callerOf(ctx).companyID, func(tx any) (err error) {
		answer, err = fn(tx.(T))
		return err
	})
	return answer, err
}

// Collection starts and steers the collection of invoices. This and the three below are carried out by contract.Commands, which
// says what each command does and which problems it returns.
type Collection interface {
	Issue(ctx context.Context, inv invoice.Invoice, emailID string) error
	Send(ctx context.Context, inv invoice.Invoice, in contract.SendInvoice) error
	TakeUp(ctx context.Context, inv invoice.Invoice) error
	Cancel(ctx context.Context, invoiceID string) error
	RecordReceipt(ctx context.Context, invoiceID string, in contract.RecordReceipt) error
	VoidReceipt(ctx context.Context, inv invoice.Invoice, in contract.VoidReceipt) error
	LoseDispute(ctx context.Context, inv invoice.Invoice, in contract.LoseDispute) error
	BookBankReceipts(ctx context.Context, companyID, cause string) error
	PayNow(ctx context.Context, invoiceID string, in contract.PayNow) (contract.Checkout, error)
	PayerReturned(ctx context.Context, invoiceID, paymentID string) error
	SaferpayNotified(ctx context.Context, invoiceID, paymentID string) error
}

// Refunding starts and steers refunds.
type Refunding interface {
	RequestRefund(ctx context.Context, in contract.RequestRefund, invoiceNumber string) error
	TakeUpRefund(ctx context.Context, r refund.Refund, invoiceNumber string) error
	DecideRefund(ctx context.Context, refundID string, in contract.DecideRefund) error
	RecordRefund(ctx context.Context, refundID string, in contract.RefundRecorded) error
}

// Onboarding starts and steers the connection of payment services.
type Onboarding interface {
	Connect(ctx context.Context, in contract.ConnectPaymentService) error
	SubmitCredentials(ctx context.Context, s merchant.PaymentService, c merchant.Credentials) (contract.ServiceState, error)
	Decide(ctx context.Context, s merchant.PaymentService, d contract.Decision) (contract.ServiceState, error)
	MailDocument(ctx context.Context, s merchant.PaymentService, documentID string) error
	Disconnect(ctx context.Context, s merchant.PaymentService) (contract.ServiceState, error)
	RequestCurrency(ctx context.Context, s merchant.PaymentService, currency money.Currency) (contract.CurrencyState, error)
	DecideCurrency(ctx context.Context, s merchant.PaymentService, currency money.Currency, d contract.Decision) (contract.CurrencyState, error)
}

// Escalation brings the decisions of people to the workflows that wait for them.
type Escalation interface {
	Resolve(ctx context.Context, workflowID string, in contract.ResolveException) error
	DecideFinding(ctx context.Context, f contract.OpenFinding, in contract.ResolveException) error
}

// Sealer encrypts a secret so that it opens only at the same place in the database, or together with the associated text.
type Sealer interface {
	SealAt(plaintext []byte, at sealed.Place) ([]byte, error)
	OpenAt(value []byte, at sealed.Place) ([]byte, error)
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

// FileServers speaks with the servers that companies name for their settlement files; see internal/sftp.
type FileServers interface {
	// Check brings the keys into the form in which they are kept, or returns problem.Invalid.
	Check(a *source.Access) error
	// List returns the files that the source wants, oldest first. An error is a *source.Failure.
	List(ctx context.Context, a source.Access) ([]source.Listed, error)
}

// Identities speaks with OpenID Connect providers; see internal/openid.
type Identities interface {
	// Check returns what is wrong with an issuer, as the end of a sentence that begins with "issuer".
	Check(ctx context.Context, issuer string) error
	// Begin returns where a browser signs in, or problem.SignInUnavailable.
	Begin(ctx context.Context, r session.Registration, f session.Flow, callback string) (string, error)
	// Finish returns what the provider says of a person who comes back; problem.SignInFailed or problem.SignInUnavailable.
	Finish(ctx context.Context, r session.Registration, f session.Flow, callback, code, issuer string) (session.Claims, error)
}
