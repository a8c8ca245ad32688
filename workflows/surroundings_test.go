package workflows

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	collectionacts "github.com/quittance/quittance/activities/collection"
	escalationacts "github.com/quittance/quittance/activities/escalation"
	refundingacts "github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
)

// surroundings are what every random run has around its workflow: time, calls that go wrong, and persons who must decide.
type surroundings struct {
	t          *rapid.T
	mu         sync.Mutex // several activities run at once
	now        time.Time
	faults     map[string][]fault // how the next calls of a step go wrong
	slow       time.Duration      // how long a step takes
	exceptions []*exception.Exception
	env        *testsuite.TestWorkflowEnvironment
}

// fault is how a call goes wrong.
type fault string

const (
	fine       fault = ""
	lostBefore fault = "lost before it was done"
	lostAfter  fault = "done, but the answer was lost"
	saidNo     fault = "refused"
)

// happening is something that happens at some time.
type happening struct {
	id    string
	after time.Duration // since the beginning
	what  string
	which int // of the pages or exceptions there are, or how much
	done  bool
}

// stand is what stands for an activity in a test.
type stand struct{ name, does any }

// begin makes the environment of the next run, which begins now, and lets happen in it what has not happened since start.
func (s *surroundings) begin(start time.Time, events []happening, happen func(*happening), stands ...stand) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s.env = suite.NewTestWorkflowEnvironment()
	s.env.SetTestTimeout(time.Minute)
	s.env.SetStartTime(s.now)
	s.env.SetWorkflowRunTimeout(365 * 24 * time.Hour)
	Workflows{TimeScale: 1}.RegisterPayments(s.env)
	for _, steps := range []any{&collectionacts.Activities{}, &refundingacts.Activities{}, &escalationacts.Activities{}} {
		s.env.RegisterActivity(steps)
	}
	s.env.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Maybe()
	for _, step := range append(stands, stand{escalationStep.RaiseException, s.raise}) {
		s.env.OnActivity(step.name, mock.Anything, mock.Anything).After(s.slow).Return(step.does).Maybe()
	}
	for i := range events {
		if e := &events[i]; !e.done {
			s.env.RegisterDelayedCallback(func() {
				e.done = true
				happen(e)
			}, max(start.Add(e.after).Sub(s.now), 0))
		}
	}
}

// next is how the next call of a step goes wrong.
func (s *surroundings) next(step string) fault {
	if len(s.faults[step]) == 0 {
		return fine
	}
	next := s.faults[step][0]
	s.faults[step] = s.faults[step][1:]
	return next
}

// call does something at Saferpay or in our books, which may go wrong.
func (s *surroundings) call(step string, do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.next(step)
	var err error
	if next == fine || next == lostAfter {
		err = do()
	}
	switch next {
	case fine:
		return err
	case saidNo:
		return errRefused
	default:
		return errors.New(string(next))
	}
}

func (s *surroundings) raise(_ context.Context, in escalationacts.Raise) (escalationacts.Raised, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.exceptions {
		if e.Open() && e.Kind == in.Kind && e.Subject == in.Subject {
			return escalationacts.Raised{ExceptionID: e.ID}, nil
		}
	}
	e := exception.New(exception.Exception{Kind: in.Kind, Subject: in.Subject, WorkflowID: in.WorkflowID, Choices: in.Choices}, s.env.Now())
	s.exceptions = append(s.exceptions, &e)
	return escalationacts.Raised{ExceptionID: e.ID}, nil
}

// decided records a decision, and returns the exception if it was open until now.
func (s *surroundings) decided(in escalationacts.Resolve) (*exception.Exception, error) {
	i := slices.IndexFunc(s.exceptions, func(e *exception.Exception) bool { return e.ID == in.ExceptionID })
	if i < 0 {
		return nil, refuse(problem.New(problem.NotFound, "no exception"))
	}
	e := s.exceptions[i]
	open := e.Open()
	err := e.Resolve(in.Choice, in.Note, in.By, s.env.Now())
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return nil, refuse(p)
	}
	if err != nil || !open {
		return nil, err
	}
	return e, nil
}
