// Package patching is the worked example of workflows/README.md: how a workflow gets one more step while workflows that began
// without it are running. Nothing of the product uses it.
package patching

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/internal/flow"
)

// Letter is what the example sends.
type Letter struct {
	To string `json:"to"`
}

// Post are the steps of the example.
type Post struct{}

// StillWanted reports whether the letter is still to be sent.
func (*Post) StillWanted(context.Context, Letter) (Wanted, error) { return Wanted{Yes: true}, nil }

// Send sends the letter.
func (*Post) Send(context.Context, Letter) error { return nil }

// Wanted is the answer of StillWanted.
type Wanted struct {
	Yes bool `json:"yes"`
}

var post *Post

// askFirst names the change: released in the second version, the letter is sent only if it is still wanted.
const askFirst = "ask-first"

// SendTomorrow waits a day and sends a letter. Its first version did not ask before it sent.
func SendTomorrow(ctx workflow.Context, in Letter) error {
	flow.Sleep(ctx, 24*time.Hour, "The letter rests for a day")
	if workflow.GetVersion(ctx, askFirst, workflow.DefaultVersion, 1) == 1 {
		var wanted Wanted
		err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Is it still wanted?"), post.StillWanted, in).Get(ctx, &wanted)
		if err != nil || !wanted.Yes {
			return err
		}
	}
	return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Mail, "Send it"), post.Send, in).Get(ctx, nil)
}
