package protocol

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// testProvider has one resource that does nothing, and its list.
type testProvider struct{}

func (*testProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "test"
}
func (*testProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (*testProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (*testProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (*testProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &testResource{} }}
}

func (*testProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{func() list.ListResource { return &testList{} }}
}

type testResource struct{}

func (*testResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "test_thing"
}

func (*testResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{"id": schema.StringAttribute{Computed: true}}}
}

func (*testResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{"id": identityschema.StringAttribute{RequiredForImport: true}}}
}
func (*testResource) Create(context.Context, resource.CreateRequest, *resource.CreateResponse) {}
func (*testResource) Read(ctx context.Context, _ resource.ReadRequest, resp *resource.ReadResponse) {
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), "1")...)
}
func (*testResource) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (*testResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

type testList struct{ testResource }

func (*testList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = listschema.Schema{}
}

// List gives three results, and an error where its request is over already.
func (*testList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		for i := range 3 {
			result := req.NewListResult(ctx)
			if ctx.Err() != nil || ctx.Value(key{}) == nil {
				result.Diagnostics = diag.Diagnostics{diag.NewErrorDiagnostic("The request is over", fmt.Sprint(ctx.Err()))}
			}
			result.DisplayName = fmt.Sprint("thing ", i)
			result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root("id"), fmt.Sprint(i))...)
			if !push(result) {
				return
			}
		}
	}
}

func thing(t *testing.T) *tfprotov6.DynamicValue {
	t.Helper()
	of := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}}
	v, err := tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, map[string]tftypes.Value{"id": tftypes.NewValue(tftypes.String, "1")}))
	if err != nil {
		t.Fatal(err)
	}
	return &v
}

const (
	manyReads = 10_000
	manyLists = 2_000 // each takes longer
	// hanging is what hangs on the context of one request here, in bytes. In
	// Terraform it is more: loggers, the stream, and the message.
	hanging = 8 << 10
	// mostHeld is what may be left of one request on average while another one is
	// running: a quarter of what hangs on it. It is a few hundred bytes of the
	// framework's own. Otherwise it is nothing.
	mostHeld, nothing = hanging / 4, 16
)

// heldAfter gives how many bytes of each of n requests are still in use when
// the real framework server has answered them.
func heldAfter(t *testing.T, n int, s tfprotov6.ProviderServer, one func(ctx context.Context, t *testing.T, s tfprotov6.ProviderServer)) int64 {
	t.Helper()
	request := func() {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, make([]byte, hanging)))
		defer cancel()
		one(ctx, t, s)
	}
	request()
	before := inUse()
	for range n {
		request()
	}
	after := inUse()
	runtime.KeepAlive(s)
	return (after - before) / int64(n)
}

// running begins a request that goes on until its end is asked for.
func running(t *testing.T, s Server) (end func()) {
	t.Helper()
	resp, err := s.ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: "test_thing", Config: &tfprotov6.DynamicValue{MsgPack: []byte{0x80}}})
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		for range resp.Results {
			break
		}
	}
}

func inUse() int64 {
	// Twice, since what has a cleanup goes only with the second.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestMemoryStaysFlat(t *testing.T) {
	state, config := thing(t), tfprotov6.DynamicValue{MsgPack: []byte{0x80}}
	for name, test := range map[string]struct {
		n   int
		one func(ctx context.Context, t *testing.T, s tfprotov6.ProviderServer)
	}{
		"reading": {manyReads, func(ctx context.Context, t *testing.T, s tfprotov6.ProviderServer) {
			t.Helper()
			resp, err := s.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: "test_thing", CurrentState: state})
			if err != nil || len(resp.Diagnostics) > 0 {
				t.Fatal(err, resp)
			}
		}},
		"listing": {manyLists, func(ctx context.Context, t *testing.T, s tfprotov6.ProviderServer) {
			t.Helper()
			lister, ok := s.(tfprotov6.ListResourceServer)
			if !ok {
				t.Fatalf("%T does not list", s)
			}
			resp, err := lister.ListResource(ctx, &tfprotov6.ListResourceRequest{TypeName: "test_thing", Config: &config})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for result := range resp.Results {
				for _, d := range result.Diagnostics {
					t.Fatal(d.Summary, d.Detail)
				}
				n++
			}
			if n != 3 {
				t.Fatalf("%d results", n)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bare := heldAfter(t, test.n, providerserver.NewProtocol6(&testProvider{})(), test.one)
			a := &tally{}
			s := New(providerserver.NewProtocol6(&testProvider{})(), a, nil)
			alone := heldAfter(t, test.n, s, test.one)
			if begun, ended := a.counts(); begun != test.n+1 || ended != begun {
				t.Errorf("begun %d, ended %d", begun, ended)
			}
			end := running(t, s)
			beside := heldAfter(t, test.n, s, test.one)
			end()
			t.Logf("of each of %d requests, %d bytes are left without the wrapper, %d with it, %d beside a request that is running", test.n, bare, alone, beside)
			if alone > nothing || beside > mostHeld {
				t.Errorf("%d and %d bytes of each of %d requests are left, want at most %d and %d", alone, beside, test.n, nothing, mostHeld)
			}
			if bare <= mostHeld || beside <= nothing {
				t.Errorf("the framework alone keeps %d and %d bytes only: this test shows nothing any more, and the wrapper may not be needed", bare, beside)
			}
		})
	}
}
