package protocol

import (
	"context"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
	"github.com/tf-roster/terraform-provider-roster/internal/protocol/history"
)

// Activity is told of every request. Its methods are called from many
// goroutines at a time and return at once.
type Activity interface {
	// Begin notes that a request has begun; end, which is called once, that it
	// is over. A request whose results are streamed is over when the stream is.
	Begin() (end func())
	// Applying notes that an ApplyResourceChange was received.
	Applying()
	// Validated notes that a ValidateResourceConfig was received, Planned that a
	// PlanResourceChange was.
	Validated()
	Planned()
	// Configured notes that a ConfigureProvider was received: a new walk, so
	// that applying starts anew. plansTwice is true where Terraform may plan a
	// resource, refresh it, and plan it once more in one walk.
	Configured(plansTwice bool)
	// Resumed notes that this walk plans what an earlier one of the same run has
	// planned already: unless something else says that it plans, it applies.
	Resumed()
}

// Option changes how requests are served.
type Option func(*server)

// WithoutLogs hides the loggers from those who serve a request. The framework sets
// fields of its logger for each attribute that it visits, also where nothing is
// logged: a tenth of what a plan computes.
func WithoutLogs() Option { return func(s *server) { s.withoutLogs = true } }

// Server has what this provider serves. The framework's own server can also do
// actions and state stores, of which the provider has none.
type Server interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

// New gives a server that forwards every request to inner, the framework's, without
// the large values that are carried past it (package bulk). The history is nil where
// Terraform does not start a process for each walk.
func New(inner tfprotov6.ProviderServer, a Activity, h *history.History, options ...Option) Server {
	s := &server{inner: inner.(Server), activity: a, history: h, running: map[*scope]struct{}{}} //nolint:errcheck // the framework's server has list resources
	for _, o := range options {
		o(s)
	}
	return s
}

type server struct {
	inner    Server
	activity Activity
	history  *history.History
	// settings is the provider's configuration.
	settings atomic.Pointer[tfprotov6.DynamicValue]
	// known is what the schemas say is carried; nil before they were asked for.
	known       atomic.Pointer[layouts]
	withoutLogs bool

	mu      sync.Mutex
	running map[*scope]struct{}
	// stopped is true from a StopProvider to the next ConfigureProvider.
	stopped bool
}

// layouts are what is carried of each kind of value, by type name.
type layouts struct {
	provider               *bulk.Layout
	resources, dataSources map[string]*bulk.Layout
}

func layoutsOf(schemas *tfprotov6.GetProviderSchemaResponse) *layouts {
	l := &layouts{provider: bulk.LayoutOf(schemas.Provider.ValueType()), resources: map[string]*bulk.Layout{}, dataSources: map[string]*bulk.Layout{}}
	for name, schema := range schemas.ResourceSchemas {
		l.resources[name] = bulk.LayoutOf(schema.ValueType())
	}
	for name, schema := range schemas.DataSourceSchemas {
		l.dataSources[name] = bulk.LayoutOf(schema.ValueType())
	}
	return l
}

// layouts gives what is carried. Terraform does not always ask for the schemas
// before anything else: it may have them from another process.
func (s *server) layouts(ctx context.Context) *layouts {
	if l := s.known.Load(); l != nil {
		return l
	}
	schemas, err := s.inner.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return &layouts{} // the request itself says what is wrong
	}
	s.known.CompareAndSwap(nil, layoutsOf(schemas))
	return s.known.Load()
}

// begin opens the scope of a request; end closes it, however often it is called.
func (s *server) begin(parent context.Context) (ctx context.Context, end func()) {
	over := s.activity.Begin()
	if s.withoutLogs {
		parent = valueless{parent}
	}
	scope := newScope(parent)
	s.mu.Lock()
	s.running[scope] = struct{}{}
	s.mu.Unlock()
	return scope, sync.OnceFunc(func() {
		scope.end()
		s.mu.Lock()
		delete(s.running, scope)
		if len(s.running) == 0 {
			s.forget(scope)
		}
		s.mu.Unlock()
		over()
	})
}

// forget lets the framework drop the contexts of all requests so far, which it keeps
// in order to cancel them. No request is running, and the caller holds the lock until
// this is done: a request that began meanwhile would be cancelled with them.
func (s *server) forget(over *scope) {
	_, _ = s.inner.StopProvider(over, &tfprotov6.StopProviderRequest{}) // there is nothing to stop
}

// stop cancels every request that is running.
func (s *server) stop() {
	s.mu.Lock()
	s.stopped = true
	running := make([]*scope, 0, len(s.running))
	for scope := range s.running {
		running = append(running, scope)
	}
	s.mu.Unlock()
	for _, scope := range running {
		scope.cancel(context.Canceled)
	}
}

// forwardUnlessStopped is forward for what changes something, or leads to a
// change: Terraform goes on from a resource's plan to its apply even after it
// has said to stop, and whatever comes then comes cancelled.
func forwardUnlessStopped[Req, Resp any](ctx context.Context, s *server, rpc func(context.Context, Req) (Resp, error), req Req) (Resp, error) {
	ctx, end := s.begin(ctx)
	defer end()
	s.mu.Lock()
	stopped := s.stopped
	s.mu.Unlock()
	if scope, ok := ctx.(*scope); ok && stopped {
		scope.cancel(context.Canceled)
	}
	return rpc(ctx, req)
}

// configured ends what a StopProvider began, and begins a walk.
func (s *server) configured(settings *tfprotov6.DynamicValue) {
	s.settings.Store(settings)
	s.history.Configured()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = false
}

// minimalRefresh is the first Terraform that has plan -minimal-refresh.
var minimalRefresh = version.Must(version.NewVersion("1.17.0"))

// plansTwice tells whether a Terraform may plan a resource twice in one walk.
func plansTwice(terraform string) bool {
	v, err := version.NewVersion(terraform)
	return err == nil && v.Core().GreaterThanOrEqual(minimalRefresh)
}

// creation names a change in the history where it creates a resource; the zero
// value where it does not.
func (s *server) creation(typeName string, prior, config *tfprotov6.DynamicValue) history.Creation {
	if prior == nil || config == nil || s.history == nil {
		return history.Creation{}
	}
	if null, err := prior.IsNull(); err != nil || !null {
		return history.Creation{}
	}
	settings := s.settings.Load()
	if settings == nil {
		settings = &tfprotov6.DynamicValue{}
	}
	return history.NewCreation(typeName, settings.MsgPack, settings.JSON, config.MsgPack, config.JSON)
}

// forward sends a request on within a scope of its own.
func forward[Req, Resp any](ctx context.Context, s *server, rpc func(context.Context, Req) (Resp, error), req Req) (Resp, error) {
	ctx, end := s.begin(ctx)
	defer end()
	return rpc(ctx, req)
}

// carried gives an RPC that passes on a copy of its request, in which stow has replaced
// what the layout says is carried, and puts that back into the value of the answer
// (nil: the answer has none). Where nothing is carried, the request itself is passed on.
func carried[Req, Resp any](s *server, layout func(*layouts) *bulk.Layout, rpc func(context.Context, *Req) (*Resp, error), stow func(*bulk.Hold, *Req), value func(*Resp) **tfprotov6.DynamicValue) func(context.Context, *Req) (*Resp, error) {
	return func(ctx context.Context, req *Req) (*Resp, error) {
		ctx, hold := layout(s.layouts(ctx)).Open(ctx)
		defer hold.Empty()
		if hold != nil {
			edited := *req
			stow(hold, &edited)
			req = &edited
		}
		resp, err := rpc(ctx, req)
		if err == nil && value != nil {
			v := value(resp)
			*v, err = hold.Unload(*v)
		}
		return resp, err
	}
}

func ofProvider(l *layouts) *bulk.Layout { return l.provider }

func ofResource(typeName string) func(*layouts) *bulk.Layout {
	return func(l *layouts) *bulk.Layout { return l.resources[typeName] }
}

func ofDataSource(typeName string) func(*layouts) *bulk.Layout {
	return func(l *layouts) *bulk.Layout { return l.dataSources[typeName] }
}

// lasting calls end when the results have been read, to their end or not, or when
// the context ends before anybody has begun to read, or when nobody is left who
// could.
func lasting(ctx context.Context, results iter.Seq[tfprotov6.ListResourceResult], end func()) iter.Seq[tfprotov6.ListResourceResult] {
	reader := &struct{ stop func() bool }{stop: context.AfterFunc(ctx, end)}
	runtime.AddCleanup(reader, func(end func()) { end() }, end)
	return func(yield func(tfprotov6.ListResourceResult) bool) {
		defer end()
		// From here on the reader says when it is over, not the context.
		reader.stop()
		results(yield)
		runtime.KeepAlive(reader)
	}
}
