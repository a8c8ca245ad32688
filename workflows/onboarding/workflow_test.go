package onboarding

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestVerifiedAccountIsActiveAtOnce(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt = monday
	connect := &flowtest.Answer[contract.Acknowledged]{}
	j.RegisterDelayedCallback(func() { j.UpdateWorkflow(contract.UpdateConnect, "connect", flowtest.Callback(connect)) }, 0)
	submitted := j.submitsCredentials(time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	require.NoError(t, connect.Err)
	assert.Equal(t, merchant.Active, submitted.Value.Status)
	assert.Empty(t, j.looks)
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
		assert.Equal(t, merchant.InVerification, submitted.Value.Status)
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
	require.NoError(t, decision.Err)
	assert.Equal(t, merchant.Rejected, decision.Value.Status)
	assert.True(t, j.attention)
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
		require.NoError(t, decision.Err)
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
	j.ExecuteWorkflow(contract.OnboardingType, contract.ConnectPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1", Environment: merchant.Test})
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
	longest := time.Duration(0)
	for i, at := range j.tries[1:] {
		longest = max(longest, at.Sub(j.tries[i]))
	}
	assert.GreaterOrEqual(t, longest, time.Hour, "the mail server rests after an hour of trying")
}

func TestMailThatIsSentAfterAllNeedsNobodyAnyMore(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.mailDown = true
	reminded := 2 * 24 * time.Hour
	j.RegisterDelayedCallback(func() {
		assert.True(t, j.listed, "the reminder could not be sent")
		j.mailDown = false
	}, reminded+12*time.Hour)
	j.RegisterDelayedCallback(func() {
		assert.NotEmpty(t, j.letters)
		assert.False(t, j.listed, "it has been sent")
	}, reminded+18*time.Hour)
	j.run()
}

func TestDocumentsAreMailedOneByOneWhileTheVerificationGoesOn(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt, j.mailDown = monday.AddDate(0, 0, 7), true
	j.submitsCredentials(0)
	uploads := []*flowtest.Answer[contract.Acknowledged]{j.uploads(time.Hour, "doc_1"), j.uploads(2*time.Hour, "doc_2")}
	j.RegisterDelayedCallback(func() {
		for _, upload := range uploads {
			assert.True(t, upload.Answered, "whoever uploads does not wait for the mail server")
		}
		j.mailDown = false
	}, 48*time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	verification := merchant.What(merchant.InVerification)
	assert.Equal(t, []merchant.What{verification, merchant.DocumentReceived, merchant.DocumentReceived, merchant.What(merchant.Active)}, j.mailed())
	assert.Len(t, j.looks, 3)
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

func TestWrongCredentialsAreRefusedAndMayBeEnteredAgain(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.rejects, j.contractedAt = true, monday
	wrong := j.submitsCredentials(time.Hour)
	j.RegisterDelayedCallback(func() { j.rejects = false }, 2*time.Hour)
	right := j.submitsCredentials(3 * time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, problem.CredentialsRejected, problem.CodeOf(wrong.Err))
	var p *problem.Error
	require.ErrorAs(t, wrong.Err, &p)
	assert.Equal(t, []problem.Field{{Name: "api_password", Message: "is wrong"}}, p.Fields)
	assert.Equal(t, merchant.Active, right.Value.Status)
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

func TestLooksThatWereMissedAreNotMadeUpFor(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.InVerification)
	j.service.SubmittedAt, j.service.EarliestAt, j.service.DueAt = monday.AddDate(0, -10, 0), monday.AddDate(0, -10, 5), monday.AddDate(0, -10, 21)
	j.decides(25*time.Hour, false)
	assert.Equal(t, merchant.Rejected, j.run().Status)
	assert.Equal(t, []string{"Tue 03.11."}, days(j.looks))
}
