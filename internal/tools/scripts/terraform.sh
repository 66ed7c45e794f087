#!/usr/bin/env bash
# Runs the Terraform (or OpenTofu) that this repository's targets use, untouched
# by the user's own home, CLI configuration and keys.
set -euo pipefail
root="$(cd "$(dirname "$0")/../../.." && pwd)"

terraform="${TERRAFORM:-${TF_ACC_TERRAFORM_PATH:-$(command -v terraform || command -v tofu || true)}}"
if [ -z "$terraform" ]; then
  echo "Neither terraform nor tofu is on PATH. Install one of them (1.8 or later), or name the program in TF_ACC_TERRAFORM_PATH." >&2
  exit 1
fi

commands="$(cd "$root" && go run ./internal/tools/isolate -home "$root/bin/home")"
eval "$commands"
exec "$terraform" "$@"
