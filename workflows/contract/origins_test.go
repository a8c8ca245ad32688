package contract

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/origin"
)

func TestACommandIsTakenOnlyFromThoseWhoMayGiveIt(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	from := func(kind origin.Kind, update string) sentFor {
		return sentFor{Origin: origin.Origin{Kind: kind, Who: "somebody", CompanyID: "com_1", At: now}, Update: update}
	}
	tests := map[string]struct {
		sent   sentFor
		update string
		at     time.Time
		wanted string // in the refusal; empty when it is taken
	}{
		"a payer pays":                        {from(origin.Payer, UpdatePayNow), UpdatePayNow, now, ""},
		"a payer refunds":                     {from(origin.Payer, UpdateRefund), UpdateRefund, now, "A payer may not"},
		"a merchant refunds":                  {from(origin.Merchant, UpdateRefund), UpdateRefund, now, ""},
		"a merchant verifies itself":          {from(origin.Merchant, UpdateDecide), UpdateDecide, now, "A merchant may not"},
		"an operator verifies":                {from(origin.Operator, UpdateDecide), UpdateDecide, now, ""},
		"a merchant releases":                 {from(origin.Merchant, UpdateApprove), UpdateApprove, now, ""},
		"an operator releases":                {from(origin.Operator, UpdateApprove), UpdateApprove, now, "A operator may not"},
		"a process releases":                  {from(origin.Process, UpdateApprove), UpdateApprove, now, "A process may not"},
		"a process pays":                      {from(origin.Process, UpdatePayNow), UpdatePayNow, now, "A process may not"},
		"a process takes up":                  {from(origin.Process, UpdateIssue), UpdateIssue, now, ""},
		"nobody":                              {sentFor{}, UpdateIssue, now, "on whose behalf"},
		"nobody we know":                      {from("stranger", UpdateIssue), UpdateIssue, now, "A stranger may not"},
		"with the origin of another command":  {from(origin.Payer, UpdatePayNow), UpdateCancel, now, "was pay-now"},
		"given once more after a while":       {from(origin.Merchant, UpdateCancel), UpdateCancel, now.Add(commandsLive + 1), "too long ago"},
		"sent by a clock that is far ahead":   {from(origin.Merchant, UpdateCancel), UpdateCancel, now.Add(-commandsLive - 1), "too long ago"},
		"sent by a clock that is a bit ahead": {from(origin.Merchant, UpdateCancel), UpdateCancel, now.Add(-time.Minute), ""},
	}
	for name, test := range tests {
		refusal := test.sent.refusal(test.update, "com_1", test.at)
		if test.wanted == "" {
			assert.Nil(t, refusal, name)
		} else if assert.NotNil(t, refusal, name) {
			assert.Contains(t, refusal.Detail, test.wanted, name)
		}
	}
	assert.NotNil(t, from(origin.Merchant, UpdateCancel).refusal(UpdateCancel, "com_2", now), "of another company")
	assert.NotNil(t, from(origin.Merchant, UpdateCancel).refusal(UpdateCancel, "", now), "of a workflow that says no company")
}
