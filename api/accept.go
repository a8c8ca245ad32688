package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

type acceptKey struct{}

// noteAccept keeps what form of an answer the caller accepts; the generated handlers don't see the request's headers.
func noteAccept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), acceptKey{}, r.Header.Get("Accept"))))
	})
}

// accepted returns the first media type of the caller's Accept header that is offered, or the first one offered when none is.
func accepted(ctx context.Context, offered ...string) string {
	header, _ := ctx.Value(acceptKey{}).(string)
	for wish := range strings.SplitSeq(header, ",") {
		media, _, _ := strings.Cut(wish, ";")
		if media = strings.ToLower(strings.TrimSpace(media)); slices.Contains(offered, media) {
			return media
		}
	}
	return offered[0]
}
