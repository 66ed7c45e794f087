package main

import (
	"context"
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

// witness runs a program in its own place, and notes the most memory that it had
// resident, in bytes, as the system counted it.
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
	if most := mostResident(cmd.ProcessState); most > 0 && os.Getenv(witnessNotes) != "" {
		f, err := os.OpenFile(os.Getenv(witnessNotes), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		_, err = fmt.Fprintln(f, most)
		if closeErr := f.Close(); err != nil || closeErr != nil {
			return 1
		}
	}
	return max(0, cmd.ProcessState.ExitCode())
}

// serveUnscoped serves the provider as the framework alone would.
func serveUnscoped() int {
	err := tf6server.Serve(address, func() tfprotov6.ProviderServer {
		return providerserver.NewProtocol6(provider.New("bench", roster.NewActivity()))()
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
