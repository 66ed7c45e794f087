package roster

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/cache"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
)

// readings are those of [Once], by type and name.
type readings struct{ all sync.Map }

type readingKey struct {
	kind reflect.Type
	name string
}

// Once gives what read gives, read once in the run for each type and name: all
// who ask while it is being read share the one reading, and all who ask later
// get what it gave, unless they ask for a newer one ([NotBefore]). It is for what a product can tell besides its workspaces
// and people; those have readings of their own ([Run.Listing], [Run.Tenant]).
func Once[T any](ctx context.Context, r *Run, name string, read func(context.Context) (T, error)) (T, error) {
	key := readingKey{kind: reflect.TypeFor[T](), name: name}
	found, _ := r.readings.all.LoadOrStore(key, cache.New(read))
	s, ok := found.(*cache.Value[T])
	if !ok {
		return read(ctx) // cannot be: the type is part of the key
	}
	return recent(ctx, s)
}

// notBefore is the key of what [NotBefore] notes in a context.
type notBefore struct{}

// NotBefore gives a context in which [Once] and [Run.Tenant] read again what was
// read before the moment. It is for a second try after a miss: another resource
// of the run may have made what is asked for since the first reading.
func NotBefore(ctx context.Context, moment time.Time) context.Context {
	return context.WithValue(ctx, notBefore{}, moment)
}

// recent gives a value, read at any time in the run, or not before the moment
// that the context asks for.
func recent[T any](ctx context.Context, v *cache.Value[T]) (T, error) {
	moment, _ := ctx.Value(notBefore{}).(time.Time)
	return v.Since(ctx, moment)
}

// Owners gives those in the workspace who are owners in the guard's sense, in
// the order of the listing. Where the tenant cannot be asked who is blocked in
// it, nobody is taken to be, and a finding says so. An error is that of the
// workspace's listing.
func (r *Run) Owners(ctx context.Context, workspace string) ([]membership.Member, []membership.Finding, error) {
	l, err := r.Listing(ctx, workspace)
	if err != nil {
		return nil, nil, err
	}
	// Without candidates there is nothing to ask the tenant for.
	if len(r.judge.Owners(l)) == 0 {
		return nil, nil, nil
	}
	status := r.status(ctx, workspace)
	var out []membership.Finding
	if status.Unreadable {
		out = append(out, membership.WarningAt(membership.AtNone,
			fmt.Sprintf("All %s of %s count: the %s is unreadable", r.traits.OwnersNoun, r.traits.Workspace(r.WorkspaceName(ctx, workspace)), r.traits.TenantNoun),
			fmt.Sprintf("The users of the %s could not be listed, so %s who is inactive there still counts. The user of the %s may lack the right to list the %[1]s.", r.traits.TenantNoun, r.traits.AnOwner(), r.traits.CredentialNoun)))
	}
	return r.judge.Knowing(status).Owners(l), out, nil
}

// PartialListing warns of a listing that cannot be all there is, and passes on
// what else the client noted about it.
func (r *Run) PartialListing(l *membership.Listing) []membership.Finding {
	t := r.traits
	where := t.Workspace(cmp.Or(l.Name, l.ID))
	var out []membership.Finding
	if !l.Complete() {
		out = append(out, membership.WarningAt(membership.AtNone, fmt.Sprintf("The listing of %s may not be complete", where),
			fmt.Sprintf("%s, so the %s may see only a part of %s: it may have members who are not listed here. %s",
				membership.Capital(l.Incomplete), t.CredentialNoun, t.Place(l.Name, l.ID), t.ChangeRight)))
	}
	for _, note := range l.Notes {
		out = append(out, membership.WarningAt(membership.AtNone, fmt.Sprintf("The listing of %s is taken to be complete", where),
			fmt.Sprintf("%s If members are missing in it, please report that.", note)))
	}
	return out
}

// ReadError explains why something could not be read that no state depends on.
// what names it in a phrase: "workspace w-1", "the users and groups of the tenant".
func (r *Run) ReadError(err error, what string, at membership.Attribute) membership.Finding {
	t, said := r.traits, planning.Sentence(err)
	switch membership.FailureOf(err) {
	case membership.Gone:
		return membership.ErrorAt(at, fmt.Sprintf("%s was not found in %s", membership.Capital(what), t.Product),
			fmt.Sprintf("%s Check the id, and that the %s belongs to the right %s.", said, t.CredentialNoun, t.TenantNoun))
	case membership.Refused, membership.Unsupported:
		return membership.ErrorAt(at, fmt.Sprintf("%s refused to read %s", t.Product, what),
			fmt.Sprintf("%s Check the id, and that this %s offers the call.", said, t.TenantNoun))
	default:
		return r.CannotRead(err, what, said, at)
	}
}
