// Package guard is the last-owner guard: its policy, who counts as an owner, and
// what it says. It reads nothing and waits for nothing.
package guard

import "time"

// Mode says what the last-owner guard does about a loss.
type Mode string

// The modes of the guard.
const (
	Enforce Mode = "enforce"
	Warn    Mode = "warn"
	Off     Mode = "off"
)

// Policy is the policy of the last-owner guard.
type Policy struct {
	Mode Mode
	// MinimumOwners is at least 1.
	MinimumOwners int
	// NotCounted are ids or e-mail addresses that never count as owners.
	NotCounted []string
	// CountOwnerGroups makes a group with members and the owner role count as one owner.
	CountOwnerGroups bool
	// ExemptWorkspaces are the ids of workspaces that the guard leaves alone.
	ExemptWorkspaces []string
	// HandoverWait is how long nothing must have moved before a loss without a
	// successor is refused.
	HandoverWait time.Duration
}
