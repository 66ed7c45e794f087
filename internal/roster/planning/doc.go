// Package planning says what a plan would do: how a workspace differs from what
// a resource wants, which resources of a walk get in each other's way, and what
// the person who reads the plan has to know.
package planning
