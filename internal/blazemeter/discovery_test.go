package blazemeter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

type object = protocol.Object

const (
	accountID  = mockblazemeter.DefaultAccount
	checkoutID = mockblazemeter.DefaultWorkspace
	searchID   = mockblazemeter.DefaultOtherWorkspace
)

var (
	// inProcess gives a provider that points at a mock service of its own.
	inProcess = protocol.StartBesideService
	equal     = protocol.Equal
)

func sorted(v any) []string {
	elements, _ := v.([]any)
	out := make([]string, 0, len(elements))
	for _, e := range elements {
		out = append(out, fmt.Sprint(e))
	}
	slices.Sort(out)
	return out
}

func TestWorkspaceDataSource(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(mockblazemeter.Of(m).Set(checkoutID, "352751", false, "manager"))
	m.Must(mockblazemeter.Of(m).Set(checkoutID, "352753", true, "tester", "manager"))
	want := object{
		"id": checkoutID, "name": "Checkout Load Tests", "account_id": accountID, "enabled": true,
		"users": object{
			"352749": object{"email": "alice@example.com", "display_name": "Alice Example", "role": "manager", "enabled": true},
			"352750": object{"email": "bob@example.com", "display_name": "Bob Example", "role": "tester", "enabled": true},
			"352751": object{"email": "carol@example.com", "display_name": "Carol Example", "role": "manager", "enabled": false},
			"352752": object{"email": "dave@example.com", "display_name": "Dave Example", "role": "viewer", "enabled": false},
			"352753": object{"email": "erin@example.com", "display_name": "Erin Example", "role": "tester,manager", "enabled": true},
		},
	}
	for name, config := range map[string]object{
		"by id":   {"id": checkoutID},
		"by name": {"name": "Checkout Load Tests", "account_id": accountID},
	} {
		t.Run(name, func(t *testing.T) {
			got, diags := p.Data("roster_blazemeter_workspace", config)
			diags.None(t)
			// Neither who is disabled in the workspace nor who is in the account.
			equal(t, []string{"352749"}, sorted(got["managers"]))
			delete(got, "managers")
			equal(t, want, got)
		})
	}
	t.Run("not counted", func(t *testing.T) {
		got, diags := protocol.Start(t, object{"last_owner_guard": object{"not_counted": []any{"352749"}}}).Data("roster_blazemeter_workspace", object{"id": checkoutID})
		diags.None(t)
		equal(t, []string{}, sorted(got["managers"]))
	})
}

// A listing that cannot be complete shows who is there, and says so; one with
// hidden rows beside as many as it counts is complete, with one warning.
func TestWorkspaceListingWithHiddenRows(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(m.SetSwitch("blazemeter.hidden", "1"))
	got, diags := p.Data("roster_blazemeter_workspace", object{"id": checkoutID})
	diags.Warning(t, "hides 1 of the enabled users")
	if users := got["users"].(object); len(users) == 0 {
		t.Error("nobody is shown")
	}
	m.Must(m.SetSwitch("blazemeter.total", "n/a"))
	_, diags = protocol.Start(t, nil).Data("roster_blazemeter_workspace", object{"id": checkoutID})
	diags.Warning(t, "The listing of workspace 70001 may not be complete", "1 of the enabled users are hidden from this API key")
}

func TestWorkspaceArguments(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(mockblazemeter.Of(m).AddWorkspace(mockblazemeter.Workspace{ID: 70003, Name: "Search Load Tests", Account: 5001, Disabled: true, Users: []mockblazemeter.WorkspaceUser{{ID: 352749, Role: "manager"}}}))
	for name, c := range map[string]struct {
		config object
		says   []string
	}{
		"neither":            {object{}, []string{"Exactly one of these attributes must be configured"}},
		"both":               {object{"id": checkoutID, "name": "Checkout Load Tests", "account_id": accountID}, []string{"Exactly one of these attributes must be configured"}},
		"name alone":         {object{"name": "Checkout Load Tests"}, []string{"Missing account_id"}},
		"account beside id":  {object{"id": checkoutID, "account_id": accountID}, []string{"account_id does not go with id"}},
		"account alone":      {object{"account_id": accountID}, []string{"Exactly one of these attributes must be configured"}},
		"no number":          {object{"id": "abc"}, []string{"is not a number"}},
		"another case":       {object{"name": "checkout load tests", "account_id": accountID}, []string{`No workspace is called "checkout load tests"`, checkoutID, "compared exactly"}},
		"several":            {object{"name": "Search Load Tests", "account_id": accountID}, []string{`Several workspaces are called "Search Load Tests"`, searchID, "70003", "disabled"}},
		"not there":          {object{"id": "79999"}, []string{"79999"}},
		"no such account":    {object{"name": "x", "account_id": "9"}, []string{"account 9"}},
		"nameless and blank": {object{"name": "", "account_id": accountID}, []string{"name"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := p.Data("roster_blazemeter_workspace", c.config)
			diags.Error(t, c.says...)
		})
	}
}

func TestWorkspacesDataSource(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(mockblazemeter.Of(m).SetWorkspaceDisabled(searchID, true))
	got, diags := p.Data("roster_blazemeter_workspaces", object{"account_id": accountID})
	diags.None(t)
	equal(t, any(object{"Checkout Load Tests": checkoutID, "Search Load Tests": searchID}), got["ids_by_name"])
	enabled := map[string]any{}
	for _, w := range got["workspaces"].([]any) {
		w := w.(object)
		enabled[fmt.Sprint(w["id"])] = w["enabled"]
	}
	equal(t, map[string]any{checkoutID: true, searchID: false}, enabled)
	_, diags = p.Data("roster_blazemeter_workspaces", nil)
	diags.Error(t, "account_id")
}

func TestAccountsDataSource(t *testing.T) {
	_, p := inProcess(t, nil)
	got, diags := p.Data("roster_blazemeter_accounts", nil)
	diags.None(t)
	equal(t, object{"accounts": []any{object{"id": accountID, "name": "Example Corp"}}}, got)
}

func TestAccountUserDataSource(t *testing.T) {
	m, p := inProcess(t, nil)
	got, diags := p.Data("roster_blazemeter_account_user", object{"account_id": accountID, "email": "ALICE@example.com"})
	diags.None(t)
	equal(t, object{
		"account_id": accountID, "user_id": "352749", "email": "ALICE@example.com", "display_name": "Alice Example",
		"roles": []any{"admin", "owner"}, "enabled": true,
	}, got)
	got, diags = p.Data("roster_blazemeter_account_user", object{"account_id": accountID, "user_id": "352753"})
	diags.None(t)
	equal(t, object{
		"account_id": accountID, "user_id": "352753", "email": "erin@example.com", "display_name": "Erin Example",
		"roles": []any{"standard"}, "enabled": false,
	}, got)
	for name, c := range map[string]struct {
		config object
		says   string
	}{
		"nobody":     {object{"account_id": accountID, "email": "zoe@example.com"}, `No user with the e-mail address "zoe@example.com"`},
		"no such id": {object{"account_id": accountID, "user_id": "1"}, `No user with the id "1"`},
		"neither":    {object{"account_id": accountID}, "Exactly one of these attributes must be configured"},
		"both":       {object{"account_id": accountID, "user_id": "1", "email": "alice@example.com"}, "Exactly one of these attributes must be configured"},
		"no account": {object{"email": "alice@example.com"}, "account_id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := p.Data("roster_blazemeter_account_user", c.config)
			diags.Error(t, c.says)
		})
	}
	m.Must(mockblazemeter.Of(m).Rename("352750", "Bob", "Alice@Example.com"))
	p = protocol.Start(t, nil)
	_, diags = p.Data("roster_blazemeter_account_user", object{"account_id": accountID, "email": "alice@example.com"})
	diags.Error(t, `Several users with the e-mail address "alice@example.com"`, "352749", "352750")
	_, diags = p.Data("roster_blazemeter_account_users", object{"account_id": accountID})
	diags.Error(t, `Several users with the e-mail address "alice@example.com"`, "352749", "352750")
}

func TestAccountUsersDataSource(t *testing.T) {
	_, p := inProcess(t, nil)
	got, diags := p.Data("roster_blazemeter_account_users", object{"account_id": accountID, "emails": []any{"Bob@Example.com", "zoe@example.com"}})
	diags.None(t)
	equal(t, object{
		"account_id": accountID, "emails": []any{"Bob@Example.com", "zoe@example.com"},
		"users":        []any{object{"user_id": "352750", "email": "bob@example.com", "display_name": "Bob Example", "roles": []any{"standard"}, "enabled": true}},
		"ids_by_email": object{"Bob@Example.com": "352750"}, "missing_emails": []any{"zoe@example.com"},
	}, got)
	got, diags = p.Data("roster_blazemeter_account_users", object{"account_id": accountID})
	diags.None(t)
	if n := len(got["users"].([]any)); n != 6 {
		t.Fatalf("%d users instead of all 6", n)
	}
}

func TestCurrentUserDataSource(t *testing.T) {
	_, p := inProcess(t, nil)
	got, diags := p.Data("roster_blazemeter_current_user", nil)
	diags.None(t)
	if got["user_id"] != "100001" || got["email"] != "terraform@example.com" || got["display_name"] != "Terraform" {
		t.Fatalf("the current user is %v", got)
	}
}

func TestDataSourcesShareReadings(t *testing.T) {
	m, p := inProcess(t, nil)
	ask := func() {
		for name, config := range map[string]object{
			"roster_blazemeter_workspace":     {"id": checkoutID},
			"roster_blazemeter_workspaces":    {"account_id": accountID},
			"roster_blazemeter_accounts":      nil,
			"roster_blazemeter_account_user":  {"account_id": accountID, "email": "alice@example.com"},
			"roster_blazemeter_account_users": {"account_id": accountID},
			"roster_blazemeter_current_user":  nil,
		} {
			_, diags := p.Data(name, config)
			diags.None(t)
		}
	}
	ask()
	once := m.Audit().Total
	ask()
	if twice := m.Audit().Total; once == 0 || twice != once {
		t.Fatalf("asking again took %d calls more than the %d", twice-once, once)
	}
}

// Another resource of the run may have made the user who is looked up, or the
// workspace: a miss is no answer from a reading that is older than the question.
func TestLookUpsFindWhatTheRunHasMade(t *testing.T) {
	m, p := inProcess(t, nil)
	user := object{"account_id": accountID, "email": "zoe@example.com"}
	users := object{"account_id": accountID, "emails": []any{"zoe@example.com"}}
	workspace := object{"account_id": accountID, "name": "New"}
	_, diags := p.Data("roster_blazemeter_account_user", user)
	diags.Error(t, "zoe@example.com")
	_, diags = p.Data("roster_blazemeter_workspace", workspace)
	diags.Error(t, `No workspace is called "New"`)
	got, diags := p.Data("roster_blazemeter_account_users", users)
	diags.None(t)
	equal(t, any([]any{"zoe@example.com"}), got["missing_emails"])

	m.Must(mockblazemeter.Of(m).AddUser(mockblazemeter.User{ID: 77, Email: "zoe@example.com"}))
	m.Must(mockblazemeter.Of(m).SetAccountUser(5001, mockblazemeter.AccountUser{ID: 77}))
	m.Must(mockblazemeter.Of(m).AddWorkspace(mockblazemeter.Workspace{ID: 999, Account: 5001, Name: "New"}))
	got, diags = p.Data("roster_blazemeter_account_user", user)
	diags.None(t)
	equal(t, any("77"), got["user_id"])
	got, diags = p.Data("roster_blazemeter_account_users", users)
	diags.None(t)
	equal(t, any([]any{}), got["missing_emails"])
	got, diags = p.Data("roster_blazemeter_workspace", workspace)
	diags.None(t)
	equal(t, any("999"), got["id"])
}

func TestReadErrors(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		says   string
	}{
		"wrong key": {401, "BlazeMeter does not accept the API key"},
		"no right":  {403, "The BlazeMeter API key may not read the users of account 5001"},
		"passing":   {503, "The users of account 5001 could not be read from BlazeMeter"},
	} {
		t.Run(name, func(t *testing.T) {
			m, p := inProcess(t, object{"http": object{"max_retries": int64(0)}})
			m.Must(m.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: c.status}}}))
			_, diags := p.Data("roster_blazemeter_account_users", object{"account_id": accountID})
			diags.Error(t, c.says)
		})
	}
	t.Run("missing credentials", func(t *testing.T) {
		mockservice.StartDefault(t).Setenv()
		t.Setenv("BLAZEMETER_API_KEY_SECRET", "")
		_, diags := protocol.Start(t, nil).Data("roster_blazemeter_accounts", nil)
		diags.Error(t, "Missing blazemeter.api_key_secret", "BLAZEMETER_API_KEY_SECRET")
	})
}

const listedUsers = "roster_blazemeter_workspace_user"

func TestListUsers(t *testing.T) {
	_, p := inProcess(t, nil)
	got, diags := p.List(listedUsers, object{"workspace_id": checkoutID}, 100, true)
	diags.None(t)
	var names []string
	for _, l := range got {
		names = append(names, l.DisplayName)
	}
	// Dave is disabled there, which is how BlazeMeter removes a user.
	equal(t, []string{"alice@example.com: manager", "bob@example.com: tester"}, names)
	equal(t, object{"workspace_id": checkoutID, "user_id": "352750"}, got[1].Identity)
	equal(t, object{
		"id": checkoutID + "/352750", "workspace_id": checkoutID, "user_id": "352750", "role": "tester", "enabled": true,
		"adopt_existing": false, "on_destroy": "disable", "email": "bob@example.com", "display_name": "Bob Example", "timeouts": nil,
	}, got[1].Resource)

	got, diags = p.List(listedUsers, object{"workspace_id": searchID, "role": "manager"}, 1, false)
	diags.Warning(t, "Only 1 of 2 members of workspace "+searchID+" are listed")
	if len(got) != 1 || got[0].Resource != nil {
		t.Fatalf("a limit of 1 gave %+v", got)
	}
	_, diags = p.List(listedUsers, object{"workspace_id": searchID, "role": "owner"}, 1, false)
	diags.Error(t, "role")
	_, diags = p.List(listedUsers, object{"workspace_id": "79999"}, 1, false)
	diags.Error(t, "79999")
}

func TestListUsersWithoutASingleRole(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(mockblazemeter.Of(m).Set(checkoutID, "352751", true))
	got, diags := p.List(listedUsers, object{"workspace_id": checkoutID}, 100, true)
	diags.Warning(t, "carol@example.com has no single role in workspace "+checkoutID)
	if len(got) != 3 || got[2].DisplayName != "carol@example.com: no role" {
		t.Fatalf("listed are %+v", got)
	}
}

// TestOnboardAWorkspaceOfTwoHundred lists two hundred, imports each by the
// identity that the list gave, and plans what -generate-config-out writes.
func TestOnboardAWorkspaceOfTwoHundred(t *testing.T) {
	const people = 200
	roles := []string{"manager", "tester", "viewer"}
	account := mockblazemeter.Account{ID: 1, Name: "Big", Users: []mockblazemeter.AccountUser{{ID: 9, Roles: []string{"admin"}}}}
	w := mockblazemeter.Workspace{ID: 2, Name: "Big", Account: 1}
	seed := mockblazemeter.Seed{Users: []mockblazemeter.User{{ID: 9, Email: "admin@example.com"}}}
	for i := range int64(people) {
		id := 1000 + i
		seed.Users = append(seed.Users, mockblazemeter.User{ID: id, Email: fmt.Sprintf("person-%03d@example.com", i)})
		account.Users = append(account.Users, mockblazemeter.AccountUser{ID: id})
		w.Users = append(w.Users, mockblazemeter.WorkspaceUser{ID: id, Role: roles[i%3]})
	}
	seed.Accounts, seed.Workspaces = []mockblazemeter.Account{account}, []mockblazemeter.Workspace{w}
	m := mockservice.StartTest(t, seed.Alone())
	m.Setenv()

	p := protocol.Start(t, nil)
	listed, diags := p.List(listedUsers, object{"workspace_id": "2"}, 1000, true)
	diags.None(t)
	if len(listed) != people {
		t.Fatalf("%d listed of %d", len(listed), people)
	}
	calls := m.Audit().Total
	p.TakeOver(listedUsers, listed)
	if now := m.Audit().Total; now != calls {
		t.Errorf("importing and planning took %d calls besides the listing's %d", now-calls, calls)
	}
	if writes := m.Writes(); len(writes) > 0 {
		t.Errorf("there were %d writes", len(writes))
	}
}

// Every workspace of an account is listed, each as an import would have it.
func TestListWorkspaces(t *testing.T) {
	_, p := inProcess(t, nil)
	got, diags := p.List("roster_blazemeter_workspace_users", object{"account_id": "5001"}, 100, true)
	diags.None(t)
	for _, l := range got {
		if l.Identity["workspace_id"] != load {
			continue
		}
		users, _ := l.Resource["users"].(object)
		if l.DisplayName != "Checkout Load Tests" || users[alice] != "manager" || users[bob] != "tester" || len(users) != 2 {
			t.Errorf("%s: %v", l.DisplayName, l.Resource)
		}
		return
	}
	t.Errorf("the workspace %s is not among %d", load, len(got))
}

// A whole account is taken over with one query: three workspaces with users of
// every role, one of them disabled.
func TestOnboardAnAccount(t *testing.T) {
	account := mockblazemeter.Account{ID: 1, Name: "All", Users: []mockblazemeter.AccountUser{{ID: 9, Roles: []string{"admin"}}}}
	seed := mockblazemeter.Seed{Users: []mockblazemeter.User{{ID: 9, Email: "admin@example.com"}}}
	for i := range int64(3) {
		seed.Users = append(seed.Users, mockblazemeter.User{ID: 100 + i, Email: fmt.Sprintf("person-%d@example.com", i)})
		account.Users = append(account.Users, mockblazemeter.AccountUser{ID: 100 + i})
		seed.Workspaces = append(seed.Workspaces, mockblazemeter.Workspace{
			ID: 10 + i, Name: fmt.Sprintf("Team %d", i), Account: 1,
			Users: []mockblazemeter.WorkspaceUser{{ID: 9, Role: "manager"}, {ID: 100 + i, Role: []string{"tester", "viewer", "manager"}[i], Disabled: i == 1}},
		})
	}
	seed.Accounts = []mockblazemeter.Account{account}
	m := mockservice.StartTest(t, seed.Alone())
	m.Setenv()
	p := protocol.Start(t, nil)

	const whole = "roster_blazemeter_workspace_users"
	listed, diags := p.List(whole, object{"account_id": "1"}, 100, true)
	diags.None(t)
	if len(listed) != 3 || listed[0].DisplayName != "Team 0" {
		t.Fatalf("listed are %+v", listed)
	}
	p.TakeOver(whole, listed)
	if writes := m.Writes(); len(writes) > 0 {
		t.Errorf("there were %d writes", len(writes))
	}
}

// What becomes of a change in a workspace that is disabled is not documented: a plan
// that has read the workspace says so once.
func TestWorkspaceThatIsDisabled(t *testing.T) {
	m := mockservice.StartTest(t, mockblazemeter.Seed{
		Users:      []mockblazemeter.User{{ID: 9, Email: "admin@example.com"}, {ID: 10, Email: "new@example.com"}, {ID: 11, Email: "other@example.com"}},
		Accounts:   []mockblazemeter.Account{{ID: 1, Name: "One", Users: []mockblazemeter.AccountUser{{ID: 9, Roles: []string{"admin"}}, {ID: 10}, {ID: 11}}}},
		Workspaces: []mockblazemeter.Workspace{{ID: 2, Name: "Closed", Account: 1, Disabled: true, Users: []mockblazemeter.WorkspaceUser{{ID: 9, Role: "manager"}}}},
	}.Alone())
	m.Setenv()
	p := protocol.Start(t, nil)
	warned := 0
	for _, id := range []string{"10", "11"} {
		c, diags, err := p.PlanChange(t.Context(), protocol.Instance{Type: listedUsers}, object{"workspace_id": "2", "user_id": id, "role": "tester"})
		if err != nil || diags.Failed() || c.Planned == nil {
			t.Fatalf("%v %s", err, diags)
		}
		if strings.Contains(diags.String(), "Workspace Closed is disabled as a whole") {
			warned++
		}
	}
	if warned != 1 {
		t.Errorf("%d warnings", warned)
	}
}
