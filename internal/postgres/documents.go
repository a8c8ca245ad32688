package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/merchant"
)

const selectDocuments = `
	select id, company_id, payment_service_id, name, content_type, size, digest, sealed_content, received_at, erased_at from documents`

func scanDocument(row pgx.CollectableRow) (d merchant.Document, err error) {
	err = row.Scan(&d.ID, &d.CompanyID, &d.PaymentServiceID, &d.Name, &d.ContentType, &d.Size, &d.Digest, &d.SealedContent,
		&d.ReceivedAt, (*zeronull.Timestamptz)(&d.ErasedAt))
	return d, err
}

// InsertDocument stores a new document and returns it as it is stored: when its id is known it stays as it is, and when the
// same content waits for the mail server already, that document is returned instead.
func (tx *Tx) InsertDocument(ctx context.Context, d merchant.Document) (merchant.Document, error) {
	_, err := tx.tx.Exec(ctx, `
		insert into documents (company_id, id, payment_service_id, name, content_type, size, digest, sealed_content, received_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict do nothing`,
		d.CompanyID, d.ID, d.PaymentServiceID, d.Name, d.ContentType, d.Size, d.Digest, d.SealedContent, d.ReceivedAt)
	if err != nil {
		return d, failed(err, "insert document %s", d.ID)
	}
	return one(ctx, tx.tx, scanDocument, "document", d.ID, selectDocuments+`
		where id = $1 or payment_service_id = $2 and digest = $3 order by id = $1 desc limit 1`, d.ID, d.PaymentServiceID, d.Digest)
}

// Document returns a document, with its content until that is erased, or problem.NotFound.
func (tx *Tx) Document(ctx context.Context, id string) (merchant.Document, error) {
	return one(ctx, tx.tx, scanDocument, "document", id, selectDocuments+` where id = $1`, id)
}

// EraseDocument stores that the content of the document is no longer here.
func (tx *Tx) EraseDocument(ctx context.Context, d merchant.Document) error {
	return tx.save(ctx, "document", d.ID, `update documents set digest = null, sealed_content = null, erased_at = $2 where id = $1`, d.ID, d.ErasedAt)
}
