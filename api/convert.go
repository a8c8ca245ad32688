package api

import (
	"time"

	openapi "github.com/oapi-codegen/runtime/types"

	"github.com/quittance/quittance/api/internal/spec"
)

// optional returns nil for a zero value, so that an answer leaves out what there isn't.
func optional[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

// deref returns what a field of a request holds, or the zero value when it is absent.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// mapped returns each item of a list as it is shown; never nil, so that JSON says [] and not null.
func mapped[T, U any](items []T, shown func(T) U) []U {
	list := make([]U, len(items))
	for i, item := range items {
		list[i] = shown(item)
	}
	return list
}

func date(t time.Time) spec.Date { return openapi.Date{Time: t} }
