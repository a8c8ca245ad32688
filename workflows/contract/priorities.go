package contract

import "go.temporal.io/sdk/temporal"

// Priorities: what goes first when tasks wait in a queue. Those of the same priority go by turns of companies, so that one with many
// tasks holds up nobody else. Activities have that of their workflow, or a later one, see flow.WithOptions.
const (
	ForPayers  = 1 + iota // a payer waits for it
	ForMoney              // money that moves
	ForPeople             // merchants, their programs and mails
	ForImports            // what files tell
	ForUpkeep             // what looks after everything else
)

// PriorityOf returns the priority of what is done for a company.
func PriorityOf(companyID string, of int) temporal.Priority {
	return temporal.Priority{PriorityKey: of, FairnessKey: companyID}
}
