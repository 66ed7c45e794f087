// Command schemajson prints everything that the provider serves, in the JSON
// shape of `terraform providers schema -json`, for the generator of docs/. It
// asks the provider in process, so that the docs do not depend on which Terraform
// is installed: an older one leaves out list resources and identities.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

func main() {
	out, err := export(context.Background(), provider.NewServer("schema"))
	if err == nil {
		_, err = fmt.Printf("%s\n", out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemajson:", err)
		os.Exit(1)
	}
}
