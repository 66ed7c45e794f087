package main

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

// reading is a world, and what the doctor has to say of it.
type reading struct {
	name    string
	product string
	// set are switches of the mock service, as in "role_case=exact".
	set    []string
	faults []mockservice.Fault
	// prepare changes the world before the run.
	prepare func(*testing.T, *world)
	seed    func(*mockservice.Seed)
	// write names the person who is changed; "" only reads.
	write string
	// lost is true where the person cannot get everything back.
	lost bool
	// want are results by number.
	want map[int]string
	// timing replaces the usual one.
	timing *doctor.Timing
}

const (
	holds   = doctor.Holds
	notHold = doctor.DoesNotHold
	untried = doctor.NotTried
)

func all(result string, numbers ...int) map[int]string {
	m := map[int]string{}
	for _, n := range numbers {
		m[n] = result
	}
	return m
}

func both(a, b map[int]string) map[int]string {
	maps.Copy(a, b)
	return a
}

// answer is a fault that answers a call with a body of our own.
func answer(product, call, body string, status, after, times int) mockservice.Fault {
	return mockservice.Fault{
		Kind: mockservice.FaultBody, Product: product, Call: call, Status: status, Body: body, ContentType: "application/json", After: after, Times: times,
	}
}

// workspaceWith is an answer to reading the workspace.
func workspaceWith(fields string) mockservice.Fault {
	return answer("blink", "get_workspace", `{"id":"`+payments+`","name":"payments",`+fields+`}`, 200, 0, 1)
}

const owners = `{"id":"u-alice","type":"user","workspace_role":"owner","is_invite":false},`

var blinkReadings = []reading{
	{
		name: "as documented", want: both(all(holds, 1, 2, 8, 9, 12, 15, 16, 17, 18, 19, 20, 21, 22, 28, 30, 31), all(untried, 3, 4, 5, 7, 10, 13, 14, 23, 24, 25)),
	},
	{name: "a group with a member who is not listed", prepare: inSecurity, want: all(holds, 10)},
	{name: "a member is changed", write: "bob", want: all(holds, 3, 4, 5, 7, 13, 14, 23, 24, 25)},
	{name: "somebody else is changed", write: "carol", want: all(holds, 3, 4, 5, 7, 13, 14, 23, 24, 25)},
	{name: "somebody inactive is changed", write: "erin", want: all(holds, 3, 4, 5)},

	{name: "entities by id", set: []string{"entities_shape=object"}, want: both(all(notHold, 1), all(untried, 8, 12, 15, 18))},
	{name: "entities are null", set: []string{"entities_shape=null"}, want: all(notHold, 1)},
	{name: "no entities", set: []string{"entities_shape=missing"}, want: all(notHold, 1)},
	{name: "an entity without an id", faults: []mockservice.Fault{workspaceWith(`"entities":[` + owners + `{"type":"user"}]`)}, want: all(notHold, 1)},

	{name: "missing is 400", set: []string{"missing_workspace=400"}, want: all(notHold, 2)},
	{name: "missing is 403", set: []string{"missing_workspace=403"}, want: all(notHold, 2)},
	{name: "missing in the older form", set: []string{"not_found_form=status_only"}, want: all(holds, 2)},
	{name: "missing by an ingress", set: []string{"not_found_form=default_backend"}, want: all(notHold, 2)},
	{name: "missing by a gateway", set: []string{"not_found_form=no_route"}, want: all(notHold, 2)},
	{name: "missing is empty", set: []string{"not_found_form=empty"}, want: all(notHold, 2)},
	{name: "missing is a web page", set: []string{"not_found_form=html"}, want: all(notHold, 2)},

	{name: "assigning ignores strangers", set: []string{"assign_non_member=ignore"}, write: "carol", want: both(all(notHold, 3), all(holds, 4, 5, 25))},
	{name: "assigning refuses strangers", set: []string{"assign_non_member=refuse"}, write: "bob", want: both(all(notHold, 3), all(holds, 4, 5))},
	{name: "no call adds", set: []string{"add_route=404"}, write: "carol", want: both(all(holds, 3, 5), all(notHold, 4))},
	{name: "no method adds", set: []string{"add_route=405"}, write: "bob", want: both(all(holds, 3, 5, 24), all(notHold, 4))},
	{name: "adding as a viewer", set: []string{"add_with_role=ignore"}, write: "carol", want: both(all(holds, 3), all(notHold, 4))},
	{name: "nothing adds", set: []string{"add_route=404", "assign_non_member=refuse"}, write: "carol", want: all(notHold, 3, 4)},
	{name: "no call removes", set: []string{"remove_route=404"}, write: "bob", want: both(all(notHold, 5), both(all(untried, 3, 4), all(holds, 13, 14, 24, 25)))},
	{name: "no method removes", set: []string{"remove_route=405"}, write: "bob", want: all(notHold, 5)},
	{name: "no call removes a stranger", set: []string{"remove_route=404"}, write: "carol", lost: true, want: all(notHold, 5)},
	{
		name: "a refusal in another form", write: "bob", want: both(all(notHold, 7), all(holds, 14)),
		faults: []mockservice.Fault{{Kind: mockservice.FaultBody, Product: "blink", Path: "roster-doctor-no-such-role", Status: 400, Body: "no"}},
	},
	{name: "a group is the only owner", prepare: owned(mockservice.KindGroup, "g-platform"), want: both(all(notHold, 8), all(untried, 9))},
	{name: "the only owner is inactive", prepare: status("u-alice", mockblink.StatusInactive), want: both(all(notHold, 9), all(holds, 8))},
	{name: "the only owner is invited", prepare: status("u-alice", mockblink.StatusInvited), want: all(notHold, 9)},
	{
		name: "members of groups are listed", want: all(notHold, 10), prepare: func(t *testing.T, w *world) {
			t.Helper()
			for _, p := range [][2]string{{mockservice.KindGroup, "g-platform"}, {mockservice.KindUser, "u-bob"}, {mockservice.KindUser, "u-carol"}} {
				w.Must(mockblink.Of(w).SetRole(payments, p[0], p[1], "viewer"))
			}
		},
	},
	{name: "a principal is listed twice", faults: []mockservice.Fault{workspaceWith(`"entities":[` + owners + strings.TrimSuffix(owners, ",") + `]`)}, want: all(notHold, 12)},
	{name: "a role is a list", faults: []mockservice.Fault{workspaceWith(`"entities":[` + owners + `{"id":"u-bob","type":"user","workspace_role":["viewer"]}]`)}, want: all(notHold, 12)},
	{name: "roles in their own spelling alone", set: []string{"role_case=exact"}, write: "bob", want: both(all(notHold, 13), all(holds, 3, 4, 5, 14))},
	{name: "roles as the pages show them", set: []string{"role_case=capitalised", "role_spelling=title"}, write: "bob", want: all(holds, 13, 14)},
	{name: "roles and types in upper case", set: []string{"role_spelling=upper", "type_spelling=upper"}, write: "bob", want: all(holds, 1, 13, 15, 17, 18)},
	{name: "any role is fine", set: []string{"unknown_role=accept"}, write: "bob", want: both(all(notHold, 14), all(untried, 7))},
	{name: "other ids in the listing", set: []string{"listing_ids=inner_id"}, want: both(all(notHold, 15), all(holds, 31))},
	{name: "no is_invite", set: []string{"is_invite=missing"}, want: all(notHold, 16)},
	{
		name: "is_invite is false for the invited", set: []string{"is_invite=false"}, want: all(notHold, 16), prepare: func(t *testing.T, w *world) {
			t.Helper()
			w.Must(mockblink.Of(w).SetRole(payments, mockservice.KindUser, "u-frank", "viewer"))
		},
	},
	{name: "a service account", set: []string{"service_accounts=member"}, want: both(all(notHold, 17), all(holds, 1, 8, 18))},
	{
		name: "a service account is the only owner", set: []string{"service_accounts=owner", "listing=no_owners"}, want: both(all(holds, 18), all(untried, 8, 9)),
	},
	{name: "a part of the listing", set: []string{"listing=no_owners"}, want: both(all(notHold, 18), all(untried, 8, 9))},
	{name: "the order is ignored", set: []string{"entities_sort=ignore"}, want: all(notHold, 19)},
	{name: "the order is refused", set: []string{"entities_sort=refuse"}, want: both(all(notHold, 19), all(holds, 15, 20, 31))},
	{name: "the order is a failure", set: []string{"entities_sort=fail"}, want: all(notHold, 19)},
	{name: "small pages", set: []string{"max_page_size=2"}, want: both(all(notHold, 20), all(holds, 15, 19))},
	{name: "large pages are refused", set: []string{"max_page_size=100", "over_max_page_size=refuse"}, want: all(untried, 15, 20, 31)},
	{name: "the end is a 404", set: []string{"empty_entities=404"}, want: all(holds, 20)},
	{
		name: "the end is a failure", want: all(notHold, 20),
		faults: []mockservice.Fault{{Kind: mockservice.FaultStatus, Product: "blink", Call: "tenant_entities", Status: 500, After: 3}},
	},
	{name: "another tenant is selected", set: []string{"user_tenant=other"}, want: both(all(notHold, 21, 31), all(untried, 15))},
	{
		name: "two tenants", set: []string{"user_tenant=other_id"}, want: all(notHold, 31),
		faults: []mockservice.Fault{workspaceWith(`"tenant_id":"0b5e7c1a-3d0f-4c6e-9a55-5f0c0d1e2f30","entities":[` + strings.TrimSuffix(owners, ",") + `]`)},
	},
	{name: "no display name", faults: []mockservice.Fault{workspaceWith(`"entities":[` + strings.TrimSuffix(owners, ",") + `]`)}, want: all(notHold, 22)},
	{
		name: "an admin may not", write: "carol", want: both(all(notHold, 23), all(untried, 3)),
		faults: []mockservice.Fault{{Kind: mockservice.FaultStatus, Product: "blink", Call: "assign", Status: 403}},
	},
	{name: "the same role is refused", set: []string{"assign_same_role=refuse"}, write: "bob", want: both(all(notHold, 24), all(holds, 3, 5, 14))},
	{
		name: "changes show late", set: []string{"write_delay=1s"}, write: "bob", want: both(all(notHold, 25), all(holds, 3, 4, 5)),
		timing: &doctor.Timing{Visible: 500 * time.Millisecond, Timeout: 5 * time.Second, Checks: time.Minute, Restore: 20 * time.Second},
	},
	{
		name: "changes show too late", set: []string{"write_delay=4s"}, write: "carol", want: both(all(notHold, 3), all(untried, 24)),
		timing: &doctor.Timing{Visible: 200 * time.Millisecond, Timeout: time.Second, Checks: time.Minute, Restore: 20 * time.Second},
	},
	{
		name: "changes of a member show too late", set: []string{"write_delay=4s"}, write: "bob", want: both(all(notHold, 25), all(untried, 3, 4, 5, 24)),
		timing: &doctor.Timing{Visible: 200 * time.Millisecond, Timeout: time.Second, Checks: time.Minute, Restore: 20 * time.Second},
	},
	{
		name: "no key is a 404", want: all(notHold, 28), faults: []mockservice.Fault{answer("blink", "get_workspace", `{"status":404,"message":"no"}`, 404, 2, 1)},
	},
	{name: "whose the key is, is not told", set: []string{"user_route=404"}, want: all(notHold, 30)},
	{name: "told by a sign-in", set: []string{"user_email=missing"}, want: all(holds, 30)},
	{name: "told by an inner id", set: []string{"user_email=empty", "user_identity=inner_id"}, want: all(holds, 30)},
	{name: "told by nothing", set: []string{"user_email=missing", "user_identity=neither"}, want: all(notHold, 30)},
}

func inSecurity(t *testing.T, w *world) { t.Helper(); w.workspace = security }

// owned makes a user the only owner of Payments.
func owned(kind, id string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		w.Must(mockblink.Of(w).SetRole(payments, kind, id, "owner"))
		w.Must(mockblink.Of(w).SetRole(payments, mockservice.KindUser, "u-alice", "viewer"))
	}
}

func status(user, status string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) { t.Helper(); w.Must(mockblink.Of(w).SetStatus(user, status)) }
}

// page is one page of users.
func page(call, rows string, after int) mockservice.Fault {
	n := strings.Count(rows, `"id"`)
	return answer("blazemeter", call, fmt.Sprintf(`{"api_version":4,"error":null,"limit":50,"skip":0,"total":%d,"hidden":0,"result":[%s]}`, n, rows), 200, after, 1)
}

const manager = `{"id":352749,"email":"alice@example.com","roles":["manager"],"enabled":true}`

var blazemeterReadings = []reading{
	{
		name: "as documented", want: both(all(holds, 3, 4, 10, 11, 13, 18, 19, 20, 21, 22, 24, 25, 28, 29, 31, 32, 34), all(untried, 5, 6, 7, 8, 9, 15, 17, 27, 30)),
	},
	{name: "a member is changed", write: "bob", want: all(holds, 4, 5, 6, 7, 8, 15, 17, 27, 30)},
	{name: "somebody else is changed", write: "carol", want: all(holds, 4, 5, 6, 7, 8, 9, 15, 17, 27, 30)},
	{name: "somebody disabled is changed", write: "dave", want: all(holds, 4, 5, 6, 7, 8, 15, 17, 27, 30)},

	{name: "enabled users by default", set: []string{"enabled_default=enabled"}, want: all(notHold, 3)},
	{name: "the filter is not heeded", faults: []mockservice.Fault{page("workspace_users", manager, 1)}, want: all(notHold, 3)},
	{name: "disabled users have no role", set: []string{"disabled_roles=clear"}, write: "bob", want: both(all(notHold, 4), all(holds, 8, 17))},
	{name: "an update clears what it does not carry", set: []string{"update_partial=reset"}, write: "bob", want: all(notHold, 5)},
	{name: "an update must carry both", set: []string{"update_partial=refuse"}, write: "carol", want: all(notHold, 5)},
	{name: "an update makes a member", set: []string{"update_non_member=create"}, write: "carol", want: both(all(notHold, 6), all(untried, 9))},
	{name: "adding changes a member", set: []string{"add_existing=overwrite"}, write: "bob", want: all(notHold, 7)},
	{name: "adding enables", set: []string{"add_disabled=enable"}, write: "bob", want: all(notHold, 7)},
	{name: "adding a member does nothing", set: []string{"add_existing=ignore", "add_disabled=ignore"}, write: "bob", want: all(holds, 7)},
	{name: "a disabled user is refused", set: []string{"update_disabled=refuse"}, write: "dave", want: all(notHold, 8)},
	{name: "a disabled user is not found", set: []string{"update_disabled=404"}, write: "dave", want: all(notHold, 8)},
	{name: "nothing enables", set: []string{"update_disabled=refuse"}, write: "bob", lost: true, want: all(notHold, 5, 8)},
	{name: "only adding enables", set: []string{"update_disabled=refuse", "add_disabled=enable"}, write: "bob", want: both(all(notHold, 7), all(holds, 17))},
	{
		name: "adding is refused", write: "carol", want: all(notHold, 9),
		faults: []mockservice.Fault{{Kind: mockservice.FaultStatus, Product: "blazemeter", Call: "add_users", Status: 400}},
	},
	{name: "several roles", set: []string{"roles_shape=several"}, want: both(all(notHold, 10), all(holds, 22))},
	{name: "no roles", set: []string{"roles_shape=empty"}, want: all(notHold, 4, 10)},
	{name: "roles are null", set: []string{"roles_shape=null"}, want: all(notHold, 10, 22)},
	{name: "roles are missing", set: []string{"roles_shape=missing"}, want: all(notHold, 10, 22)},
	{
		name: "another role", want: both(all(notHold, 11), all(holds, 10)), prepare: func(t *testing.T, w *world) {
			t.Helper()
			w.Must(mockblazemeter.Of(w).Set(checkout, "352751", true, "boss"))
		},
	},
	{name: "whose the key is, is not told", faults: []mockservice.Fault{answer("blazemeter", "user", `{"api_version":4,"error":null,"result":{}}`, 200, 0, 1)}, want: all(notHold, 13)},
	{name: "the key's user is not in the account", faults: []mockservice.Fault{page("account_users", manager, 0)}, want: both(all(notHold, 13), all(holds, 29))},
	{
		name: "an admin may not", write: "bob", want: both(all(notHold, 15), all(untried, 17)),
		faults: []mockservice.Fault{{Kind: mockservice.FaultStatus, Product: "blazemeter", Call: "update_user", Status: 403}},
	},
	{name: "disabling reaches the account", set: []string{"enabled_scope=account"}, write: "bob", want: both(all(notHold, 17), all(untried, 5, 8))},
	{name: "disabling a stranger reaches the account", set: []string{"enabled_scope=account"}, write: "carol", lost: true, want: both(all(notHold, 17), all(holds, 9))},
	{name: "rows without enabled", set: []string{"row_enabled=no"}, want: both(all(notHold, 18), all(holds, 3))},
	{name: "another order each time", set: []string{"order=reading"}, want: all(notHold, 19)},
	{name: "another order on each page", set: []string{"order=page"}, want: all(notHold, 19)},
	{name: "small pages", set: []string{"max_page_size=2"}, want: both(all(notHold, 20), all(holds, 3, 21))},
	{name: "pages of 50 are refused", set: []string{"max_page_size=20", "over_max_page_size=refuse"}, want: both(all(notHold, 20), all(untried, 3, 19))},
	{name: "the total is a text", set: []string{"total=string"}, want: all(holds, 21)},
	{name: "the total is no number", set: []string{"total=n/a"}, want: all(notHold, 21)},
	{name: "no total", set: []string{"total=none"}, want: all(notHold, 21)},
	{name: "the total is wrong", set: []string{"total_off=2"}, want: all(notHold, 21)},
	{name: "a hidden row", set: []string{"hidden=1"}, want: all(notHold, 21)},
	{name: "a hidden row that counts", set: []string{"hidden=1", "hidden_total=all"}, want: all(notHold, 21)},
	{name: "rows by id", set: []string{"list_result=object"}, want: both(all(notHold, 22), all(holds, 3, 10, 21))},
	{name: "roles by number", set: []string{"roles_shape=object"}, want: both(all(notHold, 22), all(holds, 10, 11))},
	{
		name: "an error in a success", want: all(notHold, 24, 25),
		faults: []mockservice.Fault{{Kind: mockservice.FaultErrorIn200, Product: "blazemeter", Call: "get_workspace", After: 1, Times: 1}},
	},
	{name: "missing by an ingress", set: []string{"not_found_form=default_backend"}, want: all(notHold, 24, 25)},
	{name: "missing by a gateway", set: []string{"not_found_form=no_route"}, want: all(notHold, 25)},
	{name: "missing is empty", set: []string{"not_found_form=empty"}, want: all(notHold, 25)},
	{name: "missing is a web page", set: []string{"not_found_form=html"}, want: all(notHold, 25)},
	{name: "the account does not list the workspace", faults: []mockservice.Fault{page("workspaces", `{"id":70002}`, 0)}, want: all(notHold, 25)},
	{
		name: "changes show late", set: []string{"write_delay=1s"}, write: "bob", want: both(all(notHold, 27), all(holds, 5, 17)),
		timing: &doctor.Timing{Visible: 500 * time.Millisecond, Timeout: 5 * time.Second, Checks: time.Minute, Restore: 20 * time.Second},
	},
	{
		name: "changes show too late", set: []string{"write_delay=4s"}, write: "bob", want: both(all(notHold, 27), all(untried, 17)),
		timing: &doctor.Timing{Visible: 200 * time.Millisecond, Timeout: time.Second, Checks: time.Minute, Restore: 20 * time.Second},
	},
	{name: "a user without an address", faults: []mockservice.Fault{page("workspace_users", `{"id":352749,"roles":["manager"],"enabled":true}`, 0)}, want: all(notHold, 28)},
	{name: "an address of two users", faults: []mockservice.Fault{page("account_users", manager+`,{"id":100001,"email":"Alice@Example.com","enabled":true}`, 0)}, want: all(notHold, 29)},
	{
		name: "a role does not stay", write: "bob", want: both(all(notHold, 30), all(holds, 27)),
		// The reading after the second update.
		faults: []mockservice.Fault{{
			Kind: mockservice.FaultChange, Product: "blazemeter", Call: "workspace_users", After: 17, Times: 1,
			Workspace: checkout, Principal: "user/352750", Role: "tester",
		}},
	},
	{name: "ids are texts", faults: []mockservice.Fault{page("workspace_users", `{"id":"352749","email":"alice@example.com","roles":["manager"],"enabled":true}`, 0)}, want: all(notHold, 31)},
	{
		name: "the workspace is disabled", want: all(notHold, 32), seed: func(s *mockservice.Seed) { mockblazemeter.SeedOf(s).Workspaces[0].Disabled = true },
	},
	{name: "members are counted if enabled", set: []string{"members_count=enabled"}, want: all(holds, 34)},
	{name: "members are not counted", set: []string{"members_count=zero"}, want: all(notHold, 34)},
	{name: "no count", set: []string{"members_count=missing"}, want: all(notHold, 34)},
}

func readings() []reading {
	var out []reading
	for product, list := range map[string][]reading{"blink": blinkReadings, "blazemeter": blazemeterReadings} {
		for _, r := range list {
			r.product = product
			out = append(out, r)
		}
	}
	return out
}

// Each reading of what the vendors leave open is reported, and a user who was changed has
// afterwards what they had before.
func TestReadings(t *testing.T) {
	t.Parallel()
	for _, r := range readings() {
		t.Run(r.product+"/"+r.name, func(t *testing.T) {
			t.Parallel()
			r.try(t)
		})
	}
}

func (r reading) try(t *testing.T) {
	t.Helper()
	var prepare []func(*mockservice.Seed)
	if r.seed != nil {
		prepare = append(prepare, r.seed)
	}
	w := newWorld(t, r.product, prepare...)
	for _, s := range r.set {
		name, value, _ := strings.Cut(s, "=")
		w.Must(w.SetSwitch(r.product+"."+name, value))
	}
	if r.prepare != nil {
		r.prepare(t, w)
	}
	w.Must(w.SetFaults(mockservice.Faults{Rules: r.faults}))
	if r.timing != nil {
		w.timing = *r.timing
	}
	args := []string{"-json"}
	before := ""
	if r.write != "" {
		args, before = w.onUser(r.write), w.standing(r.write)
	}
	got := w.doctor(args...)
	exit := 0
	for number, want := range r.want {
		l := got.line(t, number)
		if l.Result != want {
			t.Errorf("%s %d %s: %q (%s), want %q; seen: %s", r.product, number, l.Assumption, l.Result, l.Reason, want, l.Seen)
		}
		if l.Result != untried && l.Seen == "" || l.Result == untried && l.Reason == "" || l.Consequence == "" {
			t.Errorf("%s %d says too little: %+v", r.product, number, l)
		}
	}
	for _, l := range got.report.Lines {
		if l.Result == notHold {
			exit = 3
		}
	}
	if got.code != exit {
		t.Errorf("exit code %d, want %d", got.code, exit)
	}
	if r.write != "" {
		r.restored(t, w, got, before)
	}
	if t.Failed() {
		t.Logf("%s", got.stderr)
	}
}

// restored looks after the person who was changed.
func (r reading) restored(t *testing.T, w *world, got run, before string) {
	t.Helper()
	if got.report.Restored == nil || *got.report.Restored == r.lost {
		t.Errorf("restored: %v, want %v", got.report.Restored, !r.lost)
	}
	if told := strings.Contains(got.stderr, "COULD NOT BE RESTORED"); told != r.lost {
		t.Errorf("the output says that the user could not be restored: %v, want %v", told, r.lost)
	}
	if noted := w.notes() == 1; noted != r.lost {
		t.Errorf("%d notes of what has to be restored", w.notes())
	}
	if w.product == "blazemeter" && w.blocked(r.write) {
		t.Errorf("the user is disabled in the account")
	}
	if r.lost {
		return
	}
	after := w.standing(r.write)
	if w.product == "blazemeter" && before == "" && strings.HasSuffix(after, "(disabled)") {
		return
	}
	if !strings.EqualFold(after, before) {
		t.Errorf("the user had %q before, and has %q", before, after)
	}
}

// Every assumption that can be tried is seen to hold and not to hold, and what only
// a change tells is seen not to be tried without one.
func TestEveryAssumptionHasReadings(t *testing.T) {
	t.Parallel()
	for _, p := range products() {
		seen := map[string]bool{}
		worlds := map[string][]string{}
		for _, r := range readings() {
			for number, result := range r.want {
				if r.product == p.Name {
					worlds[fmt.Sprint(number, result)] = append(worlds[fmt.Sprint(number, result)], r.name)
					seen[fmt.Sprint(number, result)] = true
					seen[fmt.Sprint(number, result, "without a change")] = r.write == "" || seen[fmt.Sprint(number, result, "without a change")]
				}
			}
		}
		if len(p.Assumptions) == 0 {
			t.Errorf("%s has no assumptions", p.Name)
		}
		last := 0
		for _, a := range p.Assumptions {
			if a.Number <= last {
				t.Errorf("%s %d comes after %d", p.Name, a.Number, last)
			}
			last = a.Number
			if a.Untried != "" {
				t.Logf("%s %d is never tried: %s", p.Name, a.Number, a.Untried)
				continue
			}
			t.Logf("%s %d: holds in %q, does not hold in %q, not tried in %q", p.Name, a.Number,
				worlds[fmt.Sprint(a.Number, holds)], worlds[fmt.Sprint(a.Number, notHold)], worlds[fmt.Sprint(a.Number, untried)])
			for _, result := range []string{holds, notHold} {
				if !seen[fmt.Sprint(a.Number, result)] {
					t.Errorf("no reading in which %s %d %s: %s", p.Name, a.Number, result, a.Text)
				}
			}
			if a.Changes && !seen[fmt.Sprint(a.Number, untried, "without a change")] {
				t.Errorf("no reading in which %s %d is not tried without a change: %s", p.Name, a.Number, a.Text)
			}
		}
	}
}
