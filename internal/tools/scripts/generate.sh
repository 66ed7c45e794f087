#!/usr/bin/env bash
# Writes what is generated: code from the OpenAPI files, then docs/ from the
# provider's schema, templates/ and examples/.
set -euo pipefail
cd "$(dirname "$0")/../../.."

commands="$(go run ./internal/tools/isolate -home bin/home)"
eval "$commands"

tool() { go tool -modfile=internal/tools/pinned/go.mod "$@"; }

go generate ./...

# The schema comes from the provider itself, in process. Asked through an older
# Terraform it would lack list resources and identities, and so would the docs.
mkdir -p bin
go run ./internal/tools/schemajson >bin/schema.json

# --provider-name is the short name: with a full address no schema is found.
tool tfplugindocs generate \
  --provider-name roster \
  --rendered-provider-name roster \
  --providers-schema bin/schema.json
# It tells every file that it finds, so what it says is shown when it fails.
if ! told="$(tool tfplugindocs validate --provider-name roster --providers-schema bin/schema.json 2>&1)"; then
  printf '%s\n' "$told" >&2
  exit 1
fi

tool gofumpt -w .
