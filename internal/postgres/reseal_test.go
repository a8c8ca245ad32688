package postgres_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// sealedBy is what a key that is one byte would seal for its owner.
func sealedBy(key byte, secret, owner string) []byte {
	return append([]byte{1, 0, 0, 0, key}, secret+" of "+owner...)
}

// key1 seals as sealedBy.
type key1 struct{}

func (key1) SealAt(plaintext []byte, at sealed.Place) ([]byte, error) {
	return sealedBy(1, string(plaintext), at.Owner), nil
}

func (key1) OpenAt(value []byte, at sealed.Place) ([]byte, error) {
	plaintext, found := bytes.CutSuffix(value[5:], []byte(" of "+at.Owner))
	if !found {
		return nil, errors.New("it doesn't open")
	}
	return plaintext, nil
}

// sealedByKey1 is a store whose customers' keys are sealed by key 1 too.
func sealedByKey1(t *testing.T, db postgrestest.Database) *postgres.Store {
	t.Helper()
	store := postgrestest.OpenLocked(t, db)
	require.NoError(t, store.Unlock(t.Context(), key1{}))
	return store
}

// resealed is what key 2 would seal for the place.
func resealed(secret string, at sealed.Place) []byte { return sealedBy(2, secret, at.Associated()) }

// withSecrets makes a company with something in every sealed column, all sealed by key 1.
func withSecrets(t *testing.T, store *postgres.Store) books {
	t.Helper()
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		service, err := tx.PaymentService(t.Context(), b.service.ID)
		require.NoError(t, err)
		service.SealedPassword = sealedBy(1, "Demo-Password-1", b.company.ID)
		require.NoError(t, tx.SavePaymentService(t.Context(), service))
		document, err := merchant.NewDocument(id.New(id.Document), b.service, "Pass.pdf", []byte("%PDF-1.7"), noon)
		require.NoError(t, err)
		document.SealedContent = sealedBy(1, "a passport", b.company.ID)
		_, err = tx.InsertDocument(t.Context(), document)
		require.NoError(t, err)
		require.NoError(t, tx.SaveInvoicePDF(t.Context(), merchant.InvoicePDF{
			InvoiceID: b.invoice.ID, Size: 1, SealedContent: sealedBy(1, "an invoice", b.company.ID), ReceivedAt: noon,
		}))
		endpoint := newEndpoint(b.company.ID)
		endpoint.SealedSecret, endpoint.SealedPrevious, endpoint.PreviousUntil = sealedBy(1, "whsec_new", b.company.ID), sealedBy(1, "whsec_old", b.company.ID), noon
		require.NoError(t, tx.InsertWebhookEndpoint(t.Context(), endpoint))
		provider := newProvider(b.company.ID)
		provider.SealedSecret = sealedBy(1, "client secret", b.company.ID)
		fetched := newSource(b.company.ID)
		fetched.SealedSecret = sealedBy(1, "sftp password", b.company.ID)
		require.NoError(t, tx.SaveSettlementSource(t.Context(), fetched))
		return tx.SaveSignInProvider(t.Context(), provider)
	})
	answered(t, store, b.company.ID)
	return b
}

func answered(t *testing.T, store *postgres.Store, owner string) {
	t.Helper()
	request := idempotency.Request{Owner: owner, Key: "k", Fingerprint: []byte("f"), CreatedAt: noon, TakenAt: noon}
	_, err := store.TakeRequest(t.Context(), request)
	require.NoError(t, err)
	require.NoError(t, store.AnswerRequest(t.Context(), request, idempotency.Answer{Status: 201, ContentType: "application/json", Sealed: sealedBy(1, "an answer", owner)}))
}

// toKey2 seals with key 2 what key 1 sealed for the same owner, until fail says that the process dies.
func toKey2(fail func(secret string) error, done map[string]int) postgres.Resealing {
	return postgres.Resealing{
		Prefix: sealedBy(2, "", "")[:5],
		Seal: func(value []byte, at sealed.Place) ([]byte, error) {
			secret, found := bytes.CutSuffix(value[5:], []byte(" of "+at.Owner))
			if value[4] != 1 || !found {
				return nil, errors.New("it doesn't open")
			}
			return resealed(string(secret), at), fail(string(secret))
		},
		Done: func(column string, rows int) { done[column] += rows },
	}
}

func never(string) error { return nil }

func TestEverySealedColumnIsSealedAgainForItsPlace(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := sealedByKey1(t, db)
	_, second := withSecrets(t, store), withSecrets(t, store)
	answered(t, store, idempotency.Administrator)
	require.NoError(t, store.KeepSigningKey(t.Context(), "a", "public", sealedBy(1, "private", "signing key"), noon))

	done := map[string]int{}
	require.NoError(t, store.Reseal(t.Context(), toKey2(never, done)))
	superuser := connect(t, db.SuperuserURL)
	rows, err := superuser.Query(t.Context(), `
		select table_name || '.' || column_name from information_schema.columns
		where table_schema = 'public' and data_type = 'bytea' and column_name like 'sealed%'`)
	require.NoError(t, err)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(columns), 5)
	for _, column := range columns {
		table, name, _ := bytes.Cut([]byte(column), []byte("."))
		var all, old int
		require.NoError(t, superuser.QueryRow(t.Context(), "select count("+string(name)+"), count(*) filter (where substring("+string(name)+" from 1 for 5) <> $1) from "+string(table),
			sealedBy(2, "", "")[:5]).Scan(&all, &old))
		assert.Positive(t, all, "%s needs rows in this test", column)
		assert.Zero(t, old, "%s: a column that Reseal doesn't know", column)
		assert.Equal(t, all, done[column], column)
	}
	in(t, store, second.company.ID, func(tx *postgres.Tx) error {
		service, err := tx.PaymentService(t.Context(), second.service.ID)
		assert.Equal(t, resealed("Demo-Password-1", sealed.ServicePassword.Of(second.company.ID, second.service.ID)), service.SealedPassword)
		return err
	})
	rows, err = superuser.Query(t.Context(), `
		select company_id || '/webhook_endpoints/sealed_previous/' || id, sealed_previous from webhook_endpoints union all
		select company_id || '/invoice_pdfs/sealed_content/' || invoice_id, sealed_content from invoice_pdfs union all
		select company_id || '/documents/sealed_content/' || id, sealed_content from documents union all
		select company_id || '/sign_in_providers/sealed_secret/' || company_id, sealed_secret from sign_in_providers union all
		select company_id || '/idempotency_keys/sealed/' || key, sealed from idempotency_keys union all
		select company_id || '/customers/sealed_key/' || id, sealed_key from customers union all
		select 'installation key/installation_keys/sealed_key/' || id, sealed_key from installation_keys union all
		select 'signing key/signing_keys/sealed_private/' || id, sealed_private from signing_keys`)
	require.NoError(t, err)
	var place string
	var value []byte
	_, err = pgx.ForEachRow(rows, []any{&place, &value}, func() error {
		assert.True(t, bytes.HasSuffix(value, []byte(" of database/"+place)), "%s: %s", place, value)
		return nil
	})
	require.NoError(t, err)

	clear(done)
	require.NoError(t, store.Reseal(t.Context(), toKey2(never, done)))
	assert.Empty(t, done, "a second time there is nothing to do")
}

func TestAnInterruptedResealingGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	store := sealedByKey1(t, postgrestest.NewDatabase(t))
	var all []books
	for range 3 {
		all = append(all, withSecrets(t, store))
	}
	dies, done := errors.New("killed"), map[string]int{}
	secrets := 0
	err := store.Reseal(t.Context(), toKey2(func(string) error {
		if secrets++; secrets > 5 {
			return dies
		}
		return nil
	}, done))
	require.ErrorIs(t, err, dies)
	before := 0
	for _, rows := range done {
		before += rows
	}
	assert.Equal(t, 5, before)
	require.NoError(t, store.Reseal(t.Context(), toKey2(never, done)))
	assert.Equal(t, map[string]int{
		"payment_services.sealed_password": 3, "sign_in_providers.sealed_secret": 3, "settlement_sources.sealed_secret": 3,
		"webhook_endpoints.sealed_secret": 3, "webhook_endpoints.sealed_previous": 3, "documents.sealed_content": 3, "invoice_pdfs.sealed_content": 3, "idempotency_keys.sealed": 3,
		"customers.sealed_key": 3, "installation_keys.sealed_key": 2,
	}, done, "each once")
	companies, err := store.Companies(t.Context())
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(companies, func(id string) bool { return id == all[2].company.ID }))
}

func TestWhatCannotBeOpenedIsNamed(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		service, err := tx.PaymentService(t.Context(), b.service.ID)
		require.NoError(t, err)
		service.SealedPassword = sealedBy(1, "Demo-Password-1", "cmp_another")
		return tx.SavePaymentService(t.Context(), service)
	})
	err := store.Reseal(t.Context(), toKey2(never, map[string]int{}))
	require.ErrorContains(t, err, "seal payment_services.sealed_password of "+b.company.ID+" again")
}
