package mockservice

import (
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

// products is the table: a new product is one more line.
var products = engine.Table{
	blink.Product,
	blazemeter.Product,
}

// The engine's words, for tests that need no other package.
type (
	// Duration is [engine.Duration].
	Duration = engine.Duration
	// Fault is [engine.Fault].
	Fault = engine.Fault
	// Faults is [engine.Faults].
	Faults = engine.Faults
	// Gauge is [engine.Gauge].
	Gauge = engine.Gauge
	// Member is [engine.Member].
	Member = engine.Member
	// Option is [engine.Option].
	Option = engine.Option
	// OwnerCounts is [engine.OwnerCounts].
	OwnerCounts = engine.OwnerCounts
	// Population is [engine.Population].
	Population = engine.Population
	// RateLimit is [engine.RateLimit].
	RateLimit = engine.RateLimit
	// RouteInfo is [engine.RouteInfo].
	RouteInfo = engine.RouteInfo
	// Running is [engine.Running].
	Running = engine.Running
	// Sample is [engine.Sample].
	Sample = engine.Sample
	// Seed is [engine.Seed].
	Seed = engine.Seed
	// Server is [engine.Server].
	Server = engine.Server
	// Switch is [engine.Switch].
	Switch = engine.Switch
	// World is [engine.World].
	World = engine.World
	// Write is [engine.Write].
	Write = engine.Write
)

// Kinds of principal, and the outcome of a write that was done.
const (
	KindUser       = engine.KindUser
	KindGroup      = engine.KindGroup
	OutcomeApplied = engine.OutcomeApplied
)

// The kinds of fault.
const (
	FaultStatus     = engine.FaultStatus
	FaultReset      = engine.FaultReset
	FaultLost       = engine.FaultLost
	FaultCut        = engine.FaultCut
	FaultLatency    = engine.FaultLatency
	FaultLateAnswer = engine.FaultLateAnswer
	FaultLag        = engine.FaultLag
	FaultDrip       = engine.FaultDrip
	FaultEndless    = engine.FaultEndless
	FaultHang       = engine.FaultHang
	FaultHTML       = engine.FaultHTML
	FaultEmpty      = engine.FaultEmpty
	FaultBlank      = engine.FaultBlank
	FaultShift      = engine.FaultShift
	FaultTotal      = engine.FaultTotal
	FaultRedirect   = engine.FaultRedirect
	FaultErrorIn200 = engine.FaultErrorIn200
	FaultBody       = engine.FaultBody
	FaultBehaviour  = engine.FaultBehaviour
	FaultChange     = engine.FaultChange
)

// Products names the products for people, with the path that each is served under.
func Products() string { return products.Titles() }

// SampleOf names a workspace, a user and a role of a product's default seed.
func SampleOf(product string) Sample { return products.Sample(product) }

// WorldOf describes the worlds that can be made of a product; false where there is none.
func WorldOf(product string) (World, bool) { return products.World(product) }

// Populate gives a product's part of a seed these people in place of all others.
func Populate(seed *Seed, product string, people Population) {
	products.Populate(seed, product, people)
}

// EmailOf is the e-mail address of a user in a [Population].
func EmailOf(id string) string { return engine.EmailOf(id) }

// NameOf is the name of a user or group in a [Population].
func NameOf(id string) string { return engine.NameOf(id) }

// New makes a server from a seed. The error is a *[engine.SeedError] that names everything wrong with the seed.
func New(seed Seed, options ...Option) (*Server, error) { return products.New(seed, options...) }

// StartTest serves a seed until the test ends; see [engine.Table.StartTest].
func StartTest(tb testing.TB, seed Seed, options ...Option) *Running {
	tb.Helper()
	return products.StartTest(tb, seed, options...)
}

// StartDefault is [StartTest] with the default seed.
func StartDefault(tb testing.TB, options ...Option) *Running {
	tb.Helper()
	seed, err := DefaultSeed()
	if err != nil {
		tb.Fatal(err)
	}
	return StartTest(tb, seed, options...)
}

// WithClock replaces the clock that dates the audit trail and measures lag and fault windows.
func WithClock(now func() time.Time) Option { return engine.WithClock(now) }

// WithWireCheck has every request and answer judged by the OpenAPI files, or not.
func WithWireCheck(on bool) Option { return engine.WithWireCheck(on) }

// WithGauge has a server count its requests in flight in a gauge that others share.
func WithGauge(g *Gauge) Option { return engine.WithGauge(g) }

// DefaultSeedJSON is the seed that the command serves when it is given none.
func DefaultSeedJSON() []byte { return products.DefaultSeedJSON() }

// DefaultSeed is the same, read. Its ids are the Default... constants of the products.
func DefaultSeed() (Seed, error) { return products.DefaultSeed() }

// ParseSeed reads a seed in its JSON form (SEED.md), strictly.
func ParseSeed(text []byte) (Seed, error) { return products.ParseSeed(text) }

// Validate checks a seed; a *[engine.SeedError] names every problem.
func Validate(seed Seed) error { return products.Validate(seed) }

// SetSwitch sets one switch of a seed by its name, such as "blink.role_case".
func SetSwitch(seed *Seed, name, value string) error { return products.SetSwitch(seed, name, value) }

// Switches lists every switch: what the vendors do not document.
func Switches() []Switch { return products.Switches() }

// BehaviourHelp lists the switches with their values, one a line.
func BehaviourHelp() string { return products.BehaviourHelp() }

// ParseFault reads one rule as the command takes it: name=value pairs, separated by commas.
func ParseFault(text string) (Fault, error) { return products.ParseFault(text) }

// ParseFaults reads faults in their JSON form, strictly.
func ParseFaults(text []byte) (Faults, error) { return products.ParseFaults(text) }

// FaultHelp lists the kinds of fault and the fields of a rule.
func FaultHelp() string { return products.FaultHelp() }

// FaultKinds lists the kinds of fault.
func FaultKinds() []string { return engine.FaultKinds() }

// Routes lists the calls that the products know.
func Routes() []RouteInfo { return products.Routes() }

// ControlHelp lists the control endpoints.
func ControlHelp() string { return products.ControlHelp() }

// ShellLines writes NAME=value lines as a POSIX shell reads them.
func ShellLines(env []string) string { return engine.ShellLines(env) }

// IsLoopback tells if an address such as "127.0.0.1:8080" can be reached from this machine only.
func IsLoopback(address string) bool { return engine.IsLoopback(address) }
