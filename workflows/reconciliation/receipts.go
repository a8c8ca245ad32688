package reconciliation

import (
	"fmt"
	"time"

	steps "github.com/quittance/quittance/activities/reconciliation"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

const (
	// receiptRest is how long a round rests that left something; it doubles up to longestReceiptRest.
	receiptRest        = time.Minute
	longestReceiptRest = time.Hour
	// quietRounds is how many rounds may leave something before operators are told.
	quietRounds = 5
)

// BookedReceipts is how many bank receipts were booked, or put before a person.
type BookedReceipts struct {
	Booked int `json:"booked"`
}

// BankReceipts has the processes of their invoices book every bank receipt of a company that waits. A process that is busy, such as
// with money that is being taken, gets its receipt in a later round: nothing is given up. It may run several times at once, since a
// receipt is booked once.
func (w Workflow) BankReceipts(ctx workflow.Context, in contract.BookBankReceipts) (BookedReceipts, error) {
	clock := flow.NewClock(ctx, w.TimeScale)
	var done BookedReceipts
	for round, rest := 1, receiptRest; ; round, rest = round+1, min(2*rest, longestReceiptRest) {
		left, why := 0, ""
		for after, more := "", true; more; {
			var out steps.BookedReceipts
			err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Interactive, "Book bank receipts"), do.BookBankReceipts,
				steps.WaitingReceipts{CompanyID: in.CompanyID, After: after}).Get(ctx, &out)
			if err != nil {
				left, why = left+1, flow.Cause(err)
				break
			}
			done.Booked, left = done.Booked+out.Booked, left+out.Left
			if out.Left > 0 {
				why = out.Why
			}
			after, more = out.Next, out.Next != ""
		}
		if left == 0 {
			workflow.SetCurrentDetails(ctx, fmt.Sprintf("**%d** bank receipts were booked or put before a person.", done.Booked))
			return done, attention(ctx, round > quietRounds, false)
		}
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("**%d** bank receipts were booked or put before a person. **%d** wait, and are tried again: %s", done.Booked, left, why))
		if err := attention(ctx, round == quietRounds, true); err != nil {
			return done, err
		}
		flow.Sleep(ctx, clock.Shorten(rest), "Until bank receipts are tried again")
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return done, workflow.NewContinueAsNewError(ctx, contract.BankReceiptsType, in)
		}
	}
}

// attention puts the process on the operators' list, or takes it off, if that changes anything.
func attention(ctx workflow.Context, changes, needed bool) error {
	if !changes {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx, contract.NeedsAttention.ValueSet(needed))
}
