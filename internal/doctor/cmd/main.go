// Command roster-doctor checks against one's own tenant what the provider assumes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

// version is set when a release is built.
var version = "dev"

// products are those of the provider that have something to check, reached as the
// provider reaches them.
func products() []doctor.Product {
	var all []doctor.Product
	for _, p := range provider.Products() {
		if p.Doctor.None != "" {
			continue
		}
		examined := doctor.Product{
			Name: p.Name, Title: p.Title, Examination: p.Doctor,
			Connect: func(values map[string]string) doctor.Access {
				access := p.Connect(values)
				return doctor.Access{Endpoint: access.Endpoint, Authenticate: access.Authenticate}
			},
		}
		for _, s := range p.Settings {
			examined.Settings = append(examined.Settings, doctor.Setting{
				Attribute: s.Attribute, Variable: s.Variable, Required: s.Required, Default: s.Default, Parse: s.Parse,
			})
		}
		all = append(all, examined)
	}
	return all
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
