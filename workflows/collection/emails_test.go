package collection

import (
	"context"
	"errors"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

// mails stands for the mail server, which answers each mail as told, and for the record; ended is what was recorded of each mail.
func (c *collecting) mails(send func(emailID string) (activities.Sent, error)) (ended map[string]activities.Sent) {
	ended = map[string]activities.Sent{}
	c.SetWorkflowRunTimeout(365 * 24 * time.Hour) // else no activity is retried for longer than the test may last
	c.OnActivity(do.QueueEmail, mock.Anything, mock.Anything).Return(steps.EmailStanding{Queued: true}, nil).Maybe()
	c.OnActivity(do.SendInvoice, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.EmailRef) (activities.Sent, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["send "+in.EmailID]++
		return send(in.EmailID)
	}).Maybe()
	c.OnActivity(do.RecordEmail, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.EndedEmail) error {
		c.mu.Lock() // two mails may end at once
		defer c.mu.Unlock()
		ended[in.EmailID] = in.Sent
		return nil
	}).Maybe()
	return ended
}

func (c *collecting) send(emailID string) *flowtest.Answer[contract.Acknowledged] {
	return update[contract.Acknowledged](c, contract.UpdateSend, "", contract.SendInvoice{EmailID: emailID})
}

// runFrom is run with another input.
func (c *collecting) runFrom(in contract.IssueInvoice) Collected {
	c.t.Helper()
	return c.goesOn(Start{IssueInvoice: in})
}

var mailed = contract.IssueInvoice{CompanyID: "cmp_1", InvoiceID: "inv_1", EmailID: "eml_1"}

func TestMailThatIsRefusedIsRecordedAtOnceAndIsSentAgainOnRequest(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	ended := c.mails(func(emailID string) (activities.Sent, error) {
		if emailID == "eml_1" {
			return activities.Sent{Failed: "550 no such mailbox."}, nil
		}
		return activities.Sent{}, nil
	})
	var again *flowtest.Answer[contract.Acknowledged]
	c.at(time.Minute, func() {
		assert.Equal(t, map[string]activities.Sent{"eml_1": {Failed: "550 no such mailbox."}}, ended)
		again = c.send("eml_2")
		c.send("eml_2") // the same request again
	})
	c.at(time.Hour, func() { c.cancel() })
	c.runFrom(mailed)
	require.NoError(t, again.Err)
	assert.Equal(t, map[string]activities.Sent{"eml_1": {Failed: "550 no such mailbox."}, "eml_2": {}}, ended)
	assert.Equal(t, map[string]int{"send eml_1": 1, "send eml_2": 1}, c.calls)
}

func TestMailServerThatIsDownForThreeDaysIsAFailureInTheEnd(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	later := temporal.ApplicationErrorOptions{NextRetryDelay: 14 * time.Hour} // the test environment makes ten attempts at most
	down := temporal.NewApplicationErrorWithOptions("connection refused", "", later)
	ended := c.mails(func(string) (activities.Sent, error) { return activities.Sent{}, down })
	c.at(69*time.Hour, func() { assert.Empty(t, ended) })
	c.at(73*time.Hour, func() {
		assert.Equal(t, map[string]activities.Sent{"eml_1": {Failed: "The mail server could not be reached for 72 hours, or did not take it."}}, ended)
		c.cancel()
	})
	assert.Equal(t, invoice.Cancelled, c.runFrom(mailed).Status)
	assert.Equal(t, 6, c.calls["send eml_1"])
}

func TestAnInvoiceIsPaidAtOnceAndItsWorkflowEndsOnceItsMailIsDealtWith(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	takes := c.Now().Add(20 * time.Minute)
	ended := c.mails(func(string) (activities.Sent, error) {
		if c.Now().Before(takes) {
			return activities.Sent{}, errors.New("connection refused")
		}
		return activities.Sent{Failed: "The invoice is paid.", Needless: true}, nil
	})
	var receipt *flowtest.Answer[contract.Acknowledged]
	c.at(time.Minute, func() { receipt = c.receipt("rcp_1", "108.00") })
	c.at(2*time.Minute, func() { assert.True(t, receipt.Answered) })
	assert.Equal(t, invoice.Paid, c.runFrom(mailed).Status)
	assert.Len(t, ended, 1, "it is not forgotten")
	assert.False(t, c.Now().Before(takes))
}

func TestLinkIsSentOnlyWhileTheInvoiceCanBePaid(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.mails(func(string) (activities.Sent, error) { return activities.Sent{}, nil })
	var late *flowtest.Answer[contract.Acknowledged]
	c.at(time.Minute, func() { c.payNow("pay_1", payment.Card) }) // keeps the workflow open
	c.at(time.Hour, func() { c.receipt("rcp_1", "108.00") })
	c.at(2*time.Hour, func() { late = c.send("eml_2") })
	c.outcomes["pay_1"] = []steps.Outcome{notBegun}
	c.run()
	assert.Equal(t, problem.InvoicePaid, problem.CodeOf(late.Err))
	assert.Zero(t, c.calls["send eml_2"])
}

func TestWorkflowThatTakesUpAnInvoiceSendsTheMailThatWasLeft(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.OnActivity(do.TakeUpInvoice, mock.Anything, mock.Anything).Return(steps.LeftBehind{
		Standing: activities.Standing{InvoiceStatus: invoice.Open, Due: c.due}, EmailID: "eml_1",
	}, nil)
	ended := c.mails(func(string) (activities.Sent, error) { return activities.Sent{}, nil })
	var again *flowtest.Answer[contract.Acknowledged]
	c.at(0, func() { again = c.send("eml_2") })
	c.at(time.Hour, func() { c.cancel() })
	c.runFrom(contract.TakenUp("cmp_1", "inv_1"))
	require.NoError(t, again.Err)
	assert.Equal(t, map[string]activities.Sent{"eml_1": {}, "eml_2": {}}, ended)
}
