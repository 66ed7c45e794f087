package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// formatVersion is the version of the JSON shape, as `terraform providers
// schema -json` of Terraform 1.14 states it.
const formatVersion = "1.0"

// providerKey is the one full address under which tfplugindocs looks a schema
// up by the provider's short name.
const providerKey = "registry.terraform.io/hashicorp/roster"

type providerSchemas struct {
	FormatVersion string                    `json:"format_version"`
	Schemas       map[string]providerSchema `json:"provider_schemas"`
}

type providerSchema struct {
	Provider      *schema                   `json:"provider"`
	Resources     map[string]schema         `json:"resource_schemas,omitempty"`
	DataSources   map[string]schema         `json:"data_source_schemas,omitempty"`
	Ephemerals    map[string]schema         `json:"ephemeral_resource_schemas,omitempty"`
	Functions     map[string]signature      `json:"functions,omitempty"`
	Identities    map[string]identitySchema `json:"resource_identity_schemas,omitempty"`
	ListResources map[string]schema         `json:"list_resource_schemas,omitempty"`
}

type schema struct {
	Version int64  `json:"version"`
	Block   *block `json:"block"`
}

type block struct {
	Attributes      map[string]attribute   `json:"attributes,omitempty"`
	Blocks          map[string]nestedBlock `json:"block_types,omitempty"`
	Description     string                 `json:"description,omitempty"`
	DescriptionKind string                 `json:"description_kind"`
	Deprecated      bool                   `json:"deprecated,omitempty"`
}

type nestedBlock struct {
	Nesting  string `json:"nesting_mode"`
	Block    *block `json:"block"`
	MinItems int64  `json:"min_items,omitempty"`
	MaxItems int64  `json:"max_items,omitempty"`
}

type attribute struct {
	Type            json.RawMessage `json:"type,omitempty"`
	NestedType      *nestedType     `json:"nested_type,omitempty"`
	Description     string          `json:"description,omitempty"`
	DescriptionKind string          `json:"description_kind"`
	Deprecated      bool            `json:"deprecated,omitempty"`
	Required        bool            `json:"required,omitempty"`
	Optional        bool            `json:"optional,omitempty"`
	Computed        bool            `json:"computed,omitempty"`
	Sensitive       bool            `json:"sensitive,omitempty"`
	WriteOnly       bool            `json:"write_only,omitempty"`
}

type nestedType struct {
	Attributes map[string]attribute `json:"attributes"`
	Nesting    string               `json:"nesting_mode"`
}

type identitySchema struct {
	Version    int64                        `json:"version"`
	Attributes map[string]identityAttribute `json:"attributes"`
}

type identityAttribute struct {
	Type              json.RawMessage `json:"type"`
	Description       string          `json:"description,omitempty"`
	RequiredForImport bool            `json:"required_for_import,omitempty"`
	OptionalForImport bool            `json:"optional_for_import,omitempty"`
}

type signature struct {
	Description        string          `json:"description,omitempty"`
	Summary            string          `json:"summary,omitempty"`
	DeprecationMessage string          `json:"deprecation_message,omitempty"`
	ReturnType         json.RawMessage `json:"return_type"`
	Parameters         []parameter     `json:"parameters,omitempty"`
	VariadicParameter  *parameter      `json:"variadic_parameter,omitempty"`
}

type parameter struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	IsNullable  bool            `json:"is_nullable,omitempty"`
	Type        json.RawMessage `json:"type"`
}

// export gives everything that a provider serves in the JSON shape of
// `terraform providers schema -json`.
func export(ctx context.Context, server tfprotov6.ProviderServer) ([]byte, error) {
	served, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask the provider for its schema: %w", err)
	}
	if err := failed(served.Diagnostics); err != nil {
		return nil, fmt.Errorf("the provider's schema: %w", err)
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask the provider for its identity schemas: %w", err)
	}
	if err := failed(identities.Diagnostics); err != nil {
		return nil, fmt.Errorf("the provider's identity schemas: %w", err)
	}
	// Silently leaving something out would leave it out of the docs too.
	if len(served.ActionSchemas) > 0 || len(served.StateStoreSchemas) > 0 {
		return nil, errors.New("the provider serves actions or state stores, which this program does not write yet")
	}

	c := converter{}
	out := providerSchema{
		Provider:      c.schema(served.Provider),
		Resources:     c.schemas(served.ResourceSchemas),
		DataSources:   c.schemas(served.DataSourceSchemas),
		Ephemerals:    c.schemas(served.EphemeralResourceSchemas),
		ListResources: c.schemas(served.ListResourceSchemas),
		Functions:     c.signatures(served.Functions),
		Identities:    c.identities(identities.IdentitySchemas),
	}
	if c.err != nil {
		return nil, c.err
	}
	return json.MarshalIndent(providerSchemas{
		FormatVersion: formatVersion,
		Schemas:       map[string]providerSchema{providerKey: out},
	}, "", "  ")
}

// failed gives the first error among diagnostics.
func failed(diagnostics []*tfprotov6.Diagnostic) error {
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return fmt.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
	return nil
}

// converter turns protocol schemas into JSON shapes and keeps the first failure.
type converter struct{ err error }

func (c *converter) schemas(in map[string]*tfprotov6.Schema) map[string]schema {
	out := make(map[string]schema, len(in))
	for name, s := range in {
		out[name] = *c.schema(s)
	}
	return out
}

func (c *converter) schema(in *tfprotov6.Schema) *schema {
	if in == nil {
		return &schema{Block: &block{DescriptionKind: kind(tfprotov6.StringKindPlain)}}
	}
	return &schema{Version: in.Version, Block: c.block(in.Block)}
}

func (c *converter) block(in *tfprotov6.SchemaBlock) *block {
	if in == nil {
		return &block{DescriptionKind: kind(tfprotov6.StringKindPlain)}
	}
	out := &block{
		Attributes:      c.attributes(in.Attributes),
		Blocks:          make(map[string]nestedBlock, len(in.BlockTypes)),
		Description:     in.Description,
		DescriptionKind: kind(in.DescriptionKind),
		Deprecated:      in.Deprecated,
	}
	for _, b := range in.BlockTypes {
		out.Blocks[b.TypeName] = nestedBlock{
			Nesting:  c.blockNesting(b),
			Block:    c.block(b.Block),
			MinItems: b.MinItems,
			MaxItems: b.MaxItems,
		}
	}
	return out
}

func (c *converter) attributes(in []*tfprotov6.SchemaAttribute) map[string]attribute {
	out := make(map[string]attribute, len(in))
	for _, a := range in {
		next := attribute{
			Description:     a.Description,
			DescriptionKind: kind(a.DescriptionKind),
			Deprecated:      a.Deprecated,
			Required:        a.Required,
			Optional:        a.Optional,
			Computed:        a.Computed,
			Sensitive:       a.Sensitive,
			WriteOnly:       a.WriteOnly,
		}
		if a.NestedType == nil {
			next.Type = c.typ(a.Type)
		} else {
			next.NestedType = &nestedType{
				Attributes: c.attributes(a.NestedType.Attributes),
				Nesting:    c.objectNesting(a.Name, a.NestedType.Nesting),
			}
		}
		out[a.Name] = next
	}
	return out
}

func (c *converter) identities(in map[string]*tfprotov6.ResourceIdentitySchema) map[string]identitySchema {
	out := make(map[string]identitySchema, len(in))
	for name, s := range in {
		attributes := make(map[string]identityAttribute, len(s.IdentityAttributes))
		for _, a := range s.IdentityAttributes {
			attributes[a.Name] = identityAttribute{
				Type:              c.typ(a.Type),
				Description:       a.Description,
				RequiredForImport: a.RequiredForImport,
				OptionalForImport: a.OptionalForImport,
			}
		}
		out[name] = identitySchema{Version: s.Version, Attributes: attributes}
	}
	return out
}

func (c *converter) signatures(in map[string]*tfprotov6.Function) map[string]signature {
	out := make(map[string]signature, len(in))
	for name, f := range in {
		next := signature{
			Description:        f.Description,
			Summary:            f.Summary,
			DeprecationMessage: f.DeprecationMessage,
			ReturnType:         c.typ(f.Return.Type),
		}
		for _, p := range f.Parameters {
			next.Parameters = append(next.Parameters, c.parameter(p))
		}
		if f.VariadicParameter != nil {
			variadic := c.parameter(f.VariadicParameter)
			next.VariadicParameter = &variadic
		}
		out[name] = next
	}
	return out
}

func (c *converter) parameter(in *tfprotov6.FunctionParameter) parameter {
	return parameter{
		Name:        in.Name,
		Description: in.Description,
		IsNullable:  in.AllowNullValue,
		Type:        c.typ(in.Type),
	}
}

func (c *converter) typ(in tftypes.Type) json.RawMessage {
	out, err := json.Marshal(in)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("write the type %s: %w", in, err)
	}
	return out
}

func (c *converter) objectNesting(name string, mode tfprotov6.SchemaObjectNestingMode) string {
	switch mode {
	case tfprotov6.SchemaObjectNestingModeSingle:
		return "single"
	case tfprotov6.SchemaObjectNestingModeList:
		return "list"
	case tfprotov6.SchemaObjectNestingModeSet:
		return "set"
	case tfprotov6.SchemaObjectNestingModeMap:
		return "map"
	default:
		c.unknownNesting(name, mode.String())
		return ""
	}
}

func (c *converter) blockNesting(in *tfprotov6.SchemaNestedBlock) string {
	switch in.Nesting {
	case tfprotov6.SchemaNestedBlockNestingModeSingle:
		return "single"
	case tfprotov6.SchemaNestedBlockNestingModeList:
		return "list"
	case tfprotov6.SchemaNestedBlockNestingModeSet:
		return "set"
	case tfprotov6.SchemaNestedBlockNestingModeMap:
		return "map"
	case tfprotov6.SchemaNestedBlockNestingModeGroup:
		return "group"
	default:
		c.unknownNesting(in.TypeName, in.Nesting.String())
		return ""
	}
}

func (c *converter) unknownNesting(name, mode string) {
	if c.err == nil {
		c.err = fmt.Errorf("%s has the nesting %s, which this program does not know", name, mode)
	}
}

func kind(in tfprotov6.StringKind) string {
	if in == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}
