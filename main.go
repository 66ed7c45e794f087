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
	if err := quiet(os.Getenv, os.Setenv); err != nil {
		return err
	}
	lean(os.Getenv)
	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve(address, func() tfprotov6.ProviderServer { return provider.NewServer(version) }, options...)
}

// leanMemory is where the garbage collector begins to work harder, so that the
// process stays within 64 MiB with ten thousand members in one resource.
const leanMemory = 40 << 20

// lean bounds the memory of the process, unless GOMEMLIMIT does.
func lean(get func(string) string) {
	if get("GOMEMLIMIT") == "" {
		debugging.SetMemoryLimit(leanMemory)
	}
}

// quiet keeps the framework from writing a line of JSON for each value that it
// looks at, where nobody asked for logs: Terraform throws the lines away, and
// for a map of ten thousand members they cost more than everything else.
func quiet(get func(string) string, set func(name, value string) error) error {
	for _, asked := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK"} {
		if get(asked) != "" {
			return nil
		}
	}
	return set("TF_LOG_SDK_FRAMEWORK", "off")
}
