package merchant

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/quittance/quittance/internal/problem"
)

const (
	// MaxDocument is the largest document, in bytes.
	MaxDocument = 10 << 20
	// MaxDocuments is how many are mailed for one payment service: in the name of a company nobody floods the acquirer.
	MaxDocuments = 50
)

// Document is a paper for the acquirer's verification. It is mailed to the acquirer and then erased here. Only its description
// stays.
type Document struct {
	ID               string
	CompanyID        string
	PaymentServiceID string
	Name             string // with the extension of its real type
	ContentType      string
	Size             int64  // in bytes
	Digest           []byte // SHA-256 of the content; nil once that is erased
	SealedContent    []byte // sealed by internal/secrets with the company id; nil once erased
	ReceivedAt       time.Time
	ErasedAt         time.Time // zero while the content is here
}

// documentTypes are the accepted types, by the bytes with which their content begins.
var documentTypes = []struct{ begins, contentType, name, extension string }{
	{"%PDF-", "application/pdf", "PDF", ".pdf"},
	{"\xff\xd8\xff", "image/jpeg", "JPEG", ".jpg"},
	{"\x89PNG\r\n\x1a\n", "image/png", "PNG", ".png"},
}

// NewDocument returns a document of the payment service without its content, which the caller seals. The content decides the
// type. Of the name, only the harmless part is kept. Problems: body-too-large, validation-failed for the field "file".
func NewDocument(id string, s PaymentService, name string, content []byte, at time.Time) (Document, error) {
	if s.count(DocumentReceived) >= MaxDocuments {
		return Document{}, problem.InvalidFields(problem.Field{
			Name: "file", Message: fmt.Sprintf("is one too many: %d documents were mailed already; send it to %s yourself", MaxDocuments, DocumentsMail),
		})
	}
	if len(content) > MaxDocument {
		return Document{}, problem.New(problem.TooLarge, "The document may have at most %d MiB.", MaxDocument>>20)
	}
	for _, known := range documentTypes {
		if bytes.HasPrefix(content, []byte(known.begins)) {
			digest := sha256.Sum256(content)
			return Document{
				ID: id, CompanyID: s.CompanyID, PaymentServiceID: s.ID, Name: fileName(name, known.extension),
				ContentType: known.contentType, Size: int64(len(content)), Digest: digest[:], ReceivedAt: at.UTC(),
			}, nil
		}
	}
	return Document{}, problem.InvalidFields(problem.Field{Name: "file", Message: "must be a PDF, a JPEG or a PNG; its content is something else"})
}

// fileName keeps the printable part of the last element of a path, and gives it the extension of the real type.
func fileName(name, extension string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == unicode.ReplacementChar || strings.ContainsRune(`<>:"/|?*`, r) {
			return -1
		}
		return r
	}, name)
	stem := []rune(strings.Trim(strings.TrimSuffix(name, path.Ext(name)), ". "))
	if len(stem) == 0 {
		stem = []rune("document")
	}
	return string(stem[:min(len(stem), 80)]) + extension
}

// Describe names the document for the timeline, such as “Passport.pdf” (PDF, 1.2 MB).
func (d Document) Describe() string {
	for _, known := range documentTypes {
		if known.contentType == d.ContentType {
			return fmt.Sprintf("“%s” (%s, %s)", d.Name, known.name, humanSize(d.Size))
		}
	}
	return "“" + d.Name + "”"
}

func humanSize(bytes int64) string {
	if bytes < 1_000_000 {
		return fmt.Sprintf("%d KB", (bytes+999)/1000)
	}
	return fmt.Sprintf("%d.%d MB", bytes/1_000_000, bytes%1_000_000/100_000)
}

// Erase removes the content.
func (d *Document) Erase(at time.Time) {
	if d.ErasedAt.IsZero() {
		d.SealedContent, d.Digest, d.ErasedAt = nil, nil, at.UTC()
	}
}
