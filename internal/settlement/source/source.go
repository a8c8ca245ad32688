// Package source is the domain of the place from which a company's settlement files are fetched: a folder of an SFTP server.
package source

import (
	"hash/crc32"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

const (
	// MaxFiles is how many files one look fetches. More wait for the next look, which follows soon.
	MaxFiles = 100
	// DefaultPort is where SSH is (RFC 4253, 4.1).
	DefaultPort = 22
	// again is how soon the next look comes when the last one left files.
	again = 5 * time.Minute
	// retry is how long a server rests at most that could not be reached.
	retry = time.Hour
	// patience is how many looks in a row may fail for a reason that may pass until a person is told.
	patience = 3
	// spread is over how much of the hour the looks of all companies are spread, in minutes.
	spread = 30
)

// Auth is with what Quittance signs in.
type Auth string

// The two ways to sign in.
const (
	Password   Auth = "password"
	PrivateKey Auth = "private_key"
)

// Source is where a company's settlement files are fetched from, and how the last looks went.
type Source struct {
	CompanyID    string
	Host         string
	Port         int
	User         string
	Folder       string // as the server understands it; "." is where a sign-in leads
	Pattern      string // of file names, see path.Match
	HostKey      string // "SHA256:…", or a line of authorized_keys
	Auth         Auth
	SealedSecret []byte
	EveryHours   int // 0 for once a day
	Hour         int // of the day in Zurich, in which it is looked at once a day
	Enabled      bool
	UpdatedAt    time.Time

	NextLookAt    time.Time // zero when it is not enabled
	LastLookAt    time.Time // zero before the first
	LastSuccessAt time.Time
	FailingSince  time.Time // zero when the last look went well
	Failures      int       // in a row
	Failure       Failure   // of the last look; empty when it went well
}

// Failure is why a server could not be used, as a person reads it. It is the error of the servers, too.
type Failure struct { //nolint:errname // it is kept and shown as well
	Field  string `json:"field"`  // of the source: what a person has to look at
	Reason string `json:"reason"` // as the end of a sentence that begins with the field
	// Passing says that it may go away by itself.
	Passing bool `json:"passing,omitempty"`
}

// Error returns the reason.
func (f Failure) Error() string { return f.Field + " " + f.Reason }

// Access is a source with what opens it. It is never logged, and never part of a workflow.
type Access struct {
	Source
	Secret string // the password, or the private key in PEM
}

// Validate brings the texts into the form in which they are kept. It returns an Invalid problem that names every field at fault, or nil.
// Keys are for those who know SSH to check.
func (s *Source) Validate() error {
	fields := text.Line("host", &s.Host, 1, 253)
	if strings.ContainsFunc(s.Host, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-:", r)
	}) {
		fields = append(fields, problem.Field{Name: "host", Message: "must be a host name such as sftp.acquirer.example, or an IP address"})
	}
	if s.Port != DefaultPort && (s.Port < 1024 || s.Port > 65535) {
		fields = append(fields, problem.Field{Name: "port", Message: "must be 22, or from 1024 to 65535"})
	}
	fields = append(fields, text.Line("user", &s.User, 1, 255)...)
	fields = append(fields, text.Line("folder", &s.Folder, 1, 1000)...)
	fields = append(fields, text.Line("file_pattern", &s.Pattern, 1, 255)...)
	if _, err := path.Match(s.Pattern, ""); err != nil || strings.Contains(s.Pattern, "/") {
		fields = append(fields, problem.Field{Name: "file_pattern", Message: "must be the pattern of a file name, such as *.MRXD; it holds no folder"})
	}
	return problem.InvalidFields(fields...)
}

// SameServer reports whether what opens the one may be told to the other.
func (s Source) SameServer(other Source) bool {
	return s.Host == other.Host && s.Port == other.Port && s.User == other.User && s.HostKey == other.HostKey
}

// Wants reports whether the file is one of those to be fetched. A name that could lead out of the folder is none.
func (s Source) Wants(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > 255 || !utf8.ValidString(name) || text.Identifier(name) != name || strings.ContainsAny(name, `/\`) ||
		strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	matches, err := path.Match(s.Pattern, name)
	return err == nil && matches
}

// Begun notes that the source was saved: what failed before counts no more, and it is looked at soon.
func (s *Source) Begun(at time.Time) {
	s.UpdatedAt, s.NextLookAt = at, time.Time{}
	s.FailingSince, s.Failures, s.Failure = time.Time{}, 0, Failure{}
	if s.Enabled {
		s.NextLookAt = at
	}
}

// Looked notes a look that began and ended then. Left says that there are more files, or some that are still being written. Scale is
// how many seconds of a wait pass in one second. What was saved or asked for during the look is not forgotten.
func (s *Source) Looked(begun, at time.Time, failure *Failure, left bool, scale int64) {
	if s.UpdatedAt.After(begun) {
		return // it was about other settings
	}
	s.LastLookAt = begun
	next := s.next(at, scale)
	if failure == nil {
		s.LastSuccessAt, s.FailingSince, s.Failures, s.Failure = begun, time.Time{}, 0, Failure{}
	} else {
		if s.Failures++; s.FailingSince.IsZero() {
			s.FailingSince = begun
		}
		s.Failure = *failure
	}
	soon := again
	if failure != nil {
		soon = retry
	}
	if early := at.Add(soon / time.Duration(max(scale, 1))); early.Before(next) && (failure == nil && left || failure != nil && failure.Passing) {
		next = early
	}
	if s.Enabled && !s.NextLookAt.After(begun) {
		s.NextLookAt = next
	}
}

// Alarming reports whether a person has to know that looks fail: at once when it can't pass, else after some.
func (s Source) Alarming() bool {
	return s.Failures > 0 && (!s.Failure.Passing || s.Failures >= patience)
}

// next returns the first look after that time by the schedule.
func (s Source) next(after time.Time, scale int64) time.Time {
	if scale > 1 || s.EveryHours > 0 {
		hours := s.EveryHours
		if hours == 0 {
			hours = 24
		}
		return after.Add(time.Duration(hours) * time.Hour / time.Duration(max(scale, 1)))
	}
	local := after.In(calendar.Zurich)
	minute := int(crc32.ChecksumIEEE([]byte(s.CompanyID)) % spread)
	next := time.Date(local.Year(), local.Month(), local.Day(), s.Hour, minute, 0, 0, calendar.Zurich)
	if !next.After(after) {
		next = time.Date(local.Year(), local.Month(), local.Day()+1, s.Hour, minute, 0, 0, calendar.Zurich)
	}
	return next.UTC()
}
