package api

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzAcceptChoosesWhatIsOffered reads anything as an Accept header.
func FuzzAcceptChoosesWhatIsOffered(f *testing.F) {
	for _, header := range []string{"", "*/*", "text/csv", "TEXT/CSV;q=0.5, application/json", ",,;;", "text/csv\x00", "application/x-ndjson,"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		ctx := context.WithValue(t.Context(), acceptKey{}, header)
		require.Contains(t, []string{"application/json", "text/csv", "application/x-ndjson"}, accepted(ctx, "application/json", "text/csv", "application/x-ndjson"))
	})
}
