// Package gate holds the step by which a version of the worker shows that it can work.
package gate

import (
	"context"
	"fmt"
)

// Activities are the steps.
type Activities struct {
	// Works returns nil when the database answers and has the schema of this program.
	Works func(ctx context.Context) error
}

// Try names what is tried, for the log.
type Try struct {
	Step string `json:"step"`
}

// Tried says that it worked.
type Tried struct{}

// TryParts returns an error when what every step needs can't be used.
func (a *Activities) TryParts(ctx context.Context, in Try) (Tried, error) {
	if err := a.Works(ctx); err != nil {
		return Tried{}, fmt.Errorf("%s: %w", in.Step, err)
	}
	return Tried{}, nil
}
