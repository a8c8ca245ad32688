package codecserver

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// longestNamed is how many bytes of a name the log repeats, and mostNamed how many names: they come from outside.
const (
	longestNamed = 200
	mostNamed    = 50
)

// audited writes a line about who reads which payloads before they are decoded.
func (s server) audited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "This is too much at once.", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var payloads commonpb.Payloads
		if protojson.Unmarshal(body, &payloads) == nil { // else it is refused
			who, _ := r.Context().Value(readerKey{}).(reader)
			s.Logger.InfoContext(r.Context(), "payloads decoded", "who", who.Name, "session", who.Session, "address", address(r), "namespace", shortened(r.Header.Get("X-Namespace"), longestNamed),
				"sealed_for", sealedFor(payloads.GetPayloads()), "payloads", len(payloads.GetPayloads()))
		}
		next.ServeHTTP(w, r)
	})
}

// sealedFor returns what the payloads themselves say of where they belong: their readable metadata that name a namespace or a
// workflow, as "workflow-id=invoice/inv_…". Older ones say nothing.
func sealedFor(payloads []*commonpb.Payload) []string {
	named := map[string]struct{}{}
	for _, payload := range payloads {
		for key, value := range payload.GetMetadata() {
			if lower := strings.ToLower(key); (strings.Contains(lower, "workflow") || strings.Contains(lower, "namespace")) && len(named) < mostNamed {
				named[shortened(key, longestNamed)+"="+shortened(string(value), longestNamed)] = struct{}{}
			}
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// shortened returns at most so many bytes of the text, none of them half a character.
func shortened(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}
