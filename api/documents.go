package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
)

// DocumentsTx is what the upload of a document needs of a transaction.
type DocumentsTx interface {
	InsertDocument(ctx context.Context, d merchant.Document) (merchant.Document, error)
}

// maxUpload is the largest body of a call that uploads a file: the document, and what multipart puts around it.
const maxUpload = merchant.MaxDocument + 64<<10

// isUpload reports whether the body of a call is a file.
func isUpload(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/documents")
}

// UploadDocument answers POST /payment-services/{payment_service_id}/documents. The content is sealed here, and waits in the
// database: it is never part of a workflow's history.
func (s *server) UploadDocument(ctx context.Context, r spec.UploadDocumentRequestObject) (spec.UploadDocumentResponseObject, error) {
	companyID := callerOf(ctx).companyID
	service, err := s.loadService(ctx, companyID, r.PaymentServiceID)
	if err != nil {
		return nil, err
	}
	if service.Status == merchant.Rejected || service.Status == merchant.Disconnected {
		return nil, problem.New(problem.PaymentServiceNotActive, "Payment service %s is %s. It needs no document any more.", service.ID, service.Status)
	}
	name, content, err := onlyFile(r.Body)
	if err != nil {
		return nil, err
	}
	document, err := merchant.NewDocument(newID(ctx, id.Document), service, name, content, s.now())
	if err != nil {
		return nil, err
	}
	if document.SealedContent, err = s.Sealer.SealAt(content, sealed.Document.Of(companyID, document.ID)); err != nil {
		return nil, err
	}
	err = inCompany(ctx, s.Store, companyID, func(tx DocumentsTx) (err error) {
		document, err = tx.InsertDocument(ctx, document)
		return err
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	if err := s.Onboarding.MailDocument(ctx, service, document.ID); err != nil {
		return nil, err
	}
	return spec.UploadDocument202JSONResponse{
		ID:          document.ID,
		Name:        document.Name,
		ContentType: spec.DocumentContentType(document.ContentType),
		Size:        document.Size,
		ReceivedAt:  document.ReceivedAt,
	}, nil
}

// repeatable returns the body in a form in which repetitions of a request are the same: what stands between the parts of a
// multipart body is chosen again each time.
func repeatable(r *http.Request, body []byte) []byte {
	if _, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && parameters["boundary"] != "" && isUpload(r) {
		return bytes.ReplaceAll(body, []byte(parameters["boundary"]), nil)
	}
	return body
}

// onlyFile returns the one file of a form, in the field "file". What the caller says of its type is not looked at.
func onlyFile(form *multipart.Reader) (name string, content []byte, err error) {
	for {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF) && content == nil:
			return "", nil, problem.InvalidFields(problem.Field{Name: "file", Message: "is missing"})
		case errors.Is(err, io.EOF):
			return name, content, nil
		case err != nil:
			return "", nil, problem.New(problem.Malformed, "The form can't be read: %s.", err)
		case part.FormName() != "file":
			return "", nil, problem.InvalidFields(problem.Field{Name: clip(part.FormName()), Message: "is not a field of this request"})
		case content != nil:
			return "", nil, problem.InvalidFields(problem.Field{Name: "file", Message: "must be one file; send each file in a request of its own"})
		}
		name = part.FileName()
		if content, err = io.ReadAll(part); err != nil {
			return "", nil, problem.New(problem.Malformed, "The form can't be read: %s.", err)
		}
	}
}
