package contract

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/origin"
)

func TestACommandIsTakenOnlyFromThoseWhoMayGiveIt(t *testing.T) {
	from := func(kind origin.Kind, update string) sentFor {
		return sentFor{Origin: origin.Origin{Kind: kind, Who: "somebody", CompanyID: "com_1"}, Update: update}
	}
	tests := map[string]struct {
		sent   sentFor
		update string
		wanted string // in the refusal; empty when it is taken
	}{
		"a payer pays":                       {from(origin.Payer, UpdatePayNow), UpdatePayNow, ""},
		"a payer refunds":                    {from(origin.Payer, UpdateRefund), UpdateRefund, "A payer may not"},
		"a merchant refunds":                 {from(origin.Merchant, UpdateRefund), UpdateRefund, ""},
		"a merchant verifies itself":         {from(origin.Merchant, UpdateDecide), UpdateDecide, "A merchant may not"},
		"an operator verifies":               {from(origin.Operator, UpdateDecide), UpdateDecide, ""},
		"a merchant releases":                {from(origin.Merchant, UpdateApprove), UpdateApprove, ""},
		"an operator releases":               {from(origin.Operator, UpdateApprove), UpdateApprove, "A operator may not"},
		"a process releases":                 {from(origin.Process, UpdateApprove), UpdateApprove, "A process may not"},
		"a process pays":                     {from(origin.Process, UpdatePayNow), UpdatePayNow, "A process may not"},
		"a process takes up":                 {from(origin.Process, UpdateIssue), UpdateIssue, ""},
		"nobody":                             {sentFor{}, UpdateIssue, "on whose behalf"},
		"nobody we know":                     {from("stranger", UpdateIssue), UpdateIssue, "A stranger may not"},
		"with the origin of another command": {from(origin.Payer, UpdatePayNow), UpdateCancel, "was pay-now"},
	}
	for name, test := range tests {
		refusal := test.sent.refusal(test.update, "com_1")
		if test.wanted == "" {
			assert.Nil(t, refusal, name)
		} else if assert.NotNil(t, refusal, name) {
			assert.Contains(t, refusal.Detail, test.wanted, name)
		}
	}
	assert.NotNil(t, from(origin.Merchant, UpdateCancel).refusal(UpdateCancel, "com_2"), "of another company")
	assert.NotNil(t, from(origin.Merchant, UpdateCancel).refusal(UpdateCancel, ""), "of a workflow that says no company")
}
