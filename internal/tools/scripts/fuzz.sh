#!/usr/bin/env bash
# usage: fuzz.sh [PATTERN]
#
# Finds the fuzz tests of all packages and runs each for FUZZTIME. Go fuzzes one
# at a time.
set -euo pipefail
cd "$(dirname "$0")/../../.."

pattern="${1:-^Fuzz}"
fuzztime="${FUZZTIME:-20s}"
ran=0

files="$(git ls-files --cached --others --exclude-standard -- '*_test.go' | xargs grep -ls '^func Fuzz' || true)"
for package in $(printf '%s' "$files" | xargs -r -n 1 dirname | sort -u); do
  for name in $(go test -list="$pattern" "./$package" | grep '^Fuzz' || true); do
    echo "-- $package $name ($fuzztime)"
    go test -run='^$' -fuzz="^$name\$" -fuzztime="$fuzztime" "./$package"
    ran=$((ran + 1))
  done
done

if [ "$ran" -eq 0 ]; then
  echo "No fuzz test${1:+ that matches $1} in this tree." >&2
  exit 1
fi
echo "$ran fuzz tests passed, each ran for $fuzztime"
