package postgres_test

import (
	"crypto/sha256"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestACompanyStartsWithTheChartAndKeepsItsSettings(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	filled(t, company, "Suspended")

	in(t, store, company.ID, func(tx *postgres.Tx) error {
		stored, err := tx.Company(t.Context())
		require.NoError(t, err)
		same(t, company, stored)
		accounts, err := tx.Accounts(t.Context())
		require.NoError(t, err)
		same(t, ledger.Chart, accounts)

		company.Name, company.Language, company.Canton, company.Liability = "Demo AG", "de", "ZH", merchant.Prefer
		company.ReceiptAccount, company.FeeAccount, company.ContactEmail = ledger.Bank, ledger.Bank, ""
		company.Suspended, company.Letterhead.UID, company.AttachPDF, company.ReceiptsByEmail = true, "", false, false
		company.Reminders, company.RemindersSince = company.Reminders[:1], noon.AddDate(0, 0, 1)
		require.NoError(t, tx.SaveCompany(t.Context(), company))
		stored, err = tx.LockCompany(t.Context())
		require.NoError(t, err)
		same(t, company, stored)
		return nil
	})
}

func TestCreatingACompanyAgainChangesNothing(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	again := company
	again.Name = "Somebody else"
	require.NoError(t, store.CreateCompany(t.Context(), again))
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		stored, err := tx.Company(t.Context())
		require.NoError(t, err)
		assert.Equal(t, company.Name, stored.Name)
		return nil
	})
}

func TestReceiptsAreBookedOnlyOnAccountsOfTheChart(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	company.ReceiptAccount = "1030"
	err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error { return tx.SaveCompany(t.Context(), company) })
	assert.Equal(t, problem.Invalid, problem.CodeOf(err))
	require.ErrorContains(t, err, "receipt_account")
}

func TestACompanyThatDoesNotExistIsNotFound(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	for _, companyID := range []string{id.New(id.Company), id.New(id.Invoice), "", "cmp_'; drop table companies; --"} {
		err := store.InCompany(t.Context(), companyID, func(tx *postgres.Tx) error {
			_, err := tx.Company(t.Context())
			return err
		})
		assert.Equal(t, problem.NotFound, problem.CodeOf(err), companyID)
	}
}

func TestAnAPIKeyIsFoundByItsHashUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	hash := sha256.Sum256([]byte("qk_test_demo"))
	key := merchant.APIKey{
		ID: id.New(id.APIKey), CompanyID: company.ID, Prefix: "qk_test", Hash: hash[:], Scopes: []string{merchant.ScopeRead, merchant.ScopeWrite}, CreatedAt: noon,
		ExpiresAt: noon.Add(time.Hour), LastUsedAt: noon, AllowedAddresses: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32")},
	}
	filled(t, key, "Suspended") // it is its company's
	require.NoError(t, store.CreateAPIKey(t.Context(), key))
	again := key
	again.ID = id.New(id.APIKey)
	require.NoError(t, store.CreateAPIKey(t.Context(), again), "the demo key is created at every start")
	stored, err := store.APIKeyByHash(t.Context(), hash[:])
	require.NoError(t, err)
	same(t, key, stored)
	key.LastUsedAt = noon.Add(time.Minute)
	require.NoError(t, store.UseAPIKey(t.Context(), key))
	key.ExpiresAt, key.AllowedAddresses = noon.Add(2*time.Hour), key.AllowedAddresses[1:]
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.SaveAPIKey(t.Context(), key))
		listed, err := tx.APIKeys(t.Context())
		same(t, []merchant.APIKey{key}, listed)
		return err
	})

	drop := func(companyID string) problem.Code {
		return problem.CodeOf(store.InCompany(t.Context(), companyID, func(tx *postgres.Tx) error { return tx.DeleteAPIKey(t.Context(), key.ID) }))
	}
	assert.Equal(t, problem.NotFound, drop(createCompany(t, store).ID), "another company can't delete it")
	assert.Empty(t, drop(company.ID))
	_, err = store.APIKeyByHash(t.Context(), hash[:])
	assert.Equal(t, problem.NotFound, problem.CodeOf(err))
	assert.Equal(t, problem.NotFound, drop(company.ID))
}

func TestAnAPIKeyNeedsACompany(t *testing.T) {
	t.Parallel()
	hash := sha256.Sum256(nil)
	err := postgrestest.New(t).CreateAPIKey(t.Context(), merchant.APIKey{ID: id.New(id.APIKey), CompanyID: id.New(id.Company), Hash: hash[:], CreatedAt: noon})
	assert.Equal(t, problem.NotFound, problem.CodeOf(err))
}

func TestLinksAndNotificationsLeadToTheirCompany(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	b := createBooks(t, store)

	companyID, invoiceID, err := store.OnlineDocument(t.Context(), b.invoice.Token)
	require.NoError(t, err)
	assert.Equal(t, []string{b.company.ID, b.invoice.ID}, []string{companyID, invoiceID})
	companyID, paymentID, err := store.Notification(t.Context(), b.payment.NotificationSecret)
	require.NoError(t, err)
	assert.Equal(t, []string{b.company.ID, b.invoice.ID, b.payment.ID}, []string{companyID, invoiceID, paymentID})
	companyID, err = store.PaymentServiceCompany(t.Context(), b.service.ID)
	require.NoError(t, err)
	assert.Equal(t, b.company.ID, companyID)

	_, _, err = store.OnlineDocument(t.Context(), "guess")
	assert.Equal(t, problem.NotFound, problem.CodeOf(err))
	_, _, err = store.Notification(t.Context(), "guess")
	assert.Equal(t, problem.NotFound, problem.CodeOf(err))
	assert.NotContains(t, err.Error(), "guess", "a secret stays out of errors and logs")
	_, err = store.PaymentServiceCompany(t.Context(), id.New(id.PaymentService))
	assert.Equal(t, problem.NotFound, problem.CodeOf(err))
}
