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
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
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
	planned      int                  // how often what happens every day was
	pages        []activities.Resumed // what is under way when the credentials are renewed
	resumed      []string             // from where on payments under way were told of new credentials
	left         int                  // after how many days nothing is under way any more
	erased       []time.Time          // when somebody tried to erase the credentials
	dailyEnded   bool
	letters      []sent
	attention    bool // it was put on the operators' list
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
	j.RegisterActivity(&activities.Merchants{})
	j.RegisterActivity(&activities.Schedules{})
	j.RegisterActivity(&activities.Mail{})
	j.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		set, _ := args[0].(temporal.SearchAttributes).GetBool(NeedsAttention)
		j.attention = j.attention || set
	}).Return(nil).Maybe()
	j.OnActivity(merchantsStep.RecordPaymentService, mock.Anything, mock.Anything).Return(func(context.Context, activities.Connect) (activities.Verification, error) {
		return j.standing(), nil
	})
	j.OnActivity(merchantsStep.RemindOfCredentials, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.Remind) (activities.Verification, error) {
		j.service.Note(merchant.ServiceStep{What: merchant.Reminded, About: fmt.Sprint(in.After)}, j.Now())
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(merchantsStep.Abandon, mock.Anything, mock.Anything).Return(func(context.Context, activities.Remind) (activities.Verification, error) {
		err := j.service.Abandon(j.Now(), "")
		return j.standing(), err
	}).Maybe()
	j.OnActivity(merchantsStep.SaveCredentials, mock.Anything, mock.Anything).Return(j.saveCredentials).Maybe()
	j.OnActivity(merchantsStep.CheckVerification, mock.Anything, mock.Anything).Return(j.check).Maybe()
	j.OnActivity(merchantsStep.NoteBlindLook, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.LookAtTerminal) (activities.Verification, error) {
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
	j.OnActivity(merchantsStep.CatchUp, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.ServiceNews) (activities.Verification, error) {
		if len(in.RefusedPassword) > 0 {
			require.NoError(t, j.service.RefuseCredentials(in.RefusedPassword, j.Now()))
		}
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(merchantsStep.ResumePayments, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.Resume) (activities.Resumed, error) {
		j.resumed = append(j.resumed, in.After)
		var page activities.Resumed
		if len(j.pages) > 0 {
			page, j.pages = j.pages[0], j.pages[1:]
		}
		return page, nil
	}).Maybe()
	j.OnActivity(merchantsStep.Disconnect, mock.Anything, mock.Anything).Return(func(context.Context, activities.PaymentServiceRef) (activities.Verification, error) {
		err := j.service.Become(merchant.Disconnected, j.Now(), "")
		return j.standing(), err
	}).Maybe()
	j.OnActivity(merchantsStep.EraseCredentials, mock.Anything, mock.Anything).Return(func(context.Context, activities.PaymentServiceRef) (activities.Left, error) {
		j.erased = append(j.erased, j.Now())
		return activities.Left{UnderWay: len(j.erased) < j.left}, nil
	}).Maybe()
	j.OnActivity(merchantsStep.RecordDecision, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.DecideVerification) (activities.Verification, error) {
		return j.become(map[bool]merchant.ServiceStatus{true: merchant.Active, false: merchant.Rejected}[in.Approved])
	}).Maybe()
	j.OnActivity(merchantsStep.ReceiveDocument, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.DocumentRef) (activities.Verification, error) {
		j.service.Note(merchant.ServiceStep{What: merchant.DocumentReceived, About: in.DocumentID}, j.Now())
		return j.standing(), nil
	}).Maybe()
	j.OnActivity(mailStep.TellStep, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.Tell) (activities.Told, error) {
		if j.mailDown {
			return activities.Told{}, errors.New("connection refused")
		}
		j.letters = append(j.letters, sent{in.Letter, j.Now()})
		return activities.Told{Sent: true, Note: "Mailed."}, nil
	}).Maybe()
	j.OnActivity(merchantsStep.NoteLetter, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.Tidings) (activities.Verification, error) {
		j.service.Note(merchant.ServiceStep{What: merchant.Mailed, Letter: &in.Letter}, j.Now())
		return j.standing(), nil
	}).Maybe()
	return j
}

func (j *joining) standing() activities.Verification {
	return activities.Verification{
		Status: j.service.Status, Canton: j.canton, SubmittedAt: j.service.SubmittedAt, EarliestAt: j.service.EarliestAt, DueAt: j.service.DueAt,
		Connected: len(j.service.SealedPassword) > 0, Overdue: j.service.Noted(merchant.Overdue, ""), Untold: j.service.Untold(), Unmanaged: j.unmanaged,
	}
}

func (j *joining) become(status merchant.ServiceStatus) (activities.Verification, error) {
	if !j.contractedAt.IsZero() && !j.Now().Before(j.contractedAt) {
		status = merchant.Active
	}
	err := j.service.Become(status, j.Now(), "")
	return j.standing(), err
}

func (j *joining) saveCredentials(_ context.Context, in activities.SubmitCredentials) (activities.Verification, error) {
	if j.rejects {
		return activities.Verification{}, temporal.NewNonRetryableApplicationError("wrong", string(problem.CredentialsRejected), nil,
			[]problem.Field{{Name: "api_password", Message: "is wrong"}})
	}
	if j.service.Status == merchant.Active {
		return j.standing(), nil
	}
	j.service.SubmittedAt, j.service.EarliestAt, j.service.DueAt = in.SubmittedAt, in.EarliestAt, in.DueAt
	return j.become(merchant.InVerification)
}

func (j *joining) check(_ context.Context, in activities.LookAtTerminal) (activities.Verification, error) {
	assert.WithinDuration(j.t, j.started.Add(j.Now().Sub(j.started)*time.Duration(j.scale)), in.At, time.Second)
	j.looks = append(j.looks, in.At)
	if j.unreachable {
		return activities.Verification{}, temporal.NewNonRetryableApplicationError("nobody answers", "test", nil)
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

func TestVerifiedAccountIsActiveAtOnce(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt = monday
	connect := &answer[Acknowledged]{}
	j.RegisterDelayedCallback(func() { j.UpdateWorkflow(UpdateConnect, "connect", callback(connect)) }, 0)
	submitted := j.submitsCredentials(time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	require.NoError(t, connect.err)
	assert.Equal(t, merchant.Active, submitted.value.Status)
	assert.Empty(t, j.looks)
	assert.Equal(t, 1, j.planned, "an active payment service is looked after every day")
	assert.Equal(t, []merchant.What{merchant.What(merchant.Active)}, j.mailed())
	assert.False(t, j.attention)
}

func TestMissingCredentialsAreRemindedOfTwiceAndThenGivenUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		started time.Time
		canton  string
		letters []string // 2, 7 and 60 business days later
	}{
		{monday, "VD", []string{"Wed 04.11.", "Wed 11.11.", "Wed 27.01."}},                                         // Christmas Day, 1 and 2 January rest
		{time.Date(2026, 3, 31, 8, 0, 0, 0, time.UTC), "VD", []string{"Thu 02.04.", "Mon 13.04.", "Mon 29.06."}},   // Good Friday, Easter Monday, Ascension, Whit Monday
		{time.Date(2026, 7, 31, 8, 0, 0, 0, time.UTC), "GE", []string{"Tue 04.08.", "Tue 11.08.", "Mon 26.10."}},   // 1 August is a Saturday, the Genevan fast a Thursday
		{time.Date(2027, 2, 26, 23, 30, 0, 0, time.UTC), "NE", []string{"Wed 03.03.", "Wed 10.03.", "Wed 26.05."}}, // begins on a Saturday in Zurich; 1 March is Neuchâtel's
	} {
		j := onboardAt(t, merchant.AwaitingCredentials, c.started, c.canton, 1)
		assert.Equal(t, merchant.Disconnected, j.run().Status)
		assert.Equal(t, []merchant.What{merchant.Reminded, merchant.Reminded, merchant.Abandoned}, j.mailed())
		var at []time.Time
		for _, l := range j.letters {
			at = append(at, l.at)
		}
		assert.Equal(t, c.letters, days(at))
	}
}

func TestCredentialsThatCameAreNotRemindedOf(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt = monday
	j.submitsCredentials(3 * 24 * time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, []merchant.What{merchant.Reminded, merchant.What(merchant.Active)}, j.mailed())
}

func TestTerminalIsLookedAtOnceABusinessDayFromTheThirdOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		started, contracted time.Time
		canton              string
		looks               []string
		due                 string
	}{
		{ // a weekend
			monday, time.Date(2026, 11, 13, 9, 0, 0, 0, time.UTC), "VD",
			[]string{"Thu 05.11.", "Fri 06.11.", "Mon 09.11.", "Tue 10.11.", "Wed 11.11.", "Thu 12.11.", "Fri 13.11."},
			"Mon 23.11.",
		},
		{ // 1 August
			time.Date(2025, 7, 30, 8, 0, 0, 0, time.UTC), time.Date(2025, 8, 6, 8, 0, 0, 0, time.UTC), "ZH",
			[]string{"Tue 05.08.", "Wed 06.08."},
			"Thu 21.08.",
		},
		{ // Good Friday and Easter Monday
			time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC), time.Date(2026, 4, 9, 8, 0, 0, 0, time.UTC), "BE",
			[]string{"Wed 08.04.", "Thu 09.04."},
			"Fri 24.04.",
		},
		{ // the Immaculate Conception rests in Lucerne
			time.Date(2026, 12, 3, 8, 0, 0, 0, time.UTC), time.Date(2026, 12, 10, 8, 0, 0, 0, time.UTC), "LU",
			[]string{"Wed 09.12.", "Thu 10.12."},
			"Mon 28.12.",
		},
		{ // and not in Zurich
			time.Date(2026, 12, 3, 8, 0, 0, 0, time.UTC), time.Date(2026, 12, 10, 8, 0, 0, 0, time.UTC), "ZH",
			[]string{"Tue 08.12.", "Wed 09.12.", "Thu 10.12."},
			"Thu 24.12.",
		},
		{ // the clocks go back on Sunday 25 October
			time.Date(2026, 10, 22, 22, 30, 0, 0, time.UTC), time.Date(2026, 10, 29, 23, 30, 0, 0, time.UTC), "VD",
			[]string{"Wed 28.10.", "Thu 29.10.", "Fri 30.10."},
			"Fri 13.11.",
		},
	} {
		j := onboardAt(t, merchant.AwaitingCredentials, c.started, c.canton, 1)
		j.contractedAt = c.contracted
		submitted := j.submitsCredentials(0)
		assert.Equal(t, merchant.Active, j.run().Status)
		assert.Equal(t, merchant.InVerification, submitted.value.Status)
		assert.Equal(t, c.looks, days(j.looks))
		assert.Equal(t, []string{c.looks[0], c.due}, days([]time.Time{j.service.EarliestAt, j.service.DueAt}))
		for _, look := range j.looks {
			assert.Equal(t, c.started.In(calendar.Zurich).Format("15:04"), look.In(calendar.Zurich).Format("15:04"), "always at the same time of day")
		}
		assert.Equal(t, []merchant.What{merchant.What(merchant.InVerification), merchant.What(merchant.Active)}, j.mailed())
		assert.False(t, j.attention)
	}
}

func TestOverdueVerificationIsEscalatedOnceAndNeedsAttentionUntilAPersonDecides(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.submitsCredentials(0)
	decision := j.decides(40*24*time.Hour, false)
	assert.Equal(t, merchant.Rejected, j.run().Status)
	require.NoError(t, decision.err)
	assert.Equal(t, merchant.Rejected, decision.value.Status)
	assert.True(t, j.attention)
	assert.Zero(t, j.planned, "there is nothing to look after")
	assert.Len(t, j.looks, 27, "it is looked at as before")
	assert.Equal(t, []merchant.What{merchant.What(merchant.InVerification), merchant.Overdue, merchant.Overdue, merchant.What(merchant.Rejected)}, j.mailed())
	assert.Equal(t, []merchant.Recipient{merchant.ToCompany, merchant.ToOperators}, []merchant.Recipient{j.letters[1].To, j.letters[2].To})
	assert.Equal(t, []string{"Mon 23.11."}, days([]time.Time{j.letters[1].at}), "15 business days later")
}

func TestPersonDecidesAtAnyTime(t *testing.T) {
	t.Parallel()
	for after, approved := range map[time.Duration]bool{time.Minute: true, 24 * time.Hour: false, 10 * 24 * time.Hour: true} {
		j := onboard(t, merchant.AwaitingCredentials)
		j.submitsCredentials(0)
		decision := j.decides(after, approved)
		want := map[bool]merchant.ServiceStatus{true: merchant.Active, false: merchant.Rejected}[approved]
		assert.Equal(t, want, j.run().Status)
		require.NoError(t, decision.err)
		assert.WithinDuration(t, monday.Add(after), j.Now(), time.Minute)
		assert.Equal(t, []merchant.What{merchant.What(merchant.InVerification), merchant.What(want)}, j.mailed())
	}
}

func TestLicenseWithoutTheManagementAPINeedsAPerson(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.unmanaged = true
	j.submitsCredentials(0)
	j.decides(5*24*time.Hour, true)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.True(t, j.attention)
}

func TestLookThatFailsIsMadeUpForOnTheNextBusinessDay(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt, j.unreachable = monday.AddDate(0, 0, 1), true
	j.submitsCredentials(0)
	j.RegisterDelayedCallback(func() { j.unreachable = false }, 4*24*time.Hour-time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, []string{"Thu 05.11.", "Fri 06.11."}, days(j.looks))
	assert.True(t, j.attention)
}

func TestVerificationThatNobodyCanLookAtIsEscalatedInTime(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.unreachable = true
	j.submitsCredentials(0)
	j.decides(22*24*time.Hour, true)
	assert.Equal(t, merchant.Active, j.run().Status)
	verification := merchant.What(merchant.InVerification)
	assert.Equal(t, []merchant.What{verification, merchant.Overdue, merchant.Overdue, merchant.What(merchant.Active)}, j.mailed())
	assert.Equal(t, []string{"Mon 23.11."}, days([]time.Time{j.letters[1].at}))
}

func TestVerificationThatNeverEndsContinuesAsNew(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.submitsCredentials(0)
	j.RegisterDelayedCallback(func() { j.SetContinueAsNewSuggested(true) }, 400*24*time.Hour)
	j.ExecuteWorkflow(OnboardingType, ConnectPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1", Environment: merchant.Test})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, j.GetWorkflowError(), &again)

	next := onboardAt(t, merchant.InVerification, j.Now(), "VD", 1)
	next.service = j.service
	next.decides(5*24*time.Hour, true)
	assert.Equal(t, merchant.Active, next.run().Status)
	assert.NotEmpty(t, next.looks)
	assert.Equal(t, []merchant.What{merchant.What(merchant.Active)}, next.mailed(), "what was told stays told")
}

func TestMailServerThatIsDownForTwoDaysHoldsNothingUp(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt, j.mailDown = monday.AddDate(0, 0, 4), true
	j.submitsCredentials(0)
	back := 7 * 24 * time.Hour
	j.RegisterDelayedCallback(func() {
		assert.Equal(t, merchant.Active, j.service.Status, "it did not wait for the mails")
		j.mailDown = false
	}, back)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, []merchant.What{merchant.What(merchant.InVerification), merchant.What(merchant.Active)}, j.mailed(), "each once, in order")
	assert.WithinDuration(t, monday.Add(back), j.letters[0].at, 2*time.Hour)
	assert.True(t, j.attention)
}

func TestDocumentsAreMailedOneByOneWhileTheVerificationGoesOn(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt, j.mailDown = monday.AddDate(0, 0, 7), true
	j.submitsCredentials(0)
	uploads := []*answer[Acknowledged]{j.uploads(time.Hour, "doc_1"), j.uploads(2*time.Hour, "doc_2")}
	j.RegisterDelayedCallback(func() {
		for _, upload := range uploads {
			assert.True(t, upload.answered, "whoever uploads does not wait for the mail server")
		}
		j.mailDown = false
	}, 48*time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	verification := merchant.What(merchant.InVerification)
	assert.Equal(t, []merchant.What{verification, merchant.DocumentReceived, merchant.DocumentReceived, merchant.What(merchant.Active)}, j.mailed())
	assert.Len(t, j.looks, 3)
}

func TestDocumentOfAnActiveServiceIsMailedAndThatIsAll(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Active)
	j.uploads(0, "doc_1")
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, []merchant.What{merchant.DocumentReceived}, j.mailed())
	assert.Empty(t, j.looks)
}

func TestCredentialsThatAreRenewedWhileMailsWaitContinueTheVerification(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Suspended)
	j.service.Note(merchant.ServiceStep{What: merchant.What(merchant.Suspended)}, monday)
	j.mailDown, j.contractedAt = true, monday.AddDate(0, 0, 3)
	j.submitsCredentials(time.Hour)
	j.RegisterDelayedCallback(func() { j.mailDown = false }, 24*time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, []merchant.What{merchant.What(merchant.Suspended), merchant.What(merchant.InVerification), merchant.What(merchant.Active)}, j.mailed())
}

func TestRefusedCredentialsAreToldOfOnceHoweverManyNotice(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Active)
	j.service.SealedPassword, j.mailDown = []byte("sealed"), true
	for i := range 3 {
		j.RegisterDelayedCallback(func() { j.SignalWorkflow(SignalServiceChanged, ServiceChanged{RefusedPassword: []byte("sealed")}) }, time.Duration(i)*time.Minute)
	}
	j.RegisterDelayedCallback(func() { j.mailDown = false }, time.Hour)
	assert.Equal(t, merchant.Suspended, j.run().Status)
	assert.Equal(t, []merchant.What{merchant.What(merchant.Suspended)}, j.mailed())
}

func TestWhatHappenedElsewhereDuringTheVerificationIsTakenIn(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.submitsCredentials(0)
	j.RegisterDelayedCallback(func() {
		j.service.SealedPassword = []byte("sealed")
		j.SignalWorkflow(SignalServiceChanged, ServiceChanged{RefusedPassword: []byte("an older one")})
	}, 24*time.Hour)
	j.RegisterDelayedCallback(func() { j.SignalWorkflow(SignalServiceChanged, ServiceChanged{RefusedPassword: []byte("sealed")}) }, 48*time.Hour)
	assert.Equal(t, merchant.Suspended, j.run().Status)
	assert.WithinDuration(t, monday.Add(48*time.Hour), j.Now(), time.Minute)
	assert.Equal(t, []merchant.What{merchant.What(merchant.InVerification), merchant.What(merchant.Suspended)}, j.mailed())
}

func TestNewCredentialsLetEverythingUnderWayGoOnAtOnce(t *testing.T) {
	t.Parallel()
	for _, before := range []merchant.ServiceStatus{merchant.Suspended, merchant.Active} {
		j := onboard(t, before)
		j.contractedAt = monday
		j.pages = []activities.Resumed{{Told: 100, Next: "pay_100"}, {Told: 3}}
		j.submitsCredentials(0)
		assert.Equal(t, merchant.Active, j.run().Status)
		assert.Equal(t, []string{"", "pay_100"}, j.resumed)
		assert.WithinDuration(t, monday, j.Now(), time.Minute)
	}
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt = monday
	j.submitsCredentials(0)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Empty(t, j.resumed, "nothing can be under way yet")
}

func TestCredentialsOfADisconnectedServiceAreErasedWhenNothingIsUnderWay(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Active)
	j.service.SealedPassword, j.left = []byte("sealed"), 3
	gone := &answer[ServiceState]{}
	j.RegisterDelayedCallback(func() { j.UpdateWorkflow(UpdateDisconnect, "", callback(gone)) }, 0)
	assert.Equal(t, merchant.Disconnected, j.run().Status)
	assert.Equal(t, merchant.Disconnected, gone.value.Status)
	assert.Equal(t, []string{"Tue 03.11.", "Wed 04.11.", "Thu 05.11."}, days(j.erased))
	assert.True(t, j.dailyEnded, "nothing is left to look after")
	assert.Equal(t, []merchant.What{merchant.What(merchant.Disconnected)}, j.mailed())
}

func TestServiceThatWasNeverConnectedIsDisconnectedAndThatIsAll(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.RegisterDelayedCallback(func() { j.UpdateWorkflow(UpdateDisconnect, "", callback(&answer[ServiceState]{})) }, time.Hour)
	assert.Equal(t, merchant.Disconnected, j.run().Status)
	assert.Empty(t, j.erased)
	assert.WithinDuration(t, monday.Add(time.Hour), j.Now(), time.Minute)
}

func TestWrongCredentialsAreRefusedAndMayBeEnteredAgain(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.rejects, j.contractedAt = true, monday
	wrong := j.submitsCredentials(time.Hour)
	j.RegisterDelayedCallback(func() { j.rejects = false }, 2*time.Hour)
	right := j.submitsCredentials(3 * time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, problem.CredentialsRejected, problem.CodeOf(wrong.err))
	var p *problem.Error
	require.ErrorAs(t, wrong.err, &p)
	assert.Equal(t, []problem.Field{{Name: "api_password", Message: "is wrong"}}, p.Fields)
	assert.Equal(t, merchant.Active, right.value.Status)
}

func TestNewCredentialsOfAnActiveServiceNeedNoVerification(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Active)
	j.contractedAt = monday
	renewed := j.submitsCredentials(0)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, merchant.Active, renewed.value.Status)
	assert.WithinDuration(t, monday, j.Now(), time.Minute)
}

func TestDaysPassInSecondsWhereTheTimeScaleSaysSo(t *testing.T) {
	t.Parallel()
	j := onboardAt(t, merchant.AwaitingCredentials, monday, "VD", 86400)
	j.contractedAt = monday.Add(8 * time.Second)
	j.submitsCredentials(0)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.WithinDuration(t, monday.Add(8*time.Second), j.Now(), time.Second)
	assert.Len(t, j.looks, 4)
}
