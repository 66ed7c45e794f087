// Package engine is the mock service itself: state, behavior, faults, audit
// trail and control endpoints.
package engine
