package mockservice

import (
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

// The words of the engine that tests use, and the products' own.
type (
	Behaviour               = engine.Behaviour
	BlazeMeterAccount       = engine.BlazeMeterAccount
	BlazeMeterAccountUser   = engine.BlazeMeterAccountUser
	BlazeMeterBehaviour     = engine.BlazeMeterBehaviour
	BlazeMeterKey           = engine.BlazeMeterKey
	BlazeMeterSeed          = engine.BlazeMeterSeed
	BlazeMeterUser          = engine.BlazeMeterUser
	BlazeMeterWorkspace     = engine.BlazeMeterWorkspace
	BlazeMeterWorkspaceUser = engine.BlazeMeterWorkspaceUser
	BlinkBehaviour          = engine.BlinkBehaviour
	BlinkGroup              = engine.BlinkGroup
	BlinkKey                = engine.BlinkKey
	BlinkSeed               = engine.BlinkSeed
	BlinkUser               = engine.BlinkUser
	BlinkWorkspace          = engine.BlinkWorkspace
	Duration                = engine.Duration
	Fault                   = engine.Fault
	Faults                  = engine.Faults
	Member                  = engine.Member
	Option                  = engine.Option
	OwnerCounts             = engine.OwnerCounts
	Product                 = engine.Product
	RateLimit               = engine.RateLimit
	RouteInfo               = engine.RouteInfo
	Running                 = engine.Running
	Seed                    = engine.Seed
	Server                  = engine.Server
	Write                   = engine.Write
)

// Names of products, kinds of principal and outcomes of writes.
const (
	ProductBlink      = engine.ProductBlink
	ProductBlazeMeter = engine.ProductBlazeMeter
	KindUser          = engine.KindUser
	KindGroup         = engine.KindGroup
	OutcomeApplied    = engine.OutcomeApplied
	OutcomeRefused    = engine.OutcomeRefused
	OutcomeIgnored    = engine.OutcomeIgnored
	StatusActive      = engine.StatusActive
	StatusInactive    = engine.StatusInactive
	StatusInvited     = engine.StatusInvited
)

// What stands in the default seed.
const (
	DefaultBlinkKey                 = engine.DefaultBlinkKey
	DefaultBlinkWorkspace           = engine.DefaultBlinkWorkspace
	DefaultBlinkOtherWorkspace      = engine.DefaultBlinkOtherWorkspace
	DefaultBlazeMeterKeyID          = engine.DefaultBlazeMeterKeyID
	DefaultBlazeMeterKeySecret      = engine.DefaultBlazeMeterKeySecret
	DefaultBlazeMeterAccount        = engine.DefaultBlazeMeterAccount
	DefaultBlazeMeterWorkspace      = engine.DefaultBlazeMeterWorkspace
	DefaultBlazeMeterOtherWorkspace = engine.DefaultBlazeMeterOtherWorkspace
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
)

// ControlHelp lists the control endpoints.
const ControlHelp = engine.ControlHelp

// New makes a server from a seed.
func New(seed Seed, options ...Option) (*Server, error) { return engine.New(seed, options...) }

// StartTest serves a seed until the test ends.
func StartTest(tb testing.TB, seed Seed, options ...Option) *Running {
	tb.Helper()
	return engine.StartTest(tb, seed, options...)
}

// StartDefault is [StartTest] with the default seed.
func StartDefault(tb testing.TB, options ...Option) *Running {
	tb.Helper()
	return engine.StartDefault(tb, options...)
}

// WithClock replaces the clock of a server.
func WithClock(now func() time.Time) Option { return engine.WithClock(now) }

// WithWireCheck has every request and answer judged by the OpenAPI files, or not.
func WithWireCheck(on bool) Option { return engine.WithWireCheck(on) }

// DefaultSeed is the seed that is built in.
func DefaultSeed() (Seed, error) { return engine.DefaultSeed() }

// DefaultSeedJSON is the same as text.
func DefaultSeedJSON() []byte { return engine.DefaultSeedJSON() }

// ParseSeed reads a seed in its JSON form, strictly.
func ParseSeed(text []byte) (Seed, error) { return engine.ParseSeed(text) }

// ParseFault reads one rule as the command takes it.
func ParseFault(text string) (Fault, error) { return engine.ParseFault(text) }

// ParseFaults reads faults in their JSON form, strictly.
func ParseFaults(text []byte) (Faults, error) { return engine.ParseFaults(text) }

// FaultHelp lists the kinds of fault and the fields of a rule.
func FaultHelp() string { return engine.FaultHelp() }

// FaultKinds lists the kinds of fault.
func FaultKinds() []string { return engine.FaultKinds() }

// BehaviourHelp lists the switches with their values, one a line.
func BehaviourHelp() string { return engine.BehaviourHelp() }

// Routes lists the calls that the service knows.
func Routes() []RouteInfo { return engine.Routes() }

// ShellLines writes NAME=value lines as a POSIX shell reads them.
func ShellLines(env []string) string { return engine.ShellLines(env) }

// IsLoopback tells if an address can be reached from this machine only.
func IsLoopback(address string) bool { return engine.IsLoopback(address) }
