package onboarding

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/onboarding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

// joining is one Onboarding under test, on a record that is kept in memory. Time skips; it starts on Monday 2 November 2026 at
// 10:00 in Zurich unless the test says otherwise.
type joining struct {
	*testsuite.TestWorkflowEnvironment
	t            *testing.T
	started      time.Time
	scale        int64
	canton       string
	service      merchant.PaymentService // the record
	contractedAt time.Time               // when the acquirer contracts payment methods; never when zero
	rejects      bool                    // Saferpay does not take the credentials
	unmanaged    bool                    // the license lacks the Management API
	unreachable  bool                    // Saferpay does not answer
	mailDown     bool
	tries        []time.Time // to send a letter
	looks        []time.Time
	pages        []steps.Resumed // what is in flight when the credentials are renewed
	resumed      []string        // from where on payments in flight were told of new credentials
	left         int             // after how many days nothing is in flight any more
	erased       []time.Time     // when somebody tried to erase the credentials
	letters      []sent
	attention    bool // it was put on the operators' list
	listed       bool // it stands there now
}

// sent is a letter that the mail server took, and when.
type sent struct {
	merchant.Letter
	at time.Time
}

var monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func onboard(t *testing.T, status merchant.ServiceStatus) *joining {
	t.Helper()
	return onboardAt(t, status, monday, "VD", 1)
}

func onboardAt(t *testing.T, status merchant.ServiceStatus, started time.Time, canton string, scale int64) *joining {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	j := &joining{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, started: started, scale: scale, canton: canton,
		service: merchant.NewPaymentService(merchant.PaymentService{ID: "psv_1"}, started),
	}
	j.service.Status = status
	j.SetTestTimeout(20 * time.Second)
	j.SetStartTime(started)
	register(j, scale)
	j.RegisterActivity(&steps.Activities{})
	j.RegisterActivity(&steps.Schedules{})
	j.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		set, _ := args[0].(temporal.SearchAttributes).GetBool(contract.NeedsAttention)
		j.attention, j.listed = j.attention || set, set
	}).Return(nil).Maybe()
	j.OnActivity(do.RecordPaymentService, mock.Anything, mock.Anything).Return(func(context.Context, contract.ConnectPaymentService) (steps.Verification, error) {
		return j.standing(), nil
	})
	j.OnActivity(do.RemindOfCredentials, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.Remind) (steps.Verification, error) {
		j.service.Note(merchant.ServiceStep{What: merchant.Reminded, About: fmt.Sprint(in.After)}, j.Now())
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(do.Abandon, mock.Anything, mock.Anything).Return(func(context.Context, steps.Remind) (steps.Verification, error) {
		err := j.service.Abandon(j.Now(), "")
		return j.standing(), err
	}).Maybe()
	j.OnActivity(do.SaveCredentials, mock.Anything, mock.Anything).Return(j.saveCredentials).Maybe()
	j.OnActivity(do.CheckVerification, mock.Anything, mock.Anything).Return(j.check).Maybe()
	j.OnActivity(do.NoteBlindLook, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.LookAtTerminal) (steps.Verification, error) {
		j.escalate(in.At)
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(do.CatchUp, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.ServiceNews) (steps.Verification, error) {
		if len(in.RefusedPassword) > 0 {
			require.NoError(t, j.service.RefuseCredentials(in.RefusedPassword, j.Now()))
		}
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(do.ResumePayments, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.Resume) (steps.Resumed, error) {
		j.resumed = append(j.resumed, in.After)
		var page steps.Resumed
		if len(j.pages) > 0 {
			page, j.pages = j.pages[0], j.pages[1:]
		}
		return page, nil
	}).Maybe()
	j.OnActivity(do.Disconnect, mock.Anything, mock.Anything).Return(func(context.Context, activities.PaymentServiceRef) (steps.Verification, error) {
		err := j.service.Become(merchant.Disconnected, j.Now(), "")
		return j.standing(), err
	}).Maybe()
	j.OnActivity(do.EraseCredentials, mock.Anything, mock.Anything).Return(func(context.Context, activities.PaymentServiceRef) (steps.Left, error) {
		j.erased = append(j.erased, j.Now())
		return steps.Left{InFlight: len(j.erased) < j.left}, nil
	}).Maybe()
	j.OnActivity(do.RecordDecision, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.DecideVerification) (steps.Verification, error) {
		return j.become(map[bool]merchant.ServiceStatus{true: merchant.Active, false: merchant.Rejected}[in.Approved])
	}).Maybe()
	j.OnActivity(do.ReceiveDocument, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.DocumentRef) (steps.Verification, error) {
		j.service.Note(merchant.ServiceStep{What: merchant.DocumentReceived, About: in.DocumentID}, j.Now())
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(do.TellStep, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.MailRef) (steps.MailOutcome, error) {
		j.tries = append(j.tries, j.Now())
		if j.mailDown {
			return steps.MailOutcome{}, errors.New("connection refused")
		}
		j.letters = append(j.letters, sent{in.Letter, j.Now()})
		return steps.MailOutcome{Sent: true, Note: "Mailed."}, nil
	}).Maybe()
	j.OnActivity(do.NoteLetter, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.MailResult) (steps.Verification, error) {
		j.service.Note(merchant.ServiceStep{What: merchant.Mailed, Letter: &in.Letter}, j.Now())
		return j.standing(), nil
	}).Maybe()
	return j
}

func (j *joining) standing() steps.Verification {
	return steps.Verification{
		Status: j.service.Status, Canton: j.canton, SubmittedAt: j.service.SubmittedAt, EarliestAt: j.service.EarliestAt, DueAt: j.service.DueAt,
		Connected: len(j.service.SealedPassword) > 0, Overdue: j.service.Late(), PendingMails: j.service.PendingMails(), Unmanaged: j.unmanaged,
	}
}

func (j *joining) become(status merchant.ServiceStatus) (steps.Verification, error) {
	if !j.contractedAt.IsZero() && !j.Now().Before(j.contractedAt) {
		status = merchant.Active
	}
	err := j.service.Become(status, j.Now(), "")
	return j.standing(), err
}

func (j *joining) saveCredentials(_ context.Context, in steps.SubmitCredentials) (steps.Verification, error) {
	if j.rejects {
		return steps.Verification{}, temporal.NewNonRetryableApplicationError("wrong", string(problem.CredentialsRejected), nil,
			[]problem.Field{{Name: "api_password", Message: "is wrong"}})
	}
	if j.service.Status == merchant.Active {
		return j.standing(), nil
	}
	j.service.SubmittedAt, j.service.EarliestAt, j.service.DueAt = in.SubmittedAt, in.EarliestAt, in.DueAt
	return j.become(merchant.InVerification)
}

func (j *joining) check(_ context.Context, in steps.LookAtTerminal) (steps.Verification, error) {
	assert.WithinDuration(j.t, j.started.Add(j.Now().Sub(j.started)*time.Duration(j.scale)), in.At, time.Second)
	j.looks = append(j.looks, in.At)
	if j.unreachable {
		return steps.Verification{}, temporal.NewNonRetryableApplicationError("nobody answers", "test", nil)
	}
	v, err := j.become(j.service.Status)
	if v.Status == merchant.InVerification {
		j.escalate(in.At)
		v = j.standing()
	}
	return v, err
}

func (j *joining) escalate(at time.Time) {
	if !at.Before(j.service.DueAt) && !j.service.Noted(merchant.Overdue, "") {
		j.service.Note(merchant.ServiceStep{What: merchant.Overdue}, j.Now())
	}
}

func (j *joining) submitsCredentials(after time.Duration) *flowtest.Answer[contract.ServiceState] {
	a := &flowtest.Answer[contract.ServiceState]{}
	j.RegisterDelayedCallback(func() {
		j.UpdateWorkflow(contract.UpdateCredentials, "", flowtest.Callback(a), merchant.Credentials{CustomerID: "123123", TerminalID: "12345678", APIUsername: "API_1"})
	}, after)
	return a
}

func (j *joining) decides(after time.Duration, approved bool) *flowtest.Answer[contract.ServiceState] {
	a := &flowtest.Answer[contract.ServiceState]{}
	j.RegisterDelayedCallback(func() {
		j.UpdateWorkflow(contract.UpdateDecide, "", flowtest.Callback(a), contract.Decision{Approved: approved, Reason: "Told by phone."})
	}, after)
	return a
}

func (j *joining) uploads(after time.Duration, documentID string) *flowtest.Answer[contract.Acknowledged] {
	a := &flowtest.Answer[contract.Acknowledged]{}
	j.RegisterDelayedCallback(func() {
		j.UpdateWorkflow(contract.UpdateDocument, "", flowtest.Callback(a), contract.MailDocument{DocumentID: documentID})
	}, after)
	return a
}

func (j *joining) run() contract.ServiceState {
	j.t.Helper()
	j.ExecuteWorkflow(contract.OnboardingType, contract.ConnectPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1", Environment: merchant.Test})
	require.True(j.t, j.IsWorkflowCompleted())
	require.NoError(j.t, j.GetWorkflowError())
	var out contract.ServiceState
	require.NoError(j.t, j.GetWorkflowResult(&out))
	return out
}

// mailed lists the letters in the order in which they were sent.
func (j *joining) mailed() (what []merchant.What) {
	for _, l := range j.letters {
		what = append(what, l.What)
	}
	return what
}

func days(times []time.Time) (list []string) {
	for _, t := range times {
		list = append(list, t.In(calendar.Zurich).Format("Mon 02.01."))
	}
	return list
}
