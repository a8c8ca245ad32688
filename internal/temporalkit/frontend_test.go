package temporalkit

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/secrets"
)

// frontend is a Temporal frontend that hands out the tasks it is given and keeps every request that it receives, just
// as it came over the wire.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	operatorservice.UnimplementedOperatorServiceServer

	address       string
	workflowTasks chan *workflowservice.PollWorkflowTaskQueueResponse
	activityTasks chan *workflowservice.PollActivityTaskQueueResponse
	answered      chan proto.Message // what the worker made of a task

	mu            sync.Mutex
	requests      []proto.Message
	attributes    map[string]enumspb.IndexedValueType
	authorization string
	refuseAdding  error
	notSearchable int // how many more queries the new attributes are unknown to
	noNamespace   int // how many more times the namespace is not there
}

func startFrontend(t *testing.T) *frontend {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := &frontend{
		address:       listener.Addr().String(),
		workflowTasks: make(chan *workflowservice.PollWorkflowTaskQueueResponse),
		activityTasks: make(chan *workflowservice.PollActivityTaskQueueResponse),
		answered:      make(chan proto.Message, 10),
		attributes:    map[string]enumspb.IndexedValueType{},
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		f.mu.Lock()
		f.requests = append(f.requests, request.(proto.Message))
		headers, _ := metadata.FromIncomingContext(ctx)
		f.authorization = strings.Join(headers.Get("authorization"), ", ")
		f.mu.Unlock()
		answer, err := handle(ctx, request)
		return answer, serviceerror.ToStatus(err).Err()
	}))
	workflowservice.RegisterWorkflowServiceServer(server, f)
	operatorservice.RegisterOperatorServiceServer(server, f)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return f
}

func (f *frontend) dial(t *testing.T, keyring *secrets.Keyring) client.Client {
	t.Helper()
	c, err := New(config.Temporal{Address: f.address, Namespace: "default"}, keyring, slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// lastAuthorization is what the last request showed.
func (f *frontend) lastAuthorization() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.authorization
}

// wire is everything that was received, in bytes: an unencrypted value would show in it.
func (f *frontend) wire(t *testing.T) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []byte
	for _, request := range f.requests {
		data, err := proto.Marshal(request)
		require.NoError(t, err)
		all = append(all, data...)
	}
	return string(all)
}

// received returns the requests of one type.
func received[T proto.Message](f *frontend) []T {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []T
	for _, request := range f.requests {
		if typed, ok := request.(T); ok {
			all = append(all, typed)
		}
	}
	return all
}

func (f *frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{
		SdkMetadata: true, EncodedFailureAttributes: true, SupportsSchedules: true, UpsertMemo: true, EagerWorkflowStart: true,
	}}, nil
}

func (f *frontend) DescribeNamespace(_ context.Context, request *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.noNamespace > 0 {
		f.noNamespace--
		return nil, serviceerror.NewNamespaceNotFound(request.GetNamespace())
	}
	return &workflowservice.DescribeNamespaceResponse{NamespaceInfo: &namespacepb.NamespaceInfo{Name: request.GetNamespace()}}, nil
}

func (f *frontend) StartWorkflowExecution(context.Context, *workflowservice.StartWorkflowExecutionRequest) (*workflowservice.StartWorkflowExecutionResponse, error) {
	return &workflowservice.StartWorkflowExecutionResponse{RunId: "run"}, nil
}

func (f *frontend) SignalWorkflowExecution(context.Context, *workflowservice.SignalWorkflowExecutionRequest) (*workflowservice.SignalWorkflowExecutionResponse, error) {
	return &workflowservice.SignalWorkflowExecutionResponse{}, nil
}

func (f *frontend) QueryWorkflow(_ context.Context, request *workflowservice.QueryWorkflowRequest) (*workflowservice.QueryWorkflowResponse, error) {
	return &workflowservice.QueryWorkflowResponse{QueryResult: request.GetQuery().GetQueryArgs()}, nil
}

// UpdateWorkflowExecution answers with the arguments of the update as its result.
func (f *frontend) UpdateWorkflowExecution(_ context.Context, request *workflowservice.UpdateWorkflowExecutionRequest) (*workflowservice.UpdateWorkflowExecutionResponse, error) {
	return &workflowservice.UpdateWorkflowExecutionResponse{
		UpdateRef: &updatepb.UpdateRef{WorkflowExecution: request.GetWorkflowExecution(), UpdateId: "update"},
		Stage:     enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED,
		Outcome:   &updatepb.Outcome{Value: &updatepb.Outcome_Success{Success: request.GetRequest().GetInput().GetArgs()}},
	}, nil
}

func (f *frontend) PollWorkflowTaskQueue(ctx context.Context, _ *workflowservice.PollWorkflowTaskQueueRequest) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	select {
	case task := <-f.workflowTasks:
		return task, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *frontend) PollActivityTaskQueue(ctx context.Context, _ *workflowservice.PollActivityTaskQueueRequest) (*workflowservice.PollActivityTaskQueueResponse, error) {
	select {
	case task := <-f.activityTasks:
		return task, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *frontend) RespondWorkflowTaskCompleted(_ context.Context, request *workflowservice.RespondWorkflowTaskCompletedRequest) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	f.answered <- request
	return &workflowservice.RespondWorkflowTaskCompletedResponse{}, nil
}

func (f *frontend) RespondWorkflowTaskFailed(_ context.Context, request *workflowservice.RespondWorkflowTaskFailedRequest) (*workflowservice.RespondWorkflowTaskFailedResponse, error) {
	f.answered <- request
	return &workflowservice.RespondWorkflowTaskFailedResponse{}, nil
}

func (f *frontend) RespondQueryTaskCompleted(_ context.Context, request *workflowservice.RespondQueryTaskCompletedRequest) (*workflowservice.RespondQueryTaskCompletedResponse, error) {
	f.answered <- request
	return &workflowservice.RespondQueryTaskCompletedResponse{}, nil
}

func (f *frontend) RecordActivityTaskHeartbeat(context.Context, *workflowservice.RecordActivityTaskHeartbeatRequest) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	return &workflowservice.RecordActivityTaskHeartbeatResponse{}, nil
}

func (f *frontend) RespondActivityTaskCompleted(_ context.Context, request *workflowservice.RespondActivityTaskCompletedRequest) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	f.answered <- request
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

func (f *frontend) RespondActivityTaskFailed(_ context.Context, request *workflowservice.RespondActivityTaskFailedRequest) (*workflowservice.RespondActivityTaskFailedResponse, error) {
	f.answered <- request
	return &workflowservice.RespondActivityTaskFailedResponse{}, nil
}

func (f *frontend) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: f.attributes}, nil
}

func (f *frontend) AddSearchAttributes(_ context.Context, request *operatorservice.AddSearchAttributesRequest) (*operatorservice.AddSearchAttributesResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuseAdding != nil {
		return nil, f.refuseAdding
	}
	added := map[string]enumspb.IndexedValueType{}
	for name, kind := range f.attributes {
		added[name] = kind
	}
	for name, kind := range request.GetSearchAttributes() {
		added[name] = kind
	}
	f.attributes = added
	return &operatorservice.AddSearchAttributesResponse{}, nil
}

func (f *frontend) CountWorkflowExecutions(context.Context, *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.notSearchable > 0 {
		f.notSearchable--
		return nil, serviceerror.NewInvalidArgument("invalid query: column name 'CompanyId' is not a valid search attribute")
	}
	return &workflowservice.CountWorkflowExecutionsResponse{}, nil
}

func execution() *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: "invoice/inv_1", RunId: "0198f7a0-0000-7000-8000-000000000000"}
}
