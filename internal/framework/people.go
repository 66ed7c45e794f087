package framework

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Directory is a part of a tenant in which people (and groups) are looked up.
type Directory struct {
	Tenant *membership.Tenant
	// Kind narrows the directory to users or groups; "" does not.
	Kind membership.Kind
	// Where names the tenant in a phrase: "the tenant", "account 5001".
	Where string
	// Advice says what to do when a user or group is missing, as a sentence.
	Advice string
}

func (d Directory) has(p membership.Person) bool { return d.Kind == "" || p.Kind == d.Kind }

// noun is the word for one of those in the directory, nouns for several.
func (d Directory) noun() string {
	if d.Kind == "" {
		return "entity"
	}
	return string(d.Kind)
}

func (d Directory) nouns() string {
	if d.Kind == "" {
		return "entities"
	}
	return string(d.Kind) + "s"
}

// Everybody gives all people of the directory, in the order of the listing.
func (d Directory) Everybody() []membership.Person {
	out := make([]membership.Person, 0, len(d.Tenant.People))
	for _, p := range d.Tenant.People {
		if d.has(p) {
			out = append(out, p)
		}
	}
	return out
}

// byEmail gives those with an e-mail address, whatever its case. Entities that
// cannot be managed are listed, and not looked up.
func (d Directory) byEmail(email string) []membership.Person {
	return slices.DeleteFunc(d.Tenant.ByEmail(email), func(p membership.Person) bool { return !d.has(p) || !p.Kind.Managed() })
}

// Email gives the one person with an e-mail address, whatever its case.
func (d Directory) Email(email string) (membership.Person, diag.Diagnostics) {
	return d.one(d.byEmail(email), path.Root("email"), fmt.Sprintf("the e-mail address %q", email))
}

// Name gives the one person (or group) with exactly this name.
func (d Directory) Name(name string) (membership.Person, diag.Diagnostics) {
	found := slices.DeleteFunc(d.Everybody(), func(p membership.Person) bool { return p.Name != name })
	return d.one(found, path.Root("name"), fmt.Sprintf("the name %q", name))
}

// ID gives the person (or group) with an id; attribute is what it was given in.
func (d Directory) ID(id, attribute string) (membership.Person, diag.Diagnostics) {
	var found []membership.Person
	for _, kind := range []membership.Kind{membership.User, membership.Group} {
		if p, ok := d.Tenant.Person(membership.Principal{Kind: kind, ID: id}); ok && d.has(p) {
			found = append(found, p)
		}
	}
	return d.one(found, path.Root(attribute), fmt.Sprintf("the id %q", id))
}

// one takes the only one found, or says what was looked for.
func (d Directory) one(found []membership.Person, at path.Path, with string) (membership.Person, diag.Diagnostics) {
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return membership.Person{}, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at,
			fmt.Sprintf("No %s with %s", d.noun(), with),
			fmt.Sprintf("%s has no %s with %s. %s", membership.Capital(d.Where), d.noun(), with, d.Advice))}
	default:
		return membership.Person{}, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at,
			fmt.Sprintf("Several %s with %s", d.nouns(), with),
			fmt.Sprintf("%s has %d %s with %s: %s. Choose one of them by its id.", membership.Capital(d.Where), len(found), d.nouns(), with, describeIDs(found)))}
	}
}

// describeIDs lists the ids of people with what tells them apart.
func describeIDs(people []membership.Person) string {
	out := make([]string, 0, len(people))
	for _, p := range people {
		text := p.ID
		var more []string
		if p.Name != "" {
			more = append(more, p.Name)
		}
		if p.Status != "" {
			more = append(more, p.Status)
		}
		if len(more) > 0 {
			text += " (" + strings.Join(more, ", ") + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// Matches is what a look-up by e-mail addresses gives.
type Matches struct {
	// People are those found, each once, in the order of the listing.
	People []membership.Person
	// IDs maps the e-mail address to the id: as the caller wrote the address
	// where there is a caller's list, else in lower case.
	IDs map[string]string
	// Missing are the caller's addresses that nobody has, in the caller's order
	// and each once.
	Missing []string
}

// Emails looks many up at once. Without a list (all) it gives everybody.
// Several people with one address are an error that names them.
func (d Directory) Emails(emails []string, all bool) (Matches, diag.Diagnostics) {
	m := Matches{IDs: map[string]string{}, Missing: []string{}}
	shared := map[string][]membership.Person{}
	if all {
		m.People = d.Everybody()
		for _, p := range m.People {
			if p.Email == "" || !p.Kind.Managed() {
				continue
			}
			email := strings.ToLower(p.Email)
			if _, twice := m.IDs[email]; twice {
				shared[email] = d.byEmail(email)
			}
			m.IDs[email] = p.ID
		}
		return m, d.ambiguous(shared, "name the addresses that are needed in emails, without this one")
	}
	wanted := map[membership.Principal]bool{}
	done := map[string]bool{}
	for _, email := range emails {
		if done[email] {
			continue
		}
		done[email] = true
		found := d.byEmail(email)
		switch len(found) {
		case 0:
			m.Missing = append(m.Missing, email)
		case 1:
			m.IDs[email] = found[0].ID
			wanted[found[0].Principal] = true
		default:
			shared[email] = found
		}
	}
	for _, p := range d.Tenant.People {
		if wanted[p.Principal] {
			m.People = append(m.People, p)
		}
	}
	return m, d.ambiguous(shared, "use the id, and leave the address out of emails")
}

// PeopleByEmail is the part of a data source's model that looks many people up.
type PeopleByEmail struct {
	Emails        types.List        `tfsdk:"emails"`
	IDsByEmail    map[string]string `tfsdk:"ids_by_email"`
	MissingEmails []string          `tfsdk:"missing_emails"`
}

// LookUp is an attribute of a data source by which one thing is looked up, and which
// is filled in where another one is given.
func LookUp(description string, valid validator.String) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: description, Validators: []validator.String{valid}}
}

// PeopleAttributes gives the schema of [PeopleByEmail]: what ids are called, whose
// they are, and where users are looked up ("in the tenant").
func PeopleAttributes(ids, whose, where string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"emails": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "The e-mail addresses to look up, compared without regard to case. If it is not set, all are listed.",
			Validators:          []validator.List{listvalidator.NoNullValues(), listvalidator.ValueStringsAre(Email.Text())},
		},
		"ids_by_email": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: fmt.Sprintf("The %s by e-mail address: with `emails` as they are written there, without it in lower case. "+
				"Several %s with one e-mail address are an error that names their ids.", ids, whose),
		},
		"missing_emails": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: fmt.Sprintf("Those of `emails` that no user %s has, as they are written there. Empty without `emails`.", where),
		},
	}
}

// Find fills the model and gives those found.
func (p *PeopleByEmail) Find(ctx context.Context, d Directory) ([]membership.Person, diag.Diagnostics) {
	var emails []string
	diags := p.Emails.ElementsAs(ctx, &emails, false)
	found, ds := d.Emails(emails, p.Emails.IsNull())
	p.IDsByEmail, p.MissingEmails = found.IDs, found.Missing
	return found.People, append(diags, ds...)
}

// ambiguous says who shares an e-mail address.
func (d Directory) ambiguous(shared map[string][]membership.Person, remedy string) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, email := range slices.Sorted(maps.Keys(shared)) {
		diags.AddError(fmt.Sprintf("Several %s with the e-mail address %q", d.nouns(), email),
			fmt.Sprintf("%s has %d %s with the e-mail address %q: %s. The address does not identify one of them: %s.",
				membership.Capital(d.Where), len(shared[email]), d.nouns(), email, describeIDs(shared[email]), remedy))
	}
	return diags
}

// IDsByName maps names to ids. A name that several have is left out, since it
// does not tell whom it means.
func IDsByName[T any](all []T, of func(T) (name, id string)) map[string]string {
	ids := make(map[string]string, len(all))
	several := map[string]bool{}
	for _, one := range all {
		name, id := of(one)
		if _, twice := ids[name]; twice {
			several[name] = true
		}
		if name != "" {
			ids[name] = id
		}
	}
	for name := range several {
		delete(ids, name)
	}
	return ids
}

// Text is null for the empty string: the services leave out what they do not know.
func Text(s string) types.String { return text(s) }
