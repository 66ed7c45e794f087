#!/usr/bin/env bash
# usage: test.sh all|unit|acceptance [PATTERN]
#
# Runs the tests, and fails when those that were asked for did not run: an
# acceptance test without TF_ACC, or a pattern that matches nothing, would
# otherwise count as passed.
set -euo pipefail
cd "$(dirname "$0")/../../.."

what="${1:-all}"
pattern="${2:-}"
results="bin/test"
mkdir -p "$results"

# Nothing of the user's home, Terraform set-up or keys gets into a test: every
# service that a test speaks to is a mock service of its own.
home="$PWD/$results/home"
rm -rf "$home"
commands="$(go run ./internal/tools/isolate -home "$home")"
eval "$commands"
export TF_ACC=1

find_terraform() {
  TF_ACC_TERRAFORM_PATH="${TF_ACC_TERRAFORM_PATH:-${TERRAFORM:-$(command -v terraform || command -v tofu || true)}}"
  if [ -z "$TF_ACC_TERRAFORM_PATH" ]; then
    echo "The acceptance tests need Terraform or OpenTofu (1.8 or later): neither terraform nor tofu is on PATH, and TF_ACC_TERRAFORM_PATH names none." >&2
    exit 1
  fi
  # On Windows this script runs in a shell whose paths other programs do not know.
  if command -v cygpath >/dev/null; then
    TF_ACC_TERRAFORM_PATH="$(cygpath -w "$(command -v terraform.exe || command -v tofu.exe || echo "$TF_ACC_TERRAFORM_PATH")")"
  fi
  export TF_ACC_TERRAFORM_PATH
  local version
  # The whole of it: a reader that leaves early may break the writer.
  version="$("$TF_ACC_TERRAFORM_PATH" version)" || {
    echo "$TF_ACC_TERRAFORM_PATH cannot be run, so there are no acceptance tests." >&2
    exit 1
  }
  version="${version%%$'\n'*}"
  # OpenTofu looks for a provider without a host in its own registry's name.
  case "$version" in
    OpenTofu*) export TF_ACC_PROVIDER_HOST="${TF_ACC_PROVIDER_HOST:-registry.opentofu.org}" ;;
  esac
  echo "acceptance tests: $version ($TF_ACC_TERRAFORM_PATH)"
}

run() {
  local name="$1"
  shift
  echo "-- $name tests"
  go tool -modfile=internal/tools/pinned/go.mod gotestsum \
    --format "${GOTESTSUM_FORMAT:-pkgname}" \
    --format-hide-empty-pkg \
    --hide-summary=skipped \
    --jsonfile "$results/$name.json" \
    --junitfile "$results/$name.xml" \
    -- "$@"
}

# Whole tests (no subtests) of one outcome in a result file.
outcome() {
  grep "\"Action\":\"$2\"" "$results/$1.json" | grep -c '"Test":"Test[^"/]*"' || true
}

unit() {
  # The race detector needs a C compiler.
  local race=() compiler
  compiler="$(go env CC)"
  if [ "$(go env CGO_ENABLED)" = 1 ] && command -v "${compiler%% *}" >/dev/null; then
    race=(-race)
  else
    echo "note: no C compiler ($compiler), so these tests run without the race detector" >&2
  fi
  run unit ${race[@]+"${race[@]}"} -timeout=30m -skip='^TestAcc[A-Z]' ${pattern:+-run="$pattern"} ./...
  if [ "$(outcome unit pass)" -eq 0 ]; then
    echo "No unit or protocol test ran${pattern:+: none matches $pattern}." >&2
    exit 1
  fi
}

acceptance() {
  local packages
  packages="$(grep -rls --include='*_test.go' '^func TestAcc[A-Z]' main_test.go internal | xargs -n 1 dirname | sort -u | sed 's|^|./|')" || true
  if [ -z "$packages" ]; then
    echo "There is no acceptance test (func TestAcc...) in this tree." >&2
    exit 1
  fi
  # shellcheck disable=SC2086 # one word a package
  run acceptance -count=1 -timeout=60m -run="${pattern:-^TestAcc[A-Z]}" $packages
  local passed skipped
  passed="$(outcome acceptance pass)"
  skipped="$(outcome acceptance skip)"
  if [ "$passed" -eq 0 ]; then
    echo "No acceptance test ran ($skipped skipped)${pattern:+: none that matches $pattern}." >&2
    exit 1
  fi
  echo "acceptance tests: $passed ran, $skipped skipped"
  if [ "$skipped" -gt 0 ]; then
    grep '"Action":"skip"' "$results/acceptance.json" | sed -n 's/.*"Test":"\([^"/]*\)".*/  skipped: \1 (this program is too old or another for it)/p'
  fi
}

case "$what" in
  all)
    # Missing programs are told before the first test runs, not after.
    find_terraform
    unit
    acceptance
    ;;
  unit)
    unit
    ;;
  acceptance)
    find_terraform
    acceptance
    ;;
  *)
    echo "usage: test.sh all|unit|acceptance [PATTERN]" >&2
    exit 2
    ;;
esac
