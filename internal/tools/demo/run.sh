#!/usr/bin/env bash
# Shows the quick start through a real Terraform (or OpenTofu), offline: a plan
# and an apply, a handover in one change, and a plan that is blocked because it
# would take the last owner out. Each step is checked, and the first that does
# not go as told ends this with an exit code other than 0.
#
# Everything lies in one temporary folder, which goes away at the end, as do the
# mock service and whatever else runs, however this ends.
set -euo pipefail
cd "$(dirname "$0")/../../.."

here="$PWD/internal/tools/demo"
terraform="${TERRAFORM:-${TF_ACC_TERRAFORM_PATH:-$(command -v terraform || command -v tofu || true)}}"
payments="3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
checkout="70001"
exe="$(go env GOEXE)"

scratch="$(mktemp -d "${TMPDIR:-/tmp}/roster-demo.XXXXXX")"
work="$scratch/work"
log="$scratch/terraform.log"
running=""
mock=""

# Asks a process to end, and ends it when it does not within some seconds.
end() {
  local pid="$1" n
  kill -TERM "$pid" 2>/dev/null || return 0
  for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.25
  done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

cleanup() {
  local status="$?"
  trap '' INT TERM HUP
  [ -z "$running" ] || end "$running"
  [ -z "$mock" ] || end "$mock"
  rm -rf "$scratch"
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

fail() {
  printf '\ndemo: %s\n' "$1" >&2
  [ ! -s "$log" ] || { echo "This is what was printed last:" && cat "$log"; } >&2
  exit 1
}

heading() { printf '\n\033[1m== %s\033[0m\n' "$1" | if [ -t 1 ]; then cat; else sed $'s/\033\\[[0-9]*m//g'; fi; }

# Runs Terraform in the demo's folder, where this script can still be stopped,
# keeps what it prints in the log, and fails unless it ends with the given code.
tf() {
  local want="$1" command="$2" status=0
  shift 2
  printf '\n$ %s %s\n' "$(basename "$terraform" .exe)" "$command${*:+ $*}"
  (cd "$work" && exec "$terraform" "$command" -no-color -input=false "$@") >"$log" 2>&1 &
  running="$!"
  wait "$running" || status="$?"
  running=""
  [ "$status" -eq "$want" ] || fail "$command ended with the exit code $status instead of $want."
}

# What matters of a plan and of an apply.
short() { grep -E '^  # |^Plan: |^Apply complete|^No changes' "$log" | sed 's/^ */    /' || true; }

# Fails unless each text was printed, wherever the lines were broken.
says() {
  local text
  for text in "$@"; do
    tr -s ' \n' '  ' <"$log" | sed 's/│ //g' | tr -s ' ' | grep -F -- "$text" >/dev/null || fail "\"$text\" was not printed."
  done
}

step() { cp "$here/$1/main.tf" "$work/main.tf"; }

# A number that the mock service keeps on the owners of a workspace. The service
# knows them at every moment, not only between two requests.
owners() {
  local product="$1" workspace="$2" field="$3"
  exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
  printf 'GET /_mock/%s/workspaces/%s/owners HTTP/1.0\r\n\r\n' "$product" "$workspace" >&3
  tr -d ' \n\r' <&3 | sed -n "s/.*\"$field\":\(-\{0,1\}[0-9]*\).*/\1/p"
  exec 3>&-
}

owned() {
  local workspace count
  for workspace in "blink $payments" "blazemeter $checkout"; do
    # shellcheck disable=SC2086 # two words
    count="$(owners $workspace now)"
    [ "$count" = 1 ] || fail "The workspace $workspace has \"$count\" owners by now instead of 1."
  done
}

if [ -z "$terraform" ]; then
  fail "Neither terraform nor tofu is on PATH. Install one of them (1.8 or later), or name the program in TERRAFORM."
fi

echo "This shows the provider at work, offline: a plan and an apply, a handover from one"
echo "owner to the next, and a plan that is blocked because it would remove the last owner."
echo "It uses $terraform, and a mock service in place of Blink and BlazeMeter."

heading "Build the provider and the mock service, and start the service"
echo "    The first build on a machine takes some minutes; later ones take seconds."
mkdir -p "$scratch/bin" "$work"
make -s build BINARY="$scratch/bin/terraform-provider-roster$exe"
CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$scratch/bin/roster-mock$exe" ./internal/mockservice/cmd

# The service does whatever it is asked: nothing but the provider protects the
# last owner here. What does not fit the products' API descriptions is an error.
"$scratch/bin/roster-mock$exe" -check-wire -env-file "$scratch/env" \
  -behaviour blink.assign_last_owner=allow -behaviour blink.remove_last_owner=allow \
  -behaviour blazemeter.update_last_manager=allow >"$scratch/mock.log" 2>&1 &
mock="$!"
for _ in $(seq 1 200); do
  if [ -s "$scratch/env" ] || ! kill -0 "$mock" 2>/dev/null; then break; fi
  sleep 0.05
done
[ -s "$scratch/env" ] || { cp "$scratch/mock.log" "$log" && fail "The mock service did not start."; }

# Nothing of the user's own set-up gets in, and nothing of the demo gets out.
# The flags are those of the build above, so that nothing is compiled twice.
commands="$(CGO_ENABLED=0 go run -trimpath -buildvcs=false ./internal/tools/isolate -home "$scratch/home")"
eval "$commands"
# shellcheck disable=SC1091 # written by the mock service
. "$scratch/env"
address="${BLINK_ENDPOINT#http://}"
address="${address%%/*}"
export TF_CLI_CONFIG_FILE="$scratch/cli.tfrc" TMPDIR="$scratch"
printf 'provider_installation {\n  dev_overrides {\n    "tf-roster/roster" = "%s"\n  }\n  direct {}\n}\n' "$scratch/bin" >"$TF_CLI_CONFIG_FILE"
version="$("$terraform" version)" # the whole of it: a reader that leaves early may break the writer
echo "    ${version%%$'\n'*}, Blink and BlazeMeter at $address"
echo "    The service would let anybody go: only the provider protects the last owner."

heading "1. Plan and apply: people in a Blink and in a BlazeMeter workspace"
step 1-start
sed -n -e '/^# Blink/,$s/^\(.\)/    \1/' -e '/^ *# Blink/,$p' "$work/main.tf"
tf 0 plan -out=start.tfplan
short
says "Plan: 5 to add, 0 to change, 0 to destroy."
tf 0 apply start.tfplan
short
says "5 added, 0 changed, 0 destroyed"
tf 0 plan -detailed-exitcode
short
owned

heading "2. A handover in one change, in no order: Alice leaves, Carol takes over"
echo "    Blink       alice: owner   -> no block    carol: viewer   -> owner"
echo "    BlazeMeter  alice: manager -> tester      carol: no block -> manager"
step 2-handover
tf 0 plan -out=handover.tfplan
short
says "Plan: 1 to add, 2 to change, 1 to destroy."
tf 0 apply handover.tfplan
short
says "1 added, 2 changed, 1 destroyed"
tf 0 plan -detailed-exitcode
short
owned

heading "3. A plan that is blocked: Carol is the last owner, and nobody follows"
echo "    Blink       carol: owner   -> no block"
echo "    BlazeMeter  carol: manager -> viewer"
step 3-blocked
tf 1 plan
says "Workspace would lose its last owner" "Workspace would lose its last manager" \
  "carol@example.com (u-carol): removed by this run" "carol@example.com (352751): changed from manager to viewer by this run" \
  "Name a successor"
sed -n '/Error: /,$p' "$log"
echo "    exit code 1: blocked, as it should be"
owned

blink="$(owners blink "$payments" fewest)"
blazemeter="$(owners blazemeter "$checkout" fewest)"
[ "$blink" = 1 ] && [ "$blazemeter" = 1 ] || fail "The fewest owners ever were \"$blink\" (Blink) and \"$blazemeter\" (BlazeMeter) instead of 1."
kill -TERM "$mock"
wait "$mock" || { cp "$scratch/mock.log" "$log" && fail "Something on the wire did not fit the API descriptions."; }
mock=""

heading "Shown"
echo "plan, apply, handover, blocked plan: all as told. Fewest owners at any moment: Blink $blink, BlazeMeter $blazemeter."
