package postgres_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

var (
	noon = time.Date(2026, 7, 1, 12, 0, 0, 123456000, time.UTC)
	day  = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
)

func chf(value string) money.Amount { return money.MustParse(value, money.CHF) }
func eur(value string) money.Amount { return money.MustParse(value, money.EUR) }

// createCompany stores a company and returns it.
func createCompany(t testing.TB, store *postgres.Store) merchant.Company {
	t.Helper()
	c := merchant.Company{
		ID: id.New(id.Company), Name: "Demo SA", Language: "fr", Canton: "VD", ContactEmail: "compta@demo.example", ReceiptAccount: merchant.DefaultReceiptAccount,
		FeeAccount: merchant.DefaultFeeAccount, PaymentTolerance: decimal.NewFromInt(5), RefundApprovalAbove: decimal.NewNullDecimal(decimal.RequireFromString("500.00")), PayoutDays: merchant.DefaultPayoutDays,
		PayoutIBANs: []string{"CH9300762011623852957"}, ReturnOrigins: []string{"https://invoices.example"}, Liability: merchant.Require, CreatedAt: noon, AttachPDF: true, ReceiptsByEmail: true,
		Reminders: []merchant.Reminder{{DaysAfterDue: 10, Subject: "Facture", Text: "Hello", Texts: map[string]string{"fr": "Bonjour"}}, {DaysAfterDue: 30}}, RemindersSince: noon,
		Letterhead: merchant.Letterhead{
			Address: invoice.Address{Street: "Rue du Lac", HouseNumber: "7a", Postcode: "1003", City: "Lausanne", Country: "CH"},
			UID:     "CHE-123.456.788", VATNumber: "CHE-123.456.788 TVA", Phone: "+41 21 555 12 34", Website: "www.demo.example", Email: "bonjour@demo.example",
		},
	}
	require.NoError(t, store.CreateCompany(t.Context(), c))
	return c
}

// in runs fn in a transaction of the company, which must succeed.
func in(t testing.TB, store *postgres.Store, companyID string, fn func(*postgres.Tx) error) {
	t.Helper()
	require.NoError(t, store.InCompany(t.Context(), companyID, fn))
}

func newPaymentService(companyID string) merchant.PaymentService {
	s := merchant.NewPaymentService(merchant.PaymentService{
		ID: id.New(id.PaymentService), CompanyID: companyID, Name: "Shop", Environment: merchant.Test, CustomerID: "123123",
		TerminalID: "12345678", APIUsername: "API_123123_00000001", SealedPassword: []byte{1, 2, 3},
		Methods:     []merchant.ContractedMethod{{Method: "VISA", Currencies: []string{"CHF", "EUR"}, Assumed: []string{"EUR"}}},
		Requested:   []merchant.CurrencyRequest{{Currency: money.USD, Status: merchant.CurrencyRequested, At: noon}},
		SubmittedAt: noon, EarliestAt: noon.AddDate(0, 0, 3), DueAt: noon.AddDate(0, 0, 15), LastCheckedAt: noon.AddDate(0, 0, 4),
	}, noon)
	if err := s.Become(merchant.Active, noon, "contracted"); err != nil {
		panic(err)
	}
	return s
}

func newInvoice(companyID, number string, paymentServiceIDs ...string) invoice.Invoice {
	return invoice.Invoice{
		ID: id.New(id.Invoice), CompanyID: companyID, Number: number, Status: invoice.Open, Amount: chf("108.00"), AmountPaid: money.Zero(money.CHF),
		AmountRefunded: money.Zero(money.CHF),
		Customer:       invoice.Customer{Name: "Zoë Müller", Email: "zoe@example.com", Language: "de"}, Description: "Advice\nand support",
		DueDate: day.AddDate(0, 1, 0), PaymentServiceIDs: paymentServiceIDs, Token: id.NewSecret(), CreatedAt: noon, IssuedAt: noon,
	}
}

func newPayment(i invoice.Invoice) payment.Payment {
	return payment.New(payment.Payment{
		ID: id.New(id.Payment), CompanyID: i.CompanyID, InvoiceID: i.ID, PaymentServiceID: i.PaymentServiceIDs[0], OrderID: id.NewOrder(),
		Method: payment.Card, Amount: i.Amount, NotificationSecret: id.NewSecret(),
	}, noon)
}

// books is a company with one of everything.
type books struct {
	company merchant.Company
	service merchant.PaymentService
	invoice invoice.Invoice
	payment payment.Payment
}

func createBooks(t testing.TB, store *postgres.Store) books {
	t.Helper()
	b := books{company: createCompany(t, store)}
	b.service = newPaymentService(b.company.ID)
	b.invoice = newInvoice(b.company.ID, "2026-1", b.service.ID)
	b.payment = newPayment(b.invoice)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertPaymentService(t.Context(), b.service))
		require.NoError(t, tx.InsertInvoice(t.Context(), b.invoice))
		return insertPayment(t, tx, b.payment)
	})
	return b
}

// receipt is the journal entry for the payment.
func (b books) receipt() ledger.Entry {
	return ledger.Receipt(b.occasion(b.payment.Amount, day), ledger.SystemBank, ledger.Receivables)
}

// occasion is something that happened to the payment.
func (b books) occasion(amount money.Amount, on time.Time) ledger.Occasion {
	return ledger.Occasion{
		CompanyID: b.company.ID, Language: b.company.Language, InvoiceID: b.invoice.ID, InvoiceNumber: b.invoice.Number,
		PaymentID: b.payment.ID, Amount: amount, Day: on,
	}
}

// exception is one about the payment.
func (b books) exception(kind exception.Kind) exception.Exception {
	return exception.New(exception.Exception{
		CompanyID: b.company.ID, Kind: kind, Subject: b.payment.ID, WorkflowID: "invoice/" + b.invoice.ID, Detail: "The answer to Capture was lost.",
		Choices: []exception.Choice{exception.TryAgain, exception.DidNotHappen},
	}, noon)
}

// refund is one of the payment.
func (b books) refund(francs string) refund.Refund {
	return refund.New(refund.Refund{
		ID: id.New(id.Refund), CompanyID: b.company.ID, PaymentID: b.payment.ID, InvoiceID: b.invoice.ID, OrderID: id.NewOrder(),
		Amount: chf(francs), Reason: "Returned goods", AskedBy: "key_1",
	}, noon)
}

// dispute is one that is open, and whose entry nobody asks for.
func (b books) dispute(francs string) dispute.Dispute {
	return dispute.New(dispute.Dispute{
		ID: id.New(id.Dispute), CompanyID: b.company.ID, PaymentID: b.payment.ID, InvoiceID: b.invoice.ID, Amount: chf(francs), Reason: "Goods not received",
		OpenedOn: day, EntryID: id.New(id.JournalEntry),
	}, "key_1", noon)
}

// sale is a balanced entry that points at no payment.
func sale(companyID, source string) ledger.Entry {
	return ledger.Entry{
		CompanyID: companyID, Date: day, Text: "Sale", Source: ledger.Source{Kind: "test", ID: source},
		Lines: []ledger.Line{ledger.Debit(ledger.Bank, chf("50.00")), ledger.Credit(ledger.Receivables, chf("50.00"))},
	}
}

// verify walks the chain of a company's journal.
func verify(t testing.TB, store *postgres.Store, companyID string) error {
	t.Helper()
	_, err := store.VerifyJournal(t.Context(), companyID, nil)
	return err
}

// same asserts that two entities say the same. JSON compares amounts and times by value, not by how they are held.
func same(t testing.TB, want, got any) {
	t.Helper()
	wantJSON, err := json.Marshal(want)
	require.NoError(t, err)
	gotJSON, err := json.Marshal(got)
	require.NoError(t, err)
	assert.JSONEq(t, string(wantJSON), string(gotJSON))
}

// filled asserts that every field holds something, so that a round trip proves that the field is kept: whoever adds a field
// to an entity is reminded here of its column.
func filled(t testing.TB, entity any, except ...string) {
	t.Helper()
	v := reflect.ValueOf(entity)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		assert.NotEqual(t, slices.Contains(except, name), !v.Field(i).IsZero(), "%T.%s", entity, name)
	}
}

// connect opens a connection beside the store, for what the store doesn't offer.
func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

// asCompany runs statements as the application's role in one transaction of the company, and returns the error of the first
// that fails or of the commit.
func asCompany(t testing.TB, conn *pgx.Conn, companyID string, statements ...string) error {
	t.Helper()
	return pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "select set_config('quittance.company_id', $1, true)", companyID)
		require.NoError(t, err)
		for _, statement := range statements {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	})
}

func insertPayment(t testing.TB, tx *postgres.Tx, p payment.Payment) error {
	t.Helper()
	_, err := tx.InsertPayment(t.Context(), p)
	return err
}
