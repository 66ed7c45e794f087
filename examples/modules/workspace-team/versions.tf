terraform {
  # 1.8 has the functions of providers. OpenTofu 1.8 does as well.
  required_version = ">= 1.8"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = ">= 0.1"
    }
  }
}
