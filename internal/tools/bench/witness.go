package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// witnessNotes is the environment variable that names the file to note in.
const witnessNotes = "ROSTER_BENCH_MEMORY"

// witness runs a program in its own place, and notes what the system says it took.
func witness(command []string) int {
	if len(command) == 0 {
		return 1
	}
	// Terraform asks the provider to end; a signal to the whole group is the provider's.
	signal.Ignore(os.Interrupt)
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...) //nolint:gosec // what the bench staged
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if path := os.Getenv(witnessNotes); path != "" {
		if err := noteDown(path, cmd.ProcessState); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return max(0, cmd.ProcessState.ExitCode())
}

// noteDown adds a line about a process that has ended: the most memory in bytes,
// and the nanoseconds that it computed.
func noteDown(path string, s *os.ProcessState) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the bench names it
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, mostResident(s), int64(s.UserTime()+s.SystemTime()))
	return errors.Join(err, f.Close())
}

// serveUnscoped serves the provider as the framework alone would.
func serveUnscoped() int {
	err := tf6server.Serve(address, func() tfprotov6.ProviderServer {
		return providerserver.NewProtocol6(provider.New("bench", roster.NewActivity(), nil))()
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
