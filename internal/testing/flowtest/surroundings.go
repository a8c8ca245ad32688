package flowtest

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	collectionsteps "github.com/quittance/quittance/activities/collection"
	escalationsteps "github.com/quittance/quittance/activities/escalation"
	refundingsteps "github.com/quittance/quittance/activities/refunding"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
)

// Escalation names the steps that put something before a person.
var Escalation *escalationsteps.Activities

// Surroundings are what every random run has around its workflow: time, calls that go wrong, and persons who must decide.
type Surroundings struct {
	T          *rapid.T
	Mu         sync.Mutex // several activities run at once
	Now        time.Time
	Faults     map[string][]Fault // how the next calls of a step go wrong
	Slow       time.Duration      // how long a step takes
	Exceptions []*exception.Exception
	Env        *testsuite.TestWorkflowEnvironment
}

// Fault is how a call goes wrong.
type Fault string

// How a call goes wrong.
const (
	Fine       Fault = "" // it does not
	LostBefore Fault = "lost before it was done"
	LostAfter  Fault = "done, but the answer was lost"
	SaidNo     Fault = "refused"
)

// Happening is something that happens at some time.
type Happening struct {
	ID    string
	After time.Duration // since the beginning
	What  string
	Which int // of the pages or exceptions there are, or how much
	Done  bool
}

// Stand is what stands for an activity in a test.
type Stand struct{ Step, Does any }

// Begin makes the environment of the next run, which begins now, and lets happen in it what has not happened since start.
func (s *Surroundings) Begin(start time.Time, events []Happening, happen func(*Happening), register func(*testsuite.TestWorkflowEnvironment), stands ...Stand) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s.Env = suite.NewTestWorkflowEnvironment()
	s.Env.SetTestTimeout(time.Minute)
	s.Env.SetStartTime(s.Now)
	s.Env.SetWorkflowRunTimeout(365 * 24 * time.Hour)
	register(s.Env)
	for _, steps := range []any{&collectionsteps.Activities{}, &refundingsteps.Activities{}, &escalationsteps.Activities{}} {
		s.Env.RegisterActivity(steps)
	}
	s.Env.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Maybe()
	for _, step := range append(stands, Stand{Escalation.RaiseException, s.Raise}) {
		s.Env.OnActivity(step.Step, mock.Anything, mock.Anything).After(s.Slow).Return(step.Does).Maybe()
	}
	for i := range events {
		if e := &events[i]; !e.Done {
			s.Env.RegisterDelayedCallback(func() {
				e.Done = true
				happen(e)
			}, max(start.Add(e.After).Sub(s.Now), 0))
		}
	}
}

// Next is how the next call of a step goes wrong.
func (s *Surroundings) Next(step string) Fault {
	if len(s.Faults[step]) == 0 {
		return Fine
	}
	next := s.Faults[step][0]
	s.Faults[step] = s.Faults[step][1:]
	return next
}

// Call does something at Saferpay or in our books, which may go wrong.
func (s *Surroundings) Call(step string, do func() error) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	next := s.Next(step)
	var err error
	if next == Fine || next == LostAfter {
		err = do()
	}
	switch next {
	case Fine:
		return err
	case SaidNo:
		return ErrRefused
	default:
		return errors.New(string(next))
	}
}

// Raise records an exception, unless one of the kind about the subject is open.
func (s *Surroundings) Raise(_ context.Context, in escalationsteps.Raise) (escalationsteps.Raised, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for _, e := range s.Exceptions {
		if e.Open() && e.Kind == in.Kind && e.Subject == in.Subject {
			return escalationsteps.Raised{ExceptionID: e.ID}, nil
		}
	}
	e := exception.New(exception.Exception{Kind: in.Kind, Subject: in.Subject, WorkflowID: in.WorkflowID, Choices: in.Choices}, s.Env.Now())
	s.Exceptions = append(s.Exceptions, &e)
	return escalationsteps.Raised{ExceptionID: e.ID}, nil
}

// Decided records a decision, and returns the exception if it was open until now.
func (s *Surroundings) Decided(in escalationsteps.Resolve) (*exception.Exception, error) {
	i := slices.IndexFunc(s.Exceptions, func(e *exception.Exception) bool { return e.ID == in.ExceptionID })
	if i < 0 {
		return nil, refusal(problem.New(problem.NotFound, "no exception"))
	}
	e := s.Exceptions[i]
	open := e.Open()
	err := e.Resolve(in.Choice, in.Note, in.By, s.Env.Now())
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return nil, refusal(p)
	}
	if err != nil || !open {
		return nil, err
	}
	return e, nil
}

// refusal is the form in which a problem leaves an activity.
func refusal(p *problem.Error) error {
	return temporal.NewNonRetryableApplicationError(p.Detail, string(p.Code), nil, p.Fields)
}
