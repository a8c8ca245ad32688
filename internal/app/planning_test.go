package app

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/id"
)

// planned is a Temporal with schedules. It notes what is done to them.
type planned struct {
	*mocks.Client
	done []string
}

// listed are schedules that are there.
type listed struct{ left []string }

func (l *listed) HasNext() bool { return len(l.left) > 0 }

func (l *listed) Next() (*client.ScheduleListEntry, error) {
	next := &client.ScheduleListEntry{ID: l.left[0]}
	l.left = l.left[1:]
	return next, nil
}

// deployment is that of the worker.
type deployment struct {
	client.WorkerDeploymentHandle
	current *worker.WorkerDeploymentVersion
	err     error
}

func (d deployment) Describe(context.Context, client.WorkerDeploymentDescribeOptions) (client.WorkerDeploymentDescribeResponse, error) {
	return client.WorkerDeploymentDescribeResponse{
		Info: client.WorkerDeploymentInfo{RoutingConfig: client.WorkerDeploymentRoutingConfig{CurrentVersion: d.current}},
	}, d.err
}

func plannedWith(t *testing.T, there ...string) *planned {
	t.Helper()
	p := &planned{Client: mocks.NewClient(t)}
	schedules := mocks.NewScheduleClient(t)
	p.On("ScheduleClient").Return(schedules).Maybe()
	schedules.On("List", mock.Anything, mock.Anything).Return(&listed{left: there}, nil).Maybe()
	schedules.On("Create", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		p.done = append(p.done, "planned "+args.Get(1).(client.ScheduleOptions).ID)
	}).Return(nil, temporal.ErrScheduleAlreadyRunning).Maybe() // another worker was faster, which makes no difference
	for _, schedule := range there {
		handle := mocks.NewScheduleHandle(t)
		schedules.On("GetHandle", mock.Anything, schedule).Return(handle).Maybe()
		handle.On("Delete", mock.Anything).Run(func(mock.Arguments) { p.done = append(p.done, "ended "+schedule) }).Return(serviceerror.NewNotFound("so was it here")).Maybe()
	}
	return p
}

func (p *planned) look(t *testing.T, buildID string) {
	t.Helper()
	cfg := config.Config{TimeScale: 1}
	cfg.Worker.BuildID, cfg.Worker.DeploymentName = buildID, "quittance"
	require.NoError(t, newPlanning(p, cfg, slog.New(slog.DiscardHandler)).look(t.Context()))
}

func TestWhatIsDailyIsPlannedBeforeSchedulesOfPaymentServicesEnd(t *testing.T) {
	t.Parallel()
	service := id.New(id.PaymentService)
	p := plannedWith(t, "retention", "sweep/"+service, "somebody-elses", "health/"+service, "sweep/bucket-00", "sweep/psv_of_somebody")
	p.look(t, "")
	require.Len(t, p.done, 66, "64 planned, since retention is listed before; two ended")
	ended := slices.Index(p.done, "ended sweep/"+service)
	assert.Greater(t, ended, slices.Index(p.done, "planned health/bucket-31"))
	assert.Contains(t, p.done, "ended health/"+service)
}

func TestWhatIsThereIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	var all []string
	for _, options := range newPlanning(nil, config.Config{TimeScale: 1}, nil).daily {
		all = append(all, options.ID)
	}
	assert.Len(t, all, 65)
	p := plannedWith(t, all...)
	p.look(t, "")
	assert.Empty(t, p.done)
}

func TestAVersionThatIsNotCurrentPlansNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		current *worker.WorkerDeploymentVersion
		err     error
		plans   bool
	}{
		{nil, nil, false},
		{nil, serviceerror.NewNotFound("nobody has polled yet"), false},
		{&worker.WorkerDeploymentVersion{DeploymentName: "quittance", BuildID: "1"}, nil, false},
		{&worker.WorkerDeploymentVersion{DeploymentName: "quittance", BuildID: "2"}, nil, true},
	} {
		p := plannedWith(t, "sweep/"+id.New(id.PaymentService))
		deployments := mocks.NewWorkerDeploymentClient(t)
		p.On("WorkerDeploymentClient").Return(deployments)
		deployments.On("GetHandle", "quittance").Return(deployment{current: c.current, err: c.err})
		p.look(t, "2")
		assert.Equal(t, c.plans, len(p.done) > 0)
	}
}
