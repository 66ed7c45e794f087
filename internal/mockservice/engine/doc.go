// Package engine is the mock service without its products: it serves a [Table]
// of them, keeps who is in which workspace, plays faults, writes the audit
// trail, and is steered by the control endpoints below /_mock/.
//
// It does not name a product. A product is one [Product] in the table and one
// folder beside this one; what a product answers, whose a key is and who counts
// as an owner is asked of its [State].
//
// Everything that a [Server] holds is guarded by one lock. Handlers and the
// methods of a State are called with it; [Access] and the methods of Server take it.
package engine
