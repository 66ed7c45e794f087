// Package mockservice is a mock of the products that the provider speaks to. It
// keeps state, knows what was done to it, and goes wrong on purpose.
//
// It is a table of products (mockservice.go): each has a folder below this one
// with its calls, state, seed and switches, and the engine serves whatever is in
// the table.
//
// What it shares with the clients is each product's OpenAPI file: the clients'
// wire types are generated from it, and package wirecheck holds every request and
// every answer against it. It shares no other code: the wire shapes of its
// answers are written down once more. So a client that strays from the OpenAPI
// file is seen; a mistake in the file, or a misreading of the vendors' pages that
// went into both, is not.
//
// # In a test
//
//	run := mockservice.StartDefault(t)           // or StartTest(t, seed)
//	run.Setenv()                                 // BLINK_ENDPOINT and so on
//	tenant := mockblink.Of(run)                  // package internal/mockservice/blink
//	run.Must(tenant.SetRole(ws, "user", "u-bob", "viewer")) // behind the provider's back
//	...
//	if tenant.FewestOwners(ws) < 1 { ... }       // the smallest number of owners at any moment
//	for _, w := range run.Writes() { ... }       // the audit trail
//
// A seed is changed before it is served by mockblink.SeedOf(&seed) and
// mockblink.BehaviourOf(&seed). [Server] is an [net/http.Handler]; [New] makes one
// without a listener.
//
// # What the vendors do not say
//
// Each product has a switch for each thing that its vendor does not document: if
// assigning a role brings people in, if the removal call is there, if the last
// owner is protected, how roles are spelled, how pages are cut, and so on.
// [Switches] lists them; run.SetSwitch("blink.role_case", "exact") sets one.
//
// # What goes wrong
//
// [Faults] has rules that disturb requests: refusals with and without Retry-After,
// resets before the work, answers lost after it, lag, latency, slow and endless
// answers, HTML pages, pages that shift. They can be narrowed to a product,
// method, call or path, and to a number, a chance or a window. With one seed the
// same requests are disturbed however they interleave; see [Faults].
//
// # What was done
//
// [Server.Writes] tells every write with its principal, from, to and outcome;
// [Server.Requests] every request; [Server.RequestCount] counts them by call;
// [Server.Undocumented] lists what fits no route; [Server.RepeatedWrites] counts
// writes that were not needed; [OwnerCounts] has the fewest owners ever seen.
//
// # By itself
//
// The command in cmd serves a seed (SEED.md describes it), prints the
// environment lines, and is steered by the control endpoints under /_mock/,
// which [ControlHelp] lists.
package mockservice
