// Command roster-doctor checks against one's own tenant what the provider assumes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
	"github.com/tf-roster/terraform-provider-roster/internal/doctor/blazemeter"
	"github.com/tf-roster/terraform-provider-roster/internal/doctor/blink"
)

// version is set when a release is built.
var version = "dev"

// products are those that can be checked: a new product is one more line.
func products() []doctor.Product {
	return []doctor.Product{
		blink.Product(),
		blazemeter.Product(),
	}
}

func main() {
	// A reader of the output that goes away must not end a run that has to restore.
	signal.Ignore(syscall.SIGPIPE)
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	// Stopping once more ends the program at once.
	context.AfterFunc(ctx, stop)
	code := doctor.Command{
		Products: products(), Version: version, Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr, Timing: doctor.DefaultTiming,
	}.Run(ctx, os.Args[1:])
	os.Exit(code)
}
