package workflows

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/activities"
	onboardingacts "github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
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
	looks        []time.Time
	planned      int                      // how often what happens every day was
	pages        []onboardingacts.Resumed // what is under way when the credentials are renewed
	resumed      []string                 // from where on payments under way were told of new credentials
	left         int                      // after how many days nothing is under way any more
	erased       []time.Time              // when somebody tried to erase the credentials
	dailyEnded   bool
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
	Workflows{TimeScale: scale}.RegisterOnboarding(j)
	j.RegisterActivity(&onboardingacts.Activities{})
	j.RegisterActivity(&onboardingacts.Schedules{})
	j.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		set, _ := args[0].(temporal.SearchAttributes).GetBool(NeedsAttention)
		j.attention, j.listed = j.attention || set, set
	}).Return(nil).Maybe()
	j.OnActivity(onboardingStep.RecordPaymentService, mock.Anything, mock.Anything).Return(func(context.Context, onboardingacts.Connect) (onboardingacts.Verification, error) {
		return j.standing(), nil
	})
	j.OnActivity(onboardingStep.RemindOfCredentials, mock.Anything, mock.Anything).Return(func(_ context.Context, in onboardingacts.Remind) (onboardingacts.Verification, error) {
		j.service.Note(merchant.ServiceStep{What: merchant.Reminded, About: fmt.Sprint(in.After)}, j.Now())
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(onboardingStep.Abandon, mock.Anything, mock.Anything).Return(func(context.Context, onboardingacts.Remind) (onboardingacts.Verification, error) {
		err := j.service.Abandon(j.Now(), "")
		return j.standing(), err
	}).Maybe()
	j.OnActivity(onboardingStep.SaveCredentials, mock.Anything, mock.Anything).Return(j.saveCredentials).Maybe()
	j.OnActivity(onboardingStep.CheckVerification, mock.Anything, mock.Anything).Return(j.check).Maybe()
	j.OnActivity(onboardingStep.NoteBlindLook, mock.Anything, mock.Anything).Return(func(_ context.Context, in onboardingacts.LookAtTerminal) (onboardingacts.Verification, error) {
		j.escalate(in.At)
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(schedulesStep.PlanDaily, mock.Anything, mock.Anything).Return(func(_ context.Context, ref activities.PaymentServiceRef) error {
		assert.Equal(t, activities.PaymentServiceRef{CompanyID: "cmp_1", PaymentServiceID: "psv_1"}, ref)
		j.planned++
		return nil
	}).Maybe()
	j.OnActivity(schedulesStep.EndDaily, mock.Anything, mock.Anything).Return(func(context.Context, activities.PaymentServiceRef) error {
		j.dailyEnded = true
		return nil
	}).Maybe()
	j.OnActivity(onboardingStep.CatchUp, mock.Anything, mock.Anything).Return(func(_ context.Context, in onboardingacts.ServiceNews) (onboardingacts.Verification, error) {
		if len(in.RefusedPassword) > 0 {
			require.NoError(t, j.service.RefuseCredentials(in.RefusedPassword, j.Now()))
		}
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(onboardingStep.ResumePayments, mock.Anything, mock.Anything).Return(func(_ context.Context, in onboardingacts.Resume) (onboardingacts.Resumed, error) {
		j.resumed = append(j.resumed, in.After)
		var page onboardingacts.Resumed
		if len(j.pages) > 0 {
			page, j.pages = j.pages[0], j.pages[1:]
		}
		return page, nil
	}).Maybe()
	j.OnActivity(onboardingStep.Disconnect, mock.Anything, mock.Anything).Return(func(context.Context, activities.PaymentServiceRef) (onboardingacts.Verification, error) {
		err := j.service.Become(merchant.Disconnected, j.Now(), "")
		return j.standing(), err
	}).Maybe()
	j.OnActivity(onboardingStep.EraseCredentials, mock.Anything, mock.Anything).Return(func(context.Context, activities.PaymentServiceRef) (onboardingacts.Left, error) {
		j.erased = append(j.erased, j.Now())
		return onboardingacts.Left{InFlight: len(j.erased) < j.left}, nil
	}).Maybe()
	j.OnActivity(onboardingStep.RecordDecision, mock.Anything, mock.Anything).Return(func(_ context.Context, in onboardingacts.DecideVerification) (onboardingacts.Verification, error) {
		return j.become(map[bool]merchant.ServiceStatus{true: merchant.Active, false: merchant.Rejected}[in.Approved])
	}).Maybe()
	j.OnActivity(onboardingStep.ReceiveDocument, mock.Anything, mock.Anything).Return(func(_ context.Context, in onboardingacts.DocumentRef) (onboardingacts.Verification, error) {
		j.service.Note(merchant.ServiceStep{What: merchant.DocumentReceived, About: in.DocumentID}, j.Now())
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(onboardingStep.TellStep, mock.Anything, mock.Anything).Return(func(_ context.Context, in onboardingacts.MailRef) (onboardingacts.MailOutcome, error) {
		if j.mailDown {
			return onboardingacts.MailOutcome{}, errors.New("connection refused")
		}
		j.letters = append(j.letters, sent{in.Letter, j.Now()})
		return onboardingacts.MailOutcome{Sent: true, Note: "Mailed."}, nil
	}).Maybe()
	j.OnActivity(onboardingStep.NoteLetter, mock.Anything, mock.Anything).Return(func(_ context.Context, in onboardingacts.MailResult) (onboardingacts.Verification, error) {
		j.service.Note(merchant.ServiceStep{What: merchant.Mailed, Letter: &in.Letter}, j.Now())
		return j.standing(), nil
	}).Maybe()
	return j
}

func (j *joining) standing() onboardingacts.Verification {
	return onboardingacts.Verification{
		Status: j.service.Status, Canton: j.canton, SubmittedAt: j.service.SubmittedAt, EarliestAt: j.service.EarliestAt, DueAt: j.service.DueAt,
		Connected: len(j.service.SealedPassword) > 0, Overdue: j.service.Late(), PendingMails: j.service.PendingMails(), Unmanaged: j.unmanaged,
	}
}

func (j *joining) become(status merchant.ServiceStatus) (onboardingacts.Verification, error) {
	if !j.contractedAt.IsZero() && !j.Now().Before(j.contractedAt) {
		status = merchant.Active
	}
	err := j.service.Become(status, j.Now(), "")
	return j.standing(), err
}

func (j *joining) saveCredentials(_ context.Context, in onboardingacts.SubmitCredentials) (onboardingacts.Verification, error) {
	if j.rejects {
		return onboardingacts.Verification{}, temporal.NewNonRetryableApplicationError("wrong", string(problem.CredentialsRejected), nil,
			[]problem.Field{{Name: "api_password", Message: "is wrong"}})
	}
	if j.service.Status == merchant.Active {
		return j.standing(), nil
	}
	j.service.SubmittedAt, j.service.EarliestAt, j.service.DueAt = in.SubmittedAt, in.EarliestAt, in.DueAt
	return j.become(merchant.InVerification)
}

func (j *joining) check(_ context.Context, in onboardingacts.LookAtTerminal) (onboardingacts.Verification, error) {
	assert.WithinDuration(j.t, j.started.Add(j.Now().Sub(j.started)*time.Duration(j.scale)), in.At, time.Second)
	j.looks = append(j.looks, in.At)
	if j.unreachable {
		return onboardingacts.Verification{}, temporal.NewNonRetryableApplicationError("nobody answers", "test", nil)
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

func (j *joining) submitsCredentials(after time.Duration) *answer[ServiceState] {
	a := &answer[ServiceState]{}
	j.RegisterDelayedCallback(func() {
		j.UpdateWorkflow(UpdateCredentials, "", callback(a), merchant.Credentials{CustomerID: "123123", TerminalID: "12345678", APIUsername: "API_1"})
	}, after)
	return a
}

func (j *joining) decides(after time.Duration, approved bool) *answer[ServiceState] {
	a := &answer[ServiceState]{}
	j.RegisterDelayedCallback(func() {
		j.UpdateWorkflow(UpdateDecide, "", callback(a), Decision{Approved: approved, Reason: "Told by phone."})
	}, after)
	return a
}

func (j *joining) uploads(after time.Duration, documentID string) *answer[Acknowledged] {
	a := &answer[Acknowledged]{}
	j.RegisterDelayedCallback(func() { j.UpdateWorkflow(UpdateDocument, "", callback(a), MailDocument{DocumentID: documentID}) }, after)
	return a
}

func (j *joining) run() ServiceState {
	j.t.Helper()
	j.ExecuteWorkflow(OnboardingType, ConnectPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1", Environment: merchant.Test})
	require.True(j.t, j.IsWorkflowCompleted())
	require.NoError(j.t, j.GetWorkflowError())
	var out ServiceState
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
