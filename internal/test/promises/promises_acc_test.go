package promises

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
	"github.com/tf-roster/terraform-provider-roster/internal/test/products"
)

const quick = "provider \"roster\" {\n  last_owner_guard = { handover_wait = \"300ms\" }\n}\n"

// A member whom a part of a listing does not show is not absent.
func TestAccPartialListingIsNotAbsence(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		members := map[int]role{bob: low, dave: owner}
		for name, form := range map[string]struct{ created, before, lowered, gone func(s *scene) string }{
			"one": {
				func(s *scene) string { return s.one("x", dave, low) },
				func(s *scene) string { return s.one("x", dave, owner) },
				func(s *scene) string { return s.one("x", dave, low) },
				func(*scene) string { return "" },
			},
			"one that adopts": {
				func(s *scene) string { return s.one("x", dave, low, "adopt_existing = true") },
				func(s *scene) string { return s.one("x", dave, owner, "adopt_existing = true") },
				func(s *scene) string { return s.one("x", dave, low, "adopt_existing = true") },
				func(*scene) string { return "" },
			},
			"all": {
				func(s *scene) string { return s.all("x", map[int]role{bob: low, dave: low}) },
				func(s *scene) string { return s.all("x", map[int]role{bob: low, dave: owner}) },
				func(s *scene) string { return s.all("x", map[int]role{bob: low, dave: low}) },
				func(s *scene) string { return s.all("x", map[int]role{bob: low}) },
			},
			"holders": {
				func(s *scene) string { return s.holders("x", low, []int{bob, dave}) },
				func(s *scene) string { return s.holders("x", owner, []int{dave}, s.lowers()) },
				func(s *scene) string { return s.holders("x", owner, nil, s.lowers()) },
				func(s *scene) string { return s.holders("x", owner, nil) },
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := begin(t, p, members)
				s.part()
				s.applyFails([]string{quick, form.created(s)}, "is not complete")
				s.sentNothing()

				s = begin(t, p, members)
				s.apply(quick, form.before(s))
				s.part()
				for _, after := range []string{form.lowered(s), form.gone(s)} {
					s.configure(quick, after)
					s.Fails([]string{"apply", "-auto-approve", "-no-color", "-refresh=false"}, "is not complete")
				}
				s.sentNothing()
				s.has(dave, owner)
			})
		}
	})
}

// The floor is never taken from a part of a listing.
func TestAccPartialListingSetsNoFloor(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner, dave: owner})
		s.apply(quick, s.one("leaving", dave, owner))
		s.svc.ResetAudit()
		s.configure(quick, s.one("leaving", dave, low), s.one("new", carol, low))
		s.Plan("-out=planned")
		calls := s.callsOf(s.first)
		s.set(alice, low)
		// The first listing of the apply is a part: as many calls as the plan's took.
		var once []mockservice.Fault
		for name, value := range p.Partial {
			once = append(once, mockservice.Fault{
				Kind: mockservice.FaultBehaviour, Product: p.Name, Method: "GET", Path: "/" + s.first, Set: p.Name + "." + name + "=" + value, Times: calls,
			})
		}
		s.svc.Must(s.svc.SetFaults(mockservice.Faults{Rules: once}))
		if r := s.applyPlanned(); r.Code == 0 {
			t.Errorf("the last owner was lowered:\n%s", r.Stdout)
		}
		s.has(dave, owner)
		s.ownersKept()
	})
}

// What was read when the run began decides about nobody who is changed later.
func TestAccOldListingDecidesNothing(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		const after = "depends_on = [terraform_data.slow]"
		const slow = "resource \"terraform_data\" \"slow\" {\n  provisioner \"local-exec\" {\n    command = \"sleep 3\"\n  }\n}\n"
		for name, form := range map[string]struct{ before, later func(s *scene) string }{
			"one": {func(s *scene) string { return s.one("x", bob, low) }, func(s *scene) string { return s.one("x", bob, middle, after) }},
			"all": {
				func(s *scene) string {
					return s.all("x", map[int]role{bob: low}, "ignore_users = "+s.ids(alice, carol))
				},
				func(s *scene) string {
					return s.all("x", map[int]role{bob: middle}, "ignore_users = "+s.ids(alice, carol), after)
				},
			},
			"holders": {func(s *scene) string { return s.holders("x", middle, nil) }, func(s *scene) string { return s.holders("x", middle, []int{bob}, after) }},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := begin(t, p, map[int]role{alice: owner, bob: low})
				s.apply(quick, form.before(s))
				s.planned(quick, form.later(s), s.one("new", carol, low), slow)
				// While the slow resource is created, and nothing is read, Bob becomes the
				// only owner. A change between the two calls of one listing would be
				// another story: nothing tells that one from a change after it.
				meanwhile := time.AfterFunc(2*time.Second, func() {
					s.set(bob, owner)
					s.set(alice, low)
				})
				defer meanwhile.Stop()
				s.applyPlanned()
				s.has(bob, owner)
				s.ownersKept()
			})
		}
	})
}

// A host that asks for a pause lets nobody be removed whom the pause has made the only
// owner.
func TestAccPausedHostDecidesAnew(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		for name, form := range map[string]struct{ before, later func(s *scene) string }{
			"removed": {func(s *scene) string { return s.one("x", bob, low) }, func(*scene) string { return "" }},
			"lowered": {func(s *scene) string { return s.one("x", bob, middle) }, func(s *scene) string { return s.one("x", bob, low) }},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := begin(t, p, map[int]role{alice: owner, bob: low})
				if name == "lowered" {
					s.set(bob, middle)
				}
				s.apply(quick, form.before(s))
				s.planned(quick, form.later(s))
				var rules []mockservice.Fault
				for _, method := range []string{"DELETE", "POST", "PUT"} {
					rules = append(rules, mockservice.Fault{Kind: mockservice.FaultStatus, Status: 429, RetryAfter: "3", Product: p.Name, Method: method, Times: 1})
				}
				s.svc.Must(s.svc.SetFaults(mockservice.Faults{Rules: rules}))
				over := make(chan struct{})
				var meanwhile sync.WaitGroup
				meanwhile.Go(func() {
					for s.svc.Audit().Faults["429"] == 0 {
						select {
						case <-over:
							return
						case <-time.After(20 * time.Millisecond):
						}
					}
					s.set(bob, owner)
					s.set(alice, low)
				})
				defer meanwhile.Wait()
				defer close(over)
				if r := s.applyPlanned(); r.Code == 0 {
					t.Errorf("the apply says that it is done:\n%s", r.Stdout)
				}
				s.has(bob, owner)
				s.ownersKept()
			})
		}
	})
}

// An import of nobody says who is not there, and what was probably meant.
func TestAccImportOfNobody(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner})
		s.configure(s.one("x", alice, owner))
		fails := func(workspace, who string, texts ...string) {
			t.Helper()
			id := s.p.Additive.Key.ID(framework.Subject{Workspace: workspace, Principal: membership.Principal{Kind: membership.User, ID: who}})
			r := s.Fails([]string{"import", "-no-color", s.p.Additive.TypeName + ".x", id}, texts...)
			if strings.Contains(r.Text(), "non-existent remote object") {
				t.Error("Terraform has to guess: " + r.Text())
			}
		}
		fails(s.first, p.Person(bob), "is not in workspace", "Without the import, the apply adds the member.")
		fails(p.Person(carol), p.Person(alice), "was not found in")
		if p.Name == "blink" { // the other's ids are numbers
			fails(s.first, s.email(alice), "That is the e-mail address of "+p.Person(alice))
		}
	})
}

// A user whom the apply has given another role is not one who came meanwhile.
func TestAccReassignedIsNotLeftAlone(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner, dave: owner})
		s.apply(s.holders("x", owner, []int{alice, dave}, s.lowers()))
		if r := s.apply(s.holders("x", owner, []int{alice}, s.lowers())); strings.Contains(r.Text(), "left alone") {
			t.Errorf("what this run has done is told as what others did:\n%s", r.Stdout)
		}
		s.has(dave, low)
		s.Clean()
	})
}

// Terraform hands the private data of an object that a refresh has removed to the plan of
// its next creation, which is judged like any other.
func TestAccPlannedAgainAfterItLeftTheState(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner, dave: owner, bob: low})
		s.apply(s.one("x", bob, low), s.one("y", alice, owner), s.one("z", dave, owner))

		// It counts as an owner who comes.
		s.set(alice, none)
		s.apply(s.one("x", bob, low), s.one("y", alice, owner))
		s.has(alice, owner)
		s.has(dave, none)

		// It clashes with another resource.
		s.set(bob, none)
		s.configure(s.one("x", bob, low), s.one("again", bob, middle), s.one("y", alice, owner))
		s.Fails([]string{"plan", "-no-color"}, "Two resources")

		// In a workspace that is gone there is nothing to create.
		s.configure(s.one("x", bob, low), s.one("y", alice, owner))
		s.svc.Must(s.svc.Access(p.Name).DeleteWorkspace(s.first))
		s.Fails([]string{"plan", "-no-color"}, "is gone", "was not found in", "terraform destroy -refresh=false")
		s.OK("destroy", "-auto-approve", "-refresh=false")
	})
}

// What other instances of a workspace held is not what this instance held.
func TestAccRenamedWithoutMoved(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner, bob: low, carol: low})
		s.apply(s.all("before", map[int]role{alice: owner, bob: low, carol: low}))
		s.applyFails([]string{s.all("after", map[int]role{alice: owner, carol: low})}, s.email(bob))
		s.has(bob, low)

		s = begin(t, p, map[int]role{alice: owner, bob: low, carol: low})
		s.apply(s.holders("before", low, []int{bob, carol}))
		s.applyFails([]string{s.holders("after", low, []int{carol})}, s.email(bob))
		s.has(bob, low)
	})
}

// One resource gives up a user and leaves the access, another one takes the
// person with another role: what is planned can be applied.
func TestAccKeptByOneAndTakenByAnother(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		const keep = `on_destroy = "keep"`
		s := begin(t, p, map[int]role{alice: owner, bob: low})
		s.apply(s.one("x", bob, low, keep))
		s.configure(s.one("x", carol, low, keep), s.one("y", bob, middle))
		if r := s.Run("plan", "-no-color", "-out=planned"); r.Code != 0 {
			s.Shows(r, s.email(bob))
			return
		}
		if r := s.applyPlanned(); r.Code != 0 {
			t.Errorf("what was planned fails:\n%s%s", r.Stdout, r.Stderr)
		}
		s.has(bob, middle)
		s.Clean()
	})
}

// Two resources of one workspace that wait for each other.
func TestAccNobodyWaitsForEachOther(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		const hurry = `timeouts = { create = "30s", update = "30s" }`
		for name, form := range map[string]func(s *scene, who ...int) string{
			"all": func(s *scene, who ...int) string {
				members := map[int]role{}
				for _, w := range who {
					members[w] = owner
				}
				return s.all("many", members, hurry)
			},
			"holders": func(s *scene, who ...int) string { return s.holders("many", owner, who, hurry) },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := begin(t, p, map[int]role{alice: owner, bob: owner})
				s.apply(quick, form(s, alice, bob))
				s.configure(quick, form(s, alice), s.later(s.one("one", bob, owner, "adopt_existing = true", hurry)))
				r := s.Run("apply", "-auto-approve", "-no-color")
				if strings.Contains(r.Text(), "ran out of time") {
					t.Errorf("it hung until its timeouts:\n%s", r.Text())
				}
				if _, recorded := s.State()[p.Additive.TypeName+".one"]; recorded {
					s.has(bob, owner)
				}
				s.ownersKept()
			})
		}
	})
}

// Everybody whom a state claims is there.
func TestAccStateClaimsWhoIsThere(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		for name, form := range map[string]func(s *scene) (typeName, block string){
			"all": func(s *scene) (string, string) {
				return s.form(p.Whole), s.all("many", map[int]role{alice: owner, bob: low})
			},
			"holders": func(s *scene) (string, string) { return s.form(p.OfRole), s.holders("many", low, []int{bob}) },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := begin(t, p, map[int]role{alice: owner, bob: low})
				s.apply(s.one("one", bob, low))
				typeName, block := form(s)
				s.configure(s.later(block))
				r := s.Run("apply", "-auto-approve", "-no-color")
				if _, recorded := s.State()[typeName+".many"]; recorded {
					s.has(bob, low)
				}
				if r.Code == 0 {
					s.Clean()
				}
			})
		}
	})
}

// A change that is legal in some order goes through.
func TestAccLegalChangeGoesThrough(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner, carol: owner})
		ignored := "ignore_users = " + s.ids(carol)
		s.apply(s.all("many", map[int]role{alice: owner}, ignored), s.one("one", carol, owner))
		s.apply(s.all("many", map[int]role{bob: owner}, ignored))
		s.has(alice, none)
		s.has(carol, none)
		s.ownersKept()
		s.Clean()
	})
}

// race lets two runs take an owner each out at the same time, both planned while
// there were two. The environments differ as given.
func race(t *testing.T, p products.Product, differ func(n int, s *scene) []string) (*scene, [2]acctest.Result) {
	t.Helper()
	s := begin(t, p, map[int]role{alice: owner, bob: owner})
	var runs [2]*acctest.CLI
	for n := range runs {
		runs[n] = acctest.New(t, append(s.svc.Env(), differ(n, s)...))
		runs[n].Write("main.tf", quick+s.one("x", n, owner))
		runs[n].Apply()
		runs[n].Write("main.tf", quick)
		runs[n].Plan("-out=planned")
	}
	s.svc.Must(s.svc.SetFaults(mockservice.Faults{Latency: mockservice.Duration(100 * time.Millisecond)}))
	var results [2]acctest.Result
	var both sync.WaitGroup
	for n, run := range runs {
		both.Go(func() { results[n] = run.Run("apply", "-no-color", "planned") })
	}
	both.Wait()
	return s, results
}

// at gives the settings with another name of the service's host.
func at(s *scene, host string) []string {
	var out []string
	for _, line := range s.svc.Env() {
		out = append(out, strings.Replace(line, "127.0.0.1", host, 1))
	}
	return out
}

// Two runs on one machine keep each other out, whatever differs between them.
func TestAccTwoRunsOnOneMachine(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		for name, differ := range map[string]func(n int, s *scene) []string{
			"other folders":      func(int, *scene) []string { return []string{"TMPDIR=" + t.TempDir(), "HOME=" + t.TempDir()} },
			"a host in capitals": func(n int, s *scene) []string { return at(s, []string{"localhost", "LOCALHOST"}[n]) },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s, results := race(t, p, differ)
				if (results[0].Code == 0) == (results[1].Code == 0) {
					t.Errorf("one of two should be refused:\n%s\n%s", results[0].Text(), results[1].Text())
				}
				s.ownersKept()
			})
		}
	})
}

// Runs on two machines share no lock, which two names of one host stand for. What
// turns out to have left too few owners is undone.
func TestAccTwoRunsOnTwoMachines(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s, results := race(t, p, func(n int, s *scene) []string { return at(s, []string{"127.0.0.1", "localhost"}[n]) })
		if n := s.svc.Access(p.Name).Owners(s.first).Now; n < 1 {
			t.Errorf("the workspace stays without an owner:\n%s\n%s", results[0].Text(), results[1].Text())
		}
		for n, r := range results {
			if r.Code == 0 && s.now(n) != "" || r.Code != 0 && s.now(n) == "" {
				t.Errorf("exit code %d, and %s has the role %q:\n%s", r.Code, s.email(n), s.now(n), r.Text())
			}
		}
	})
}

// A workspace that is being closed is exempt, however its id is spelled.
func TestAccExemptInAnotherSpelling(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner})
		s.apply(s.one("x", alice, owner))
		s.apply(fmt.Sprintf("provider \"roster\" {\n  last_owner_guard = { exempt_workspace_ids = [%q] }\n}\n", strings.ToUpper(s.first)))
		s.has(alice, none)
	})
}

// A replacement needs no connection to be known for one: the provider's settings
// may be known only after apply.
func TestAccReplacementWithSettingsKnownAfterApply(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		for name, members := range map[string]map[int]role{"the last owner": {alice: owner}, "a member": {alice: owner, dave: owner}} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := begin(t, p, members)
				var settings strings.Builder
				for attribute, value := range p.SettingsFrom(s.svc.Env()) {
					fmt.Fprintf(&settings, "    %s = terraform_data.key[%q].output\n", attribute, value)
				}
				provider := fmt.Sprintf("variable \"turn\" {}\nresource \"terraform_data\" \"key\" {\n  for_each = toset([%s])\n  input = each.key\n  triggers_replace = var.turn\n}\nprovider \"roster\" {\n  %s = {\n%s  }\n}\n",
					s.settingValues(), p.Name, settings.String())
				s.configure(provider, s.one("x", alice, owner))
				s.Apply("-var=turn=1")
				s.svc.ResetAudit()
				s.Apply("-var=turn=2", "-replace="+p.Additive.TypeName+".x")
				s.sentNothing()
				s.has(alice, owner)
			})
		}
	})
}

// A replacement that ended after Terraform had put the old object aside, and before it
// created the other one, is finished by the next apply.
func TestAccReplacementThatEndedHalfWay(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		for _, how := range []string{"-replace", "taint"} {
			t.Run(how, func(t *testing.T) {
				t.Parallel()
				s, address := begin(t, p, map[int]role{alice: owner, bob: low}), p.Additive.TypeName+".x"
				block := s.one("x", bob, low, "lifecycle {\n    create_before_destroy = true\n  }")
				s.apply(quick, block)
				if how == "taint" {
					s.OK("taint", address)
					s.Plan("-out=planned")
				} else {
					s.Plan("-replace="+address, "-out=planned")
				}
				s.svc.Must(s.svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: 500, Method: "GET"}}}))
				if r := s.applyPlanned(); r.Code == 0 {
					t.Fatalf("nothing failed:\n%s", r.Text())
				}
				s.svc.Must(s.svc.SetFaults(mockservice.Faults{}))
				s.svc.ResetAudit()
				s.Apply()
				s.sentNothing()
				s.has(bob, low)
				s.Clean()
				s.NothingDeposed()
			})
		}
	})
}

// An adoption that only the apply knew of is said.
func TestAccAdoptionAtApplyIsSaid(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner, bob: owner})
		s.configure(s.later(s.one("x", bob, low, "adopt_existing = true")))
		s.Shows(s.Apply(), "Warning", s.email(bob), "from "+s.called(owner)+" to "+s.called(low))
		s.has(bob, low)
		s.Clean()
	})
}

// A resource of one role and an additive one that gives this role would undo each
// other's work, also where the member does not have it yet.
func TestAccClashOverARoleThatIsGiven(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner, bob: low})
		s.configure(s.holders("many", low, []int{bob}), s.one("one", carol, low))
		s.Fails([]string{"plan", "-no-color"}, "Two forms of resource manage a principal", s.email(carol))
		s.apply(s.holders("many", low, []int{bob}, "ignore_users = "+s.ids(carol)), s.one("one", carol, low))
		s.Clean()
	})
}

// What the plan could not know is no reason to refuse at apply: what is missing is
// given, everybody else is left alone and named, and the next plan shows the rest.
func TestAccCreationKnownAfterApply(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		for name, c := range map[string]struct {
			block func(s *scene) string
			carol role
		}{
			"one":     {func(s *scene) string { return s.one("x", bob, low) }, none},
			"all":     {func(s *scene) string { return s.all("x", map[int]role{alice: owner, carol: low}) }, low},
			"holders": {func(s *scene) string { return s.holders("x", owner, []int{carol}) }, owner},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, saved := range []bool{false, true} {
					s := begin(t, p, map[int]role{alice: owner, bob: middle})
					s.configure(s.later(c.block(s)))
					var r acctest.Result
					if saved {
						s.Plan("-out=planned")
						r = s.OK("apply", "-no-color", "planned")
					} else {
						r = s.Apply()
					}
					s.Shows(r, "is left alone")
					s.has(alice, owner)
					s.has(bob, middle)
					s.has(carol, c.carol)
					if plan := s.Run("plan", "-no-color", "-detailed-exitcode"); plan.Code != 2 {
						t.Errorf("the next plan should show who is left, and ends with %d:\n%s", plan.Code, plan.Text())
					}
				}
			})
		}
	})
}

// A member who was promoted after the plan keeps that, unless the plan showed it.
func TestAccPromotedSinceThePlan(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		for name, c := range map[string]struct {
			before, later func(s *scene) string
			fails         bool
		}{
			"one, changed": {func(s *scene) string { return s.one("x", bob, low) }, func(s *scene) string { return s.one("x", bob, middle) }, true},
			"one, removed": {func(s *scene) string { return s.one("x", bob, low) }, func(*scene) string { return "" }, true},
			"all, named as before": {
				func(s *scene) string { return s.all("x", map[int]role{alice: owner, bob: low}) },
				func(s *scene) string { return s.all("x", map[int]role{alice: owner, bob: low, carol: low}) }, false,
			},
			"all, left out": {
				func(s *scene) string { return s.all("x", map[int]role{alice: owner, bob: low}) },
				func(s *scene) string { return s.all("x", map[int]role{alice: owner}) }, false,
			},
			"holders, joined": {
				func(s *scene) string { return s.holders("x", owner, []int{alice}, s.lowers()) },
				func(s *scene) string { return s.holders("x", owner, []int{alice, carol}, s.lowers()) }, false,
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := begin(t, p, map[int]role{alice: owner, bob: low})
				s.apply(c.before(s))
				s.planned(c.later(s))
				s.set(bob, owner)
				r := s.applyPlanned()
				s.Shows(r, s.email(bob), "is left alone")
				if (r.Code != 0) != c.fails {
					t.Errorf("exit code %d:\n%s", r.Code, r.Text())
				}
				s.has(bob, owner)
			})
		}
	})
}

// A change of principal that failed half-way, and is taken back: the newcomer is
// named until that is settled.
func TestAccNewcomerIsNotForgotten(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner, carol: owner})
		s.apply(quick, s.one("x", alice, owner))
		s.svc.Must(s.svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{
			{Kind: mockservice.FaultStatus, Status: 403, Method: "DELETE", Path: p.Person(alice)}, {Kind: mockservice.FaultStatus, Status: 403, Method: "PUT", Path: p.Person(alice)},
		}}))
		s.applyFails([]string{quick, s.one("x", bob, owner)}, s.email(alice))
		s.has(bob, owner)
		s.svc.Must(s.svc.SetFaults(mockservice.Faults{}))
		s.configure(quick, s.one("x", alice, owner))
		s.Shows(s.Plan(), s.email(bob))
		s.Shows(s.Apply(), s.email(bob))
		s.set(bob, none)
		if r := s.Plan(); strings.Contains(r.Text(), s.email(bob)) {
			t.Errorf("bob is gone and still named:\n%s", r.Text())
		}
		s.Clean()
	})
}
