// Command floor is a provider with the schemas of this one that does nothing: no
// I/O, no validation, no state. What Terraform needs to plan and apply with it is
// what Terraform itself costs, and the benchmark measures the real provider
// against that.
//
// Built as terraform-provider-roster, it takes the real provider's place through
// dev_overrides.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

func main() {
	_ = os.Setenv("TF_LOG_SDK", "off")
	err := tf6server.Serve("registry.terraform.io/tf-roster/roster", func() tfprotov6.ProviderServer {
		return newServer(context.Background(), provider.NewServer("floor"))
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}
