package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

func TestMain(m *testing.M) { acctest.Main(m) }

// described is a provider that serves what it is told.
type described struct {
	tfprotov6.ProviderServer
	schema     tfprotov6.GetProviderSchemaResponse
	identities map[string]*tfprotov6.ResourceIdentitySchema
}

func (d described) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &d.schema, nil
}

func (d described) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{IdentitySchemas: d.identities}, nil
}

func TestEveryKindIsWritten(t *testing.T) {
	t.Parallel()
	thing := &tfprotov6.Schema{Version: 2, Block: &tfprotov6.SchemaBlock{
		Description:     "A *thing*.",
		DescriptionKind: tfprotov6.StringKindMarkdown,
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "roles", Type: tftypes.Map{ElementType: tftypes.String}, Optional: true, Description: "Roles."},
			{Name: "people", Computed: true, NestedType: &tfprotov6.SchemaObject{
				Nesting:    tfprotov6.SchemaObjectNestingModeMap,
				Attributes: []*tfprotov6.SchemaAttribute{{Name: "key", Type: tftypes.String, Computed: true, Sensitive: true}},
			}},
		},
		BlockTypes: []*tfprotov6.SchemaNestedBlock{{
			TypeName: "rule", Nesting: tfprotov6.SchemaNestedBlockNestingModeList, MaxItems: 3,
			Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{{Name: "on", Type: tftypes.Bool, Required: true}}},
		}},
	}}
	out, err := export(t.Context(), described{
		schema: tfprotov6.GetProviderSchemaResponse{
			ResourceSchemas:     map[string]*tfprotov6.Schema{"roster_thing": thing},
			ListResourceSchemas: map[string]*tfprotov6.Schema{"roster_thing": {Block: &tfprotov6.SchemaBlock{}}},
			DataSourceSchemas:   map[string]*tfprotov6.Schema{"roster_other": {}},
			Functions: map[string]*tfprotov6.Function{"turn": {
				Summary:           "Turns.",
				Parameters:        []*tfprotov6.FunctionParameter{{Name: "map", Type: tftypes.Map{ElementType: tftypes.Set{ElementType: tftypes.String}}, AllowNullValue: true}},
				VariadicParameter: &tfprotov6.FunctionParameter{Name: "rest", Type: tftypes.Number},
				Return:            &tfprotov6.FunctionReturn{Type: tftypes.DynamicPseudoType},
			}},
		},
		identities: map[string]*tfprotov6.ResourceIdentitySchema{"roster_thing": {
			Version:            1,
			IdentityAttributes: []*tfprotov6.ResourceIdentitySchemaAttribute{{Name: "id", Type: tftypes.String, RequiredForImport: true, Description: "The id."}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"format_version":"1.0","provider_schemas":{"registry.terraform.io/hashicorp/roster":{
		"provider":{"version":0,"block":{"description_kind":"plain"}},
		"resource_schemas":{"roster_thing":{"version":2,"block":{
			"attributes":{
				"roles":{"type":["map","string"],"description":"Roles.","description_kind":"plain","optional":true},
				"people":{"nested_type":{"attributes":{"key":{"type":"string","description_kind":"plain","computed":true,"sensitive":true}},"nesting_mode":"map"},"description_kind":"plain","computed":true}
			},
			"block_types":{"rule":{"nesting_mode":"list","max_items":3,"block":{"attributes":{"on":{"type":"bool","description_kind":"plain","required":true}},"description_kind":"plain"}}},
			"description":"A *thing*.","description_kind":"markdown"}}},
		"data_source_schemas":{"roster_other":{"version":0,"block":{"description_kind":"plain"}}},
		"list_resource_schemas":{"roster_thing":{"version":0,"block":{"description_kind":"plain"}}},
		"functions":{"turn":{"summary":"Turns.","return_type":"dynamic",
			"parameters":[{"name":"map","is_nullable":true,"type":["map",["set","string"]]}],
			"variadic_parameter":{"name":"rest","type":"number"}}},
		"resource_identity_schemas":{"roster_thing":{"version":1,"attributes":{"id":{"type":"string","description":"The id.","required_for_import":true}}}}
	}}}`
	if diff := cmp.Diff(decode(t, []byte(want)), decode(t, out)); diff != "" {
		t.Errorf("the export differs (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		schema tfprotov6.GetProviderSchemaResponse
		want   string
	}{
		"an action": {
			tfprotov6.GetProviderSchemaResponse{ActionSchemas: map[string]*tfprotov6.ActionSchema{"roster_do": {}}},
			"actions or state stores",
		},
		"a provider that fails": {
			tfprotov6.GetProviderSchemaResponse{Diagnostics: []*tfprotov6.Diagnostic{{Severity: tfprotov6.DiagnosticSeverityError, Summary: "Broken", Detail: "No."}}},
			"Broken: No.",
		},
		"a nesting without a name": {
			tfprotov6.GetProviderSchemaResponse{ResourceSchemas: map[string]*tfprotov6.Schema{"roster_thing": {Block: &tfprotov6.SchemaBlock{
				Attributes: []*tfprotov6.SchemaAttribute{{Name: "odd", NestedType: &tfprotov6.SchemaObject{}}},
			}}}},
			"odd has the nesting INVALID",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := export(t.Context(), described{schema: c.schema})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want one with %q", err, c.want)
			}
		})
	}
}

// Where Terraform tells of something, it tells the same. An older one does not
// tell of everything, which is why this program is there.
func TestAccExportIsWhatTerraformShows(t *testing.T) {
	acctest.Needed(t)
	c := acctest.New(t, nil)
	c.Write("main.tf", "")
	shown := []byte(c.OK("providers", "schema", "-json").Stdout)
	exported, err := export(t.Context(), provider.NewServer("test"))
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := only(t, exported), only(t, shown)
	if len(theirs) == 0 {
		t.Fatal("Terraform shows nothing")
	}
	for kind, want := range theirs {
		if diff := cmp.Diff(want, ours[kind]); diff != "" {
			t.Errorf("%s differ (-terraform +export):\n%s", kind, diff)
		}
	}
}

// only gives the one provider's schemas in a document, by kind.
func only(t *testing.T, document []byte) map[string]any {
	t.Helper()
	schemas, _ := decode(t, document)["provider_schemas"].(map[string]any)
	if len(schemas) != 1 {
		t.Fatalf("the document has %d providers, want one", len(schemas))
	}
	for _, schema := range schemas {
		kinds, _ := schema.(map[string]any)
		return kinds
	}
	return nil
}

func decode(t *testing.T, document []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(document, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
