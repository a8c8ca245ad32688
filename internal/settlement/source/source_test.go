package source

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/calendar"
)

// saved is a source that was saved on a Monday at 10:00 in Zurich, and is looked at once a day from 07:00.
func saved() Source {
	s := Source{CompanyID: "cmp_1", Host: "sftp.acquirer.example", Port: 22, User: "u", Folder: ".", Pattern: "*.MRXD", HostKey: "SHA256:x", Hour: 7, Enabled: true}
	s.Begun(monday)
	return s
}

var (
	monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	gone   = &Failure{Field: "host", Reason: "refused the connection", Passing: true}
	denied = &Failure{Field: "password", Reason: "is not taken"}
)

func TestTheFirstLookIsSoonAndTheNextByTheSchedule(t *testing.T) {
	t.Parallel()
	s := saved()
	assert.Equal(t, monday, s.NextLookAt)
	s.Looked(monday.Add(time.Second), monday.Add(time.Minute), nil, false, 1)
	next := s.NextLookAt.In(calendar.Zurich)
	assert.Equal(t, []int{24, 7}, []int{next.Day(), next.Hour()})
	assert.Less(t, next.Minute(), spread, "not all companies at once")
	assert.Equal(t, monday.Add(time.Second), s.LastSuccessAt)

	s.EveryHours = 6
	s.Looked(s.NextLookAt, s.NextLookAt.Add(time.Minute), nil, false, 1)
	assert.Equal(t, s.LastLookAt.Add(6*time.Hour+time.Minute), s.NextLookAt)
}

func TestTheHourIsThatOfZurichOnTheDaysWhenClocksChange(t *testing.T) {
	t.Parallel()
	for _, evening := range []time.Time{time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC)} {
		next := saved().next(evening, 1).In(calendar.Zurich)
		assert.Equal(t, 7, next.Hour())
		assert.Equal(t, evening.Day()+1, next.Day())
	}
}

func TestADayIsShortWhereDaysAreShort(t *testing.T) {
	t.Parallel()
	s := saved()
	s.Looked(monday, monday, nil, false, 1440)
	assert.Equal(t, monday.Add(time.Minute), s.NextLookAt)
}

func TestFilesThatAreLeftAreLookedAtSoon(t *testing.T) {
	t.Parallel()
	s := saved()
	s.Looked(monday, monday, nil, true, 1)
	assert.Equal(t, monday.Add(again), s.NextLookAt)
}

func TestAServerThatIsGoneIsTriedEveryHourAndToldAfterThreeLooks(t *testing.T) {
	t.Parallel()
	s, at := saved(), monday
	for i := range patience {
		assert.False(t, s.Alarming())
		s.Looked(at, at, gone, false, 1)
		assert.Equal(t, []any{i + 1, at.Add(retry), monday, at}, []any{s.Failures, s.NextLookAt, s.FailingSince, s.LastLookAt})
		at = s.NextLookAt
	}
	assert.True(t, s.Alarming())
	s.Looked(at, at, nil, false, 1)
	assert.False(t, s.Alarming())
	assert.Equal(t, []any{0, time.Time{}, Failure{}}, []any{s.Failures, s.FailingSince, s.Failure})
}

func TestARefusedSignInIsToldAtOnceAndTriedOnlyByTheSchedule(t *testing.T) {
	t.Parallel()
	s := saved()
	s.Looked(monday, monday, denied, true, 1)
	assert.True(t, s.Alarming())
	assert.Equal(t, saved().next(monday, 1), s.NextLookAt, "so that the server locks nobody out")
}

func TestWhatIsSavedOrAskedForDuringALookIsNotForgotten(t *testing.T) {
	t.Parallel()
	s := saved()
	s.NextLookAt = monday.Add(time.Minute) // asked for
	s.Looked(monday, monday.Add(2*time.Minute), nil, false, 1)
	assert.Equal(t, monday.Add(time.Minute), s.NextLookAt)

	s = saved()
	s.Begun(monday.Add(time.Minute))
	s.Looked(monday, monday.Add(2*time.Minute), denied, false, 1)
	assert.Zero(t, s.Failures, "it was about other settings")
	assert.Equal(t, monday.Add(time.Minute), s.NextLookAt)

	s.Enabled = false
	s.Begun(monday.Add(time.Hour))
	s.Looked(monday.Add(2*time.Hour), monday.Add(2*time.Hour), nil, false, 1)
	assert.True(t, s.NextLookAt.IsZero())
}

func TestNoNameLeadsOutOfTheFolder(t *testing.T) {
	t.Parallel()
	s := saved()
	s.Pattern = "*"
	for _, name := range []string{"", ".", "..", "a/b", "../a", "/etc/passwd", `..\a`, "a\x00b", "a\nb", " a", strings.Repeat("a", 256), "a\xffb"} {
		assert.False(t, s.Wants(name), "%q", name)
	}
	assert.True(t, s.Wants("20261124.EVP.MRXD"))
	s.Pattern = "*.EVP.MRXD"
	assert.True(t, s.Wants("20261124.EVP.MRXD"))
	assert.False(t, s.Wants("20261124.EVP.MRXD.tmp"))
}

func TestAFileIsNewWhenItsNameSizeOrTimeIs(t *testing.T) {
	t.Parallel()
	l := Listed{Name: "a", Size: 1, ModifiedAt: monday}
	known := []File{
		{ID: "1", Listed: l, State: Imported},
		{ID: "2", Listed: Listed{Name: "b", Size: 1, ModifiedAt: monday}, State: SetAside},
		{ID: "3", Listed: Listed{Name: "c", Size: 1, ModifiedAt: monday}, State: Waiting, Tries: 2},
		{ID: "4", Listed: Listed{Name: "d", Size: 1, ModifiedAt: monday}, State: Waiting},
	}
	longer, later := l, l
	longer.Size, later.ModifiedAt = 2, monday.Add(time.Second)
	files, missing := New([]Listed{l, longer, later, known[1].Listed, known[2].Listed, {Name: "e", Size: 1, ModifiedAt: monday}}, known)
	require.Len(t, files, 4)
	assert.Equal(t, []any{longer, later, known[2], "e"}, []any{files[0].Listed, files[1].Listed, files[2], files[3].Name})
	assert.Equal(t, []File{known[3]}, missing)
}
