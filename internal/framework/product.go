package framework

import (
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Product is one product as the provider serves it: all that the provider block,
// the environment and the schema have to know of it. The nouns of its messages
// come with the service that Connect gives ([membership.Traits]).
type Product struct {
	// Name is the name of its block in the provider configuration, as in "blink".
	Name string
	// Title is its name for people, as in "Blink".
	Title string
	// Description says in Markdown what its block is for.
	Description string
	// Settings are the attributes of the block.
	Settings []Setting
	// Connect turns the settings into a client. It is called only where all
	// required ones are there and all are valid, and makes no call.
	Connect func(Values) Access

	Resources   []Resource
	DataSources []DataReader

	// Doctor is what roster-doctor tries of the product. The provider makes no use
	// of it.
	Doctor doctor.Examination
}

// Resource describes one resource of a product, in one of the forms that this
// package has.
type Resource interface {
	// New gives the resource; product is the name of the product's block.
	New(product string) resource.Resource
	// NewList gives the list resource for `terraform query`; nil where there is none.
	NewList(product string) list.ListResource
	// Names tells the core how the configuration language calls the resource.
	Names(*membership.Vocabulary)
}

// DataReader describes one data source of a product: a [DataSource].
type DataReader interface {
	// New gives the data source; product is the name of the product's block.
	New(product string) datasource.DataSource
}

// Setting is one attribute of a product's block, with the environment variable
// that it falls back to. All are strings. White space around a value is removed,
// wherever the value comes from.
type Setting struct {
	// Attribute is its name in the block, as in "api_key".
	Attribute string
	// Variable is the environment variable, as in "BLINK_API_KEY".
	Variable string
	// Description says in Markdown what it is, in one or more sentences.
	Description string
	// Required makes it an error on a resource where there is no value.
	Required bool
	// Sensitive values are shown nowhere: not by Terraform, in no log, in no error.
	Sensitive bool
	// Default is the value where neither the block nor the environment has one.
	Default string
	// Parse says what is wrong with a value, and gives it as it is used; nil takes
	// every value.
	Parse func(string) (string, error)
}

// Values are the settings of a product by attribute. What is optional and was
// not given is "".
type Values map[string]string

// Access is how a product is reached with its settings.
type Access struct {
	// Endpoint is the base URL.
	Endpoint string
	// Authenticate puts the credentials on a request.
	Authenticate func(*http.Request)
	// Open gives the product's service. The client that it is given sends the
	// requests, with the credentials.
	Open func(*http.Client) (membership.Service, error)
}

// Block gives the schema of the product's block.
func (p Product) Block() schema.SingleNestedAttribute {
	attributes := map[string]schema.Attribute{}
	for _, s := range p.Settings {
		fallback := fmt.Sprintf(" Falls back to the environment variable `%s`", s.Variable)
		if s.Default != "" {
			fallback += fmt.Sprintf(", and then to `%s`", s.Default)
		}
		attributes[s.Attribute] = schema.StringAttribute{
			Optional:            true,
			Sensitive:           s.Sensitive,
			MarkdownDescription: s.Description + fallback + ".",
			Validators:          []validator.String{s.validator()},
		}
	}
	return schema.SingleNestedAttribute{Optional: true, MarkdownDescription: p.Description, Attributes: attributes}
}

// Naming tells how the configuration language calls the product's resources.
func (p Product) Naming() membership.Vocabulary {
	n := vocabulary()
	for _, r := range p.Resources {
		r.Names(&n)
	}
	return n
}

// Secrets gives the values that are shown nowhere.
func (p Product) Secrets(v Values) []string {
	var secrets []string
	for _, s := range p.Settings {
		if s.Sensitive && v[s.Attribute] != "" {
			secrets = append(secrets, v[s.Attribute])
		}
	}
	return secrets
}

// Read reads the settings: from the block, else from the environment, else the
// default. Faults says what is missing and what the environment has wrong, for
// the resources that need the product. The diagnostics are about the block.
func (p Product) Read(block types.Object) (v Values, unknown bool, faults, diags diag.Diagnostics) {
	v = Values{}
	unknown = block.IsUnknown()
	for _, s := range p.Settings {
		given, _ := block.Attributes()[s.Attribute].(types.String)
		name := p.Name + "." + s.Attribute
		if given.IsUnknown() {
			unknown = true
			continue
		}
		fromBlock := !given.IsNull()
		text := given.ValueString()
		if !fromBlock {
			text = strings.TrimSpace(os.Getenv(s.Variable))
		}
		switch {
		case text != "" || fromBlock:
			parsed, err := s.parse(text)
			if err != nil && fromBlock {
				diags.Append(s.validator().refusal(path.Root(p.Name).AtName(s.Attribute), err))
			} else if err != nil {
				faults.AddError("Invalid provider setting",
					fmt.Sprintf("The environment variable %s, which is used for %s, is not valid: %s.", s.Variable, name, err))
			}
			v[s.Attribute] = parsed
		case s.Required:
			faults.AddError(fmt.Sprintf("Missing %s", name),
				fmt.Sprintf("The provider setting %s is missing. Set it in the provider block, or set the environment variable %s. All resources and data sources of %s need it.", name, s.Variable, p.Title))
		default:
			v[s.Attribute] = s.Default
		}
	}
	return v, unknown, faults, diags
}

// parse gives a value as it is used.
func (s Setting) parse(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", fmt.Errorf("the value is empty: set one, or remove the attribute so that the environment variable %s is used", s.Variable)
	case s.Parse == nil:
		return text, nil
	default:
		return s.Parse(text)
	}
}

// validator checks the setting in the block. What is not known yet, and what the
// environment says, is checked when the provider is configured.
func (s Setting) validator() checked {
	return checked{what: "a valid setting", check: func(text string) error {
		_, err := s.parse(text)
		return err
	}}
}
