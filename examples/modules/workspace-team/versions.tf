terraform {
  # For functions of providers. OpenTofu 1.8 has them too.
  required_version = ">= 1.8"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = ">= 0.1"
    }
  }
}
