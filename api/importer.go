package api

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement"
)

// settlementSource is how the audit log and settlements name what fetches files.
const settlementSource = "settlement-source"

// Importer imports settlement files that a worker fetched. It sends each through POST /settlements in this process, so that it has the
// limits, the answer to a repetition and the audit entry of every other.
type Importer struct{ handler http.Handler }

// importerPatience is how long a fetched file waits for its turn: nobody waits for it, and its step has a quarter of an hour.
const importerPatience = 5 * time.Minute

// NewImporter returns an importer. Of the options it needs Store, Collection, Sealer and Logger.
func NewImporter(o Options) Importer {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.SharePatience = cmp.Or(o.SharePatience, importerPatience)
	s := &server{Options: o}
	r := chi.NewRouter()
	r.Use(identify, s.survive(s.broken))
	r.Route("/v1", s.calls)
	return Importer{r}
}

// passing are the refusals that have nothing to do with what a file holds.
var passing = []problem.Code{problem.RequestInProgress, problem.TooManyRequests, problem.Unauthorized, problem.Forbidden, problem.CompanySuspended}

// Import imports a file for the company. A key that was used before imports nothing, and answers as the first time. Known says that the
// same content was imported before. A file that is refused for what it holds is a *problem.Error; any other error may pass.
func (i Importer) Import(ctx context.Context, companyID, key string, file io.Reader) (settlementID string, known bool, err error) {
	content := bufio.NewReader(file)
	head, _ := content.Peek(512) // its error comes again
	who := caller{companyID: companyID, fetches: true, scopes: []string{merchant.ScopeRead, merchant.ScopeWrite}}
	r, err := http.NewRequestWithContext(context.WithValue(ctx, callerKey{}, who), http.MethodPost, "/v1/settlements", io.NopCloser(content))
	if err != nil {
		return "", false, err
	}
	r.RequestURI, r.ContentLength = r.URL.RequestURI(), -1
	r.Header.Set("Content-Type", mediaType(head))
	r.Header.Set("Idempotency-Key", key)
	answer := &kept{header: http.Header{}, status: http.StatusOK}
	i.handler.ServeHTTP(answer, r)
	if answer.status < http.StatusBadRequest {
		var imported spec.Settlement
		err := json.Unmarshal(answer.body.Bytes(), &imported)
		return imported.ID, answer.status == http.StatusOK, err
	}
	var refused spec.Problem
	if err := json.Unmarshal(answer.body.Bytes(), &refused); err != nil {
		return "", false, fmt.Errorf("import a settlement file: status %d", answer.status)
	}
	p := problem.New(problem.Code(strings.TrimPrefix(string(refused.Type), "urn:quittance:problem:")), "%s", refused.Detail)
	if answer.status >= http.StatusInternalServerError || slices.Contains(passing, p.Code) {
		return "", false, fmt.Errorf("import a settlement file: status %d: %s", answer.status, refused.Detail)
	}
	return "", false, p
}

// mediaType returns as what a file is sent that begins so: XML, also in an archive, or else CSV.
func mediaType(head []byte) string {
	begin := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, sign := range []string{"<", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(begin, []byte(sign)) {
			return "application/xml"
		}
	}
	if settlement.IsArchive(head) {
		return "application/xml"
	}
	return "text/csv"
}

// kept is an answer in memory.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }
