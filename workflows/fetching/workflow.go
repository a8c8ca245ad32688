// Package fetching fetches settlement files from the servers of companies.
package fetching

import (
	"fmt"
	"time"

	steps "github.com/quittance/quittance/activities/fetching"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// settle is for how long a new file must stay as it is, so that it is whole: whoever writes it may take a while.
const settle = time.Minute

// Workflow is the room's processes with their one setting. TimeScale is how many seconds of a long wait pass in one second: 1
// except in a local stack.
type Workflow struct{ TimeScale int64 }

// Fetched counts what became of the files of one look.
type Fetched struct {
	Imported int `json:"imported"`
	Known    int `json:"known"`     // their content was imported before
	SetAside int `json:"set_aside"` // they could not be imported
	Left     int `json:"left"`      // somebody still writes to them
}

var do *steps.Activities

// SettlementFetch looks once into the folder of a company's server, and imports each new file. When the next look is, the record says;
// a worker starts it. As in InvoicePayment, Temporal's own cancellation request changes nothing.
func (w Workflow) SettlementFetch(ctx workflow.Context, in contract.FetchSettlements) (Fetched, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	clock := flow.NewClock(ctx, w.TimeScale)
	var done Fetched

	// 1. Look into the folder. When there is something new, look again a little later: only what has stayed as it was is whole.
	found, err := look(ctx, "Look into the folder", in)
	if ended, err := gone(ctx, err); ended {
		return done, err
	}
	first := found
	if len(found.Files) > 0 {
		flow.Sleep(ctx, clock.Shorten(settle), "Until new files are whole")
		found, err = look(ctx, "Look again", in)
		if ended, err := gone(ctx, err); ended {
			return done, err
		}
	}
	failure, left := found.Failure, found.More

	// 2. Fetch and import each file, one after the other. A server that is lost ends the look.
	for _, file := range found.Files {
		if failure != nil {
			break
		}
		var out steps.Fetched
		if settled(file, first.Files) {
			err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.File, fmt.Sprintf("Fetch %s", text.Literal(file.Name))), do.FetchSettlementFile,
				steps.FetchFile{CompanyID: in.CompanyID, NewFile: file}).Get(ctx, &out)
			if ended, err := gone(ctx, err); ended {
				return done, err
			}
		}
		switch out.State {
		case source.Imported:
			done.Imported++
		case source.Known:
			done.Known++
		case source.SetAside:
			done.SetAside++
		default:
			failure = out.Failure
			done.Left++
		}
	}

	// 3. Note how it went, and when the next look is.
	var looked steps.Looked
	err = workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Note the look"), do.RecordLook,
		steps.Look{CompanyID: in.CompanyID, Begun: first.At, Failure: failure, Left: left || done.Left > 0}).Get(ctx, &looked)
	if ended, err := gone(ctx, err); ended {
		return done, err
	}
	report(ctx, done, failure, looked)
	return done, nil
}

func look(ctx workflow.Context, summary string, in contract.FetchSettlements) (found steps.Found, err error) {
	return found, workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Interactive, summary), do.LookIntoFolder, in).Get(ctx, &found)
}

// gone reports whether the look has ended because of err, which is none when the company wants no more files.
func gone(ctx workflow.Context, err error) (bool, error) {
	if refusal := flow.Refusal(err); refusal != nil {
		workflow.SetCurrentDetails(ctx, flow.Cause(refusal))
		return true, nil
	}
	return err != nil, err
}

// settled reports whether the file was there before, as it is now.
func settled(file steps.NewFile, before []steps.NewFile) bool {
	for _, b := range before {
		if b.Same(file.Listed) {
			return true
		}
	}
	return false
}

// report tells operators how it went.
func report(ctx workflow.Context, done Fetched, failure *source.Failure, looked steps.Looked) {
	details := fmt.Sprintf("**%d** files were imported, **%d** were set aside, **%d** were known before.", done.Imported, done.SetAside, done.Known)
	if done.Left > 0 {
		details += fmt.Sprintf(" **%d** are left for the next look.", done.Left)
	}
	if failure != nil {
		details += fmt.Sprintf("\n\n**The server could not be used:** %s %s.", failure.Field, failure.Reason)
	}
	if !looked.NextLookAt.IsZero() {
		details += "\n\nThe next look: " + flow.Minute(looked.NextLookAt)
	}
	workflow.SetCurrentDetails(ctx, details)
	if looked.Alarming {
		flow.Upsert(ctx, contract.NeedsAttention.ValueSet(true))
	}
}
