// Command terraform-provider-roster manages who holds which role in which
// workspace of Blink and BlazeMeter. Terraform and OpenTofu start it; by hand it
// tells its version, or waits for a Terraform that is told to attach to it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	debugging "runtime/debug"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

// address is where the registries know this provider.
const address = "registry.terraform.io/tf-roster/roster"

// version is set by the linker.
var version = "dev"

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "terraform-provider-roster:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("terraform-provider-roster", flag.ContinueOnError)
	debug := flags.Bool("debug", false, "wait for Terraform to attach, so that a debugger can be used; prints what to set")
	tell := flags.Bool("version", false, "print the version and end")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if *tell {
		_, err := fmt.Fprintln(out, "terraform-provider-roster", version)
		return err
	}
	logs, err := quiet(os.Getenv, os.Setenv)
	if err != nil {
		return err
	}
	lean(os.Getenv)
	if *debug {
		return tf6server.Serve(address, func() tfprotov6.ProviderServer { return provider.NewServer(version) }, tf6server.WithManagedDebug())
	}
	return tf6server.Serve(address, func() tfprotov6.ProviderServer { return provider.NewProcess(version, logs) })
}

// leanMemory is what the process may take before the garbage collector works
// hard, so that it stays within 64 MiB with ten thousand members in one resource.
// Up to there memory is cheaper than collecting: most of what a request needs is
// garbage a moment later.
const (
	leanMemory  = 40 << 20
	leanPercent = 400
)

// lean bounds the memory of the process, as far as GOMEMLIMIT and GOGC do not.
func lean(get func(string) string) {
	if get("GOMEMLIMIT") == "" {
		debugging.SetMemoryLimit(leanMemory)
		if get("GOGC") == "" {
			debugging.SetGCPercent(leanPercent)
		}
	}
}

// ownLog sets how much the provider itself logs.
const ownLog = "TF_LOG_PROVIDER_ROSTER"

// quiet lets the process write no more logs than were asked for. Otherwise it
// writes several lines of JSON for each request, with masked copies of what the
// services answered, and Terraform reads and parses the lines, and throws them
// away. That took two thirds of the processor time of an apply. It tells whether
// anything is logged at all.
func quiet(get func(string) string, set func(name, value string) error) (logs bool, err error) {
	asked := func(names ...string) string {
		for _, name := range names {
			if level := get(name); level != "" {
				return level
			}
		}
		return ""
	}
	if asked("TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO") != "" {
		logs = true
	} else if err := set("TF_LOG_SDK", "off"); err != nil {
		return false, err
	}
	switch level := asked(ownLog, "TF_LOG_PROVIDER", "TF_LOG"); {
	case level == "":
		return logs, set(ownLog, "off")
	case strings.EqualFold(level, "json"): // all of them, in another form
		return true, set(ownLog, "trace")
	default:
		return true, set(ownLog, level)
	}
}
