#!/usr/bin/env bash
# Everything that has to pass, in one go, with no terminal and cold caches. Prints
# each step and its seconds, and the runners' own summaries once more at the end.
set -euo pipefail
cd "$(dirname "$0")/../../.."

log="bin/ci"
mkdir -p "$log"
table=()

report() {
  printf '\n== summary\n'
  printf '%s\n' ${table[@]+"${table[@]}"}
  sed -n 's/\x1b\[[0-9;]*m//g; /^DONE /p' "$log/test.log" 2>/dev/null || true
}
trap report EXIT

step() {
  local name="$1" started status=0
  shift
  printf '\n== %s\n' "$name"
  started="$SECONDS"
  "$@" 2>&1 | tee "$log/$name.log" || status="$?"
  local line
  line="$(printf '%-10s %6d s  %s' "$name" "$((SECONDS - started))" "$([ "$status" -eq 0 ] && echo passed || echo "FAILED ($status)")")"
  table+=("$line")
  echo "== $line"
  [ "$status" -eq 0 ] || exit "$status"
}

# What differs from the commit, and what is new and not ignored.
fingerprint() {
  git diff HEAD --no-ext-diff --binary
  git ls-files -z --others --exclude-standard | xargs -0 -r git hash-object --
  git ls-files --others --exclude-standard
}

generated() {
  # Called where a failing line does not end the script, so each one says so.
  local before
  before="$(fingerprint)" || return 1
  make --no-print-directory generate || return 1
  if [ "$(fingerprint)" != "$before" ]; then
    git --no-pager diff --stat
    git status --short
    echo 'What is generated differs from what is committed: run "make generate" and commit the result.' >&2
    return 1
  fi
  if [ -z "$(git ls-files docs)" ]; then
    echo "docs/ is not committed." >&2
    return 1
  fi
}

step lint make --no-print-directory lint
step test make --no-print-directory test
step generate generated
step build make --no-print-directory build
step zips make --no-print-directory zips
step demo make --no-print-directory demo
step bench make --no-print-directory bench ARGS=-small
