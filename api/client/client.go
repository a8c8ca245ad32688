// Package client is a client of the API in Go, generated from openapi.yaml: one method per call, one type per schema.
//
// NewClientWithResponses takes the base address, such as https://pay.example.ch/v1, and WithKey the key. Each answer has its HTTP
// status and, by status, its body: JSON200, JSON201 …; a problem is in ApplicationProblemJSONDefault, or in the field of its status.
package client

import (
	"context"
	"net/http"
)

//go:generate go tool oapi-codegen -config oapi-codegen.yaml ../openapi.yaml

// WithKey sends an API key with every call.
func WithKey(key string) ClientOption {
	return WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key)
		return nil
	})
}

// Repeatable makes a POST one that can be sent again without being done again: send the same request with the same key, of 1 to
// 255 characters, such as a random UUID.
func Repeatable(key string) RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set("Idempotency-Key", key)
		return nil
	}
}
