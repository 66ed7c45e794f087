// Package mockservice stands in for both products that the provider speaks to:
// Blink under /api/v1 and BlazeMeter under /api/v4 of one server. It keeps
// state, knows what was done to it, and goes wrong on purpose.
//
// It shares no code with the clients. Its wire shapes are written down here
// from the vendors' pages, and package wirecheck holds every request and every answer against
// the OpenAPI files, so that a mistake of a client cannot hide in it.
//
// # In a test
//
//	run := mockservice.StartDefault(t)           // or StartTest(t, seed)
//	run.Setenv()                                 // BLINK_ENDPOINT and so on
//	run.Must(run.Blink().SetRole(ws, "user", "u-bob", "viewer")) // behind the provider's back
//	...
//	if run.Blink().FewestOwners(ws) < 1 { ... }  // the smallest number of owners at any moment
//	for _, w := range run.Writes() { ... }       // the audit trail
//
// [Server] is an [net/http.Handler]; [New] makes one without a listener.
//
// # What the vendors do not say
//
// [Behaviour] has a switch for each thing that the vendors do not document: if
// assigning a role brings people in, if the removal call is there, if the last
// owner is protected, how roles are spelled, how pages are cut, and so on.
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
