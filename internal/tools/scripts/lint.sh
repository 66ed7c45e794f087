#!/usr/bin/env bash
# Runs every static check, all of them even when one fails, and says which did.
set -uo pipefail
cd "$(dirname "$0")/../../.."

tool() { go tool -modfile=internal/tools/pinned/go.mod "$@"; }
failed=()

check() {
  local name="$1"
  shift
  echo "-- $name"
  "$@" || failed+=("$name")
}

formatted() {
  local files
  files="$(tool gofumpt -l .)" || return 1
  [ -z "$files" ] && return 0
  printf 'not formatted, run "make fmt":\n%s\n' "$files" >&2
  return 1
}

scripts() {
  local file status=0
  while IFS= read -r file; do
    bash -n "$file" || status=1
    if [ ! -x "$file" ]; then
      echo "$file starts with #! but is not executable" >&2
      status=1
    fi
    if ! grep -q '^set -.*u' "$file"; then
      echo "$file does not stop at unset variables (set -u)" >&2
      status=1
    fi
  done < <(git ls-files --cached --others --exclude-standard -- '*.sh' '.ci/*' | while IFS= read -r f; do
    if [ -f "$f" ] && head -c 2 "$f" | grep -q '^#!'; then echo "$f"; fi
  done)
  if command -v shellcheck >/dev/null; then
    git ls-files --cached --others --exclude-standard -- '*.sh' '.ci/run' | xargs shellcheck || status=1
  fi
  return "$status"
}

check "gofumpt" formatted
check "golangci-lint" tool golangci-lint run ./...
check "go mod tidy" go mod tidy -diff
if [ -d examples ]; then
  check "terraform fmt" ./internal/tools/scripts/terraform.sh fmt -check -recursive -diff examples
fi
check "scripts" scripts

if [ "${#failed[@]}" -gt 0 ]; then
  printf 'lint failed: %s\n' "$(IFS=,; echo "${failed[*]}")" >&2
  exit 1
fi
echo "lint passed"
